//! The text inside a code: ours, the world's, and those of the wallets.
//!
//! [`decode()`] says what any text is, [`identify`] whether two texts are the same code; [`run`]
//! issues and reads our own; [`emv`] reads the format that most of the world prints; [`native`] knows
//! the shapes of wallets' own texts, which come from their descriptions.
//!
//! Whether a wrong character is noticed is for the format to say, and most have little to say it
//! with:
//!
//! | text | what notices |
//! |---|---|
//! | ours | the signature over every bit; in the compact form only that nobody has the changed id |
//! | EMV for merchants, Thailand's slip | a checksum, CRC-16: any one character, and whatever else is not changed with it |
//! | EMV for payers | that its objects still fit into each other, no more |
//! | bills with an IBAN or an RF reference: Switzerland, the euro, Ukraine, Czechia, Croatia, Slovenia, Hungary | check digits modulo 97, of the account and the reference only |
//! | bech32: Lightning's but for offers, addresses `bc1…` | its six last characters |
//! | wallets' links, payers' numbers, UPI, TWQR's links, Serbia, Russia, other labels | nothing: a changed token is another token, and only who issued it knows whose |
//!
//! None but a signature notices intent. Whoever changes an EMV payee writes a new checksum; what is
//! then read is that payee, and never the code it was made from ([`identify`]).

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
