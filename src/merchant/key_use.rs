//! When keys were last used, so that an old one can go without anybody being locked out.

use crate::clock::Timestamp;
use crate::merchant::InstitutionId;
use crate::word::words;

words! {
    /// Whose call a key signs.
    KeyDirection {
        /// An institution's call to us.
        Inbound = "inbound",
        /// Our call to an institution.
        Outbound = "outbound",
    }
}

/// A key that signed, towards or by one institution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsedKey {
    /// With whom we spoke.
    pub institution: InstitutionId,
    /// Who called whom.
    pub direction: KeyDirection,
    /// Whose signature it was.
    pub key_id: String,
}

/// A key, and when it last signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsed {
    /// Which.
    pub key: UsedKey,
    /// When.
    pub last_used_at: Timestamp,
}
