//! Whether a merchant may have one more.

use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::id::MerchantId;
use crate::merchant::{Quota, Quotas};

/// Fewer left than this, and those who make something at once take turns. No deployment has as
/// many database connections, so no more can be under way beside each other.
const TAKE_TURNS: i64 = 1_000;

/// Refuses one more than the quota; holds until `tx` ends, whoever else makes one at the same time.
pub async fn room_for_one(
    tx: &mut Tx,
    merchant: &MerchantId,
    quota: Quota,
    quotas: &Quotas,
) -> Result<(), FlowError> {
    let limit = quotas.of(quota);
    let near = limit.saturating_sub(TAKE_TURNS);
    if near > 0 && db::quotas::count(tx, merchant, quota, near).await? < near {
        return Ok(());
    }
    room_for(tx, merchant, (quota, 1), quotas).await
}

/// As [`room_for_one`], for several at once.
pub async fn room_for(
    tx: &mut Tx,
    merchant: &MerchantId,
    (quota, more): (Quota, i64),
    quotas: &Quotas,
) -> Result<(), FlowError> {
    let limit = quotas.of(quota);
    db::quotas::hold(tx, merchant).await?;
    let there = db::quotas::count(tx, merchant, quota, limit).await?;
    if there.saturating_add(more) > limit {
        return Err(FlowError::QuotaExceeded { quota, limit });
    }
    Ok(())
}
