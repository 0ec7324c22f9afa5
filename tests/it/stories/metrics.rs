//! The numbers: that they are right, that they hold nothing that names somebody, and who may read
//! them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use tongma::crypto::digest::hex;
use tongma::flow::expire;
use tongma::flow::start::{Started, start};
use tongma::payment::ResultClaims;

use super::process::{ShopProcess, free_port};
use super::town::Feed;
use crate::support::beside::number;
use crate::support::server::{Server, bearer};
use crate::support::shop::{ACCOUNTS, account_of, order};
use crate::support::wire::{Request, send};
use crate::support::{Backend, on_both};

/// Series and their values.
struct Numbers {
    text: String,
    series: BTreeMap<String, String>,
}

impl Numbers {
    async fn of(server: &Server) -> Self {
        let answer = server.send(&Request::get("/metrics")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let media = answer.header("content-type");
        assert_eq!(media, Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::read(answer.text())
    }

    fn read(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pair = |line: &str| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.to_owned())
        };
        Self {
            series: lines.map(pair).collect(),
            text,
        }
    }

    fn is(&self, series: &str, value: &str) {
        let found = self.series.get(series).map(String::as_str);
        assert_eq!(found, Some(value), "{series} in\n{}", self.text);
    }
}

/// Scans, payments of every kind, and a follow-up; answers with the attempt that stays open.
async fn a_busy_minute(server: &Server, text: &str) -> Started {
    let shop = &server.shop;
    let resolve = |text: &str| Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    let starts = |payer, minor| {
        let reference = hex(&shop.app.entropy.bytes::<8>());
        let order = order(payer, text, minor, &reference);
        async move { start(&shop.app, order).await.unwrap() }
    };
    let known = server.signed("jd_pay", resolve(text));
    assert_eq!(server.send(&known).await.status, 200);
    let made_up = server.signed("jd_pay", resolve("HTTPS://A.EXAMPLE/Q/ABC"));
    assert_eq!(server.send(&made_up).await.status, 422);
    let mut changed = server.signed("jd_pay", resolve(text));
    changed.body.push(b' ');
    assert_eq!(server.send(&changed).await.status, 401);

    // Two pay directly, one by agreement; one pays too little; one has not decided.
    for (payer, payee) in [
        ("wechat_pay", "wechat_pay"),
        ("alipay", "alipay"),
        ("jd_pay", "wechat_pay"),
    ] {
        let started = starts(payer, 1_200).await;
        shop.confirms(&shop.paid(payee, &started)).await.unwrap();
    }
    let short = starts("wechat_pay", 800).await;
    let too_little = ResultClaims {
        amount_minor: 1,
        payer_amount_minor: None,
        ..shop.paid("wechat_pay", &short)
    };
    shop.confirms(&too_little).await.unwrap();
    let declined = starts("alipay", 900).await;
    let refusal = ResultClaims {
        status: "failed".to_owned(),
        paid_at: None,
        ..shop.paid("alipay", &declined)
    };
    shop.confirms(&refusal).await.unwrap();
    shop.advance(7);
    expire::sweep(&shop.app).await.unwrap();
    short
}

/// What the story above comes to.
const HAPPENED: &[(&str, &str)] = &[
    ("tongma_resolves_total{outcome=\"routed\"}", "1"),
    ("tongma_resolves_total{outcome=\"malformed\"}", "1"),
    (
        "tongma_signature_failures_total{reason=\"digest-mismatch\"}",
        "1",
    ),
    ("tongma_problems_total{code=\"payload-invalid\"}", "1"),
    (
        "tongma_payments_paid_total{payer=\"wechat_pay\",route=\"direct\"}",
        "1",
    ),
    (
        "tongma_payments_paid_total{payer=\"alipay\",route=\"direct\"}",
        "1",
    ),
    (
        "tongma_payments_paid_total{payer=\"jd_pay\",route=\"interop\"}",
        "1",
    ),
    (
        "tongma_attempts_started_total{payer=\"wechat_pay\",route=\"direct\",way=\"api\"}",
        "2",
    ),
    (
        "tongma_attempts_ended_total{payer=\"alipay\",state=\"paid\"}",
        "1",
    ),
    (
        "tongma_attempts_ended_total{payer=\"alipay\",state=\"failed\"}",
        "1",
    ),
    (
        "tongma_payment_exceptions_total{code=\"amount-mismatch\"}",
        "1",
    ),
    // One scan and five starts.
    (
        "tongma_route_decisions_total{kind=\"direct\",reason=\"direct\"}",
        "4",
    ),
    (
        "tongma_route_decisions_total{kind=\"interop\",reason=\"interop\"}",
        "2",
    ),
    ("tongma_sweep_queries_total{outcome=\"undecided\"}", "1"),
    (
        "tongma_institution_calls_total{institution=\"wechat_pay\",outcome=\"answered\"}",
        "2",
    ),
    ("tongma_open_attempts", "1"),
    ("tongma_open_attempt_oldest_age_seconds", "7.0"),
    ("tongma_outbox_oldest_age_seconds", "7.0"),
    ("tongma_nonces", "0"),
    ("tongma_feeds_open{reader=\"program\"}", "1"),
    ("tongma_scans_dropped_total", "0"),
    ("tongma_database_up", "1"),
    ("tongma_clock_offset_seconds", "0.0"),
    (
        "tongma_http_requests_total{method=\"POST\",route=\"/wallet/v1/resolve\",status=\"4xx\"}",
        "2",
    ),
    (
        "tongma_http_request_duration_seconds_count{method=\"POST\",route=\"/wallet/v1/resolve\"}",
        "3",
    ),
    ("tongma_build_info{version=\"0.1.0\"}", "1"),
];

async fn the_numbers_are_what_happened(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let sticker = shop.sticker().await;
    let short = a_busy_minute(&server, &sticker.text).await;
    let follow = bearer(Request::get("/v1/feed?after=0"), &server.token);
    let feed = Feed::open(&server.authority, &follow).await;

    let numbers = Numbers::of(&server).await;
    for (series, value) in HAPPENED {
        numbers.is(series, value);
    }
    let waiting = number(&shop.database, "SELECT COUNT(*) FROM outbox").await;
    numbers.is("tongma_outbox_depth", &waiting.to_string());
    for measured in [
        "tongma_process_resident_memory_bytes",
        "tongma_process_cpu_seconds_total",
        "tongma_process_open_fds",
        "tongma_process_max_fds",
        "tongma_process_start_time_seconds",
    ] {
        assert!(numbers.series.contains_key(measured), "{measured}");
    }
    let pool = if shop.app.db.is_shared() {
        "all"
    } else {
        "writer"
    };
    let pool = format!("tongma_database_connections_max{{pool=\"{pool}\"}}");
    assert!(numbers.series.contains_key(&pool), "{}", numbers.text);

    let (account, merchant) = (account_of("wechat_pay"), shop.merchant.id.as_str());
    let (_, run) = sticker.text.split_once("/Q/").unwrap();
    for (what, name) in [
        ("a payment", short.payment.as_str()),
        ("an attempt", short.attempt.as_str()),
        ("an order", &short.order_number.to_string()),
        ("an account", account),
        ("a merchant", merchant),
        ("a name", shop.merchant.name.as_str()),
        ("a key", server.token.as_str()),
        ("a code", run),
    ] {
        assert!(!numbers.text.contains(name), "{what}: {}", numbers.text);
    }
    assert!(
        numbers
            .text
            .lines()
            .all(|line| line.starts_with("tongma_") || line.starts_with('#'))
    );
    drop(feed);
}

/// Strangers choose paths, methods and wallets' names; none of them makes a series.
async fn nobody_makes_series_by_asking(backend: Backend) {
    let server = Server::open(backend).await;
    let before = Numbers::of(&server).await.series.len();
    for round in 0..20 {
        let strange = format!("/strange/{round}");
        server.send(&Request::get(&strange)).await;
        server
            .send(&Request::get(&format!("/v1/payments/pay_{round}")))
            .await;
        server
            .send(&Request::get(&format!("/Q/X?wallet=bank_{round}")))
            .await;
        let mut request = Request::get(&strange);
        request.method = format!("BREW{round}");
        server.send(&request).await;
    }
    let numbers = Numbers::of(&server).await;
    numbers.is(
        "tongma_http_requests_total{method=\"other\",route=\"none\",status=\"4xx\"}",
        "20",
    );
    let made = numbers.series.len() - before;
    assert!(made < 100, "{made} series: {}", numbers.text);
}

async fn promtool_finds_no_fault(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let sticker = shop.sticker().await;
    let started = shop.starts("wechat_pay", &sticker, 500).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    shop.starts("jd_pay", &sticker, 500).await.unwrap();
    server.send(&Request::get("/v1/payments")).await;
    let numbers = Numbers::of(&server).await;
    assert!(numbers.series.len() > 50, "{}", numbers.text);

    let promtool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.peers/promtool");
    let child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("tests/run fetches promtool");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(numbers.text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(
        output.status.success() && said.is_empty(),
        "{said}\n{}",
        numbers.text
    );
}

async fn a_shop_does_not_tell_the_world_what_it_sells(backend: Backend) {
    let home = TempDir::new().unwrap();
    let file = home.path().join("token");
    let token = "a-token-of-the-operators-own";
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let (file, port) = (
        format!("metrics.token_file={}", file.display()),
        free_port(),
    );
    let own = format!("metrics.listen=127.0.0.1:{port}");
    let place = ShopProcess::open(backend, "", &[&file, &own]).await;
    let server = &place.server;

    // Somebody else's request, as the proxy in front of us passes it on.
    let outside = Request::get("/metrics").with("X-Forwarded-For", "203.0.113.9");
    let with = |token: &str| bearer(outside.clone(), token);
    for (request, status, code) in [
        (outside.clone(), 401, "metrics-token-invalid"),
        (
            with("a-token-of-the-operators-owN"),
            401,
            "metrics-token-invalid",
        ),
        (with(&place.token), 401, "metrics-token-invalid"),
    ] {
        let answer = server.send(&request).await;
        assert_eq!((answer.status, answer.code()), (status, code.to_owned()));
        assert!(!answer.text().contains("tongma_"), "{}", answer.text());
    }
    assert_eq!(server.send(&with(token)).await.status, 200);
    // Play money is no secret on the machine itself.
    assert_eq!(server.send(&Request::get("/metrics")).await.status, 200);

    let authority = format!("127.0.0.1:{port}");
    let answer = send(&authority, &outside).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.text().contains("tongma_build_info"),
        "{}",
        answer.text()
    );
    // Nothing else is there.
    let elsewhere = send(&authority, &Request::get("/v1/payments")).await;
    assert_eq!(elsewhere.status, 404);
    let open =
        Request::get("/metrics").with("Accept", "application/openmetrics-text;version=1.0.0");
    let open = send(&authority, &open).await;
    assert!(open.text().ends_with("# EOF\n"), "{}", open.text());
}

/// Without a token nobody is let in from outside, and nobody learns that there is something.
async fn without_a_token_there_is_nothing(backend: Backend) {
    let server = Server::open(backend).await;
    let outside = Request::get("/metrics").with("Via", "1.1 proxy");
    server.refuses(&outside, 404, "not-found").await;
    let account = ACCOUNTS[0].1;
    let guess = bearer(outside, account);
    server.refuses(&guess, 404, "not-found").await;
}

on_both![
    the_numbers_are_what_happened,
    nobody_makes_series_by_asking,
    promtool_finds_no_fault,
    a_shop_does_not_tell_the_world_what_it_sells,
    without_a_token_there_is_nothing,
];
