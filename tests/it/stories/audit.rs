//! T132: what the server itself writes to the audit log, and what it does where it cannot.

use serde_json::json;

use tongma::app::Proxies;

use super::process::ShopProcess;
use super::town::column;
use crate::support::beside::{number, run};
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn what_cannot_be_written_down_is_answered_busy_and_not_done(backend: Backend) {
    let server = Server::open(backend).await;
    let database = &server.shop.database;
    let counter = &server.shop.counters[0].id;
    let path = format!("/v1/counters/{counter}/pairings");
    let invite = |key: &str| Request::post_json(&path, &json!({})).with("Idempotency-Key", key);
    let invited = server.ask(invite("one")).await;
    assert_eq!(invited.status, 201, "{}", invited.text());
    let code = invited.json()["code"].as_str().unwrap().to_owned();

    run(database, "ALTER TABLE audit RENAME TO audit_elsewhere").await;
    let request = crate::support::server::bearer(invite("two"), &server.token);
    let answer = server.refuses(&request, 503, "audit-unavailable").await;
    assert!(answer.header("retry-after").is_some());
    let origin = server.shop.app.origin.to_string();
    let form = "application/x-www-form-urlencoded";
    let pair = Request::post("/counter/pair", form, format!("code={code}")).with("Origin", &origin);
    let before = server.business_digest().await;
    assert_eq!(server.send(&pair).await.status, 503);
    assert_eq!(
        server.business_digest().await.since(&before),
        Vec::<String>::new()
    );

    run(database, "ALTER TABLE audit_elsewhere RENAME TO audit").await;
    assert_eq!(server.ask(invite("two")).await.status, 201);
    assert_eq!(server.send(&pair).await.status, 303);
    let from = "SELECT COALESCE(source, '') FROM audit ORDER BY number";
    assert_eq!(column(database, from).await, ["127.0.0.1"; 3]);
}

async fn a_start_and_a_stop_are_written_down(backend: Backend) {
    let mut place = ShopProcess::open(backend, "", &[]).await;
    let lines = "SELECT action || ' ' || actor || ' ' || result FROM audit ORDER BY number";
    let version = concat!("tongma ", env!("CARGO_PKG_VERSION"));
    let told = |action: &str| format!("{action} server {version}");
    assert_eq!(
        column(&place.shop.database, lines).await,
        [told("server.start")]
    );
    let ended = place.server.stops().await;
    assert_eq!(ended.code(), Some(0), "{}", place.server.log());
    let both = [told("server.start"), told("server.stop")];
    assert_eq!(column(&place.shop.database, lines).await, both);
    // Whoever keeps the log elsewhere has the links as well.
    let links = "SELECT COUNT(*) FROM audit WHERE link IS NOT NULL";
    assert_eq!(number(&place.shop.database, links).await, 2);
    let logged = place.server.log().matches("\"audit_link\":\"").count();
    assert_eq!(logged, 2);
}

async fn a_server_that_cannot_write_down_its_start_does_not_serve(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    run(
        &place.shop.database,
        "UPDATE audit_head SET number = number + 1",
    )
    .await;
    let output = place.serves_again();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        output.stdout.is_empty() && said.contains("the audit log cannot be written"),
        "{said}"
    );
}

/// Behind a proxy that is trusted, the log names whom the proxy saw. A stranger's word about itself counts
/// for nothing.
async fn the_log_names_who_asked_and_not_the_proxy(backend: Backend) {
    let proxies = Proxies {
        trusted: ["127.0.0.0/8".parse().unwrap()].as_slice().into(),
        ..Proxies::default()
    };
    for (proxies, from) in [(proxies, "198.51.100.7"), (Proxies::default(), "127.0.0.1")] {
        let server = Server::open_with(backend, |app| app.proxies = proxies).await;
        let path = format!("/v1/counters/{}/pairings", server.shop.counters[0].id);
        let invite = Request::post_json(&path, &json!({}))
            .with("Idempotency-Key", "one")
            .with("X-Forwarded-For", "203.0.113.9, 198.51.100.7");
        assert_eq!(server.ask(invite).await.status, 201);
        let named = "SELECT COALESCE(source, '') FROM audit ORDER BY number";
        assert_eq!(column(&server.shop.database, named).await, [from]);
    }
}

on_both![
    the_log_names_who_asked_and_not_the_proxy,
    what_cannot_be_written_down_is_answered_busy_and_not_done,
    a_start_and_a_stop_are_written_down,
    a_server_that_cannot_write_down_its_start_does_not_serve,
];
