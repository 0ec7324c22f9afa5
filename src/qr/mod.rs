//! The picture of a code: text to symbol, symbol to picture, picture to text.

pub mod png;
pub mod read;
pub mod svg;
pub mod symbol;
