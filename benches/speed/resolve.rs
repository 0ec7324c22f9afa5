//! `resolve` over HTTP, signed with both kinds of keys, against what no server could leave out.

use std::sync::Arc;
use std::time::Duration;

use tongma::clock::{Clock, Timestamp};
use tongma::crypto::keys::{HmacKey, SigningKey, VerifyingKey};
use tongma::crypto::sealing::Purpose;
use tongma::db;
use tongma::event::hub::Hub;
use tongma::flow::{resolve, scan_log};
use tongma::merchant::{InstitutionKey, KeyMaterial, PrintedCode};

use crate::asked::Asked;
use crate::floor::{self, Floor, Served};
use crate::load::{self, Bytes};
use crate::request::{self, Signs};
use crate::support::Backend;
use crate::support::shop::Shop;
use crate::table::{Goal, Row, Table};

/// Codes that are scanned again and again, as at a busy counter.
const CODES: usize = 64;
/// Codes that are scanned once in many seconds.
const RARE_CODES: usize = 4000;
/// Requests of each busy code, each with a nonce of its own.
const EACH: usize = 8;
/// As many as keep one worker busy.
const CONNECTIONS: usize = 32;
const TURN: Duration = Duration::from_millis(1500);
const WALLET: &str = "jd_pay";

pub(crate) async fn measure(asked: &Asked, table: &mut Table) {
    let (listener, authority) = floor::listener();
    let origin = format!("http://{authority}");
    let shop = Shop::open_at(Backend::Sqlite, &origin, Clock::System).await;
    let shared = shares_a_secret(&shop).await;
    let (busy, rare) = (codes(&shop, CODES).await, codes(&shop, RARE_CODES).await);
    let scans = shop.scans.lock().unwrap().take().unwrap();
    let noting = shop.app.clone();
    let noting = tokio::spawn(async move { scan_log::run(&noting, scans).await });
    let tongma = floor::tongma(listener, &shop.app, &Hub::default());
    let below = below(&shop, &busy[0]).await;

    let pair = Signs::Pair(&shop.keys[WALLET]);
    let same = requests(pair, &below.authority, &busy, EACH);
    let hot = requests(pair, &authority, &busy, EACH);
    let cold = requests(pair, &authority, &rare, 1);
    let macs = requests(Signs::Shared(&shared), &authority, &busy, EACH);
    let plain = plain(&below.authority, &busy);

    let figures = [
        (
            "resolve, Ed25519 request, busy codes",
            &hot,
            "verify the request, sign a constant",
            &same,
            Goal::AtLeast(0.8),
        ),
        (
            "resolve, Ed25519 request, rare codes",
            &cold,
            "verify the request, sign a constant",
            &same,
            Goal::Shown,
        ),
        (
            "resolve, HMAC request, busy codes",
            &macs,
            "read JSON, answer constant JSON",
            &plain,
            Goal::AtLeast(0.5),
        ),
    ];
    for (figure, ours, reference, theirs, goal) in figures {
        let mut note = String::new();
        let turns = (0..asked.rounds).map(|_| {
            let reached = load::run(&tongma.authority, ours, CONNECTIONS, TURN);
            note = reached.times();
            let floor = load::run(&below.authority, theirs, CONNECTIONS, TURN);
            (reached.per_second(), floor.per_second())
        });
        let turns = turns.collect();
        table.push(Row {
            figure: figure.to_owned(),
            reference: reference.to_owned(),
            turns,
            unit: "/s",
            goal,
            note,
        });
    }
    noting.abort();
}

async fn codes(shop: &Shop, count: usize) -> Vec<PrintedCode> {
    let mut codes = Vec::with_capacity(count);
    for _ in 0..count {
        codes.push(shop.sticker().await);
    }
    codes
}

/// The wallet has a shared secret, too.
async fn shares_a_secret(shop: &Shop) -> HmacKey {
    let secret = shop.app.entropy.bytes::<32>();
    let key = HmacKey::new(secret.to_vec()).unwrap();
    let key_id = key.key_id().to_string();
    let (sealer, entropy) = (&shop.app.sealer, &*shop.app.entropy);
    let sealed = sealer.seal(Purpose::SharedSecret, key_id.as_bytes(), &secret, entropy);
    let mut tx = shop.app.db.begin().await.unwrap();
    let record = InstitutionKey {
        key_id,
        institution: WALLET.parse().unwrap(),
        material: KeyMaterial::HmacSha256(sealed.unwrap()),
        not_before: Timestamp::from_millis(0),
        not_after: None,
        revoked_at: None,
        created_at: tx.now(),
    };
    assert!(
        db::institutions::insert_key(&mut tx, &record)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    key
}

/// The floor, whose constant is as long as an answer of ours.
async fn below(shop: &Shop, code: &PrintedCode) -> Served {
    let answer = resolve::resolve(&shop.app, &WALLET.parse().unwrap(), &code.text).await;
    let answer = answer.unwrap();
    let payload = answer.split('.').nth(1).unwrap();
    let payload = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes());
    let floor = Floor {
        verifies: VerifyingKey::Ed25519(*shop.keys[WALLET].public()),
        signs: SigningKey::from_seed(&shop.app.entropy.bytes()),
        claims: serde_json::from_slice(&payload.unwrap()).unwrap(),
    };
    floor::floor(floor::listener().0, floor)
}

fn requests(signs: Signs<'_>, authority: &str, codes: &[PrintedCode], each: usize) -> Arc<[Bytes]> {
    let numbered = (0..each).flat_map(|_| codes).enumerate();
    numbered
        .map(|(number, code)| request::resolve(signs, authority, code, number))
        .collect()
}

fn plain(authority: &str, codes: &[PrintedCode]) -> Arc<[Bytes]> {
    let request = |code: &PrintedCode| {
        let body = serde_json::json!({ "text": code.text }).to_string();
        let length = body.len();
        format!(
            "POST /constant HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    codes.iter().map(request).collect()
}
