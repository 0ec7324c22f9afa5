//! `/v1/plate-batches/{id}/parts/{part}`: what a printing house is sent, opened by others and used.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use tongma::app::FontShelf;
use tongma::merchant::Scope;
use tongma::merchant::plate::PlateBatch;

use crate::support::paper::{all_drawn, look_at};
use crate::support::plates::{batch, printed};
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both, read_symbols, rows, unpacked};

fn path(batch: &PlateBatch, part: &str, how: &str) -> String {
    format!("/v1/plate-batches/{}/parts/{part}?{how}", batch.id)
}

/// What a part is printed as, where it must be.
async fn prints(server: &Server, batch: &PlateBatch, part: u32, how: &str) -> Answer {
    let asked = Request::get(&path(batch, &part.to_string(), how));
    let answer = server.ask(asked).await;
    assert_eq!(answer.status, 200, "{how}: {}", answer.text());
    answer
}

async fn own_batch(server: &Server, count: u32) -> PlateBatch {
    batch(&server.shop, Some(&server.shop.merchant.id), count).await
}

/// A printing house opens the table, prints what is in it, and a shop binds what was printed.
async fn what_is_printed_is_scanned_and_bound(backend: Backend) {
    let server = Server::open(backend).await;
    let all = own_batch(&server, 482).await;
    let answer = prints(&server, &all, 2, "format=csv").await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let name = answer.header("content-disposition").unwrap();
    assert!(name.contains(&format!("{}-2-of-2.csv", all.id)), "{name}");
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let table = rows(&answer.body);
    let numbers: Vec<&str> = table
        .iter()
        .map(|row| row["number"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, ["481", "482"]);
    let first = prints(&server, &all, 1, "format=csv").await;
    assert_eq!(rows(&first.body).len(), 480);

    let pdf = prints(&server, &all, 2, "template=sticker-80&lang=en").await;
    let read = read_symbols(&all_drawn(&pdf.body, 200)).concat();
    let texts = |texts: Vec<String>| texts.into_iter().collect::<BTreeSet<String>>();
    let of = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let told: Vec<String> = table.iter().map(|row| of(row, "text")).collect();
    assert_eq!(texts(read.clone()), texts(told));
    let said = look_at(&pdf.body).text;
    for row in &table {
        assert!(said.contains(&of(row, "claim_secret")), "{said}");
    }

    let resolve = Request::post_json("/wallet/v1/resolve", &json!({"text": read[0]}));
    let told = server.send(&server.signed("jd_pay", resolve)).await;
    assert_eq!(told.code(), "plate-unbound", "{}", told.text());
    let row = table.iter().find(|row| of(row, "text") == read[0]).unwrap();
    let body = json!({
        "plate": row["short_id"], "claim_secret": row["claim_secret"],
        "store": server.shop.store.id,
    });
    let bind = Request::post_json("/v1/plate-bindings", &body).with("Idempotency-Key", "k-1");
    let bound = server.ask(bind).await;
    assert_eq!(bound.status, 201, "{}", bound.text());
    let resolve = Request::post_json("/wallet/v1/resolve", &json!({"text": read[0]}));
    assert_eq!(
        server.send(&server.signed("jd_pay", resolve)).await.status,
        200
    );
}

async fn a_part_is_the_same_each_time_and_sent_once(backend: Backend) {
    let server = Server::open(backend).await;
    let all = own_batch(&server, 7).await;
    for how in [
        "",
        "format=png&dpi=150",
        "format=svg&template=tent",
        "format=csv",
        "claims=false",
    ] {
        let first = prints(&server, &all, 1, how).await;
        let again = prints(&server, &all, 1, how).await;
        assert!(first.body == again.body, "{how}");
        let tag = first.header("etag").unwrap();
        let kept = Request::get(&path(&all, "1", how)).with("If-None-Match", tag);
        let kept = server.ask(kept).await;
        assert_eq!((kept.status, kept.body.len()), (304, 0), "{how}");
    }
    let blanks = printed(&server.shop, &all, 7).await;
    let pictures = unpacked(&prints(&server, &all, 1, "format=png&dpi=150").await.body);
    let files: Vec<Vec<u8>> = pictures.into_iter().map(|(_, file)| file).collect();
    let texts: Vec<Vec<String>> = blanks
        .iter()
        .map(|blank| vec![blank.text.clone()])
        .collect();
    assert_eq!(read_symbols(&files), texts);
    let apart = look_at(&prints(&server, &all, 1, "claims=false").await.body).text;
    assert!(
        blanks.iter().all(|blank| !apart.contains(&blank.claim)),
        "{apart}"
    );
}

async fn what_cannot_be_printed_is_refused_with_the_limit(backend: Backend) {
    let server = Server::open(backend).await;
    let all = own_batch(&server, 5).await;
    for (how, status, kind, limit) in [
        ("format=gif", 400, "query-invalid", "csv"),
        ("template=banner", 400, "query-invalid", "sticker-60"),
        ("template=receipt-58", 400, "query-invalid", "sticker-60"),
        ("lang=fr", 400, "query-invalid", "zh"),
        ("dpi=71", 400, "query-invalid", "72 to 1200"),
        ("format=png&dpi=72", 400, "query-invalid", "ask for"),
        (
            "format=png&template=poster-a4&dpi=600",
            400,
            "query-invalid",
            "9000000",
        ),
        ("claims=maybe", 400, "query-invalid", "claims"),
        ("ink=ff0000", 400, "query-invalid", "unknown field"),
    ] {
        let answer = server.ask(Request::get(&path(&all, "1", how))).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (status, kind.to_owned()), "{how}: {}", answer.text());
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(limit), "{how}: {detail}");
    }
    for part in ["0", "2", "-1", "01", "one", "4294967296"] {
        let asked = bearer(Request::get(&path(&all, part, "format=csv")), &server.token);
        server.refuses(&asked, 404, "plate-part-not-found").await;
    }
}

/// Pictures of pixels take longest: who wants many large ones prints them at the machine.
async fn a_part_has_no_more_pixels_than_its_reader_can_wait_for(backend: Backend) {
    let server = Server::open(backend).await;
    let all = own_batch(&server, 481).await;
    let how = "format=png&template=stand-a6";
    let asked = bearer(Request::get(&path(&all, "1", how)), &server.token);
    let refused = server.refuses(&asked, 400, "query-invalid").await;
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("520833") && detail.contains("ask for 146 dpi"),
        "{detail}"
    );
    assert_eq!(unpacked(&prints(&server, &all, 2, how).await.body).len(), 1);
}

/// A claim secret is the right to bind: who may only read is not told it, and a neighbour nothing.
async fn only_who_may_issue_codes_prints_only_its_own(backend: Backend) {
    let server = Server::open(backend).await;
    let own = own_batch(&server, 1).await;
    let operators = batch(&server.shop, None, 1).await;
    let (neighbour, ..) = server.shop.neighbour().await;
    let strange = server.key(&neighbour.id, Scope::ALL).await;
    let reader = server
        .key(&server.shop.merchant.id, &[Scope::CodesRead])
        .await;
    let asked = |batch: &PlateBatch| Request::get(&path(batch, "1", "format=csv"));
    for (call, status, code) in [
        (asked(&own), 401, "api-key-missing"),
        (bearer(asked(&own), &reader), 403, "scope"),
        (bearer(asked(&own), &strange), 404, "plate-batch-not-found"),
        (
            bearer(asked(&operators), &server.token),
            404,
            "plate-batch-not-found",
        ),
    ] {
        server.refuses(&call, status, code).await;
    }
}

async fn without_a_font_there_is_still_the_table(backend: Backend) {
    let server = Server::open_with(backend, |app| app.fonts = FontShelf::empty()).await;
    let all = own_batch(&server, 2).await;
    for format in ["pdf", "png", "svg"] {
        let how = format!("format={format}");
        let asked = bearer(Request::get(&path(&all, "1", &how)), &server.token);
        server.refuses(&asked, 409, "font-missing").await;
    }
    assert_eq!(
        rows(&prints(&server, &all, 1, "format=csv").await.body).len(),
        2
    );
}

on_both![
    what_is_printed_is_scanned_and_bound,
    a_part_is_the_same_each_time_and_sent_once,
    what_cannot_be_printed_is_refused_with_the_limit,
    a_part_has_no_more_pixels_than_its_reader_can_wait_for,
    only_who_may_issue_codes_prints_only_its_own,
    without_a_font_there_is_still_the_table,
];
