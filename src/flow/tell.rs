//! What others are told, and the ends of payments that nobody holds.

use crate::app::App;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::id::{EventId, MerchantId};
use crate::payment::event::{EventData, EventKind, NewEvent};
use crate::payment::{Change, Payment};

/// Ends a payment that nobody holds: cancelled or expired. Who tried to pay it last is told, too.
pub(super) async fn end(
    app: &App,
    tx: &mut Tx,
    payment: Payment,
    change: Change,
) -> Result<Payment, FlowError> {
    let kind = if change == Change::Expired {
        EventKind::Expired
    } else {
        EventKind::Closed
    };
    let payment = payment.after(change)?;
    db::payments::update(tx, &payment).await?;
    let data = EventData {
        payer_institution: db::attempts::last_payer(tx, &payment.id).await?,
        ..EventData::of(&payment)
    };
    publish(app, tx, &payment.merchant, kind, data).await?;
    Ok(payment)
}

/// Writes an event that concerns the payment alone.
pub(super) async fn about(
    app: &App,
    tx: &mut Tx,
    payment: &Payment,
    kind: EventKind,
) -> Result<(), FlowError> {
    publish(app, tx, &payment.merchant, kind, EventData::of(payment)).await
}

/// Writes an event and its outbox row.
pub(super) async fn publish(
    app: &App,
    tx: &mut Tx,
    merchant: &MerchantId,
    kind: EventKind,
    data: EventData,
) -> Result<(), FlowError> {
    let id = EventId::new(tx.now(), &*app.entropy);
    let event = NewEvent {
        merchant: merchant.clone(),
        kind,
        data,
    };
    db::events::insert(tx, &id, &event).await?;
    Ok(())
}
