//! Keys and what they make: signatures that prove who said something, seals that keep it private.
//!
//! Everything here is a plain function of its arguments: time and randomness are handed in, keys
//! are looked up by the caller. The primitives are ring's; what is ours is the strictness. A
//! message never chooses its algorithm, one thing has one encoding, and a secret has no `Debug`.

pub mod claim;
pub mod digest;
pub mod http_signature;
pub mod jwk;
pub mod jws;
pub mod keys;
pub mod sealing;
pub mod token;
