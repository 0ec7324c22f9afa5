//! The text inside a code: ours, the world's, and those of the wallets.
//!
//! [`decode()`] says what any text is, [`identify`] whether two texts are the same code; [`run`] issues and reads our own; [`emv`] reads the format that
//! most of the world prints; [`native`] knows the shapes of wallets' own texts, which come from
//! their descriptions.

pub mod adopt;
mod answer;
mod bill;
mod decode;
pub mod emv;
pub mod emv_form;
mod identity;
mod label;
pub mod native;
pub mod origin;
pub mod run;
pub mod text_pattern;

pub use self::answer::{
    DecodeAnswer, Format, PictureAnswer, PlacedAnswer, Reading, Refusal, Remark, SignatureVerdict,
};
pub use self::decode::{DecodeContext, TEXT_BYTES_MAX, decode, decode_all, is_hidden, is_payers};
pub use self::identity::{Identity, identify};
