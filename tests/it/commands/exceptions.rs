//! What an operator is told of money that arrived outside the plan.

use serde_json::Value;

use super::{program, said};
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

async fn money_outside_the_plan_is_listed_to_whom_it_concerns(backend: Backend) {
    let shop = Shop::open(backend).await;
    let merchant = shop.merchant.id.to_string();
    assert_eq!(
        listed(&shop, &["--merchant", &merchant]),
        Value::from(Vec::<Value>::new())
    );
    let sticker = shop.sticker().await;
    let started = shop.starts("jd_pay", &sticker, 10_000).await.unwrap();
    let mut claims = shop.paid("wechat_pay", &started);
    claims.amount_minor = 1;
    claims.payer_amount_minor = None;
    shop.confirms(&claims).await.unwrap();

    let theirs = listed(&shop, &["--merchant", &merchant]);
    let found = (
        &theirs[0]["payment"],
        &theirs[0]["amount_minor"],
        &theirs[0]["state"],
    );
    let payment = Value::from(started.payment.to_string());
    assert_eq!(found, (&payment, &1.into(), &"open".into()));
    assert_eq!(
        listed(&shop, &[]),
        Value::from(Vec::<Value>::new()),
        "none is nobody's"
    );
    let after = theirs[0]["id"].as_str().unwrap();
    let rest = listed(&shop, &["--merchant", &merchant, "--after", after]);
    assert_eq!(rest, Value::from(Vec::<Value>::new()));
}

async fn exceptions_of_nobody_are_a_negative_result(backend: Backend) {
    let shop = Shop::open(backend).await;
    let nobody = "mer_00000000000000000000000000";
    for (words, exit, why) in [
        (["--merchant", nobody], 1, format!("no merchant {nobody}")),
        (["--limit", "0"], 2, "invalid value '0'".to_owned()),
    ] {
        let output = exceptions(&shop, &words);
        assert_eq!(output.status.code(), Some(exit), "{words:?}");
        assert!(said(&output).contains(&why), "{}", said(&output));
    }
}

on_both![
    money_outside_the_plan_is_listed_to_whom_it_concerns,
    exceptions_of_nobody_are_a_negative_result,
];

fn listed(shop: &Shop, words: &[&str]) -> Value {
    let output = exceptions(shop, words);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn exceptions(shop: &Shop, words: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .args(["exception", "list", "--json"])
        .args(words)
        .env("TONGMA_DATA_DIR", home.path())
        .env("TONGMA_DATABASE_URL", shop.database.url());
    command.output().unwrap()
}
