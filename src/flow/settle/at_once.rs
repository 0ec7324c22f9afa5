//! The plain case, which is nearly every case: a waiting attempt, and a statement that what was
//! agreed was paid. One reading, one decision, one writing that takes effect only while all is as
//! it was read ([`db::hot`](crate::db::hot)).
//!
//! Everything else (another verdict, a repeat, an unknown order or key, a statement that does not
//! hold, somebody who was faster) is left to the long way, which reads again and says what is wrong.

use crate::app::App;
use crate::crypto::jws::{self, Unverified};
use crate::db::DbError;
use crate::db::hot::{self, Found, Named, Paid};
use crate::flow::settle::book::{settled, told};
use crate::flow::settle::{Outcome, is_before, receipt};
use crate::flow::{FlowError, confirm};
use crate::id::{EntryId, EventId, ResultId};
use crate::merchant::InstitutionId;
use crate::payment::{
    Attempt, AttemptChange, Attested, Change, OrderNumber, Payment, ResultClaims, Verdict, judge,
    ledger,
};

/// Takes in a statement that settles its payment; nothing where that is for the long way to say.
pub(in crate::flow) async fn at_once(
    app: &App,
    institution: &InstitutionId,
    order: &OrderNumber,
    text: &str,
) -> Option<Outcome> {
    let statement = jws::parse(text, jws::RESULT).ok()?;
    let named = Named {
        order: order.clone(),
        institution: institution.clone(),
        key: statement.kid().to_owned(),
    };
    let found = or_the_long_way(hot::find(&app.db, named).await)??;
    let result = attested(app, institution, order, statement, text, &found)?;
    let (paid, payment, attempt) = decide(app, found, result).ok()??;
    if !or_the_long_way(hot::pay(&app.db, paid).await)? {
        return None;
    }
    app.bell.ring();
    Some(settled(app, &payment, &attempt))
}

/// The statement, if it holds and the caller may make it.
fn attested(
    app: &App,
    institution: &InstitutionId,
    order: &OrderNumber,
    statement: Unverified<'_>,
    text: &str,
    found: &Found,
) -> Option<Attested> {
    let now = found.now;
    let key = confirm::public(&found.key).filter(|_| found.key.is_valid_at(now))?;
    if key.key_id().as_str() != statement.kid() || !found.attempt.is_attested_by(institution) {
        return None;
    }
    let claims: ResultClaims = statement.verify(&key).ok()?.claims;
    jws::check_times(claims.iat, claims.exp, now, jws::SKEW).ok()?;
    let ours = app.origin.to_string();
    let result = claims.read(institution, &ours, order, now, text).ok()?;
    (!is_before(&found.attempt, &result)).then_some(result)
}

/// Everything that follows, with what payment and attempt become, if the payment is paid by this.
fn decide(
    app: &App,
    found: Found,
    result: Attested,
) -> Result<Option<(Paid, Payment, Attempt)>, FlowError> {
    let Found {
        attempt,
        payment,
        now,
        ..
    } = found;
    if judge(&attempt, &payment, &result) != Verdict::Pay {
        return Ok(None);
    }
    let entropy = &*app.entropy;
    let after = attempt.clone().after(AttemptChange::Paid, now)?;
    let by = Change::Paid {
        attempt: attempt.id.clone(),
        at: result.paid_at,
    };
    let paid = payment.clone().after(by)?;
    let entries = ledger::paid(&payment.merchant, &attempt.account, found.fee, &result)?
        .into_iter()
        .map(|posting| (EntryId::new(now, entropy), posting));
    let receipt = receipt::draw(app, &paid, now)?;
    let rows = Paid {
        result_id: ResultId::new(now, entropy),
        entries: entries.collect(),
        day: now.day_in(&found.time_zone),
        told: told(&paid, &after, &result, receipt.number.clone(), now),
        receipt,
        event: EventId::new(now, entropy),
        at: now,
        attempt,
        payment,
        result,
    };
    Ok(Some((rows, paid, after)))
}

/// What the short way cannot do is tried by the long one, and said here, because it should not
/// happen often.
fn or_the_long_way<T>(done: Result<T, DbError>) -> Option<T> {
    done.inspect_err(|error| {
        tracing::warn!(%error, "a statement was not settled at once: {error}; going the long way");
    })
    .ok()
}
