//! What an institution attested becomes state, books, receipt and event, in one transaction.

mod at_once;
mod book;
mod let_go;
mod receipt;

pub(super) use self::at_once::at_once;
use self::book::Book;
use self::let_go::let_go;
use crate::app::{App, outside};
use crate::clock::Stopwatch;
use crate::crypto::jws::SKEW;
use crate::db::{self, DbError, Tx};
use crate::flow::FlowError;
use crate::flow::again::Tries;
use crate::id::{AdoptionId, AttemptId, ExceptionId, PaymentId, ResultId};
use crate::merchant::{InstitutionId, KeyDirection, UsedKey};
use crate::payment::adoption::NoProof;
use crate::payment::{
    Attempt, AttemptState, Attested, AttestedError, ExceptionCode, ResultStatus, Verdict, judge,
};
use crate::wallet::{WireReply, WireRequest};

/// What a server answers to a signature that it does not take.
const STRANGER: u16 = 401;

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
    /// It proved that a code on the wall is its merchant's, or repeated what had.
    Adopted(AdoptionId),
    /// It was about such a proof, and is none.
    NoProof(NoProof),
}

/// Takes in a statement whose signature and fields are sound.
pub(super) async fn take(app: &App, result: &Attested) -> Result<Outcome, FlowError> {
    let mut tries = Tries::default();
    loop {
        let done = take_once(app, result).await;
        if !tries.once_more(&done) {
            app.bell.ring();
            return done;
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
    if is_before(&attempt, result) {
        return Err(AttestedError::TimeInvalid.into());
    }
    let payment = db::payments::find(&mut tx, &attempt.payment)
        .await?
        .ok_or(FlowError::NotFound("order"))?;
    let mut verdict = judge(&attempt, &payment, result);
    // The payee institution and the attester speak of one money, each under its own number.
    if matches!(verdict, Verdict::Exception(_))
        && db::results::is_second_voice(&mut tx, result).await?
    {
        verdict = Verdict::Known;
    }
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

/// Nobody pays an order before it exists; such a time would make late money look punctual.
fn is_before(attempt: &Attempt, result: &Attested) -> bool {
    result.status == ResultStatus::Paid && result.paid_at < attempt.started_at.minus(SKEW)
}

/// Ends an attempt whose order the institution refused to open. Where the same call that was made
/// twice had opened it, the order lives on.
pub(super) async fn refuse(app: &App, id: &AttemptId) -> Result<(), FlowError> {
    let opened: IsKept = |attempt| attempt.state != AttemptState::Started;
    end_attempt(app, id, AttemptState::Failed, opened).await
}

/// Ends an attempt whose institution has said its last word, which was not about this money.
pub(super) async fn release(app: &App, id: &AttemptId) -> Result<(), FlowError> {
    let ended: IsKept = |attempt| !attempt.state.holds();
    end_attempt(app, id, AttemptState::Closed, ended).await
}

/// Whether an attempt lives on all the same.
type IsKept = fn(&Attempt) -> bool;

async fn end_attempt(
    app: &App,
    id: &AttemptId,
    state: AttemptState,
    is_kept: IsKept,
) -> Result<(), FlowError> {
    let mut tries = Tries::default();
    loop {
        let done = end_once(app, id, state, is_kept).await;
        if !tries.once_more(&done) {
            return done;
        }
    }
}

async fn end_once(
    app: &App,
    id: &AttemptId,
    state: AttemptState,
    is_kept: IsKept,
) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let attempt = db::attempts::find(&mut tx, id)
        .await?
        .ok_or(FlowError::NotFound("attempt"))?;
    let ended = (!is_kept(&attempt)).then(|| attempt.payer.clone());
    if ended.is_some() {
        let payment = db::payments::find(&mut tx, &attempt.payment)
            .await?
            .ok_or(FlowError::NotFound("payment"))?;
        let_go(app, &mut tx, attempt, payment, state).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    if let Some(payer) = ended {
        app.metrics.attempt_ended(payer.as_str(), state.as_str());
    }
    Ok(())
}

/// Sends a request to an institution, signed with our request key for it.
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
    let key = app.keys.signing_to(to, app.clock.now())?;
    let watch = Stopwatch::start();
    let sent = outside(app.wallets.send(&address, request, &key)).await;
    let outcome = sent.as_ref().map_or("unreachable", |_| "answered");
    app.metrics.called(to.as_str(), outcome, watch.elapsed());
    let reply = sent.map_err(|error| {
        tracing::warn!(institution = %to, "{to} was not reached: {error}");
        FlowError::PayeeUnavailable
    })?;
    // An institution that does not know the key yet says 401: then the old one is still needed.
    if reply.status != STRANGER {
        let used = UsedKey {
            institution: to.clone(),
            direction: KeyDirection::Outbound,
            key_id: key.key_id().to_string(),
        };
        app.key_log.note(used, app.clock.now());
    }
    Ok(reply)
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
    app.metrics.exception(code.as_str());
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
