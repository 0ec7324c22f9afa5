//! Traces: from whoever calls, through lines and problems, to whom we call.

use serde_json::{Value, json};

use tongma::flow::expire;
use tongma::telemetry::FIELDS;

use super::process::ShopProcess;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

async fn start(server: &Server, reference: &str) -> Request {
    let sticker = server.shop.sticker().await;
    let body = json!({
        "text": sticker.text,
        "amount_minor": 1_200,
        "currency": "CNY",
        "payer_reference": reference,
    });
    server.signed("jd_pay", Request::post_json("/wallet/v1/attempts", &body))
}

async fn a_trace_goes_on_to_the_institution_that_is_called(backend: Backend) {
    let server = Server::open(backend).await;
    let payee = &server.shop.payee;
    for (reference, flags) in [("r-1", "01"), ("r-2", "00")] {
        let named = format!("00-{TRACE}-{PARENT}-{flags}");
        let call = start(&server, reference).await.with("traceparent", &named);
        assert_eq!(server.send(&call).await.status, 201);
        let told = payee.traces().pop().unwrap();
        assert!(told.starts_with(&format!("00-{TRACE}-")), "{told}");
        assert!(
            !told.contains(PARENT) && told.ends_with(&format!("-{flags}")),
            "{told}"
        );
    }

    // Where nobody names one, or two, or none that is one, a new one begins.
    let two = format!("00-{TRACE}-{PARENT}-01");
    for (reference, names) in [
        ("r-3", vec![]),
        ("r-4", vec![two.as_str(), two.as_str()]),
        (
            "r-5",
            vec!["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
        ),
        (
            "r-6",
            vec!["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
        ),
    ] {
        let mut call = start(&server, reference).await;
        for name in names {
            call = call.with("traceparent", name);
        }
        assert_eq!(server.send(&call).await.status, 201);
        let told = payee.traces().pop().unwrap();
        assert!(!told.to_lowercase().contains(TRACE), "{told}");
        assert!(
            !told.contains(PARENT) && told.len() == 55 && told.ends_with("-00"),
            "{told}"
        );
    }

    // What the server asks by itself is a trace of its own, for each order.
    server.shop.advance(7);
    let asked = expire::sweep(&server.shop.app).await.unwrap().asked;
    let mut traces = payee.traces();
    let mut asked_under = traces.split_off(traces.len() - asked);
    asked_under.sort();
    asked_under.dedup();
    assert_eq!((asked, asked_under.len()), (6, 6));
}

async fn a_problem_names_its_trace(backend: Backend) {
    let server = Server::open(backend).await;
    let named = format!("00-{TRACE}-{PARENT}-01");
    for path in ["/v1/payments", "/nowhere", "/v1/%2e%2e/x"] {
        let known = server
            .send(&Request::get(path).with("traceparent", &named))
            .await;
        assert_eq!(known.json()["trace_id"], TRACE, "{path}");
        let new = server.send(&Request::get(path)).await.json();
        let new = new["trace_id"].as_str().unwrap();
        assert!(new.len() == 32 && new != TRACE, "{path}: {new}");
    }
}

/// The whole of what a server logs while it is used, at the level at which it says everything.
async fn every_line_has_the_fields_that_are_promised_and_no_other(backend: Backend) {
    let place = ShopProcess::open(backend, "", &["log.level=trace"]).await;
    let server = &place.server;
    let named = format!("00-{TRACE}-{PARENT}-01");
    let sticker = place.shop.sticker().await;
    for request in [
        Request::get("/v1/payments").with("traceparent", &named),
        Request::get("/readyz"),
        Request::get(&format!("/Q/{}", sticker.text.split_once("/Q/").unwrap().1)),
        Request::post_json("/wallet/v1/resolve", &json!({"text": sticker.text})),
    ] {
        server.send(&request).await;
    }
    let log = server.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() > 20, "{log}");
    let mut under_the_trace = 0;
    for line in &lines {
        let fields = line.as_object().unwrap();
        for name in fields.keys() {
            assert!(FIELDS.contains(&name.as_str()), "{name} in {line}");
        }
        for name in ["at", "level", "target", "message"] {
            assert!(fields[name].is_string(), "{name} in {line}");
        }
        if fields.contains_key("request_id") {
            for name in ["trace_id", "span_id", "method", "path"] {
                assert!(fields[name].is_string(), "{name} in {line}");
            }
        }
        let answered = line["message"].as_str().unwrap().starts_with("answered ");
        if answered {
            assert!(fields.contains_key("request_id"), "{line}");
            assert!(
                line["status"].is_u64() && line["elapsed_ms"].is_u64(),
                "{line}"
            );
            under_the_trace += usize::from(line["trace_id"] == TRACE);
        }
    }
    assert_eq!(under_the_trace, 1, "{log}");
}

on_both![
    a_trace_goes_on_to_the_institution_that_is_called,
    a_problem_names_its_trace,
    every_line_has_the_fields_that_are_promised_and_no_other,
];
