//! The same attacks over the wire: the status and the problem code that a caller hears.

use serde_json::{Value, json};

use tongma::flow::change_code;
use tongma::flow::start::Started;
use tongma::merchant::CodeEvent;
use tongma::payment::ResultClaims;

use super::still_sells;
use crate::support::server::Server;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

async fn a_statement_that_does_not_fit_is_answered_as_the_list_says(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (_, code) = shop.sells(10_000).await;
    let started = shop.starts("jd_pay", &code, 10_000).await.unwrap();
    let with = |change: &dyn Fn(&mut ResultClaims)| {
        let mut claims = shop.paid("wechat_pay", &started);
        change(&mut claims);
        claims
    };
    let exceptions = [
        (
            with(&|claims| {
                claims.amount_minor = 1;
                claims.payer_amount_minor = None;
            }),
            "amount-mismatch",
        ),
        (
            with(&|claims| claims.currency = "USD".to_owned()),
            "currency-mismatch",
        ),
        (
            with(&|claims| claims.payment_account = "19000001092".to_owned()),
            "payee-mismatch",
        ),
        (
            with(&|claims| claims.order_number = "0".repeat(32)),
            "unmatched",
        ),
    ];
    for (claims, code) in exceptions {
        let answer = confirms(&server, &claims).await;
        let told = (answer.status, answer.json());
        assert_eq!(told, (202, json!({"outcome": "exception", "code": code})));
    }
    let refusals = [
        (
            with(&|claims| claims.amount_minor = 0),
            422,
            "amount-invalid",
        ),
        (
            with(&|claims| claims.payer_amount_minor = Some(1)),
            422,
            "amounts-inconsistent",
        ),
        (
            with(&|claims| claims.currency = "RMB".to_owned()),
            422,
            "currency-invalid",
        ),
        (
            with(&|claims| claims.paid_at = Some("1970-01-01T00:00:00Z".to_owned())),
            422,
            "time-invalid",
        ),
        (
            with(&|claims| claims.iss = "jd_pay".to_owned()),
            404,
            "order-not-found",
        ),
    ];
    for (claims, status, code) in refusals {
        let call = call(&server, &claims);
        server.refuses(&call, status, code).await;
    }

    let sound = with(&|_| {});
    let (answer, _) = server.does(&call(&server, &sound), 200).await;
    assert_eq!(answer.json()["state"], "paid");
    let mut other = sound.clone();
    other.amount_minor += 1;
    other.payer_amount_minor = None;
    server
        .refuses(&call(&server, &other), 409, "transaction-conflict")
        .await;
    let (again, changes) = server.does(&call(&server, &sound), 200).await;
    assert_eq!((again.json(), changes), (answer.json(), Vec::new()));
    still_sells(shop).await;
}
on_both![a_statement_that_does_not_fit_is_answered_as_the_list_says];

async fn a_statement_about_one_order_sent_to_another_is_a_mismatch(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let mut begun: Vec<Started> = Vec::new();
    for _ in 0..2 {
        let (_, code) = shop.sells(700).await;
        begun.push(shop.starts("jd_pay", &code, 700).await.unwrap());
    }
    let replayed = shop.signed(&shop.paid("wechat_pay", &begun[0]));
    let place = format!("/wallet/v1/orders/{}/confirm", begun[1].order_number);
    let call = Request::post(&place, "application/jose", replayed);
    let call = server.signed("wechat_pay", call);

    server.refuses(&call, 422, "wallet-mismatch").await;
    still_sells(shop).await;
}
on_both![a_statement_about_one_order_sent_to_another_is_a_mismatch];

async fn a_code_that_cannot_be_paid_is_answered_as_the_list_says(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let sticker = shop.sticker().await;
    let (_, held) = shop.sells(600).await;
    shop.starts("jd_pay", &held, 600).await.unwrap();
    let revoked = shop.sticker().await;
    change_code::change(&shop.app, &shop.merchant.id, &revoked.id, CodeEvent::Revoke)
        .await
        .unwrap();
    let mut forged = sticker.text.clone();
    let place = forged.len() - 60..forged.len() - 59;
    let other = if forged.get(place.clone()) == Some("A") {
        "B"
    } else {
        "A"
    };
    forged.replace_range(place, other);
    let elsewhere = sticker.text.replace("127.0.0.1", "127.0.0.2");

    let rows = [
        (forged, 422, "code-signature-invalid"),
        (elsewhere, 404, "code-not-found"),
        (revoked.text, 410, "code-revoked"),
        (held.text, 409, "payment-held"),
        (format!("{}?amount=1", sticker.text), 422, "payload-invalid"),
        ("000201010212269".to_owned(), 422, "payload-invalid"),
        (
            "https://pay.example@evil.example/Q/AA".to_owned(),
            422,
            "payload-invalid",
        ),
    ];
    for (n, (text, status, code)) in rows.into_iter().enumerate() {
        let asked = json!({
            "text": text, "amount_minor": 600, "currency": "CNY",
            "payer_reference": format!("A-{n}"),
        });
        refuses(&server, "/wallet/v1/attempts", &asked, status, code).await;
        if code != "payment-held" {
            let asked = json!({"text": text});
            refuses(&server, "/wallet/v1/resolve", &asked, status, code).await;
        }
    }
    shop.advance(7300);
    let (_, fresh) = shop.sells(600).await;
    shop.advance(7300);
    let asked = json!({"text": fresh.text});
    refuses(&server, "/wallet/v1/resolve", &asked, 410, "code-expired").await;
    still_sells(shop).await;
}
on_both![a_code_that_cannot_be_paid_is_answered_as_the_list_says];

async fn refuses(server: &Server, place: &str, asked: &Value, status: u16, code: &str) {
    let call = server.signed("bestpay", Request::post_json(place, asked));
    server.refuses(&call, status, code).await;
}

/// The institution confirms an order, over the wire.
pub(super) fn call(server: &Server, claims: &ResultClaims) -> Request {
    let place = format!("/wallet/v1/orders/{}/confirm", claims.order_number);
    let call = Request::post(&place, "application/jose", server.shop.signed(claims));
    server.signed(&claims.iss, call)
}

async fn confirms(server: &Server, claims: &ResultClaims) -> Answer {
    server.send(&call(server, claims)).await
}
