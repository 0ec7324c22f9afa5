//! What follows from one statement about one attempt: the four ends that it can have.

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::flow::settle::{Outcome, keep, let_go::let_go, receipt};
use crate::flow::{FlowError, tell};
use crate::id::{EntryId, ExceptionId, ResultId};
use crate::payment::event::{EventData, EventKind};
use crate::payment::ledger::{self, Posting};
use crate::payment::{
    Attempt, AttemptChange, AttemptState, Attested, Change, ExceptionCode, Payment, RouteKind,
};

/// One statement about one attempt, and the transaction in which it takes effect.
pub(super) struct Book<'a> {
    pub(super) app: &'a App,
    pub(super) tx: Tx,
    pub(super) result: &'a Attested,
    pub(super) attempt: Attempt,
    pub(super) payment: Payment,
}

impl Book<'_> {
    pub(super) async fn pay(mut self) -> Result<Outcome, FlowError> {
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
        let day = now.day_in(merchant.time_zone.as_str());
        if attempt.route_kind == RouteKind::Interop {
            db::books::post_position(&mut self.tx, &id, &attempt, &day, self.result.amount).await?;
        }
        let number = receipt::issue(self.app, &mut self.tx, &payment, &day).await?;
        let told = told(&payment, &attempt, self.result, number, now);
        tell::publish(
            self.app,
            &mut self.tx,
            &payment.merchant,
            EventKind::Paid,
            told,
        )
        .await?;
        self.tx.commit().await?;
        Ok(settled(self.app, &payment, &attempt))
    }

    pub(super) async fn release(mut self, state: AttemptState) -> Result<Outcome, FlowError> {
        self.keep("released").await?;
        let payer = self.attempt.payer.clone();
        let payment = let_go(self.app, &mut self.tx, self.attempt, self.payment, state).await?;
        self.tx.commit().await?;
        self.app
            .metrics
            .attempt_ended(payer.as_str(), state.as_str());
        Ok(Outcome::Settled {
            state: payment.state.name(),
            payment: payment.id,
        })
    }

    pub(super) async fn known(mut self) -> Result<Outcome, FlowError> {
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

    pub(super) async fn except(mut self, code: ExceptionCode) -> Result<Outcome, FlowError> {
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
            amount_minor: Some(amount.minor()),
            currency: Some(amount.currency().code().to_owned()),
            payee_reference: Some(self.result.payee_reference.clone()),
            paid_at: Some(self.result.paid_at),
            received_at: Some(self.tx.now()),
            exception: Some(exception),
            code: Some(code.as_str().to_owned()),
            // The statement names the account, which here is somebody else's.
            evidence: (code != ExceptionCode::PayeeMismatch).then(|| self.result.jws.clone()),
            ..EventData::of(&self.payment).with_attempt(&self.attempt)
        };
        let merchant = self.payment.merchant.clone();
        tell::publish(
            self.app,
            &mut self.tx,
            &merchant,
            EventKind::Exception,
            told,
        )
        .await?;
        let mut ended = None;
        if code == ExceptionCode::Late && self.attempt.state.holds() {
            let state = AttemptState::Closed;
            ended = Some((self.attempt.payer.clone(), state));
            let_go(self.app, &mut self.tx, self.attempt, self.payment, state).await?;
        }
        self.tx.commit().await?;
        self.app.metrics.exception(code.as_str());
        if let Some((payer, state)) = ended {
            self.app
                .metrics
                .attempt_ended(payer.as_str(), state.as_str());
        }
        Ok(Outcome::Exception(code))
    }

    async fn keep(&mut self, outcome: &str) -> Result<ResultId, FlowError> {
        let id = ResultId::new(self.tx.now(), &*self.app.entropy);
        keep(&mut self.tx, &id, self.result, Some(&self.attempt), outcome).await?;
        Ok(id)
    }
}

/// What is told of a payment that was just paid.
pub(super) fn told(
    payment: &Payment,
    attempt: &Attempt,
    result: &Attested,
    number: String,
    now: Timestamp,
) -> EventData {
    EventData {
        number: Some(number),
        payee_reference: Some(result.payee_reference.clone()),
        paid_at: Some(result.paid_at),
        received_at: Some(now),
        evidence: Some(result.jws.clone()),
        ..EventData::of(payment).with_attempt(attempt)
    }
}

/// The outcome of a payment that was just paid, counted and logged.
pub(super) fn settled(app: &App, payment: &Payment, attempt: &Attempt) -> Outcome {
    let payer = attempt.payer.as_str();
    app.metrics.paid(payer, attempt.route_kind.as_str());
    app.metrics.attempt_ended(payer, attempt.state.as_str());
    tracing::info!(
        payment = %payment.id, attempt = %attempt.id, payer = %attempt.payer,
        payee = %attempt.payee, "payment {} is paid by {}", payment.id, attempt.payer,
    );
    Outcome::Settled {
        payment: payment.id.clone(),
        state: payment.state.name(),
    }
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
