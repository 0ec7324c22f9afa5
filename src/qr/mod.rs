//! The picture of a code: text to symbol, symbol to picture.

pub mod png;
pub mod svg;
pub mod symbol;
