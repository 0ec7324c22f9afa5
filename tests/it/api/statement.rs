//! Statements of institutions about orders, and those that are none.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use tongma::clock::Timestamp;
use tongma::crypto::keys::HmacKey;
use tongma::crypto::sealing::Purpose;
use tongma::db;
use tongma::merchant::{InstitutionKey, KeyMaterial};

use crate::api::signature::start;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// A payment that a payer of JD Pay holds, to be attested by WeChat Pay; the path of its order.
pub(super) async fn held(server: &Server) -> (String, String) {
    let call = start(server, "held-1").await;
    let answer = server.send(&server.signed("jd_pay", call)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let number = answer.json()["order_number"].as_str().unwrap().to_owned();
    (format!("/wallet/v1/orders/{number}/confirm"), number)
}

pub(super) fn claims(server: &Server, institution: &str, order: &str) -> serde_json::Value {
    let now = server.shop.app.clock.now().seconds();
    json!({
        "iss": institution, "aud": server.shop.app.origin.to_string(), "iat": now,
        "exp": now + 300, "jti": "j-1", "order_number": order, "payment_account": "1900000109",
        "amount_minor": 1250, "currency": "CNY", "payee_reference": "w-1", "status": "paid",
    })
}

/// A statement with any header, signed by a wallet's key.
pub(super) fn statement(
    server: &Server,
    by: &str,
    header: &str,
    claims: &serde_json::Value,
) -> String {
    let key = &server.shop.keys[by];
    let input = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.replace("KID", key.key_id().as_str()).as_bytes()),
        BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
    );
    let signature = BASE64URL_NOPAD.encode(&key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

pub(super) const HEADER: &str = r#"{"alg":"Ed25519","typ":"tongma-result+jwt","kid":"KID"}"#;

async fn t015_a_statement_by_no_algorithm(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let claims = claims(&server, "wechat_pay", &order);
    for alg in ["none", "None", "nOnE", "HS256"] {
        let header = HEADER.replace("Ed25519", alg);
        let jws = statement(&server, "wechat_pay", &header, &claims);
        let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
        server.refuses(&call, 401, "alg-not-allowed").await;
    }
    let jws = statement(&server, "wechat_pay", HEADER, &claims);
    let unsigned = format!("{}.", jws.rsplit_once('.').unwrap().0);
    let call = server.signed(
        "wechat_pay",
        Request::post(&path, "application/jose", unsigned),
    );
    server.refuses(&call, 401, "alg-not-allowed").await;

    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    assert_eq!(server.send(&call).await.json()["state"], "paid");
}

async fn t016_a_statement_that_brings_its_key(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let claims = claims(&server, "wechat_pay", &order);
    let asked = server.shop.payee.calls().len();
    let thief = format!("{}/keys", server.shop.payee.url);
    for member in [
        r#""jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
            .to_owned(),
        format!(r#""jku":"{thief}""#),
        format!(r#""x5u":"{thief}""#),
        r#""x5c":["MIIB"]"#.to_owned(),
        r#""crit":["exp"]"#.to_owned(),
        r#""alg":"Ed25519""#.to_owned(),
    ] {
        let header = HEADER.replace('{', &format!("{{{member},"));
        let jws = statement(&server, "wechat_pay", &header, &claims);
        let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
        server.refuses(&call, 401, "signature-invalid").await;
    }
    for kid in ["../../etc/x", "' OR 1=1 --"] {
        let header = HEADER.replace("KID", kid);
        let jws = statement(&server, "wechat_pay", &header, &claims);
        let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
        server.refuses(&call, 401, "signature-invalid").await;
    }
    assert_eq!(
        server.shop.payee.calls().len(),
        asked,
        "no outbound request"
    );
}

async fn t021_about_another_institutions_order(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let own = claims(&server, "jd_pay", &order);
    let jws = statement(&server, "jd_pay", HEADER, &own);
    let call = server.signed("jd_pay", Request::post(&path, "application/jose", jws));
    server.refuses(&call, 404, "order-not-found").await;

    let lent = claims(&server, "jd_pay", &order);
    let jws = statement(&server, "wechat_pay", HEADER, &lent);
    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    server.refuses(&call, 422, "wallet-mismatch").await;

    let look = Request::get(path.trim_end_matches("/confirm"));
    server
        .refuses(&server.signed("alipay", look), 404, "order-not-found")
        .await;
}

async fn t137_a_shared_secret_cannot_confirm(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let secret = [5; 32];
    let key = HmacKey::new(secret.to_vec()).unwrap();
    let app = &server.shop.app;
    let key_id = key.key_id().to_string();
    let sealed = app
        .sealer
        .seal(
            Purpose::SharedSecret,
            key_id.as_bytes(),
            &secret,
            &*app.entropy,
        )
        .unwrap();
    let mut tx = app.db.begin().await.unwrap();
    for known in db::institutions::keys(&mut tx, &"wechat_pay".parse().unwrap())
        .await
        .unwrap()
    {
        let now = tx.now();
        db::institutions::revoke_key(&mut tx, &known.key_id, now)
            .await
            .unwrap();
    }
    let record = InstitutionKey {
        key_id: key_id.clone(),
        institution: "wechat_pay".parse().unwrap(),
        material: KeyMaterial::HmacSha256(sealed),
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

    let jws = statement(
        &server,
        "wechat_pay",
        HEADER,
        &claims(&server, "wechat_pay", &order),
    );
    let call = Request::post(&path, "application/jose", jws);
    let call = server.signed_with((&key).into(), &key_id, call, 0, "nonce-0001");
    server.refuses(&call, 403, "hmac-cannot-confirm").await;
}

/// Whoever signed is known; what is wrong is what they said, and where.
async fn a_signed_statement_with_wrong_claims_is_told_which(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let whole = claims(&server, "wechat_pay", &order);
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = whole.clone();
        changed[name] = value;
        changed
    };
    let mut without = whole.clone();
    without.as_object_mut().unwrap().remove("jti");
    let wrong = [
        (with("status", json!(5)), "/status"),
        (with("jti", json!(["j-1"])), "/jti"),
        (with("iat", json!("now")), "/iat"),
        (with("exp", json!(1)), "/exp"),
        (
            with("discounts", json!([{"funder": 1}])),
            "/discounts/0/funder",
        ),
        (without, "/jti"),
    ];
    for (claims, pointer) in wrong {
        let jws = statement(&server, "wechat_pay", HEADER, &claims);
        let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
        let answer = server.refuses(&call, 422, "field-invalid").await;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{claims}");
        assert_eq!(answer.header("accept-signature"), None, "{claims}");
    }
    let jws = statement(&server, "wechat_pay", HEADER, &json!([1, 2]));
    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    let answer = server.refuses(&call, 422, "field-invalid").await;
    assert!(!answer.text().contains("struct"), "{}", answer.text());
    // A second spelling of the amount is none.
    let twice = whole.to_string().replace("1250", "1250,\"amount_minor\":1");
    let input = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(
            HEADER
                .replace("KID", server.shop.keys["wechat_pay"].key_id().as_str())
                .as_bytes()
        ),
        BASE64URL_NOPAD.encode(twice.as_bytes())
    );
    let signature = server.shop.keys["wechat_pay"].sign(input.as_bytes());
    let jws = format!("{input}.{}", BASE64URL_NOPAD.encode(&signature));
    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    let answer = server.refuses(&call, 422, "field-invalid").await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/amount_minor");
}

on_both![
    a_signed_statement_with_wrong_claims_is_told_which,
    t015_a_statement_by_no_algorithm,
    t016_a_statement_that_brings_its_key,
    t021_about_another_institutions_order,
    t137_a_shared_secret_cannot_confirm,
];
