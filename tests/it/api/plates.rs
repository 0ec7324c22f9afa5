//! `/v1/plate-batches` and `/v1/plates` from outside: ordered, bound once, moved, let go and ended.

use serde_json::{Value, json};

use tongma::app::{RateLimits, Rates};
use tongma::merchant::{Quotas, Scope};
use tongma::print::Blank;

use crate::support::plates::{batch, plate, printed};
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

const WRONG: &str = "00000-00000";

fn orders(count: &Value, key: &str) -> Request {
    let body = json!({"count": count, "note": "spring"});
    Request::post_json("/v1/plate-batches", &body).with("Idempotency-Key", key)
}

fn binds(server: &Server, blank: &Blank, secret: &str, key: &str) -> Request {
    let body = json!({
        "text": blank.text, "claim_secret": secret, "store": server.shop.store.id,
    });
    let call = Request::post_json("/v1/plates/bind", &body).with("Idempotency-Key", key);
    bearer(call, &server.token)
}

async fn resolves(server: &Server, text: &str) -> Answer {
    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    server.send(&server.signed("jd_pay", call)).await
}

fn pointer(answer: &Answer) -> String {
    answer.json()["errors"][0]["pointer"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn a_batch_is_ordered_once_and_counted(backend: Backend) {
    let server = Server::open(backend).await;
    let call = bearer(orders(&json!(3), "k-1"), &server.token);
    let (answer, changes) = server.does(&call, 201).await;
    assert!(
        changes.contains(&"+plate_batches".to_owned()),
        "{changes:?}"
    );
    let made = answer.json();
    let path = format!("/v1/plate-batches/{}", made["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(
        (&made["blank"], &made["bound"], &made["void"]),
        (&json!(3), &json!(0), &json!(0))
    );
    let again = server.send(&call).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, answer.body);
    assert_eq!(server.ask(Request::get(&path)).await.json(), made);

    server.shop.advance(1);
    server.ask(orders(&json!(1), "k-2")).await;
    let page = server
        .ask(Request::get("/v1/plate-batches?limit=1"))
        .await
        .json();
    assert_eq!(
        (&page["data"][0]["count"], &page["has_more"]),
        (&json!(1), &json!(true))
    );
    let next = page["next_cursor"].as_str().unwrap();
    let next = format!("/v1/plate-batches?limit=1&cursor={next}");
    assert_eq!(
        server.ask(Request::get(&next)).await.json()["data"][0]["id"],
        made["id"]
    );

    for wrong in [json!(0), json!(100_001), json!(-1), json!("3"), json!(1.5)] {
        let call = bearer(orders(&wrong, "k-3"), &server.token);
        let answer = server.refuses(&call, 422, "field-invalid").await;
        assert_eq!(pointer(&answer), "/count", "{wrong}");
    }
    let call = bearer(orders(&json!(0), "k-3"), &server.token);
    let told = server.send(&call).await.text();
    assert!(told.contains("from 1 to 100000"), "{told}");
}

async fn a_plate_is_bound_once_moved_let_go_and_ended(backend: Backend) {
    let server = Server::open(backend).await;
    let blank = plate(&server.shop).await;
    let told = resolves(&server, &blank.text).await;
    assert_eq!((told.status, told.code().as_str()), (409, "plate-unbound"));
    assert_eq!(told.json()["plate"], json!(blank.short_id));

    let bind = binds(&server, &blank, &blank.claim, "k-1");
    let (answer, changes) = server.does(&bind, 201).await;
    assert!(
        changes.contains(&"+plate_bindings".to_owned()),
        "{changes:?}"
    );
    let bound = answer.json();
    let path = format!("/v1/plates/{}", bound["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(
        (&bound["state"], &bound["plate"]),
        (&json!("bound"), &json!(blank.short_id))
    );
    assert_eq!(server.send(&bind).await.body, answer.body);
    let twice = binds(&server, &blank, &blank.claim, "k-2");
    server.refuses(&twice, 409, "state-conflict").await;
    assert_eq!(resolves(&server, &blank.text).await.status, 200);
    let code = format!("/v1/codes/{}", bound["code"].as_str().unwrap());
    assert_eq!(
        server.ask(Request::get(&code)).await.json()["state"],
        "active"
    );

    let does = async |what: &str, body: Value| {
        let call = Request::post_json(&format!("{path}/{what}"), &body);
        let answer = server.ask(call).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        answer.json()
    };
    let till = &server.shop.counters[1].id;
    let moved = does("rebind", json!({"counter": till})).await;
    assert_eq!(
        (&moved["counter"], &moved["store"]),
        (&json!(till), &bound["store"])
    );
    assert_eq!(does("rebind", json!({"counter": till})).await, moved);
    assert_eq!(
        server.ask(Request::get(&code)).await.json()["state"],
        "revoked"
    );
    assert_eq!(does("unbind", json!({})).await["state"], "blank");
    assert_eq!(resolves(&server, &blank.text).await.code(), "plate-unbound");
    // What was answered once is answered again, whatever became of it.
    assert_eq!(server.send(&bind).await.body, answer.body);
    let body = json!({
        "plate": blank.short_id.to_ascii_lowercase(), "claim_secret": blank.claim,
        "store": server.shop.store.id,
    });
    let call = Request::post_json("/v1/plates/bind", &body).with("Idempotency-Key", "k-3");
    assert_eq!(server.ask(call).await.status, 201);
    let over = does("void", json!({})).await;
    let log: Vec<&str> = over["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["what"].as_str().unwrap())
        .collect();
    assert_eq!(log, ["void", "bound", "unbound", "rebound", "bound"]);
    let told = resolves(&server, &blank.text).await;
    assert_eq!((told.status, told.code().as_str()), (410, "plate-void"));
}

async fn a_wrong_secret_says_how_many_are_left_and_then_until_when(backend: Backend) {
    let server = Server::open(backend).await;
    let blank = plate(&server.shop).await;
    let right = binds(&server, &blank, &blank.claim, "k-9");
    for left in (0..5).rev() {
        let call = binds(&server, &blank, WRONG, "k-1");
        let answer = server.send(&call).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "claim-invalid")
        );
        assert_eq!(
            (pointer(&answer).as_str(), &answer.json()["tries_left"]),
            ("/claim_secret", &json!(left))
        );
    }
    let answer = server.refuses(&right, 429, "plate-locked").await;
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait}");
    assert!(answer.json()["until"].is_string());
    server.shop.advance(wait);
    let unlock = "UPDATE plates SET locked_ms = locked_ms - 61000";
    crate::support::beside::run(&server.shop.database, unlock).await;
    assert_eq!(server.send(&right).await.status, 201);
}

async fn what_is_wrong_with_a_binding_is_named(backend: Backend) {
    let server = Server::open(backend).await;
    let blank = plate(&server.shop).await;
    let sticker = server.shop.sticker().await.text;
    let (_, elsewhere, _) = server.shop.neighbour().await;
    let nobodys = format!("sto_{}", "0".repeat(26));
    let whole = json!({
        "text": blank.text, "claim_secret": blank.claim, "store": server.shop.store.id,
    });
    let mut forged = blank.text.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    let middle = forged.len() / 2;
    let flipped = if forged.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    forged.replace_range(middle..=middle, flipped);
    forged.push(last);
    for (field, value, status, code, at) in [
        ("text", json!(sticker), 422, "field-invalid", Some("/text")),
        ("text", json!(forged), 422, "", None),
        ("text", json!("nonsense"), 422, "payload-invalid", None),
        ("text", Value::Null, 422, "field-missing", Some("/text")),
        (
            "plate",
            json!(blank.short_id),
            422,
            "field-invalid",
            Some("/plate"),
        ),
        ("plate", json!("7F3K"), 422, "field-invalid", Some("/plate")),
        (
            "claim_secret",
            json!("ABC"),
            422,
            "field-invalid",
            Some("/claim_secret"),
        ),
        (
            "claim_secret",
            json!(7),
            422,
            "field-invalid",
            Some("/claim_secret"),
        ),
        ("store", json!(nobodys), 404, "store-not-found", None),
        ("store", json!(elsewhere.id), 404, "store-not-found", None),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let call = Request::post_json("/v1/plates/bind", &body).with("Idempotency-Key", "k-1");
        let answer = server.ask(call).await;
        assert_eq!(answer.status, status, "{field}: {}", answer.text());
        assert!(
            code.is_empty() || answer.code() == code,
            "{field}: {}",
            answer.text()
        );
        if let Some(at) = at {
            assert_eq!(pointer(&answer), at, "{}", answer.text());
        }
        assert!(!answer.text().contains(&blank.claim), "{}", answer.text());
    }
    let unknown = json!({
        "plate": "7F3K-2QZD", "claim_secret": WRONG, "store": server.shop.store.id,
    });
    let call = Request::post_json("/v1/plates/bind", &unknown).with("Idempotency-Key", "k-1");
    server
        .refuses(&bearer(call, &server.token), 404, "plate-not-found")
        .await;
    let bare = binds(&server, &blank, &blank.claim, "k-1").without("Idempotency-Key");
    server.refuses(&bare, 400, "idempotency-key-missing").await;
    assert_eq!(resolves(&server, &blank.text).await.code(), "plate-unbound");
}

async fn anothers_batch_stays_anothers_with_the_secret_in_hand(backend: Backend) {
    let server = Server::open(backend).await;
    let (rival, store, _) = server.shop.neighbour().await;
    let theirs = server.key(&rival.id, Scope::ALL).await;
    let own = batch(&server.shop, Some(&server.shop.merchant.id), 1).await;
    let blank = printed(&server.shop, &own, 1).await.remove(0);
    let never = format!("plt_{}", "0".repeat(26));
    for name in [("text", &blank.text), ("plate", &blank.short_id)] {
        let body = json!({name.0: name.1, "claim_secret": blank.claim, "store": store.id});
        let call = Request::post_json("/v1/plates/bind", &body).with("Idempotency-Key", "k-1");
        server
            .refuses(&bearer(call, &theirs), 404, "plate-not-found")
            .await;
    }
    let call = Request::get(&format!("/v1/plates/{never}"));
    server
        .refuses(&bearer(call, &theirs), 404, "plate-not-found")
        .await;
    // The operator's is for whoever has it in hand; the former hand does not see the next.
    let blank = plate(&server.shop).await;
    let bound = server
        .send(&binds(&server, &blank, &blank.claim, "k-1"))
        .await
        .json();
    let path = format!("/v1/plates/{}", bound["id"].as_str().unwrap());
    server
        .refuses(
            &bearer(Request::get(&path), &theirs),
            404,
            "plate-not-found",
        )
        .await;
    let unbind = Request::post_json(&format!("{path}/unbind"), &json!({}));
    assert_eq!(server.ask(unbind).await.status, 200);
    let body = json!({"text": blank.text, "claim_secret": blank.claim, "store": store.id});
    let call = Request::post_json("/v1/plates/bind", &body).with("Idempotency-Key", "k-2");
    assert_eq!(server.send(&bearer(call, &theirs)).await.status, 201);
    server
        .refuses(
            &bearer(Request::get(&path), &server.token),
            404,
            "plate-not-found",
        )
        .await;
    let log = server
        .send(&bearer(Request::get(&path), &theirs))
        .await
        .json()["log"]
        .clone();
    assert_eq!(log.as_array().unwrap().len(), 1, "{log}");
}

async fn t096_plates_have_a_quota(backend: Backend) {
    let server = Server::open_with(backend, |app| {
        app.limits.quotas = Quotas {
            plates: 5,
            codes: 1,
            ..Quotas::default()
        };
    })
    .await;
    assert_eq!(server.ask(orders(&json!(4), "k-1")).await.status, 201);
    let call = bearer(orders(&json!(2), "k-2"), &server.token);
    let answer = server.refuses(&call, 422, "quota-exceeded").await;
    assert_eq!(
        (&answer.json()["quota"], &answer.json()["limit"]),
        (&json!("plates"), &json!(5))
    );
    assert_eq!(server.ask(orders(&json!(1), "k-3")).await.status, 201);
    // And a bound one is one of the merchant's codes.
    let (first, second) = (plate(&server.shop).await, plate(&server.shop).await);
    assert_eq!(
        server
            .send(&binds(&server, &first, &first.claim, "k-4"))
            .await
            .status,
        201
    );
    let call = binds(&server, &second, &second.claim, "k-5");
    let answer = server.refuses(&call, 422, "quota-exceeded").await;
    assert_eq!(answer.json()["quota"], "codes");
}

async fn t129_claim_secrets_are_tried_so_often_a_minute(backend: Backend) {
    let limits = RateLimits {
        claims: 3,
        ..RateLimits::default()
    };
    let server = Server::open_with(backend, |app| {
        app.rates = Rates::new(&limits, app.clock.clone());
    })
    .await;
    let made = batch(&server.shop, None, 4).await;
    let all = printed(&server.shop, &made, 4).await;
    for blank in &all[..3] {
        let call = binds(&server, blank, WRONG, "k-1");
        assert_eq!(server.send(&call).await.code(), "claim-invalid");
    }
    let right = binds(&server, &all[3], &all[3].claim, "k-2");
    let answer = server.refuses(&right, 429, "too-many-claims").await;
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    server.shop.advance(wait);
    assert_eq!(server.send(&right).await.status, 201);
}

async fn staff_who_check_a_plate_hear_how_it_stands(backend: Backend) {
    let server = Server::open(backend).await;
    let blank = plate(&server.shop).await;
    let checks = async || {
        let body = json!({"text": blank.text, "store": server.shop.store.id});
        let answer = server
            .ask(Request::post_json("/v1/signs/check", &body))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["verdict"].clone()
    };
    assert_eq!(checks().await, "unbound");
    let bound = server
        .send(&binds(&server, &blank, &blank.claim, "k-1"))
        .await
        .json();
    assert_eq!(checks().await, "ours");
    let void = format!("/v1/plates/{}/void", bound["id"].as_str().unwrap());
    server.ask(Request::post_json(&void, &json!({}))).await;
    assert_eq!(checks().await, "stopped");
}

on_both![
    a_batch_is_ordered_once_and_counted,
    a_plate_is_bound_once_moved_let_go_and_ended,
    a_wrong_secret_says_how_many_are_left_and_then_until_when,
    what_is_wrong_with_a_binding_is_named,
    anothers_batch_stays_anothers_with_the_secret_in_hand,
    t096_plates_have_a_quota,
    t129_claim_secrets_are_tried_so_often_a_minute,
    staff_who_check_a_plate_hear_how_it_stands,
];
