//! Prints that would help nobody: refused, each with what would do instead.

use serde_json::json;

use tongma::app::FontShelf;

use super::{logo, printed, prints};
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, Browser, on_both, read_symbol};

async fn a_print_too_small_to_scan_is_refused_with_what_works(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let id = code.id.as_str();
    let small = prints(&server, id, "template=sticker-60&distance_mm=300").await;
    assert_eq!(
        (small.status, small.code()),
        (422, "print-too-small".to_owned())
    );
    let told = small.json();
    let works = told["works"].as_str().unwrap();
    let detail = told["detail"].as_str().unwrap();
    assert!(
        detail.contains("1200") && detail.contains(works),
        "{detail}"
    );
    assert!(told["side_mm"].as_i64().unwrap() > 40, "{told}");
    let how = format!("template={works}&distance_mm=300&format=json");
    let facts = printed(&server, id, &how).await.json();
    assert!(facts["scan_distance_mm"].as_i64().unwrap() >= 300);

    let never = prints(&server, id, "template=poster-a4&distance_mm=20000").await;
    assert_eq!(never.json()["works"], serde_json::Value::Null);
}

async fn what_does_not_go_together_is_refused_with_the_limit(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let id = code.id.as_str();
    for (how, status, kind, limit) in [
        ("ink=07c160", 422, "contrast-too-low", "4.5 : 1"),
        ("ink=ffffff&paper=000000", 422, "contrast-too-low", "darker"),
        ("ink=red", 400, "query-invalid", "six hexadecimal digits"),
        ("template=banner", 400, "query-invalid", "stand-a6"),
        ("format=gif", 400, "query-invalid", "pdf"),
        ("colour=red", 400, "query-invalid", "unknown field"),
        ("format=png&dpi=71", 400, "query-invalid", "72 to 1200"),
        (
            "template=sticker-60&format=png&dpi=72",
            400,
            "query-invalid",
            "ask for",
        ),
        ("format=png&dpi=1200", 400, "query-invalid", "9000000"),
        ("distance_mm=49", 400, "query-invalid", "50 to 20000"),
        ("copies=2", 400, "query-invalid", "sheet=true"),
        ("sheet=true&copies=501", 400, "query-invalid", "1 to 500"),
        (
            "sheet=true&copies=9&format=png",
            400,
            "query-invalid",
            "one page",
        ),
        (
            "template=receipt-58&sheet=true",
            400,
            "query-invalid",
            "roll",
        ),
        (
            "template=receipt-58&ink=00265f",
            400,
            "query-invalid",
            "black on white",
        ),
        ("more=cod_1", 400, "query-invalid", "more"),
    ] {
        let answer = prints(&server, id, how).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (status, kind.to_owned()), "{how}: {}", answer.text());
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(limit), "{how}: {detail}");
    }
}

async fn only_the_merchants_codes_that_can_be_paid_are_printed(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let (neighbour, ..) = server.shop.neighbour().await;
    let key = server
        .key(&neighbour.id, tongma::merchant::Scope::ALL)
        .await;
    let path = format!("/v1/codes/{}/print", code.id);
    let strange = bearer(Request::get(&path), &key);
    server.refuses(&strange, 404, "code-not-found").await;

    let stop = format!("/v1/codes/{}/revoke", code.id);
    let stopped = server.ask(Request::post_json(&stop, &json!({}))).await;
    assert_eq!(stopped.status, 200);
    let own = bearer(Request::get(&path), &server.token);
    server.refuses(&own, 410, "code-revoked").await;
}

async fn a_logo_is_refused_for_what_is_wrong_with_it(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let path = |how: &str| format!("/v1/codes/{}/print?{how}", code.id);
    let send = |how: &str, media: &str, file: Vec<u8>| {
        bearer(Request::post(&path(how), media, file), &server.token)
    };
    for (how, media, file, status, kind) in [
        ("level=M", "image/png", logo(), 400, "query-invalid"),
        (
            "",
            "image/png",
            b"<svg/>".to_vec(),
            415,
            "picture-unsupported",
        ),
        ("", "image/svg+xml", b"<svg/>".to_vec(), 415, "media-type"),
        (
            "",
            "image/png",
            logo()[..60].to_vec(),
            422,
            "picture-broken",
        ),
        ("", "image/png", vec![0; 600_000], 413, "body-too-large"),
    ] {
        server.refuses(&send(how, media, file), status, kind).await;
    }
    // A code in the middle of the code: who knows which of them a phone would take.
    let symbol =
        tongma::qr::symbol::Symbol::new("HTTP://EVIL.EXAMPLE", tongma::qr::symbol::Level::L);
    let quiet = tongma::qr::symbol::QuietZone::default();
    let other = tongma::qr::png::render(&symbol.unwrap(), quiet, 8).unwrap();
    let sent = send("level=H", "image/png", other);
    server.refuses(&sent, 422, "print-unreadable").await;
}

async fn without_a_font_the_package_is_named_and_a_browser_still_prints(backend: Backend) {
    let server = Server::open_with(backend, |app| app.fonts = FontShelf::empty()).await;
    let code = server.shop.sticker().await;
    let id = code.id.as_str();
    for format in ["pdf", "svg", "png"] {
        let answer = prints(&server, id, &format!("format={format}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (409, "font-missing".to_owned())
        );
        let told = answer.json();
        let package = told["package"].as_str().unwrap();
        assert!(told["detail"].as_str().unwrap().contains(package), "{told}");
    }
    let facts = printed(&server, id, "format=json").await.json();
    assert_eq!(facts["page_width_um"], 105_000);
    let html = printed(&server, id, "format=html").await.text();
    assert!(html.contains("老王面馆"), "{html}");
    let folder = tempfile::tempdir().unwrap();
    let (file, picture) = (folder.path().join("a.html"), folder.path().join("a.png"));
    std::fs::write(&file, html.replacen("<style>", "<style>body{zoom:2}", 1)).unwrap();
    let tab = Browser::start()
        .page(json!({"width": 1000, "height": 1300}))
        .await;
    tab.goto(&format!("file://{}", file.display())).await;
    tab.ask("screenshot", json!({"path": picture})).await;
    let read = read_symbol(&std::fs::read(&picture).unwrap());
    assert_eq!(read, [vec![code.text.clone()], vec![code.text.clone()]]);
}

on_both![
    a_print_too_small_to_scan_is_refused_with_what_works,
    what_does_not_go_together_is_refused_with_the_limit,
    only_the_merchants_codes_that_can_be_paid_are_printed,
    a_logo_is_refused_for_what_is_wrong_with_it,
    without_a_font_the_package_is_named_and_a_browser_still_prints,
];
