//! Payments as the merchant asks for them: with an order code of their own, listed, cancelled.

use std::time::Duration;

use crate::app::App;
use crate::code::run::CodeKind;
use crate::db::{self, Tx};
use crate::flow::issue::{self, NewCode, NewForm};
use crate::flow::{FlowError, close, quota, tell};
use crate::id::{CounterId, MerchantId, PaymentId, StoreId};
use crate::merchant::{CodeClass, CodeForm, PrintedCode, Quota};
use crate::money::Amount;
use crate::payment::event::EventKind;
use crate::payment::{Change, Payment, State};

/// A payment that a merchant asks for.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// Who is owed.
    pub merchant: MerchantId,
    /// In which shop.
    pub store: StoreId,
    /// At which till.
    pub counter: Option<CounterId>,
    /// How much.
    pub amount: Amount,
    /// The merchant's own number.
    pub reference: Option<String>,
    /// Shown to the payer.
    pub description: Option<String>,
    /// How its code is written.
    pub form: CodeForm,
    /// How long it can be started; the limit's lifetime unless asked otherwise.
    pub lifetime: Option<Duration>,
}

/// Makes a payment and the order code that asks for it; the code's text is the checkout link too.
pub async fn create(
    app: &App,
    tx: &mut Tx,
    new: NewPayment,
) -> Result<(Payment, PrintedCode), FlowError> {
    issue::check_place(tx, &new.merchant, &new.store, new.counter.as_ref()).await?;
    let longest = app.limits.order_lifetime;
    let lifetime = new.lifetime.unwrap_or(longest);
    if lifetime > longest || lifetime.is_zero() {
        return Err(FlowError::field(
            "/expires_in_seconds",
            "lifetime-invalid",
            format!("must be 1 to {}", longest.as_secs()),
        ));
    }
    issue::check_currency(tx, &new.merchant, new.amount.currency()).await?;
    quota::room_for_one(tx, &new.merchant, Quota::OpenPayments, &app.limits.quotas).await?;
    let now = tx.now();
    let expires_at = Some(now.plus(lifetime));
    let id = PaymentId::new(now, &*app.entropy);
    let code = issue::issue(
        app,
        tx,
        NewCode {
            merchant: new.merchant.clone(),
            store: new.store.clone(),
            counter: new.counter.clone(),
            kind: CodeKind::Order,
            class: CodeClass::Business,
            amount: Some(new.amount),
            currency: new.amount.currency(),
            form: NewForm::of(new.form),
            expires_at,
            payment: Some(id.clone()),
        },
    )
    .await?;
    let payment = Payment {
        id,
        merchant: new.merchant,
        store: new.store,
        counter: new.counter,
        code: Some(code.id.clone()),
        reference: new.reference,
        description: new.description,
        amount: new.amount,
        state: State::Created,
        captured: Amount::zero(new.amount.currency()),
        refunded: Amount::zero(new.amount.currency()),
        version: 1,
        expires_at,
        created_at: now,
    };
    db::payments::insert(tx, &payment).await?;
    tell::about(app, tx, &payment, EventKind::Created).await?;
    Ok((payment, code))
}

/// Takes a payment back. One that a payer holds is closed at the institution first; if it was paid
/// meanwhile, it stays paid.
pub async fn cancel(
    app: &App,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<Payment, FlowError> {
    let mut tx = app.db.read().await?;
    let found = db::payments::find_of(&mut tx, merchant, id).await?;
    let holder = match &found {
        Some(payment) => db::attempts::holding(&mut tx, &payment.id).await?,
        None => None,
    };
    tx.commit().await?;
    if found.is_none() {
        return Err(FlowError::NotFound("payment"));
    }
    if let Some(attempt) = holder {
        close::close(app, &attempt).await?;
    }

    let mut tx = app.db.begin().await?;
    let payment = db::payments::find_of(&mut tx, merchant, id)
        .await?
        .ok_or(FlowError::NotFound("payment"))?;
    let payment = match payment.state {
        // Asked twice, or a payment of a printed code that ended with its attempt.
        State::Closed => payment,
        State::Waiting { .. } => {
            // The institution has not said how the order ended; it is asked until it does.
            db::attempts::hasten(&mut tx, &payment.id).await?;
            tx.commit().await?;
            app.sweep_bell.ring();
            return Err(FlowError::PaymentHeld);
        }
        State::Created
        | State::Paid { .. }
        | State::PartlyRefunded { .. }
        | State::Refunded { .. }
        | State::Expired => tell::end(app, &mut tx, payment, Change::Cancelled).await?,
    };
    tx.commit().await?;
    app.bell.ring();
    Ok(payment)
}
