//! The receipt of a payment that was just paid.

use crate::app::App;
use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::crypto::{jws, token};
use crate::db::{self, DbError, Tx};
use crate::flow::FlowError;
use crate::id::ReceiptId;
use crate::payment::Payment;
use crate::payment::receipt::{LIFETIME, Receipt, ReceiptClaims, TYP};

/// Even a store that has given out half of a day's million numbers finds a free one in 40 draws
/// but for one case in 10^12.
const DRAWS: u32 = 40;

/// Issues the receipt under a number that is free; says the number.
pub(super) async fn issue(
    app: &App,
    tx: &mut Tx,
    payment: &Payment,
    day: &str,
) -> Result<String, FlowError> {
    for _ in 0..DRAWS {
        let receipt = draw(app, payment, tx.now())?;
        if db::receipts::insert(tx, &payment.merchant, day, &receipt).await? {
            return Ok(receipt.number);
        }
    }
    Err(DbError::Conflict {
        table: "receipts",
        id: payment.id.to_string(),
    }
    .into())
}

/// A receipt under a number that may be free.
pub(super) fn draw(app: &App, payment: &Payment, now: Timestamp) -> Result<Receipt, FlowError> {
    let key = app.keys.signing(KeyUse::Receipt, now)?;
    let number = token::six_digits(&*app.entropy);
    let id = ReceiptId::new(now, &*app.entropy);
    let expires_at = now.plus(LIFETIME);
    let claims = ReceiptClaims {
        iss: app.origin.to_string(),
        iat: now.seconds(),
        exp: expires_at.seconds(),
        jti: id.clone(),
        payment: payment.id.clone(),
        amount_minor: payment.amount.minor(),
        currency: payment.amount.currency().code().to_owned(),
        store: payment.store.clone(),
        counter: payment.counter.clone(),
        number: number.clone(),
    };
    Ok(Receipt {
        id,
        payment: payment.id.clone(),
        store: payment.store.clone(),
        number,
        jws: jws::sign(&key, TYP, &claims),
        issued_at: now,
        expires_at,
        shown_at: None,
        shown_where: None,
    })
}
