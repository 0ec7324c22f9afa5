//! The payee institution, or an attester that the agreement names, says what became of an order.
//! Nobody else can make a payment paid.

use crate::app::App;
use crate::crypto::jws::{self, JwsError};
use crate::crypto::keys::PublicKey;
use crate::db;
use crate::flow::{FlowError, adopt, settle};
use crate::merchant::{InstitutionId, InstitutionKey, KeyMaterial};
use crate::payment::{Attested, OrderNumber, ResultClaims};

pub use crate::flow::settle::Outcome;

/// `confirm` of the wallet API: a result JWS that the caller signed.
pub async fn confirm(
    app: &App,
    institution: &InstitutionId,
    order: &OrderNumber,
    result: &str,
) -> Result<Outcome, FlowError> {
    // Nearly every statement says of a waiting attempt that what was agreed was paid.
    if let Some(outcome) = settle::at_once(app, institution, order, result).await {
        app.metrics.took_one_step("confirm");
        return Ok(outcome);
    }
    app.metrics.took_the_long_way("confirm");
    let attested = read(app, institution, order, result).await?;
    if let Some(outcome) = adopt::take(app, &attested).await? {
        return Ok(outcome);
    }
    settle::take(app, &attested).await
}

/// Verifies a result JWS with the institution's own keys and reads it.
pub(super) async fn read(
    app: &App,
    institution: &InstitutionId,
    order: &OrderNumber,
    result: &str,
) -> Result<Attested, FlowError> {
    let unverified = jws::parse(result, jws::RESULT)?;
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let keys = db::institutions::keys(&mut tx, institution).await?;
    tx.commit().await?;
    let usable: Vec<PublicKey> = keys
        .iter()
        .filter(|key| key.is_valid_at(now))
        .filter_map(public)
        .collect();
    if usable.is_empty() {
        return Err(FlowError::ConfirmForbidden);
    }
    let key = usable
        .iter()
        .find(|key| key.key_id().as_str() == unverified.kid())
        .ok_or(FlowError::Jws(JwsError::SignatureInvalid))?;
    let claims: ResultClaims = unverified.verify(key)?.claims;
    jws::check_times(claims.iat, claims.exp, now, jws::SKEW)?;
    let ours = app.origin.to_string();
    Ok(claims.read(institution, &ours, order, now, result)?)
}

/// The public key in a record; none in one of a shared secret, which proves nothing to others.
pub(super) fn public(key: &InstitutionKey) -> Option<PublicKey> {
    match &key.material {
        KeyMaterial::Ed25519(bytes) => PublicKey::new(bytes).ok(),
        KeyMaterial::HmacSha256(_) => None,
    }
}
