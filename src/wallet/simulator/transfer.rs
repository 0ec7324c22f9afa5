//! Money between two institutions.

use serde::{Deserialize, Serialize};

use crate::merchant::InstitutionId;
use crate::money::Currency;

/// Money on its way from one institution to another through the simulated clearing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The payer institution's number; the same number twice moves money once.
    pub transfer: String,
    /// The number from the handover.
    pub reference: String,
    /// What is moved; must be the order's price.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// Who sends it.
    pub payer_institution: InstitutionId,
    /// The payer declined: nothing moves, and the order fails.
    #[serde(default)]
    pub declined: bool,
}
