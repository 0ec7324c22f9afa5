//! `/v1/adoptions` from outside: asked for once, looked up, listed, proven, let go.

use serde_json::{Value, json};

use tongma::flow::expire;
use tongma::merchant::{Quotas, Scope};
use tongma::payment::ResultClaims;
use tongma::qr::png;
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use crate::support::foreign::{ON_THE_WALL, proof};
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

fn wants(server: &Server, text: &str, key: &str) -> Request {
    let body = json!({
        "text": text, "store": server.shop.store.id, "counter": server.shop.counters[0].id,
    });
    Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", key)
}

async fn asked(server: &Server, text: &str, key: &str) -> Value {
    let answer = server.ask(wants(server, text, key)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// What WeChat Pay states of it.
async fn claims(server: &Server, adoption: &Value) -> ResultClaims {
    let mut tx = server.shop.app.db.read().await.unwrap();
    let id = adoption["id"].as_str().unwrap().parse().unwrap();
    let merchant = &server.shop.merchant.id;
    let found = tongma::db::adoptions::find_of(&mut tx, merchant, &id).await;
    proof(&server.shop, &found.unwrap().unwrap())
}

async fn confirms(server: &Server, claims: &ResultClaims) -> Answer {
    let path = format!("/wallet/v1/orders/{}/confirm", claims.order_number);
    let call = Request::post(&path, "application/jose", server.shop.signed(claims));
    server.send(&server.signed(&claims.iss, call)).await
}

async fn resolves(server: &Server, text: &str) -> Answer {
    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    server.send(&server.signed("jd_pay", call)).await
}

async fn a_code_is_asked_for_once_proven_paid_and_let_go(backend: Backend) {
    let server = Server::open(backend).await;
    assert_eq!(
        resolves(&server, ON_THE_WALL).await.code(),
        "code-not-found"
    );
    let (answer, changes) = server
        .does(
            &bearer(wants(&server, ON_THE_WALL, "k-1"), &server.token),
            201,
        )
        .await;
    assert!(changes.contains(&"+adoptions".to_owned()), "{changes:?}");
    let adoption = answer.json();
    let path = format!("/v1/adoptions/{}", adoption["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(
        (
            &adoption["state"],
            &adoption["network"],
            &adoption["tries_left"]
        ),
        (&json!("requested"), &json!("wechat_pay"), &json!(3))
    );
    let amount = adoption["amount_minor"].as_i64().unwrap();
    assert!((101..=999).contains(&amount), "{amount}");
    let again = server.ask(wants(&server, ON_THE_WALL, "k-1")).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, answer.body);
    let twice = bearer(wants(&server, ON_THE_WALL, "k-2"), &server.token);
    server.refuses(&twice, 409, "state-conflict").await;
    let other = bearer(wants(&server, "wxp://f2f0x", "k-1"), &server.token);
    server.refuses(&other, 422, "idempotency-key-reused").await;

    expire::sweep(&server.shop.app).await.unwrap();
    let looked = server.ask(Request::get(&path)).await.json();
    assert!(looked["opened_at"].is_string(), "{looked}");
    let mut wrong = claims(&server, &adoption).await;
    wrong.amount_minor += 1;
    let told = confirms(&server, &wrong).await;
    let expected = json!({"outcome": "no-proof", "code": "proof-amount-mismatch"});
    assert_eq!((told.status, told.json()), (202, expected));
    assert_eq!(
        server.ask(Request::get(&path)).await.json()["tries_left"],
        2
    );
    let right = claims(&server, &adoption).await;
    let told = confirms(&server, &right).await;
    let expected = json!({"adoption": adoption["id"], "state": "proven"});
    assert_eq!((told.status, told.json()), (200, expected.clone()));
    let told = confirms(&server, &right).await;
    assert_eq!((told.status, told.json()), (200, expected));

    assert_eq!(resolves(&server, ON_THE_WALL).await.status, 200);
    let proven = server.ask(Request::get(&path)).await.json();
    assert_eq!(proven["state"], "proven");
    let by_text = json!({"text": ON_THE_WALL, "payer_institution": "jd_pay"});
    let dry = server
        .ask(Request::post_json("/v1/routes/dry-run", &by_text))
        .await;
    assert_eq!(
        dry.json()["chosen"]["account"],
        proven["account"],
        "{}",
        dry.text()
    );
    let by_code = json!({"code": proven["code"], "payer_institution": "jd_pay"});
    let same = server
        .ask(Request::post_json("/v1/routes/dry-run", &by_code))
        .await;
    assert_eq!(same.json(), dry.json());

    let end = || Request::post_json(&format!("{path}/end"), &json!({}));
    for _ in 0..2 {
        let ended = server.ask(end()).await;
        assert_eq!(ended.status, 200, "{}", ended.text());
        let told = ended.json();
        assert_eq!(
            (&told["state"], &told["reason"]),
            (&json!("ended"), &json!("released"))
        );
    }
    let told = resolves(&server, ON_THE_WALL).await;
    assert_eq!((told.status, told.code().as_str()), (404, "code-not-found"));
    let dry = bearer(
        Request::post_json("/v1/routes/dry-run", &by_text),
        &server.token,
    );
    server.refuses(&dry, 404, "code-not-found").await;
}

async fn what_a_dry_run_is_about_is_said_once(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let ask = |body: Value| {
        bearer(
            Request::post_json("/v1/routes/dry-run", &body),
            &server.token,
        )
    };
    let none = ask(json!({"payer_institution": "jd_pay"}));
    server.refuses(&none, 422, "field-missing").await;
    let both = json!({"payer_institution": "jd_pay", "code": sticker.id, "text": sticker.text});
    server.refuses(&ask(both), 422, "field-invalid").await;
    let own = json!({"payer_institution": "jd_pay", "text": sticker.text});
    assert_eq!(server.send(&ask(own)).await.status, 200);
    let broken = ask(json!({"payer_institution": "jd_pay", "text": "hello"}));
    server.refuses(&broken, 422, "payload-invalid").await;
}

async fn a_photo_will_do(backend: Backend) {
    let server = Server::open(backend).await;
    let symbol = Symbol::new(ON_THE_WALL, Level::M).unwrap();
    let picture = png::render(&symbol, QuietZone::default(), 8).unwrap();
    let sends = |target: &str| {
        let call = Request::post(target, "image/png", picture.clone());
        bearer(call, &server.token).with("Idempotency-Key", "k-1")
    };
    let bare = sends("/v1/adoptions");
    let answer = server.refuses(&bare, 422, "field-missing").await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/store");
    let unknown = format!("/v1/adoptions?store={}&paid=true", server.shop.store.id);
    server.refuses(&sends(&unknown), 400, "query-invalid").await;
    let beside = wants(&server, ON_THE_WALL, "k-1");
    let beside = Request {
        target: format!("/v1/adoptions?store={}", server.shop.store.id),
        ..bearer(beside, &server.token)
    };
    server.refuses(&beside, 422, "field-invalid").await;

    let store = format!("/v1/adoptions?store={}", server.shop.store.id);
    let answer = server.send(&sends(&store)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["text"], ON_THE_WALL);
    // Where it hangs is a part of what was asked.
    let counter = format!("{store}&counter={}", server.shop.counters[0].id);
    server
        .refuses(&sends(&counter), 422, "idempotency-key-reused")
        .await;
    let again = server.send(&sends(&store)).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

async fn adoptions_are_listed_page_by_page_to_their_merchant_only(backend: Backend) {
    let server = Server::open(backend).await;
    for n in 0..3 {
        asked(&server, &format!("{ON_THE_WALL}{n}"), &format!("k-{n}")).await;
        server.shop.advance(1);
    }
    let first = server
        .ask(Request::get("/v1/adoptions?limit=2"))
        .await
        .json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = format!("/v1/adoptions?limit=2&cursor={cursor}");
    let second = server.ask(Request::get(&next)).await.json();
    let texts: Vec<&Value> = [&first, &second]
        .iter()
        .flat_map(|page| page["data"].as_array().unwrap())
        .map(|row| &row["text"])
        .collect();
    let expected = [2, 1, 0].map(|n| format!("{ON_THE_WALL}{n}"));
    assert_eq!(texts, expected.iter().collect::<Vec<_>>());

    let (neighbour, _, _) = server.shop.neighbour().await;
    let theirs = server.key(&neighbour.id, Scope::ALL).await;
    let call = bearer(Request::get("/v1/adoptions"), &theirs);
    assert_eq!(server.send(&call).await.json()["data"], json!([]));
    server
        .refuses(&bearer(Request::get(&next), &theirs), 400, "cursor-invalid")
        .await;
    // Nor may an account of the shop's be named by the neighbour.
    let account = &first["data"][0]["account"];
    let body = json!({"text": ON_THE_WALL, "store": server.shop.store.id, "account": account});
    let call = Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", "k-9");
    server
        .refuses(&bearer(call, &theirs), 404, "store-not-found")
        .await;
}

async fn another_merchants_account_and_a_closed_one_do_not_serve(backend: Backend) {
    let server = Server::open(backend).await;
    let (neighbour, store, _) = server.shop.neighbour().await;
    let theirs = server.key(&neighbour.id, Scope::ALL).await;
    let ours = asked(&server, ON_THE_WALL, "k-1").await["account"].clone();
    let body = json!({"text": ON_THE_WALL, "store": store.id, "account": ours});
    let call = Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", "k-1");
    server
        .refuses(&bearer(call, &theirs), 404, "account-not-found")
        .await;

    let close = "UPDATE payment_accounts SET state = 'closed' WHERE institution_id = 'wechat_pay'";
    crate::support::beside::run(&server.shop.database, close).await;
    let text = format!("{ON_THE_WALL}2");
    for account in [Value::Null, ours] {
        let body = json!({"text": text, "store": server.shop.store.id, "account": account});
        let call = Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", "k-2");
        let call = bearer(call, &server.token);
        let answer = server.refuses(&call, 422, "field-invalid").await;
        assert_eq!(answer.json()["errors"][0]["pointer"], "/account");
    }
}

async fn t096_adoptions_have_a_quota(backend: Backend) {
    let server = Server::open_with(backend, |app| {
        app.limits.quotas = Quotas {
            adoptions: 2,
            ..Quotas::default()
        };
    })
    .await;
    let first = asked(&server, ON_THE_WALL, "k-1").await;
    asked(&server, &format!("{ON_THE_WALL}2"), "k-2").await;
    let third = bearer(
        wants(&server, &format!("{ON_THE_WALL}3"), "k-3"),
        &server.token,
    );
    let answer = server.refuses(&third, 422, "quota-exceeded").await;
    assert_eq!(answer.json()["quota"], "adoptions");
    let end = format!("/v1/adoptions/{}/end", first["id"].as_str().unwrap());
    let ended = server
        .ask(Request::post_json(&end, &json!({})))
        .await
        .json();
    assert_eq!(ended["reason"], "cancelled");
    assert_eq!(server.send(&third).await.status, 201);
}

on_both![
    a_code_is_asked_for_once_proven_paid_and_let_go,
    what_a_dry_run_is_about_is_said_once,
    a_photo_will_do,
    adoptions_are_listed_page_by_page_to_their_merchant_only,
    another_merchants_account_and_a_closed_one_do_not_serve,
    t096_adoptions_have_a_quota,
];
