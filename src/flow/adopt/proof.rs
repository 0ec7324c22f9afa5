//! What an institution states about the amount that was named, and what follows.

use crate::app::App;
use crate::crypto::jws::SKEW;
use crate::db::{self, DbError, Tx};
use crate::flow::adopt::{publish, told_of_end, written};
use crate::flow::again::Tries;
use crate::flow::settle::Outcome;
use crate::flow::{FlowError, issue};
use crate::id::ResultId;
use crate::payment::Attested;
use crate::payment::adoption::{Adoption, AdoptionChange, NoProof, Standing, judge};
use crate::payment::event::EventKind;

/// What is kept of a statement that proved an adoption.
const PROOF: &str = "proof";

/// Takes in a statement whose signature and fields are sound; nothing where no adoption waits for
/// this order.
pub(in crate::flow) async fn take(
    app: &App,
    result: &Attested,
) -> Result<Option<Outcome>, FlowError> {
    let mut tx = app.db.read().await?;
    let known = db::adoptions::by_order(&mut tx, &result.order_number).await?;
    tx.commit().await?;
    if known.is_none() {
        return Ok(None);
    }
    let mut tries = Tries::default();
    loop {
        let done = take_once(app, result).await;
        if !tries.once_more(&done) {
            app.bell.ring();
            return done.map(Some);
        }
    }
}

async fn take_once(app: &App, result: &Attested) -> Result<Outcome, FlowError> {
    let mut tx = app.db.begin().await?;
    let missing = || FlowError::NotFound("order");
    let adoption = db::adoptions::by_order(&mut tx, &result.order_number)
        .await?
        // Only the institution that holds the account may say what came into it.
        .filter(|adoption| adoption.institution == result.institution)
        .ok_or_else(missing)?;
    if let Some(stored) = db::results::find(&mut tx, result).await? {
        if !stored.repeats(result) {
            return Err(FlowError::TransactionConflict);
        }
        return Ok(match stored.outcome.parse() {
            Ok(why) => Outcome::NoProof(why),
            Err(_) => Outcome::Adopted(adoption.id),
        });
    }
    match judge(&adoption, result, SKEW) {
        Ok(()) => prove(app, tx, adoption, result).await,
        Err(why) => miss(app, tx, adoption, result, why).await,
    }
}

async fn prove(
    app: &App,
    mut tx: Tx,
    adoption: Adoption,
    result: &Attested,
) -> Result<Outcome, FlowError> {
    let (id, actor) = (adoption.id.clone(), result.institution.as_str());
    let (network, hash) = (&adoption.network, &adoption.text_hash);
    let holder = db::adoptions::holder(&mut tx, network, hash).await?;
    if holder.is_some() {
        keep(app, &mut tx, result, NoProof::Taken.as_str()).await?;
        let taken = adoption.after(AdoptionChange::Taken, tx.now())?;
        db::adoptions::update(&mut tx, &taken).await?;
        told_of_end(app, &mut tx, &taken, actor).await?;
        tx.commit().await?;
        return Ok(Outcome::NoProof(NoProof::Taken));
    }
    keep(app, &mut tx, result, PROOF).await?;
    let code = issue::behind(app, &mut tx, &adoption).await?;
    let proven = AdoptionChange::Proven {
        code: code.id.clone(),
    };
    let adoption = adoption.after(proven, tx.now())?;
    db::adoptions::update(&mut tx, &adoption).await?;
    if !db::adoptions::take(&mut tx, &adoption, &code.id).await? {
        // Another merchant proved it in this very moment: look again.
        return Err(DbError::Conflict {
            table: "foreign_codes",
            id: id.to_string(),
        }
        .into());
    }
    written(app, &mut tx, &adoption, actor, "adoption.prove", "proven").await?;
    publish(app, &mut tx, &adoption, EventKind::AdoptionProven, None).await?;
    tx.commit().await?;
    tracing::info!(
        institution = %result.institution, order_number = %result.order_number,
        "{} attests the proof of {id}", result.institution,
    );
    Ok(Outcome::Adopted(id))
}

async fn miss(
    app: &App,
    mut tx: Tx,
    adoption: Adoption,
    result: &Attested,
    why: NoProof,
) -> Result<Outcome, FlowError> {
    let actor = result.institution.as_str();
    keep(app, &mut tx, result, why.as_str()).await?;
    written(
        app,
        &mut tx,
        &adoption,
        actor,
        "adoption.miss",
        why.as_str(),
    )
    .await?;
    if let Some(change) = why.change(result.status) {
        let adoption = adoption.after(change, tx.now())?;
        db::adoptions::update(&mut tx, &adoption).await?;
        if matches!(adoption.standing, Standing::Ended { .. }) {
            told_of_end(app, &mut tx, &adoption, actor).await?;
        } else {
            let kind = EventKind::AdoptionMissed;
            publish(app, &mut tx, &adoption, kind, Some(why.as_str())).await?;
        }
    }
    tx.commit().await?;
    tracing::info!(
        institution = %result.institution, order_number = %result.order_number,
        "what {} attests of order {} is no proof: {why}", result.institution, result.order_number,
    );
    Ok(Outcome::NoProof(why))
}

/// Another transaction that kept the same statement first makes this one start again.
async fn keep(app: &App, tx: &mut Tx, result: &Attested, outcome: &str) -> Result<(), FlowError> {
    let id = ResultId::new(tx.now(), &*app.entropy);
    if db::results::insert(tx, &id, result, None, outcome).await? {
        return Ok(());
    }
    Err(DbError::Conflict {
        table: "results",
        id: result.payee_reference.clone(),
    }
    .into())
}
