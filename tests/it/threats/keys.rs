//! List A: keys that come, overlap, end and are revoked, on every instance at once; and what is
//! noted of their use.

use std::time::Duration;

use tongma::crypto::keys::HmacKey;
use tongma::flow::institution_keys::{self, Overview};
use tongma::flow::key_log;
use tongma::merchant::{InstitutionKey, KeyDirection};

use crate::support::beside::number;
use crate::support::digest::business_digest;
use crate::support::secret::{self, handed_in};
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// A secret, and its key as it is kept.
type Shared = (HmacKey, InstitutionKey);

/// JD Pay gets a shared secret.
async fn registers(server: &Server) -> Shared {
    let app = &server.shop.app;
    let secret = HmacKey::from_random(app.entropy.bytes());
    let key = secret::registers(app, &secret).await;
    (secret, key)
}

/// JD Pay gets another in its place.
async fn replaces(server: &Server, old: &Shared, overlap: Duration) -> Shared {
    let app = &server.shop.app;
    let secret = HmacKey::from_random(app.entropy.bytes());
    let mut tx = app.db.begin().await.unwrap();
    let new = handed_in(&secret);
    let old = &old.1.key_id;
    let (sealer, entropy) = (&*app.sealer, &*app.entropy);
    let replaced = institution_keys::replace(&mut tx, sealer, entropy, old, new, overlap).await;
    tx.commit().await.unwrap();
    let [_, key] = replaced.unwrap();
    (secret, key)
}

/// A start at the sticker, signed with a shared secret.
async fn start(server: &Server, (secret, key): &Shared) -> Request {
    let reference = tongma::crypto::digest::hex(&server.shop.app.entropy.bytes::<8>());
    let call = crate::api::signature::start(server, &reference).await;
    server.signed_with(secret.into(), &key.key_id, call, 0, &reference)
}

async fn overview(server: &Server, institution: &str) -> Overview {
    let app = &server.shop.app;
    key_log::write(app).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let found = institution_keys::overview(&mut tx, &institution.parse().unwrap()).await;
    tx.commit().await.unwrap();
    found.unwrap()
}

async fn t023_a_key_that_goes_is_refused_everywhere_at_once(backend: Backend) {
    let server = Server::open(backend).await;
    let other = server.stranger().await;
    let old = registers(&server).await;
    let elsewhere = async |call: &Request| {
        let before = business_digest(&server.shop.database).await;
        let answer = other
            .send(&call.clone().with("Host", &server.authority))
            .await;
        if answer.status == 401 {
            let now = business_digest(&server.shop.database).await;
            assert_eq!(now.counted_since(&before), "");
            assert_eq!(answer.code(), "signature-invalid");
        }
        answer.status
    };
    assert_eq!(elsewhere(&start(&server, &old).await).await, 201);

    // Inside the overlap either signs, behind it the new one only.
    let new = replaces(&server, &old, Duration::from_mins(10)).await;
    server.shop.advance(599);
    for key in [&old, &new] {
        assert_eq!(server.send(&start(&server, key).await).await.status, 201);
        assert_eq!(elsewhere(&start(&server, key).await).await, 201);
    }
    server.shop.advance(1);
    let late = start(&server, &old).await;
    server.refuses(&late, 401, "signature-invalid").await;
    assert_eq!(elsewhere(&start(&server, &old).await).await, 401);
    assert_eq!(elsewhere(&start(&server, &new).await).await, 201);

    // Revoked here, refused there with the next call.
    let app = &server.shop.app;
    let mut tx = app.db.begin().await.unwrap();
    institution_keys::revoke(&mut tx, &new.1.key_id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(elsewhere(&start(&server, &new).await).await, 401);
    let gone = start(&server, &new).await;
    server.refuses(&gone, 401, "signature-invalid").await;
}

async fn what_keys_are_used_for_is_noted_by_direction_and_seldom(backend: Backend) {
    let server = Server::open(backend).await;
    let shared = registers(&server).await;
    let seen = overview(&server, "jd_pay").await;
    assert!(seen.inbound.iter().all(|(_, last)| last.is_none()));
    let noted = "SELECT COUNT(*) FROM key_uses";
    assert_eq!(number(&server.shop.database, noted).await, 0);

    let began = server.shop.app.clock.now();
    for _ in 0..5 {
        assert_eq!(
            server.send(&start(&server, &shared).await).await.status,
            201
        );
    }
    // What is refused is no use of a key.
    let forged = start(&server, &shared).await;
    let forged = forged.replacing("Signature", "tongma=:AAAA:");
    server.refuses(&forged, 401, "signature-invalid").await;

    let seen = overview(&server, "jd_pay").await;
    for (key, last) in &seen.inbound {
        let is_used = key.key_id == shared.1.key_id;
        assert_eq!(*last, is_used.then_some(began), "{key:?}");
    }
    assert!(seen.outbound.iter().all(|(_, _, last)| last.is_none()));
    // The orders were opened at WeChat Pay, with our one request key.
    let seen = overview(&server, "wechat_pay").await;
    assert!(seen.inbound.iter().all(|(_, last)| last.is_none()));
    let ours: Vec<_> = seen.outbound.iter().map(|(_, _, last)| *last).collect();
    assert_eq!(ours, [Some(began)]);
    let of =
        |direction: KeyDirection| format!("{noted} WHERE direction = '{}'", direction.as_str());
    for direction in [KeyDirection::Inbound, KeyDirection::Outbound] {
        assert_eq!(number(&server.shop.database, &of(direction)).await, 1);
    }

    // Within a minute nothing is written again; then the last use of all.
    let last_written = "SELECT MAX(last_used_ms) FROM key_uses";
    server.shop.advance(59);
    server.send(&start(&server, &shared).await).await;
    overview(&server, "jd_pay").await;
    assert_eq!(
        number(&server.shop.database, last_written).await,
        began.millis()
    );
    server.shop.advance(1);
    server.send(&start(&server, &shared).await).await;
    overview(&server, "jd_pay").await;
    let later = began.plus(Duration::from_mins(1)).millis();
    assert_eq!(number(&server.shop.database, last_written).await, later);
}

on_both![
    t023_a_key_that_goes_is_refused_everywhere_at_once,
    what_keys_are_used_for_is_noted_by_direction_and_seldom,
];
