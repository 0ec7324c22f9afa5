//! Letting a device in at a counter: the merchant asks for a one-time code, somebody types it in.

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::crypto::token::{PairingCode, SessionToken};
use crate::db::pairings::{self, Place};
use crate::db::sessions::{self, Session};
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::flow::audit::{self, Deed};
use crate::flow::authenticate::{AuthError, Device};
use crate::id::{CounterId, MerchantId, SessionId};

/// Long enough to walk to the till, too short to try out forty bits.
const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// A till that is not used for a month is paired again.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// A code to be typed in at a counter.
#[derive(Debug)]
pub struct Invitation {
    /// The code; shown once.
    pub code: PairingCode,
    /// Until when it lets somebody in.
    pub expires_at: Timestamp,
}

/// Makes a one-time code for a counter of this merchant.
pub async fn invite(
    app: &App,
    merchant: &MerchantId,
    counter: &CounterId,
    actor: &str,
) -> Result<Invitation, FlowError> {
    let code = PairingCode::generate(app.entropy.as_ref());
    let mut tx = app.db.begin().await?;
    let counter = db::counters::find(&mut tx, merchant, counter)
        .await?
        .ok_or(FlowError::NotFound("counter"))?;
    let place = Place {
        merchant_id: counter.merchant,
        store_id: counter.store,
        counter_id: counter.id,
    };
    let now = tx.now();
    let expires_at = now.plus(CODE_LIFETIME);
    pairings::insert(&mut tx, &code.hash(), &place, expires_at, now).await?;
    note(app, &mut tx, &place, actor, "pairing.invite").await?;
    tx.commit().await?;
    Ok(Invitation { code, expires_at })
}

/// Lets in whoever typed a code. The token is new each time, so none can be fixed beforehand.
pub async fn pair(app: &App, typed: &str) -> Result<(SessionToken, Device), FlowError> {
    let code = PairingCode::parse(typed).map_err(|_| AuthError::PairingInvalid)?;
    let token = SessionToken::generate(app.entropy.as_ref());
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let place = pairings::consume(&mut tx, &code.hash(), now)
        .await?
        .ok_or(AuthError::PairingInvalid)?;
    let session = Session {
        id: SessionId::new(now, app.entropy.as_ref()),
        merchant_id: place.merchant_id.clone(),
        store_id: place.store_id.clone(),
        counter_id: place.counter_id.clone(),
        expires_at: now.plus(SESSION_LIFETIME),
        revoked_at: None,
        created_at: now,
    };
    sessions::insert(&mut tx, &session, &token.hash()).await?;
    note(app, &mut tx, &place, session.id.as_str(), "session.begin").await?;
    tx.commit().await?;
    let device = Device {
        session: session.id,
        merchant: session.merchant_id,
        store: session.store_id,
        counter: session.counter_id,
        at: now,
    };
    Ok((token, device))
}

/// Ends a device's session.
pub async fn leave(app: &App, device: &Device) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    sessions::revoke(&mut tx, &device.session, now).await?;
    let place = Place {
        merchant_id: device.merchant.clone(),
        store_id: device.store.clone(),
        counter_id: device.counter.clone(),
    };
    note(app, &mut tx, &place, device.session.as_str(), "session.end").await?;
    tx.commit().await?;
    Ok(())
}

async fn note(
    app: &App,
    tx: &mut Tx,
    place: &Place,
    actor: &str,
    action: &str,
) -> Result<(), FlowError> {
    let deed = Deed {
        merchant: Some(&place.merchant_id),
        actor,
        action,
        object: place.counter_id.as_str(),
        result: "done",
    };
    audit::note(app, tx, deed).await?;
    Ok(())
}
