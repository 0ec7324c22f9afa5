//! An order with its payment, and the key that is said to have attested it: one row.

use crate::clock::{Clock, Timestamp};
use crate::db::DbError;
use crate::db::attempts::AttemptRow;
use crate::db::institutions::material;
use crate::db::payments::PaymentRow;
use crate::id::{CodeId, CounterId, MerchantId, PaymentId, StoreId};
use crate::merchant::{InstitutionId, InstitutionKey};
use crate::payment::{Attempt, OrderNumber, Payment};

/// Which order, and by whose key it is said to have been attested.
#[derive(Debug, Clone)]
pub struct Named {
    /// The order.
    pub order: OrderNumber,
    /// Who attests it.
    pub institution: InstitutionId,
    /// The key's name.
    pub key: String,
}

/// What is known of them.
#[derive(Debug, Clone)]
pub struct Found {
    /// The attempt under that order number.
    pub attempt: Attempt,
    /// What it pays.
    pub payment: Payment,
    /// The merchant's time zone.
    pub time_zone: String,
    /// What the payee institution keeps, in hundredths of a percent.
    pub fee: i64,
    /// The key.
    pub key: InstitutionKey,
    /// When this was read, by the database's clock where instances share one.
    pub now: Timestamp,
}

macro_rules! columns {
    () => {
        "a.*, p.id AS p_id, p.merchant_id AS p_merchant_id, p.store_id, p.counter_id, p.code_id, \
         p.reference, p.description, p.amount_minor AS p_amount_minor, p.currency AS p_currency, \
         p.state AS p_state, p.attempt_id, p.captured_minor, p.refunded_minor, \
         p.version AS p_version, p.expires_ms, p.created_ms AS p_created_ms, p.paid_ms, \
         m.time_zone, COALESCE(f.fee_bps, 0) AS fee_bps, k.institution_id, k.key_id, k.algorithm, \
         k.material, k.not_before_ms, k.not_after_ms, k.revoked_ms, k.created_ms AS k_created_ms"
    };
}
pub(super) use columns;

/// One row of [`columns`], the time apart.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::db) struct FoundRow {
    #[sqlx(flatten)]
    attempt: AttemptRow,
    p_id: PaymentId,
    p_merchant_id: MerchantId,
    store_id: StoreId,
    counter_id: Option<CounterId>,
    code_id: Option<CodeId>,
    reference: Option<String>,
    description: Option<String>,
    p_amount_minor: i64,
    p_currency: String,
    p_state: String,
    attempt_id: Option<crate::id::AttemptId>,
    captured_minor: i64,
    refunded_minor: i64,
    p_version: i64,
    expires_ms: Option<Timestamp>,
    p_created_ms: Timestamp,
    paid_ms: Option<Timestamp>,
    time_zone: String,
    fee_bps: i64,
    institution_id: InstitutionId,
    key_id: String,
    algorithm: String,
    material: Vec<u8>,
    not_before_ms: Timestamp,
    not_after_ms: Option<Timestamp>,
    revoked_ms: Option<Timestamp>,
    k_created_ms: Timestamp,
    now_ms: Option<Timestamp>,
}

impl FoundRow {
    /// What time it is, the row says where instances share its database's clock.
    pub(super) fn read(self, clock: &Clock) -> Result<Found, DbError> {
        let now = match clock {
            Clock::System => self.now_ms.unwrap_or_else(|| clock.now()),
            Clock::Manual(_) => clock.now(),
        };
        let payment = PaymentRow {
            id: self.p_id,
            merchant_id: self.p_merchant_id,
            store_id: self.store_id,
            counter_id: self.counter_id,
            code_id: self.code_id,
            reference: self.reference,
            description: self.description,
            amount_minor: self.p_amount_minor,
            currency: self.p_currency,
            state: self.p_state,
            attempt_id: self.attempt_id,
            captured_minor: self.captured_minor,
            refunded_minor: self.refunded_minor,
            version: self.p_version,
            expires_ms: self.expires_ms,
            created_ms: self.p_created_ms,
            paid_ms: self.paid_ms,
        };
        Ok(Found {
            attempt: self.attempt.try_into()?,
            payment: payment.try_into()?,
            time_zone: self.time_zone,
            fee: self.fee_bps,
            key: InstitutionKey {
                material: material(&self.key_id, &self.algorithm, &self.material)?,
                key_id: self.key_id,
                institution: self.institution_id,
                not_before: self.not_before_ms,
                not_after: self.not_after_ms,
                revoked_at: self.revoked_ms,
                created_at: self.k_created_ms,
            },
            now,
        })
    }
}
