//! What `resolve` may tell again without asking the database, and what `start` may decide on, to be
//! written only if it still is so.

use crate::app::Fresh;
use crate::crypto::keys::VerifyingKey;
use crate::id::{CodeId, MerchantId};
use crate::merchant::plate::ShortId;
use crate::merchant::{Counter, InstitutionId, KeyAlgorithm, Merchant, PrintedCode, Store};
use crate::payment::Payment;
use crate::routing::Facts;

/// Answers to calls that take nothing, and grounds of those that do; clones share them.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Signed resolutions, by institution and text.
    pub resolutions: Fresh<Resolution>,
    /// Who signs, by the key's name.
    pub signers: Fresh<Signer>,
    /// What starts at printed codes rest on, by institution, door and text.
    pub grounds: Fresh<Ground>,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The code.
    pub code: PrintedCode,
    /// Who is paid.
    pub merchant: Merchant,
    /// In which shop.
    pub store: Store,
    /// At which till.
    pub counter: Option<Counter>,
    /// What an order code asks for.
    pub payment: Option<Payment>,
    /// What is printed on the plate before it.
    pub plate: Option<ShortId>,
}

/// What a start rests on, besides what the payer asks for.
#[derive(Debug, Clone)]
pub struct Ground {
    /// What the code stands for.
    pub opened: Opened,
    /// What the router knows.
    pub facts: Facts,
    /// The database's count of changes to all this, read before it.
    pub rules: i64,
    /// How far the database's clock is before ours, in milliseconds.
    pub ahead_ms: i64,
}

/// A signed statement of who is paid by a printed code.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The statement.
    pub statement: String,
    /// Whose code it was, for the log of scans.
    pub code: CodeId,
    /// Who is paid.
    pub merchant: MerchantId,
}

/// An institution's key that counts now, ready to verify.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Whose it is.
    pub institution: InstitutionId,
    /// What it is for.
    pub algorithm: KeyAlgorithm,
    /// The key.
    pub key: VerifyingKey,
}

/// Codes that are busy at once; a kilobyte or two each.
const RESOLUTIONS: usize = 4096;
/// Codes at which payers begin to pay just now; a few kilobytes each.
const GROUNDS: usize = 512;
/// Every institution has a few keys.
const SIGNERS: usize = 256;

impl Default for Recent {
    fn default() -> Self {
        Self {
            resolutions: Fresh::new(RESOLUTIONS),
            signers: Fresh::new(SIGNERS),
            grounds: Fresh::new(GROUNDS),
        }
    }
}
