//! Merchants, their stores, and the tills in them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::{CounterId, MerchantId, StoreId};
use crate::merchant::{City, Country, InstitutionId, LatinName, Mcc, Name, Zone};
use crate::money::Currency;
use crate::word::Mode;

/// Who is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Merchant {
    /// Ours.
    pub id: MerchantId,
    /// What payers see.
    pub name: Name,
    /// The same where only Latin letters are read; spelled from the name where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latin_name: Option<LatinName>,
    /// What the merchant trades in.
    pub mcc: Mcc,
    /// Where.
    pub city: City,
    /// In which country.
    pub country: Country,
    /// When the merchant's days begin.
    pub time_zone: Zone,
    /// What the merchant prices in.
    pub currency: Currency,
    /// Which payee institutions the merchant likes best, best first; others follow.
    pub preference: Vec<InstitutionId>,
    /// Play money or real money.
    pub mode: Mode,
    /// When the merchant was signed up.
    pub created_at: Timestamp,
}

/// A shop of a merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Store {
    /// Ours.
    pub id: StoreId,
    /// Whose shop it is.
    pub merchant: MerchantId,
    /// What people call it.
    pub name: Name,
    /// Where it is.
    pub city: City,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// A till in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counter {
    /// Ours.
    pub id: CounterId,
    /// Whose till it is.
    pub merchant: MerchantId,
    /// The store it stands in.
    pub store: StoreId,
    /// What people call it.
    pub name: Name,
    /// When it was entered.
    pub created_at: Timestamp,
}
