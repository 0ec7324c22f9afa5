//! Payments and attempts in states in which no use case would put them.

use tongma::id::{AttemptId, PaymentId};
use tongma::payment::AttemptState;

use crate::support::beside::run;
use crate::support::shop::Shop;

pub(super) const EVERY_STATE: [&str; 7] = [
    "created",
    "waiting",
    "paid",
    "partly_refunded",
    "refunded",
    "closed",
    "expired",
];

/// Puts a payment in a state; where that has a holder, it is this one.
pub(super) async fn put_payment(shop: &Shop, payment: &PaymentId, state: &str, holder: &AttemptId) {
    let sql = match state {
        "created" | "closed" | "expired" => "attempt_id = NULL".to_owned(),
        "waiting" => format!("attempt_id = '{holder}'"),
        _ => format!("attempt_id = '{holder}', captured_minor = 1200, paid_ms = 1700000000000"),
    };
    let sql = format!("UPDATE payments SET state = '{state}', {sql} WHERE id = '{payment}'");
    run(&shop.database, &sql).await;
}

pub(super) async fn put_attempt(shop: &Shop, attempt: &AttemptId, state: AttemptState) {
    let sql = format!("UPDATE attempts SET state = '{state}' WHERE id = '{attempt}'");
    run(&shop.database, &sql).await;
}
