//! The server keeps what its document promises: `schemathesis`, which somebody else wrote, throws
//! requests at every operation, well-formed and malformed ones, in sequences and alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use tongma::app::App;
use tongma::clock::{Clock, Stopwatch, Timestamp};
use tongma::crypto::digest::hex;
use tongma::crypto::keys::SigningKey;
use tongma::merchant::{InstitutionKey, KeyMaterial};
use tongma::{db, flow};

use super::document::operations;
use super::town::Town;
use crate::support::foreign::asks;
use crate::support::plates::{batch, bound, printed};
use crate::support::shop::{account_of, order};
use crate::support::wire::Request;
use crate::support::{Backend, explore, on_both};

/// Whose payer scans, and who holds the account; each with the seed of a key of its own.
const PAYER: (&str, [u8; 32]) = ("jd_pay", [0x11; 32]);
const PAYEE: (&str, [u8; 32]) = ("wechat_pay", [0x22; 32]);

/// How many generated requests an operation gets in each phase, so that all of it takes less than
/// three minutes.
const fn examples(backend: Backend) -> u64 {
    match backend {
        Backend::Sqlite => 15,
        Backend::Postgres => 4,
    }
}

/// With fewer calls something was left out.
const CALLS_MIN: u64 = 500;
/// What three minutes are enough for: 3,400 take 76 seconds beside as many on the other database and beside
/// other work on two processors. Counted and not timed, so that no machine is too slow for it.
const CALLS_MAX: u64 = 6_800;
/// At every operation.
const CALLS_EACH_MIN: u64 = 5;

/// A town in which every name that the document asks for exists.
async fn ground(town: &Town, backend: Backend) -> Value {
    let shop = &town.server.shop;
    for (id, seed) in [PAYER, PAYEE] {
        let key = SigningKey::from_seed(&seed);
        let material = KeyMaterial::Ed25519(*key.public().as_bytes());
        insert_key(&shop.app, id, key.key_id().as_str(), material).await;
    }
    let sticker = shop.sticker().await;
    let begun = order(PAYER.0, &sticker.text, 100, "contract-1");
    let started = flow::start::start(&shop.app, begun).await.unwrap();
    let paid = shop.starts(PAYER.0, &sticker, 200).await.unwrap();
    shop.confirms(&shop.paid(PAYEE.0, &paid)).await.unwrap();
    let (waiting, _) = shop.sells(300).await;
    let payer = PAYER.0.parse().unwrap();
    let seen = flow::report::attempt(&shop.app, &payer, &paid.attempt);
    let receipt = seen.await.unwrap().receipt.unwrap();

    let place = json!({"store": shop.store.id, "counter": shop.counters[0].id, "currency": "CNY"});
    let mut code = place.clone();
    code["kind"] = "static".into();
    let number = json!({"order_number": started.order_number});
    let wall = asks(shop, "wxp://f2f0BbCdEfGhIjKlMnOpQrStUvWxYz0123456789");
    let adoption = wall.await.unwrap();
    let mut other = json!({"text": "wxp://f2f0CbCdEfGhIjKlMnOpQrStUvWxYz0123456789"});
    other["store"] = json!(shop.store.id);
    let plates = batch(shop, Some(&shop.merchant.id), 5).await;
    let blanks = printed(shop, &plates, 5).await;
    let mut hung = Vec::new();
    for blank in &blanks[..4] {
        hung.push(bound(shop, blank).await.plate.id);
    }
    let mut wall = json!({"plate": blanks[4].short_id, "claim_secret": blanks[4].claim});
    wall["store"] = json!(shop.store.id);
    let known = json!({
        "resolve": {"body": {"text": sticker.text}},
        "startAttempt": {"body": {"text": sticker.text, "amount_minor": 1, "currency": "CNY"},
                         "without": ["payment"]},
        "getAttempt": {"path": {"id": started.attempt}},
        "reportAttempt": {"path": {"id": started.attempt},
                          "body": {"payer_reference": "contract-1"}},
        "getOrder": {"path": number},
        "confirmOrder": {"path": number},
        "getStore": {"path": {"id": shop.store.id}},
        "getCounter": {"path": {"id": shop.counters[0].id}},
        "pairDevice": {"path": {"id": shop.counters[0].id}},
        "getInstitution": {"path": {"id": PAYEE.0}},
        "issueCode": {"body": code, "without": ["amount_minor", "expires_at"]},
        "getCode": {"path": {"id": sticker.id}},
        "getCodePng": {"path": {"id": sticker.id}},
        "getCodeSvg": {"path": {"id": sticker.id}},
        "printCode": {"path": {"id": sticker.id}, "query": {"template": "sticker-60"}},
        "printCodeWithLogo": {"path": {"id": sticker.id}, "query": {"format": "json"},
                              "file": data_encoding::BASE64.encode(&crate::prints::logo())},
        // Parameters in the address go with a picture only.
        "adoptCode": {"body": other, "query": {}, "without": ["counter", "account"]},
        "getAdoption": {"path": {"id": adoption.id}},
        "endAdoption": {"path": {"id": adoption.id}},
        "createPlateBatch": {"body": {"count": 2}, "without": ["note"]},
        "getPlateBatch": {"path": {"id": plates.id}},
        "printPlates": {"path": {"id": plates.id, "part": 1}, "query": {"format": "csv"}},
        "bindPlate": {"body": wall, "without": ["text", "counter"]},
        "listPlates": {"query": {"state": "bound", "store": shop.store.id}},
        "getPlate": {"path": {"id": hung[0]}},
        "rebindPlate": {"path": {"id": hung[1]}, "without": ["store", "counter"]},
        "unbindPlate": {"path": {"id": hung[2]}},
        "voidPlate": {"path": {"id": hung[3]}},
        "checkSign": {"body": {"text": sticker.text}},
        "createPayment": {"body": place, "without": ["reference", "description"]},
        "getPayment": {"path": {"id": paid.payment}},
        "cancelPayment": {"path": {"id": waiting.id}},
        "verifyReceipt": {"body": {"receipt": receipt}, "without": ["number", "store"]},
        "decode": {"body": {"text": sticker.text}},
        "dryRun": {"body": {"code": sticker.id, "payer_institution": PAYER.0, "currency": "CNY"}},
        "problem": {"path": {"code": "payment-held"}},
    });
    json!({
        "url": shop.app.origin.to_string(),
        "token": town.server.token,
        "wallets": {PAYER.0: hex(&PAYER.1), PAYEE.0: hex(&PAYEE.1)},
        "payer": PAYER.0,
        "payee": PAYEE.0,
        "known": known,
        "paid": {
            "order_number": started.order_number,
            "payment_account": account_of(PAYEE.0),
            "amount_minor": 100, "payer_amount_minor": 100, "discounts": [], "currency": "CNY",
            "status": "paid", "payee_reference": "contract-1",
            "paid_at": shop.app.clock.now(),
        },
        "max_examples": examples(backend),
    })
}

async fn the_server_keeps_what_its_document_promises(backend: Backend) {
    let town = Town::bare(backend, Clock::System).await;
    let ground = ground(&town, backend).await;
    let document = town
        .server
        .send(&Request::get("/openapi.json"))
        .await
        .json();

    let began = Stopwatch::start();
    let told = tokio::task::spawn_blocking(move || explore(&ground));
    let told = told.await.unwrap();
    let took = began.elapsed().as_secs();

    let said = told["said"].as_str().unwrap();
    let report = &told["report"];
    assert_eq!(report["failures"], json!([]), "{said}");
    assert_eq!(report["errors"], json!([]), "{said}");
    assert_eq!(told["exit_code"], 0, "{said}");
    for phase in ["examples", "coverage", "fuzzing", "stateful"] {
        assert_eq!(
            report["phases"][phase]["status"], "success",
            "{phase}: {said}"
        );
    }

    // That nothing was wrong counts only if everything was tried, and something of it was done.
    let names: BTreeSet<String> = operations(&document)
        .iter()
        .map(|(method, path)| {
            let operation = &document["paths"][path][method.to_lowercase()];
            operation["operationId"].as_str().unwrap().to_owned()
        })
        .collect();
    let calls = |name: &str| told["seen"]["calls"][name].as_u64().unwrap_or(0);
    for name in &names {
        assert!(
            calls(name) >= CALLS_EACH_MIN,
            "{name}: {} calls",
            calls(name)
        );
        let statuses = told["seen"]["statuses"].as_object().unwrap();
        let done = statuses
            .keys()
            .any(|key| key.starts_with(&format!("{name} 2")));
        assert!(done, "{name} was never done: {statuses:?}");
    }
    let all: u64 = names.iter().map(|name| calls(name)).sum();
    println!("{backend:?}: {all} calls in {took} s");
    assert!((CALLS_MIN..=CALLS_MAX).contains(&all), "{all} calls");
    town.server.is_ready().await;
}
on_both![the_server_keeps_what_its_document_promises];

/// One more key of an institution.
pub(super) async fn insert_key(app: &App, institution: &str, key_id: &str, key: KeyMaterial) {
    let mut tx = app.db.begin().await.unwrap();
    let key = InstitutionKey {
        key_id: key_id.to_owned(),
        institution: institution.parse().unwrap(),
        material: key,
        not_before: Timestamp::from_millis(0),
        not_after: None,
        revoked_at: None,
        created_at: tx.now(),
    };
    assert!(db::institutions::insert_key(&mut tx, &key).await.unwrap());
    tx.commit().await.unwrap();
}
