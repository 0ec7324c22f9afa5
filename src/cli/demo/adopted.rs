//! The second shop: its only account is at WeChat Pay, and WeChat Pay's code hangs on its wall. It
//! adopts that code, and then four wallets pay it that could not pay it before.

use std::time::Duration;

use serde_json::json;

use super::data::{ADOPTED_CODE, DUMPLINGS};
use super::shop::Shop;
use super::stage::Stage;
use crate::flow::FlowError;
use crate::flow::adopt::{self, NewAdoption};
use crate::id::AdoptionId;
use crate::payment::adoption::{Adoption, Standing};
use crate::wallet::WireRequest;
use crate::wallet::client::{Call, SendError};

/// Why the code did not come to stand for the shop.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdoptError {
    /// We refused.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The database.
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
    /// The institution does not answer.
    #[error("the institution: {0}")]
    Silent(#[from] SendError),
    /// The institution refused.
    #[error("the institution refused {what}: {status}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The status.
        status: u16,
    },
    /// It came to another end.
    #[error("the adoption did not get {0} in time")]
    Stuck(&'static str),
}

/// How long the institution may take to look out for the amount, and then to attest it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at how far it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Takes over the code on its wall; `institution` is where the institution's own app is reached.
pub(super) async fn take_over(
    stage: &Stage,
    shop: &Shop,
    institution: &str,
) -> Result<Adoption, AdoptError> {
    // As it hangs there for years: the institution's own code for the shop's account.
    let account = DUMPLINGS.accounts.first().map(|(_, reference)| *reference);
    let hung = json!({"text": ADOPTED_CODE, "account": account});
    ask(stage, institution, "to hang its code", ("/app/code", &hung)).await?;
    let app = stage.app();
    let mut tx = app.db.begin().await?;
    let new = NewAdoption {
        merchant: shop.merchant.clone(),
        store: shop.store.clone(),
        counter: shop.counters.first().cloned(),
        account: None,
        text: ADOPTED_CODE.to_owned(),
    };
    let asked = adopt::request(app, &mut tx, new, "demo").await?;
    tx.commit().await?;
    app.sweep_bell.ring();

    let looked_out = until(stage, shop, &asked.id, "looked out for", |adoption| {
        adoption.opened_at.is_some()
    });
    looked_out.await?;
    // The shop pays the named amount to its own code, with the institution's own wallet.
    let proof = json!({
        "text": ADOPTED_CODE,
        "amount_minor": asked.amount.minor(),
        "currency": asked.amount.currency(),
    });
    ask(stage, institution, "the proof", ("/app/pay-code", &proof)).await?;
    let proven = |adoption: &Adoption| matches!(adoption.standing, Standing::Proven { .. });
    until(stage, shop, &asked.id, "proven", proven).await
}

async fn ask(
    stage: &Stage,
    institution: &str,
    what: &'static str,
    (path, body): (&str, &serde_json::Value),
) -> Result<(), AdoptError> {
    let call = Call {
        request: WireRequest::post_json(path.to_owned(), body),
        headers: Vec::new(),
    };
    let reply = stage
        .world
        .client
        .call(institution, &call, None)
        .await?
        .reply;
    if reply.is_ok() {
        Ok(())
    } else {
        let status = reply.status;
        Err(AdoptError::Refused { what, status })
    }
}

async fn until(
    stage: &Stage,
    shop: &Shop,
    id: &AdoptionId,
    what: &'static str,
    is_so: impl Fn(&Adoption) -> bool,
) -> Result<Adoption, AdoptError> {
    let looking = async {
        loop {
            let mut tx = stage.app().db.read().await?;
            let found = crate::db::adoptions::find_of(&mut tx, &shop.merchant, id).await?;
            tx.rollback().await?;
            match found {
                Some(adoption) if is_so(&adoption) => return Ok(adoption),
                Some(_) | None => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or(Err(AdoptError::Stuck(what)))
}
