//! How much of each kind a merchant has, counted up to its quota and no further.

use crate::db::{DbError, Inner, Tx, each_backend};
use crate::id::MerchantId;
use crate::merchant::Quota;

macro_rules! count {
    ($rows:literal) => {
        concat!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM ",
            $rows,
            " LIMIT $2) AS counted"
        )
    };
}

const STORES: &str = count!("stores WHERE merchant_id = $1");
const COUNTERS: &str = count!("counters WHERE merchant_id = $1");
const CODES: &str = count!(
    "codes WHERE merchant_id = $1 AND kind <> 'order' AND state <> 'revoked' \
     AND payment_account_id IS NULL"
);
const ADOPTIONS: &str = count!("adoptions WHERE merchant_id = $1 AND state <> 'ended'");
// None of its batches is empty, so as many batches as the quota are enough to reach it.
const PLATES: &str = "SELECT CAST(COALESCE(SUM(plates), 0) AS BIGINT) FROM \
     (SELECT plates FROM plate_batches WHERE merchant_id = $1 LIMIT $2) AS counted";
const API_KEYS: &str = count!("api_keys WHERE merchant_id = $1 AND revoked_ms IS NULL");
// Only what the merchant asked for: a payment that a payer began at a printed code has no end of
// its own, and strangers must not be able to fill a merchant's quota.
const OPEN_PAYMENTS: &str = count!(
    "payments WHERE merchant_id = $1 AND state IN ('created', 'waiting') \
     AND expires_ms IS NOT NULL"
);
// Not the stronger FOR UPDATE: rows that refer to the merchant may still be written meanwhile.
const HOLD: &str = "SELECT id FROM merchants WHERE id = $1 FOR NO KEY UPDATE";

/// How many there are, counted at least up to `up_to`.
pub async fn count(
    tx: &mut Tx,
    merchant: &MerchantId,
    quota: Quota,
    up_to: i64,
) -> Result<i64, DbError> {
    let sql = match quota {
        Quota::Stores => STORES,
        Quota::Counters => COUNTERS,
        Quota::Codes => CODES,
        Quota::Adoptions => ADOPTIONS,
        Quota::Plates => PLATES,
        Quota::ApiKeys => API_KEYS,
        Quota::OpenPayments => OPEN_PAYMENTS,
    };
    Ok(each_backend!(tx, conn => sqlx::query_scalar(sql)
        .bind(merchant)
        .bind(up_to)
        .fetch_one(conn)
        .await)?)
}

/// Lets nobody else make anything for this merchant that is counted, until this transaction ends.
/// SQLite has one writer and needs no such word.
pub async fn hold(tx: &mut Tx, merchant: &MerchantId) -> Result<(), DbError> {
    match &mut tx.inner {
        Inner::Sqlite(_) => {}
        Inner::Postgres(tx) => {
            sqlx::query(HOLD)
                .bind(merchant)
                .fetch_optional(&mut **tx)
                .await?;
        }
    }
    Ok(())
}
