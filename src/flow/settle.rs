//! What an institution attested becomes state, books, receipt and event, in one transaction.

use crate::app::App;
use crate::code::run::CodeKind;
use crate::crypto::jwk::KeyUse;
use crate::crypto::{jws, token};
use crate::db::books::PayerDay;
use crate::db::{self, DbError, Tx};
use crate::flow::{FlowError, payment};
use crate::id::{AttemptId, EntryId, ExceptionId, PaymentId, ReceiptId, ResultId};
use crate::merchant::{InstitutionId, Merchant};
use crate::payment::event::{EventData, EventKind};
use crate::payment::ledger::{self, Posting};
use crate::payment::receipt::{LIFETIME, Receipt, ReceiptClaims, TYP};
use crate::payment::{
    Attempt, AttemptChange, AttemptState, Attested, Change, ExceptionCode, Payment, ResultStatus,
    RouteKind, Verdict, judge,
};
use crate::wallet::{WireReply, WireRequest};

/// What came of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It decided the attempt, or repeated what had decided it.
    Settled {
        /// The payment.
        payment: PaymentId,
        /// Its state now.
        state: &'static str,
    },
    /// The money is kept as an exception.
    Exception(ExceptionCode),
}

/// Two statements that cross are told apart by trying again; more than a few times means trouble.
const TRIES: u32 = 5;

/// Takes in a statement whose signature and fields are sound.
pub(super) async fn take(app: &App, result: &Attested) -> Result<Outcome, FlowError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match take_once(app, result).await {
            Err(FlowError::Db(DbError::Conflict { .. } | DbError::Busy(_))) if tries < TRIES => {}
            done => {
                app.bell.ring();
                return done;
            }
        }
    }
}

async fn take_once(app: &App, result: &Attested) -> Result<Outcome, FlowError> {
    let mut tx = app.db.begin().await?;
    let attempt = db::attempts::by_order(&mut tx, &result.order_number).await?;
    if let Some(attempt) = &attempt
        && !attempt.is_attested_by(&result.institution)
    {
        // Somebody else's order does not exist for this caller.
        return Err(FlowError::NotFound("order"));
    }
    if let Some(stored) = db::results::find(&mut tx, result).await? {
        if !stored.repeats(result) {
            tracing::error!(
                institution = %result.institution, order_number = %result.order_number,
                "{} attests order {} under a payee_reference that stands for other facts",
                result.institution, result.order_number,
            );
            return Err(FlowError::TransactionConflict);
        }
        return repeated(tx, &stored.outcome, attempt).await;
    }
    let Some(attempt) = attempt else {
        return unmatched(app, tx, result).await;
    };
    let payment = db::payments::find(&mut tx, &attempt.payment)
        .await?
        .ok_or(FlowError::NotFound("order"))?;
    let verdict = judge(&attempt, &payment, result);
    let book = Book {
        app,
        tx,
        result,
        attempt,
        payment,
    };
    match verdict {
        Verdict::Pay => book.pay().await,
        Verdict::Release(state) => book.release(state).await,
        Verdict::Known => book.known().await,
        Verdict::Exception(code) => book.except(code).await,
    }
}

/// Ends an attempt without a statement: the institution refused to open its order, or its last
/// word is known.
pub(super) async fn release(
    app: &App,
    id: &AttemptId,
    state: AttemptState,
) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let attempt = db::attempts::find(&mut tx, id)
        .await?
        .ok_or(FlowError::NotFound("attempt"))?;
    if attempt.state.holds() {
        let payment = db::payments::find(&mut tx, &attempt.payment)
            .await?
            .ok_or(FlowError::NotFound("payment"))?;
        let_go(app, &mut tx, attempt, payment, state).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    Ok(())
}

/// Sends a request to an institution, signed with our request key.
pub(super) async fn send(
    app: &App,
    to: &InstitutionId,
    request: &WireRequest,
) -> Result<WireReply, FlowError> {
    let mut tx = app.db.read().await?;
    let institution = db::institutions::find(&mut tx, to).await?;
    tx.commit().await?;
    let address = institution
        .and_then(|institution| institution.base_url)
        .ok_or(FlowError::PayeeUnavailable)?;
    let key = app.keys.signing(KeyUse::Request)?;
    app.wallets
        .send(&address, request, &key)
        .await
        .map_err(|error| {
            tracing::warn!(institution = %to, "{to} was not reached: {error}");
            FlowError::PayeeUnavailable
        })
}

async fn repeated(
    mut tx: Tx,
    outcome: &str,
    attempt: Option<Attempt>,
) -> Result<Outcome, FlowError> {
    let payment = match &attempt {
        Some(attempt) => db::payments::find(&mut tx, &attempt.payment).await?,
        None => None,
    };
    tx.commit().await?;
    if let Ok(code) = outcome.parse() {
        return Ok(Outcome::Exception(code));
    }
    let payment = payment.ok_or(FlowError::NotFound("order"))?;
    Ok(Outcome::Settled {
        state: payment.state.name(),
        payment: payment.id,
    })
}

async fn unmatched(app: &App, mut tx: Tx, result: &Attested) -> Result<Outcome, FlowError> {
    if result.status != ResultStatus::Paid {
        return Err(FlowError::NotFound("order"));
    }
    let code = ExceptionCode::Unmatched;
    let id = ResultId::new(tx.now(), &*app.entropy);
    keep(&mut tx, &id, result, None, code.as_str()).await?;
    let exception = ExceptionId::new(tx.now(), &*app.entropy);
    db::results::insert_exception(&mut tx, &exception, &id, None, code, result.amount).await?;
    tx.commit().await?;
    tracing::error!(
        institution = %result.institution, order_number = %result.order_number,
        "{} attests money for order {}, which nobody knows; kept as {exception}",
        result.institution, result.order_number,
    );
    Ok(Outcome::Exception(code))
}

/// Another transaction that kept the same statement first makes this one start again.
async fn keep(
    tx: &mut Tx,
    id: &ResultId,
    result: &Attested,
    attempt: Option<&Attempt>,
    outcome: &str,
) -> Result<(), FlowError> {
    if db::results::insert(tx, id, result, attempt, outcome).await? {
        Ok(())
    } else {
        Err(DbError::Conflict {
            table: "results",
            id: result.payee_reference.clone(),
        }
        .into())
    }
}

/// One statement about one attempt, and the transaction in which it takes effect.
struct Book<'a> {
    app: &'a App,
    tx: Tx,
    result: &'a Attested,
    attempt: Attempt,
    payment: Payment,
}

impl Book<'_> {
    async fn pay(mut self) -> Result<Outcome, FlowError> {
        let now = self.tx.now();
        let id = self.keep("settled").await?;
        let attempt = self.attempt.after(AttemptChange::Paid, now)?;
        let paid = Change::Paid {
            attempt: attempt.id.clone(),
            at: self.result.paid_at,
        };
        let payment = self.payment.after(paid)?;
        db::attempts::update(&mut self.tx, &attempt).await?;
        db::payments::update(&mut self.tx, &payment).await?;

        let missing = || FlowError::NotFound("merchant");
        let merchant = db::merchants::find(&mut self.tx, &payment.merchant)
            .await?
            .ok_or_else(missing)?;
        let account = db::accounts::find(&mut self.tx, &payment.merchant, &attempt.account).await?;
        let fee = account.map_or(0, |account| account.fee.into());
        let postings = ledger::paid(&merchant.id, &attempt.account, fee, self.result)?;
        for posting in &postings {
            post(self.app, &mut self.tx, &payment, &id, posting).await?;
        }
        if attempt.route_kind == RouteKind::Interop {
            let day = now.day_in(merchant.time_zone.as_str());
            db::books::post_position(&mut self.tx, &id, &attempt, &day, self.result.amount).await?;
        }
        let number = issue_receipt(self.app, &mut self.tx, &payment, &merchant).await?;
        let told = EventData {
            number: Some(number),
            payee_reference: Some(self.result.payee_reference.clone()),
            paid_at: Some(self.result.paid_at),
            received_at: Some(now),
            evidence: Some(self.result.jws.clone()),
            ..EventData::of(&payment).with_attempt(&attempt)
        };
        payment::publish(
            self.app,
            &mut self.tx,
            &payment.merchant,
            EventKind::Paid,
            told,
        )
        .await?;
        self.tx.commit().await?;
        tracing::info!(
            payment = %payment.id, attempt = %attempt.id, payer = %attempt.payer,
            payee = %attempt.payee, "payment {} is paid by {}", payment.id, attempt.payer,
        );
        Ok(Outcome::Settled {
            payment: payment.id,
            state: "paid",
        })
    }

    async fn release(mut self, state: AttemptState) -> Result<Outcome, FlowError> {
        self.keep("released").await?;
        let payment = let_go(self.app, &mut self.tx, self.attempt, self.payment, state).await?;
        self.tx.commit().await?;
        Ok(Outcome::Settled {
            state: payment.state.name(),
            payment: payment.id,
        })
    }

    async fn known(mut self) -> Result<Outcome, FlowError> {
        self.keep("known").await?;
        self.tx.commit().await?;
        tracing::info!(
            payment = %self.payment.id, attempt = %self.attempt.id,
            "{} says {} of attempt {} after it had ended", self.result.institution,
            self.result.status, self.attempt.id,
        );
        Ok(Outcome::Settled {
            state: self.payment.state.name(),
            payment: self.payment.id,
        })
    }

    async fn except(mut self, code: ExceptionCode) -> Result<Outcome, FlowError> {
        let id = self.keep(code.as_str()).await?;
        let exception = ExceptionId::new(self.tx.now(), &*self.app.entropy);
        let amount = self.result.amount;
        let attempt = Some(&self.attempt);
        db::results::insert_exception(&mut self.tx, &exception, &id, attempt, code, amount).await?;
        // Money in an account of somebody else's is no claim of this merchant.
        if code != ExceptionCode::PayeeMismatch {
            let posting = ledger::exception(&self.attempt.account, amount)?;
            post(self.app, &mut self.tx, &self.payment, &id, &posting).await?;
        }
        let told = EventData {
            amount_minor: amount.minor(),
            currency: amount.currency().code().to_owned(),
            payee_reference: Some(self.result.payee_reference.clone()),
            paid_at: Some(self.result.paid_at),
            received_at: Some(self.tx.now()),
            exception: Some(exception),
            code: Some(code.as_str().to_owned()),
            evidence: Some(self.result.jws.clone()),
            ..EventData::of(&self.payment).with_attempt(&self.attempt)
        };
        let merchant = self.payment.merchant.clone();
        payment::publish(
            self.app,
            &mut self.tx,
            &merchant,
            EventKind::Exception,
            told,
        )
        .await?;
        if code == ExceptionCode::Late && self.attempt.state.holds() {
            let state = AttemptState::Closed;
            let_go(self.app, &mut self.tx, self.attempt, self.payment, state).await?;
        }
        self.tx.commit().await?;
        Ok(Outcome::Exception(code))
    }

    async fn keep(&mut self, outcome: &str) -> Result<ResultId, FlowError> {
        let id = ResultId::new(self.tx.now(), &*self.app.entropy);
        keep(&mut self.tx, &id, self.result, Some(&self.attempt), outcome).await?;
        Ok(id)
    }
}

/// An attempt ends unpaid and lets its payment go. What a static or fixed code had asked for ends
/// with it: the payer's next scan asks anew.
async fn let_go(
    app: &App,
    tx: &mut Tx,
    attempt: Attempt,
    payment: Payment,
    state: AttemptState,
) -> Result<Payment, FlowError> {
    let now = tx.now();
    let change = if state == AttemptState::Failed {
        AttemptChange::Failed
    } else {
        AttemptChange::Closed
    };
    let attempt = attempt.after(change, now)?;
    db::attempts::update(tx, &attempt).await?;
    let mut payment = payment.after(Change::Released {
        attempt: attempt.id.clone(),
    })?;
    db::payments::update(tx, &payment).await?;
    give_back(tx, &attempt, &payment).await?;
    let told = EventData::of(&payment).with_attempt(&attempt);
    payment::publish(app, tx, &payment.merchant, EventKind::Released, told).await?;
    if !is_of_order_code(tx, &payment).await? {
        payment = payment::end(app, tx, payment, Change::Cancelled).await?;
    } else if payment.is_past(now) {
        payment = payment::end(app, tx, payment, Change::Expired).await?;
    }
    Ok(payment)
}

async fn is_of_order_code(tx: &mut Tx, payment: &Payment) -> Result<bool, DbError> {
    let Some(id) = &payment.code else {
        return Ok(false);
    };
    Ok(db::codes::find(tx, id)
        .await?
        .is_some_and(|code| code.kind == CodeKind::Order))
}

async fn give_back(tx: &mut Tx, attempt: &Attempt, payment: &Payment) -> Result<(), FlowError> {
    let Some(payer_ref_hash) = &attempt.payer_ref_hash else {
        return Ok(());
    };
    let Some(merchant) = db::merchants::find(tx, &payment.merchant).await? else {
        return Ok(());
    };
    let day = attempt.started_at.day_in(merchant.time_zone.as_str());
    let payer_day = PayerDay {
        payer: &attempt.payer,
        merchant: &payment.merchant,
        payer_ref_hash,
        day: &day,
    };
    db::books::give_back(tx, payer_day, attempt.amount).await?;
    Ok(())
}

async fn post(
    app: &App,
    tx: &mut Tx,
    payment: &Payment,
    result: &ResultId,
    posting: &Posting,
) -> Result<(), FlowError> {
    let id = EntryId::new(tx.now(), &*app.entropy);
    let of = Some(&payment.id);
    db::books::post(tx, &id, &payment.merchant, of, result, posting).await?;
    Ok(())
}

/// Even a store that has given out half of a day's million numbers finds a free one in 40 draws
/// but for one case in 10^12.
const DRAWS: u32 = 40;

async fn issue_receipt(
    app: &App,
    tx: &mut Tx,
    payment: &Payment,
    merchant: &Merchant,
) -> Result<String, FlowError> {
    let key = app.keys.signing(KeyUse::Receipt)?;
    let now = tx.now();
    let day = now.day_in(merchant.time_zone.as_str());
    for _ in 0..DRAWS {
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
        let receipt = Receipt {
            id,
            payment: payment.id.clone(),
            store: payment.store.clone(),
            number: number.clone(),
            jws: jws::sign(&key, TYP, &claims),
            issued_at: now,
            expires_at,
            shown_at: None,
            shown_where: None,
        };
        if db::receipts::insert(tx, &merchant.id, &day, &receipt).await? {
            return Ok(number);
        }
    }
    Err(DbError::Conflict {
        table: "receipts",
        id: payment.id.to_string(),
    }
    .into())
}
