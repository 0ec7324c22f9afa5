//! What a payer's institution may say, and what it hears of a merchant.

use serde_json::json;

use tongma::db::institutions;
use tongma::merchant::InstitutionState;

use crate::api::signature::start;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn a_report_says_one_of_three_words(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    let started = server.send(&call).await.json();
    let place = format!(
        "/wallet/v1/attempts/{}/report",
        started["attempt"].as_str().unwrap()
    );
    let report = |status: &str| {
        let body = json!({"status": status, "payer_reference": "r-1"});
        server.signed("wechat_pay", Request::post_json(&place, &body))
    };
    for status in ["", "PAID", "refunded", "paid "] {
        server.refuses(&report(status), 422, "field-invalid").await;
    }
    for status in ["failed", "closed", "paid"] {
        let answer = server.send(&report(status)).await;
        assert_eq!(answer.status, 202, "{status}: {}", answer.text());
    }
}

async fn who_cannot_pay_here_does_not_hear_how_the_merchant_is_paid(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("hebao", start(&server, "r-1").await);
    let mut tx = server.shop.app.db.begin().await.unwrap();
    let payee = "wechat_pay".parse().unwrap();
    let (before, after) = (InstitutionState::Active, InstitutionState::Suspended);
    institutions::change(&mut tx, &payee, before, after)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let answer = server.refuses(&call, 409, "no-route").await;

    let told = answer.json();
    assert!(!told["reason"].is_null());
    assert!(!told["alternatives"].as_array().unwrap().is_empty());
    for name in ["candidates", "acc_", "agr_"] {
        assert!(!answer.text().contains(name), "{name} in {told}");
    }
}

on_both![
    a_report_says_one_of_three_words,
    who_cannot_pay_here_does_not_hear_how_the_merchant_is_paid,
];
