//! A code from the shop's program to the wall and back: issued, drawn, read by other people's
//! readers, checked by other people's programs, stopped.

use std::time::Duration;

use serde_json::{Value, json};

use tongma::crypto::jwk::KeyUse;
use tongma::flow::keys::Rotation;

use crate::support::server::Server;
use crate::support::shop::rotates;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both, read_symbol, verify_codes};

/// Asks for something that is made once.
async fn makes(server: &Server, path: &str, body: &Value) -> Value {
    let key = tongma::crypto::digest::hex(&server.shop.app.entropy.bytes::<8>());
    let request = Request::post_json(path, body).with("Idempotency-Key", &key);
    let answer = server.ask(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

async fn issues(server: &Server, more: Value) -> Value {
    let mut body = json!({"store": server.shop.store.id, "counter": server.shop.counters[0].id});
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    makes(server, "/v1/codes", &body).await
}

/// One code of each sort, by name.
async fn one_of_each(server: &Server) -> Vec<(&'static str, Value)> {
    let sticker = issues(server, json!({"kind": "static"})).await;
    let fixed = issues(server, json!({"kind": "fixed", "amount_minor": 1250})).await;
    let compact = issues(server, json!({"kind": "static", "compact": true})).await;
    let sale = json!({"store": server.shop.store.id, "amount_minor": 900, "currency": "CNY"});
    let sale = makes(server, "/v1/payments", &sale).await;
    let order = format!("/v1/codes/{}", sale["code"].as_str().unwrap());
    let order = server.ask(Request::get(&order)).await.json();
    assert_eq!(order["text"], sale["checkout"]["text"]);
    vec![
        ("static", sticker),
        ("fixed", fixed),
        ("compact", compact),
        ("order", order),
    ]
}

fn text_of(code: &Value) -> String {
    code["text"].as_str().unwrap().to_owned()
}

async fn resolves(server: &Server, text: &str) -> Answer {
    let request = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    server.send(&server.signed("jd_pay", request)).await
}

/// The address of the code's page.
fn page_of(text: &str) -> String {
    format!("/Q/{}", text.split_once("/Q/").unwrap().1)
}

async fn every_printed_code_is_read_by_others_and_by_us(backend: Backend) {
    let server = Server::open(backend).await;

    for (sort, code) in one_of_each(&server).await {
        let id = code["id"].as_str().unwrap();
        for how in ["", "?level=H&quiet=4&scale=3"] {
            let path = format!("/v1/codes/{id}/symbol.png{how}");
            let picture = server.ask(Request::get(&path)).await;
            assert_eq!(picture.header("content-type"), Some("image/png"), "{sort}");
            let read = read_symbol(&picture.body);
            let text = text_of(&code);
            assert_eq!(read, [vec![text.clone()], vec![text]], "{sort}{how}");

            let shown = Request::post("/v1/decode", "image/png", picture.body.clone());
            let found = server.ask(shown).await.json();
            let found = &found["codes"][0];
            assert_eq!(found["ok"], true, "{sort}: {found}");
            assert_eq!(
                (&found["format"], &found["network"]),
                (&json!("link"), &json!("tongma"))
            );
            let signature = if sort == "compact" { "absent" } else { "valid" };
            assert_eq!(found["signature"], signature, "{sort}: {found}");
            let kind = if sort == "compact" { "static" } else { sort };
            assert_eq!(
                found["fields"]["kind"].as_str().or(found["kind"].as_str()),
                Some(kind)
            );
            assert_eq!(found["position"].as_array().unwrap().len(), 4);
        }
    }
}
on_both![every_printed_code_is_read_by_others_and_by_us];

async fn a_picture_is_sent_once_to_whoever_kept_it(backend: Backend) {
    let server = Server::open(backend).await;
    let code = issues(&server, json!({"kind": "static"})).await;

    for (file, start) in [("symbol.png", &b"\x89PNG"[..]), ("symbol.svg", &b"<"[..])] {
        let path = format!("/v1/codes/{}/{file}", code["id"].as_str().unwrap());
        let first = server.ask(Request::get(&path)).await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert!(first.body.starts_with(start), "{file}");
        let tag = first.header("etag").unwrap();

        let again = Request::get(&path).with("If-None-Match", tag);
        let again = server.ask(again).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
        assert_eq!(again.header("etag"), Some(tag));
        let other = format!("{path}?level=Q");
        let other = Request::get(&other).with("If-None-Match", tag);
        assert_eq!(server.ask(other).await.status, 200, "{file}");
        let stranger = server.send(&Request::get(&path)).await;
        assert_eq!(stranger.status, 401, "{file}");
    }
}
on_both![a_picture_is_sent_once_to_whoever_kept_it];

async fn codes_are_checked_from_the_published_keys_alone_also_after_a_rotation(backend: Backend) {
    let server = Server::open(backend).await;
    let mut texts: Vec<String> = one_of_each(&server)
        .await
        .iter()
        .map(|(_, code)| text_of(code))
        .collect();

    let rotation = Rotation {
        key_use: KeyUse::Code,
        institution: None,
        overlap: Duration::ZERO,
    };
    rotates(&server.shop.app, &rotation).await;
    texts.push(text_of(&issues(&server, json!({"kind": "static"})).await));

    let jwks = server.send(&Request::get("/.well-known/jwks.json")).await;
    let says = verify_codes(&jwks.json(), &texts);
    let kinds: Vec<_> = says.iter().map(|said| said["kind"].as_str()).collect();
    let expected = [
        Some("static"),
        Some("fixed"),
        None,
        Some("order"),
        Some("static"),
    ];
    assert_eq!(kinds, expected, "{says:?}");
    assert_eq!(says[2]["error"], "a compact code has no signature");
    assert_eq!(says[1]["amount_minor"], 1250);
    let origin = server.shop.app.origin.to_string();
    assert!(
        says.iter()
            .all(|said| said.get("error").is_some() || said["origin"] == origin)
    );
    assert_ne!(says[0]["kid"], says[4]["kid"], "nothing was rotated");
    for text in &texts {
        assert_eq!(resolves(&server, text).await.status, 200, "{text}");
    }
}
on_both![codes_are_checked_from_the_published_keys_alone_also_after_a_rotation];

async fn a_code_in_emvs_form_leads_to_the_same_shop_and_to_no_other(backend: Backend) {
    let server = Server::open(backend).await;
    let account = json!({
        "id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1"},
    });
    let wish = json!({"kind": "static", "form": "emv", "network_accounts": [account]});
    let text = text_of(&issues(&server, wish).await);

    let said = server
        .ask(Request::post_json("/v1/decode", &json!({"text": text})))
        .await
        .json();
    assert_eq!(
        (&said["scheme"], &said["signature"]),
        (&json!("tongma"), &json!("valid"))
    );
    assert_eq!(said["payees"][0]["payee"], "201509555BNN1");
    assert_eq!(resolves(&server, &text).await.status, 200);

    // Somebody else's account in the place of the shop's, the checksum repaired.
    let (front, _) = text.rsplit_once("6304").unwrap();
    let front = format!("{}6304", front.replace("201509555BNN1", "201509555BNN2"));
    let crc = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(front.as_bytes());
    let swapped = format!("{front}{crc:04X}");
    let said = server
        .ask(Request::post_json("/v1/decode", &json!({"text": swapped})))
        .await
        .json();
    assert_eq!(
        (&said["ok"], &said["signature"]),
        (&json!(true), &json!("invalid"))
    );
    let refused = resolves(&server, &swapped).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "code-signature-invalid".to_owned())
    );
}
on_both![a_code_in_emvs_form_leads_to_the_same_shop_and_to_no_other];

async fn a_code_is_stopped_at_once_and_everywhere(backend: Backend) {
    let server = Server::open(backend).await;
    let elsewhere = server.instance();
    let code = issues(&server, json!({"kind": "static"})).await;
    let (id, text) = (code["id"].as_str().unwrap(), text_of(&code));
    let told = async |what: &str| {
        let path = format!("/v1/codes/{id}/{what}");
        let answer = server.ask(Request::post_json(&path, &json!({}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(resolves(&server, &text).await.status, 200);

    let steps = [
        ("suspend", "suspended", 410, "code-suspended"),
        ("resume", "active", 200, ""),
        ("revoke", "revoked", 410, "code-revoked"),
    ];
    for (what, state, status, refusal) in steps {
        assert_eq!(told(what).await, state);
        let resolved = resolves(&server, &text).await;
        assert_eq!(resolved.status, status, "{what}: {}", resolved.text());
        let facts = json!({"text": text, "amount_minor": 100, "currency": "CNY",
            "payer_reference": format!("after-{what}")});
        let start = Request::post_json("/wallet/v1/attempts", &facts);
        let started = server.send(&server.signed("jd_pay", start)).await;
        if status == 410 {
            assert_eq!(resolved.code(), refusal);
            assert_eq!((started.status, started.code()), (410, refusal.to_owned()));
        } else {
            assert_eq!(started.status, 201, "{}", started.text());
        }
        let browser = Request::get(&page_of(&text)).with("User-Agent", "MicroMessenger/8.0");
        assert_eq!(elsewhere.send(&browser).await.status, status, "{what}");
    }
    let back = format!("/v1/codes/{id}/resume");
    let back = server.ask(Request::post_json(&back, &json!({}))).await;
    assert_eq!(
        (back.status, back.code()),
        (409, "state-conflict".to_owned())
    );
}
on_both![a_code_is_stopped_at_once_and_everywhere];
