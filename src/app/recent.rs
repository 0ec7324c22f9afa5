//! What `resolve` may tell again without asking the database.

use crate::app::Fresh;
use crate::crypto::keys::VerifyingKey;
use crate::id::{CodeId, MerchantId};
use crate::merchant::{InstitutionId, KeyAlgorithm};

/// Answers to calls that take nothing; clones share them.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Signed resolutions, by institution and text.
    pub resolutions: Fresh<Resolution>,
    /// Who signs, by the key's name.
    pub signers: Fresh<Signer>,
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
/// Every institution has a few keys.
const SIGNERS: usize = 256;

impl Default for Recent {
    fn default() -> Self {
        Self {
            resolutions: Fresh::new(RESOLUTIONS),
            signers: Fresh::new(SIGNERS),
        }
    }
}
