//! Nonces, answers and codes that are kept for a while, and keys that end.

use std::time::Duration;

use tongma::crypto::token::{ApiToken, PairingCode};
use tongma::db::idempotency::{self, Lease, Slot};
use tongma::db::pairings::{self, Place};
use tongma::db::{DbError, api_keys, nonces};
use tongma::id::ApiKeyId;
use tongma::merchant::{ApiKey, InstitutionId, Scopes};
use tongma::word::Mode;

use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

async fn a_nonce_is_new_once_until_it_is_dropped(backend: Backend) {
    let shop = Shop::open(backend).await;
    let who: InstitutionId = "alipay".parse().unwrap();
    let other: InstitutionId = "ecny".parse().unwrap();
    let mut tx = shop.app.db.begin().await.unwrap();
    let until = tx.now().plus(Duration::from_mins(10));
    assert!(nonces::keep(&mut tx, &who, "n-1", until).await.unwrap());
    assert!(!nonces::keep(&mut tx, &who, "n-1", until).await.unwrap());
    assert!(nonces::keep(&mut tx, &other, "n-1", until).await.unwrap());

    let now = tx.now();
    assert_eq!(nonces::drop_expired(&mut tx, now).await.unwrap(), 0);
    let later = until.plus(Duration::from_secs(1));
    assert_eq!(nonces::drop_expired(&mut tx, later).await.unwrap(), 2);
    assert!(nonces::keep(&mut tx, &who, "n-1", until).await.unwrap());
    tx.rollback().await.unwrap();
}

async fn an_answer_is_not_taken_over_once_it_is_given(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut tx = shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let slot = Slot {
        merchant: shop.merchant.id.clone(),
        principal: ApiKeyId::new(now, &*shop.app.entropy),
        route: "POST /v1/payments".to_owned(),
        key: "k-1".to_owned(),
    };
    let lease = |owner: &str| Lease {
        owner: owner.to_owned(),
        fingerprint: [1; 32],
        until: now,
    };
    let horizon = now.minus(Duration::from_hours(1));
    assert!(
        idempotency::claim(&mut tx, &slot, &lease("a"), now)
            .await
            .unwrap()
    );
    let over = idempotency::take_over(&mut tx, &slot, "a", &lease("b"), (now, horizon)).await;
    assert!(over.unwrap());
    let late = idempotency::finish(&mut tx, &slot, "a", 201, "{}").await;
    assert!(matches!(late, Err(DbError::Conflict { .. })), "{late:?}");
    idempotency::finish(&mut tx, &slot, "b", 201, "{}")
        .await
        .unwrap();
    let over = idempotency::take_over(&mut tx, &slot, "b", &lease("c"), (now, horizon)).await;
    assert!(!over.unwrap());

    idempotency::release(&mut tx, &slot, "b").await.unwrap();
    let kept = idempotency::find(&mut tx, &slot).await.unwrap().unwrap();
    assert_eq!(kept.answer, Some((201, "{}".to_owned())));
    let later = now.plus(Duration::from_secs(1));
    assert_eq!(idempotency::drop_older(&mut tx, later).await.unwrap(), 1);
    assert_eq!(idempotency::find(&mut tx, &slot).await.unwrap(), None);
    tx.rollback().await.unwrap();
}

async fn a_pairing_code_is_used_once_and_not_too_late(backend: Backend) {
    let shop = Shop::open(backend).await;
    let place = Place {
        merchant_id: shop.merchant.id.clone(),
        store_id: shop.store.id.clone(),
        counter_id: shop.counters[0].id.clone(),
    };
    let mut tx = shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let until = now.plus(Duration::from_mins(1));
    let [first, second] = [(), ()].map(|()| PairingCode::generate(&*shop.app.entropy).hash());
    for code in [&first, &second] {
        pairings::insert(&mut tx, code, &place, until, now)
            .await
            .unwrap();
    }
    assert_eq!(
        pairings::consume(&mut tx, &first, now).await.unwrap(),
        Some(place)
    );
    assert_eq!(pairings::consume(&mut tx, &first, now).await.unwrap(), None);
    assert_eq!(
        pairings::consume(&mut tx, &second, until).await.unwrap(),
        None
    );
    let later = until.plus(Duration::from_secs(1));
    assert_eq!(pairings::drop_expired(&mut tx, later).await.unwrap(), 2);
    tx.rollback().await.unwrap();
}

async fn a_key_is_found_by_its_hash_and_revoked_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let token = ApiToken::generate(Mode::Test, &*shop.app.entropy);
    let mut tx = shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let key = ApiKey {
        id: ApiKeyId::new(now, &*shop.app.entropy),
        merchant: shop.merchant.id.clone(),
        name: "till".parse().unwrap(),
        mode: Mode::Test,
        hint: "tm_test_".to_owned(),
        scopes: Scopes::all(),
        expires_at: None,
        revoked_at: None,
        created_at: now,
    };
    api_keys::insert(&mut tx, &key, &token.hash())
        .await
        .unwrap();
    assert_eq!(
        api_keys::find(&mut tx, &token.hash()).await.unwrap(),
        Some(key.clone())
    );
    assert_eq!(api_keys::find(&mut tx, &[0; 32]).await.unwrap(), None);
    api_keys::revoke(&mut tx, &key.merchant, &key.id, now)
        .await
        .unwrap();
    let again = api_keys::revoke(&mut tx, &key.merchant, &key.id, now).await;
    assert!(matches!(again, Err(DbError::Conflict { .. })), "{again:?}");
    let listed = api_keys::list(&mut tx, &key.merchant).await.unwrap();
    assert_eq!(listed.last().unwrap().revoked_at, Some(now));
    tx.rollback().await.unwrap();
}

on_both![
    a_nonce_is_new_once_until_it_is_dropped,
    an_answer_is_not_taken_over_once_it_is_given,
    a_pairing_code_is_used_once_and_not_too_late,
    a_key_is_found_by_its_hash_and_revoked_once,
];
