//! The processes' clocks disagree by hours; what has expired is decided by the database.

use std::process::Command;

use serde_json::json;

use tongma::merchant::PrintedCode;

use super::feed::claims_of;
use super::{Cluster, soon};
use crate::stories::process::tongma;
use crate::support::beside::run;
use crate::support::books::must_add_up;
use crate::support::on_postgres;
use crate::support::wire::Request;

/// P16
async fn processes_whose_clocks_disagree_agree_on_what_holds() {
    let mut cluster = Cluster::open(1).await;
    for clock in ["+2h", "-2h"] {
        let process = cluster.start(|| at_another_time(clock)).await;
        cluster.instances.push(process);
    }
    let sticker = cluster.shop.sticker().await;
    let ask = json!({"text": sticker.text});
    for (seconds, status) in [(0, 200), (-295, 200), (-305, 401), (305, 401)] {
        for instance in 0..3 {
            let call = Request::post_json("/wallet/v1/resolve", &ask);
            let call = cluster.signed_at("jd_pay", call, seconds);
            let answer = cluster.send(instance, &call).await;
            let told = (instance, seconds, answer.status);
            assert_eq!(told, (instance, seconds, status), "{}", answer.text());
        }
    }

    // Sold at one, started at the second, confirmed at the third, checked at all.
    let (payment, code) = cluster.shop.sells(1250).await;
    let started = cluster
        .send(1, &cluster.start_of("jd_pay", &code, 1250, "SKEWED"))
        .await;
    assert_eq!(started.status, 201, "{}", started.text());
    let notice = cluster.confirm(&claims_of(&cluster, &started.json()));
    let confirmed = cluster.send(2, &notice).await;
    assert_eq!(confirmed.json()["state"], "paid", "{}", confirmed.text());
    let attempt = started.json()["attempt"].as_str().unwrap().to_owned();
    let seen = cluster.signed(
        "jd_pay",
        Request::get(&format!("/wallet/v1/attempts/{attempt}")),
    );
    let seen = cluster.send(0, &seen).await.json();
    let mut verdicts = Vec::new();
    for instance in [1, 2, 0] {
        let ask = json!({"receipt": seen["receipt"], "store": cluster.shop.store.id});
        let answer = cluster
            .ask(instance, Request::post_json("/v1/receipts/verify", &ask))
            .await;
        verdicts.push(answer.json()["verdict"].as_str().unwrap().to_owned());
    }
    assert_eq!(verdicts, ["genuine", "already-shown", "already-shown"]);

    // A page of one process is a form of the others'.
    for (shown_by, taken_by) in [(1, 2), (2, 0), (0, 1)] {
        let shown = cluster
            .send(shown_by, &page(&cluster, &sticker, None))
            .await
            .text();
        let (_, token) = shown.split_once("name=\"token\" value=\"").unwrap();
        let form = format!("amount=3.00&token={}", token.split_once('"').unwrap().0);
        let begun = cluster
            .send(taken_by, &page(&cluster, &sticker, Some(&form)))
            .await;
        assert_eq!(begun.status, 200, "{}", begun.text());
    }

    // An order lives as long as the database says: here and now it does, and then nowhere.
    let (late, code) = cluster.shop.sells(900).await;
    let ask = json!({"text": code.text});
    for (expires, status) in [("", 200), ("UPDATE codes SET expires_ms = created_ms", 410)] {
        if !expires.is_empty() {
            run(&cluster.shop.database, expires).await;
            run(
                &cluster.shop.database,
                "UPDATE payments SET expires_ms = created_ms",
            )
            .await;
        }
        for instance in 0..3 {
            let call = Request::post_json("/wallet/v1/resolve", &ask);
            let answer = cluster
                .send(instance, &cluster.signed("jd_pay", call))
                .await;
            let told = (instance, answer.status);
            assert_eq!(told, (instance, status), "{}", answer.text());
        }
    }
    soon("expired", async || {
        let now = cluster.shop.payment(&late.id).await.state;
        (now.name() == "expired").then_some(())
    })
    .await;
    assert_eq!(cluster.shop.payment(&payment.id).await.state.name(), "paid");
    must_add_up(&cluster.shop.database).await;
}

/// The code's page in JD Finance's browser, or its form sent.
fn page(cluster: &Cluster, code: &PrintedCode, form: Option<&str>) -> Request {
    let origin = cluster.shop.app.origin.to_string();
    let path = code
        .text
        .strip_prefix(&origin.to_ascii_uppercase())
        .unwrap();
    let request = match form {
        None => Request::get(path),
        Some(form) => {
            let media = "application/x-www-form-urlencoded";
            Request::post(&format!("{path}/start"), media, form).with("Origin", &origin)
        }
    };
    request.with("User-Agent", "JDJR-App JDJR application=JDJR-App")
}

/// The program under another time of day, by Debian's `faketime`; its timers stay true.
fn at_another_time(offset: &str) -> Command {
    // The wrapper itself would stand between us and the process, and hear the signals.
    let asked = Command::new("faketime")
        .args(["-f", offset, "env"])
        .output();
    let asked = asked.unwrap_or_else(|error| {
        panic!("faketime does not start ({error}); tests/run installs what is missing")
    });
    let said = String::from_utf8(asked.stdout).unwrap();
    let library = said
        .lines()
        .find_map(|line| line.strip_prefix("LD_PRELOAD="));
    let mut command = tongma();
    command
        .env("LD_PRELOAD", library.expect("faketime names its library"))
        .env("FAKETIME", offset)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

on_postgres![processes_whose_clocks_disagree_agree_on_what_holds];
