//! The text inside a code: ours, the world's, and those of the wallets.

pub mod emv;
pub mod origin;
pub mod run;
