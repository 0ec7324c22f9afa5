//! Names of things: opaque, prefixed, impossible to mix up.
//!
//! An id is a prefix that says what it names and 26 characters of lower-case base32hex: 48 bits of
//! milliseconds, so that rows of one table lie in the order in which they came, and 80 random bits.
//! Ids are not secrets; what must not be guessed (printed codes) has 128 random bits of its own.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32HEX_NOPAD;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::entropy::Entropy;

/// Why a text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with {prefix:?}")]
pub struct IdError {
    /// What an id of this kind begins with.
    pub prefix: &'static str,
}

/// Characters behind the prefix: 16 bytes in base32.
const BODY_CHARS: usize = 26;

fn fresh(prefix: &str, now: Timestamp, entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    let (time, chance) = bytes.split_at_mut(6);
    let ms = now.millis().to_be_bytes();
    time.copy_from_slice(ms.last_chunk::<6>().unwrap_or(&[0; 6]));
    entropy.fill(chance);
    format!(
        "{prefix}{}",
        BASE32HEX_NOPAD.encode(&bytes).to_ascii_lowercase()
    )
}

fn is_body(text: &str) -> bool {
    text.len() == BODY_CHARS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v'))
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $prefix:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(try_from = "String", into = "String")]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// An id that no other thing has.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(fresh($prefix, now, entropy))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.strip_prefix($prefix) {
                    Some(body) if is_body(body) => Ok(Self(text.to_owned())),
                    Some(_) | None => Err(IdError { prefix: $prefix }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "[0-9a-v]{26}$")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

ids! {
    /// A merchant.
    MerchantId = "mer_";
    /// A shop of a merchant.
    StoreId = "sto_";
    /// A till in a store.
    CounterId = "ctr_";
    /// A merchant's account at one institution.
    PaymentAccountId = "acc_";
    /// A merchant takes an institution.
    AcceptanceId = "acp_";
    /// Payers of one institution may pay into accounts at another.
    AgreementId = "agr_";
    /// A code that was issued.
    CodeId = "cod_";
    /// A code that another institution issued, on its way to stand for a merchant here.
    AdoptionId = "adp_";
    /// Plates that were made together.
    PlateBatchId = "bat_";
    /// A sign that is printed blank and bound later.
    PlateId = "plt_";
    /// What a merchant is owed once.
    PaymentId = "pay_";
    /// One try to pay a payment.
    AttemptId = "att_";
    /// A signed statement of an institution about an order.
    ResultId = "res_";
    /// Money that arrived outside the plan.
    ExceptionId = "exc_";
    /// The proof of one paid payment.
    ReceiptId = "rcp_";
    /// A line in the books.
    EntryId = "ent_";
    /// Something that happened, told to others.
    EventId = "evt_";
    /// A merchant's API key.
    ApiKeyId = "key_";
    /// A device or browser that was let in.
    SessionId = "ses_";
    /// A line in the audit log.
    AuditId = "aud_";
    /// One scan of a code.
    ScanId = "scn_";
}

impl CodeId {
    /// Its last characters: enough to tell two signs on one wall apart.
    pub fn short(&self) -> String {
        let text = self.as_str();
        let tail = text.get(text.len().saturating_sub(6)..).unwrap_or(text);
        tail.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_short_id_is_the_end_of_the_long_one() {
        let id: CodeId = "cod_0123456789abcdefghij7f3k2q".parse().unwrap();
        assert_eq!(id.short(), "7F3K2Q");
    }

    #[test]
    fn an_id_survives_text_and_refuses_another_kind() {
        let id = PaymentId::new(
            Timestamp::from_millis(1_790_000_000_000),
            &SystemEntropy::new(),
        );
        assert_eq!(id.as_str().parse::<PaymentId>(), Ok(id.clone()));
        assert_eq!(
            id.as_str().parse::<CodeId>(),
            Err(IdError { prefix: "cod_" })
        );
    }

    #[test]
    fn ids_lie_in_the_order_of_time() {
        let entropy = SystemEntropy::new();
        let first = PaymentId::new(Timestamp::from_millis(1_790_000_000_000), &entropy);
        let second = PaymentId::new(Timestamp::from_millis(1_790_000_000_001), &entropy);
        assert!(first < second);
    }
}
