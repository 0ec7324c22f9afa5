//! Who is calling: an institution by its signature, a merchant's program by its key, a device at a
//! counter by its session.
//!
//! A nonce is stored only after the signature verified, so that nobody can burn the nonces of
//! others, and in the database, so that every instance knows it.

use std::hint::black_box;
use std::time::Duration;

use crate::app::{App, Reading, Signer};
use crate::clock::Timestamp;
use crate::code::origin::Origin;
use crate::crypto::http_signature::{Parsed, RequestParts, SignatureError, WINDOW};
use crate::crypto::keys::{HmacKey, PublicKey, VerifyingKey};
use crate::crypto::sealing::{Purpose, Sealer};
use crate::crypto::token::{ApiToken, SessionToken};
use crate::db;
use crate::flow::FlowError;
use crate::flow::audit::{self, Deed};
use crate::id::{ApiKeyId, CounterId, MerchantId, SessionId, StoreId};
use crate::merchant::{
    InstitutionId, InstitutionKey, InstitutionState, KeyAlgorithm, KeyDirection, KeyMaterial,
    Scope, Scopes, UsedKey,
};

/// Why a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The signature of a wallet's request.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// No key, where one is needed.
    #[error("an API key is required as Authorization: Bearer")]
    KeyMissing,
    /// Unknown, revoked, expired or of the other mode: one answer.
    #[error("the API key is not valid here")]
    KeyInvalid,
    /// A key somewhere other than in the Authorization header; it must count as leaked.
    #[error("an API key stands in the {0}; send it as Authorization: Bearer only, and replace it")]
    KeyMisplaced(&'static str),
    /// A proof of another kind than the route takes.
    #[error("this route takes {expected}")]
    WrongTokenType {
        /// What it takes.
        expected: &'static str,
    },
    /// The key may not do this kind of thing.
    #[error("the API key lacks the scope {}", .0.as_str())]
    Scope(Scope),
    /// No session, or one that ended.
    #[error("this device is not paired, or no longer")]
    SessionInvalid,
    /// Wrong, used up or too old.
    #[error("the pairing code is wrong, used or too old")]
    PairingInvalid,
    /// A form or script of another site.
    #[error("the request does not come from a page of this server")]
    Csrf,
}

/// An institution whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletCaller {
    /// Who it is; from the key's record, never from the message.
    pub institution: InstitutionId,
    /// With what kind of key it signed.
    pub algorithm: KeyAlgorithm,
}

impl WalletCaller {
    /// Refuses whoever signed with a secret that others share: it proves nothing about money, even
    /// where the statement that it brings is signed with a key pair.
    pub fn must_attest(&self) -> Result<(), FlowError> {
        match self.algorithm {
            KeyAlgorithm::Ed25519 => Ok(()),
            KeyAlgorithm::HmacSha256 => Err(FlowError::ConfirmForbidden),
        }
    }
}

/// A merchant's program whose key was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Which key.
    pub key: ApiKeyId,
    /// Whose.
    pub merchant: MerchantId,
    /// What it may do.
    pub scopes: Scopes,
}

/// A device at a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its session.
    pub session: SessionId,
    /// Whose counter.
    pub merchant: MerchantId,
    /// In which store.
    pub store: StoreId,
    /// Which counter.
    pub counter: CounterId,
    /// When it was let in: now, for whoever asks what day it is.
    pub at: Timestamp,
}

/// A signature holds from `WINDOW` before its `created` to `WINDOW` after; whoever comes early may
/// come again until twice that later.
const NONCE_KEPT: Duration = WINDOW.saturating_mul(2);

/// Lets an institution in. A call that changes something must [keep its nonce](keep_nonce) too.
pub async fn wallet(
    app: &App,
    parsed: &Parsed<'_>,
    parts: &RequestParts<'_>,
    changes_state: bool,
) -> Result<WalletCaller, FlowError> {
    // A call that takes nothing may rely on what was known of the key a moment ago.
    if !changes_state && let Some(caller) = known(app, parsed, parts).await? {
        return Ok(caller);
    }
    let reading = Reading::begin(&app.db, &app.clock);
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let found = db::institutions::find_key(&mut tx, parsed.keyid()).await?;
    tx.rollback().await?;
    let record = found.filter(|(key, institution)| {
        *institution == InstitutionState::Active && key.is_valid_at(now)
    });
    let key = record
        .as_ref()
        .and_then(|(key, _)| verifying_key(&app.sealer, key));
    if let Err(why) = parsed.verify_or_refuse(key.as_ref(), parts, now) {
        let opened = record.map(|(key, _)| key.material.algorithm());
        open_as_well(app, opened);
        return Err(AuthError::Signature(why).into());
    }
    let is_ours = is_ours(&app.origin, parts.authority);
    let (Some((record, _)), Some(key), true) = (record, key, is_ours) else {
        return Err(AuthError::Signature(SignatureError::Invalid).into());
    };
    let used = UsedKey {
        institution: record.institution.clone(),
        direction: KeyDirection::Inbound,
        key_id: record.key_id,
    };
    app.key_log.note(used, now);
    let signer = Signer {
        institution: record.institution.clone(),
        algorithm: record.material.algorithm(),
        key,
    };
    let signers = &app.recent.signers;
    signers.keep(parsed.keyid(), signer, reading, now, record.not_after);
    Ok(WalletCaller {
        algorithm: record.material.algorithm(),
        institution: record.institution,
    })
}

/// Lets in an institution whose key was looked up a moment ago; nothing where it was not.
async fn known(
    app: &App,
    parsed: &Parsed<'_>,
    parts: &RequestParts<'_>,
) -> Result<Option<WalletCaller>, FlowError> {
    let signers = &app.recent.signers;
    let Some((signer, now)) = signers.find(parsed.keyid(), &app.db, &app.clock) else {
        return Ok(None);
    };
    let verified = parsed.verify(&signer.key, parts, now);
    if verified.is_err() || !is_ours(&app.origin, parts.authority) {
        // A refusal costs what a stranger's costs.
        let mut tx = app.db.read().await?;
        db::institutions::find_key(&mut tx, parsed.keyid()).await?;
        tx.rollback().await?;
        open_as_well(app, None);
        let why = verified.err().unwrap_or(SignatureError::Invalid);
        return Err(AuthError::Signature(why).into());
    }
    Ok(Some(WalletCaller {
        institution: signer.institution.clone(),
        algorithm: signer.algorithm,
    }))
}

/// Lets a merchant's program in.
pub async fn api_key(app: &App, token: &str) -> Result<Principal, FlowError> {
    let token = ApiToken::parse(token).map_err(|_| AuthError::KeyInvalid)?;
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let found = db::api_keys::find(&mut tx, &token.hash()).await?;
    tx.rollback().await?;
    let key = found
        .filter(|key| key.mode == app.mode && key.is_valid_at(now))
        .ok_or(AuthError::KeyInvalid)?;
    Ok(Principal {
        key: key.id,
        merchant: key.merchant,
        scopes: key.scopes,
    })
}

/// Notes that a key was sent where proxies and logs see it. The key stays valid: whoever found it
/// must not be able to stop a shop; its owner is to replace it. One that lets nobody in any more is
/// nobody's secret, and one that is sent there again and again is written down once a minute.
pub async fn leaked(app: &App, token: &str, place: &'static str) -> Result<(), FlowError> {
    let Ok(token) = ApiToken::parse(token) else {
        return Ok(());
    };
    // Looked up before anything is written: strangers send made-up keys.
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let found = db::api_keys::find(&mut tx, &token.hash()).await?;
    tx.rollback().await?;
    let Some(key) = found.filter(|key| key.is_valid_at(now)) else {
        return Ok(());
    };
    let Some(leak) = app.leaks.take_due(&key.id, now) else {
        return Ok(());
    };
    let mut tx = app.db.begin().await?;
    let deed = Deed {
        merchant: Some(&key.merchant),
        actor: key.id.as_str(),
        action: "api-key.leaked",
        object: key.id.as_str(),
        result: &format!("sent in the {place}"),
    };
    audit::note(app, &mut tx, deed).await?;
    tx.commit().await?;
    leak.written();
    tracing::warn!(api_key = %key.id, "API key {} was sent in the {place}", key.id);
    Ok(())
}

/// Lets a paired device in.
pub async fn device(app: &App, token: &str) -> Result<Device, FlowError> {
    let token = SessionToken::parse(token).map_err(|_| AuthError::SessionInvalid)?;
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let found = db::sessions::find(&mut tx, &token.hash()).await?;
    tx.rollback().await?;
    let session = found
        .filter(|session| session.is_valid_at(now))
        .ok_or(AuthError::SessionInvalid)?;
    Ok(Device {
        session: session.id,
        merchant: session.merchant_id,
        store: session.store_id,
        counter: session.counter_id,
        at: now,
    })
}

/// A call that was signed for another server may not be carried over to this one, whatever its
/// Host header says.
fn is_ours(origin: &Origin, authority: &str) -> bool {
    // As nearly every caller spells it.
    if authority == origin.authority() {
        return true;
    }
    let scheme = if origin.is_secure() {
        "https://"
    } else {
        "http://"
    };
    Origin::parse(&format!("{scheme}{authority}"), true).is_ok_and(|named| named == *origin)
}

/// What a stored key checks with; nothing if the record cannot be opened, which is answered like an
/// unknown key and must be found by the operator in the log.
fn verifying_key(sealer: &Sealer, key: &InstitutionKey) -> Option<VerifyingKey> {
    let found = match &key.material {
        KeyMaterial::Ed25519(public) => PublicKey::new(public).ok().map(VerifyingKey::Ed25519),
        KeyMaterial::HmacSha256(sealed) => shared(sealer, &key.key_id, sealed),
    };
    if found.is_none() {
        tracing::error!(
            institution = %key.institution, key_id = %key.key_id,
            "key {} of {} cannot be used; was the master key changed?", key.key_id, key.institution
        );
    }
    found
}

/// A shared secret, opened.
fn shared(sealer: &Sealer, key_id: &str, sealed: &[u8]) -> Option<VerifyingKey> {
    let secret = sealer.open(Purpose::SharedSecret, key_id.as_bytes(), sealed);
    let key = HmacKey::new(secret.ok()?).ok()?;
    Some(VerifyingKey::HmacSha256(key))
}

/// Opens nobody's secret where no shared secret was opened: a refusal costs as much whatever key there
/// is or is not, so that how long it takes does not tell.
fn open_as_well(app: &App, opened: Option<KeyAlgorithm>) {
    if opened != Some(KeyAlgorithm::HmacSha256) {
        let nobodys = shared(&app.sealer, app.nobody.name(), app.nobody.sealed());
        drop(black_box(nobodys));
    }
}

/// Notes that a signed call was taken; refuses it the second time, at whichever instance.
pub async fn keep_nonce(
    app: &App,
    institution: &InstitutionId,
    nonce: &str,
) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let until = tx.now().plus(NONCE_KEPT);
    let is_new = db::nonces::keep(&mut tx, institution, nonce, until).await?;
    tx.commit().await?;
    if is_new {
        Ok(())
    } else {
        Err(AuthError::Signature(SignatureError::NonceReused).into())
    }
}
