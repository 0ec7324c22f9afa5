//! `tongma plate`: batches, and plates that come to shops and leave them.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use tongma::clock::Clock;
use tongma::db;

use super::Desk;
use crate::support::beside::number;
use crate::support::{Backend, on_both};

async fn an_operator_makes_plates_binds_moves_and_ends_them(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let of = |what: &str| code[what].as_str().unwrap().to_owned();
    let (merchant, store) = (of("merchant"), of("store"));
    let made = desk.does(&["plate", "create", "3", "--note", "spring"]);
    assert_eq!(
        (&made["count"], &made["merchant"]),
        (&json!(3), &Value::Null)
    );
    let batch = made["id"].as_str().unwrap();
    assert_eq!(desk.does(&["plate", "batches"]), json!([made]));
    let theirs = desk.does(&["plate", "batches", "--merchant", &merchant]);
    assert_eq!(theirs, json!([]));

    let db = desk.database.open(Clock::System).await;
    let mut tx = db.read().await.unwrap();
    let id = batch.parse().unwrap();
    let all = db::plates::page(&mut tx, &id, 0, 10).await.unwrap();
    tx.commit().await.unwrap();
    let (plate, short) = (all[0].id.to_string(), all[0].short_id.to_string());
    let place = ["--merchant", &merchant, "--store", &store];
    let bind = [&["plate", "bind", &short][..], &place].concat();
    let bound = desk.does(&bind);
    assert_eq!(
        (&bound["state"], &bound["store"], &bound["merchant"]),
        (&json!("bound"), &json!(store), &json!(merchant))
    );
    desk.refuses(&bind, 1, "plate is bound, which rules out: bind");
    assert_eq!(desk.does(&["plate", "show", &plate]), bound);
    let shown = desk.does(&["plate", "show", batch]);
    assert_eq!((&shown["blank"], &shown["bound"]), (&json!(2), &json!(1)));

    let list = |more: &[&str]| {
        let rows = desk.does(&[&["plate", "list"], more].concat());
        let number = |row: &Value| row["number"].as_u64().unwrap();
        rows.as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect::<Vec<_>>()
    };
    let of_batch = ["--batch", batch];
    assert_eq!(list(&of_batch), [1, 2, 3]);
    assert_eq!(list(&["--batch", batch, "--after", &short]), [2, 3]);
    assert_eq!(list(&["--batch", batch, "--limit", "1"]), [1]);
    assert_eq!(list(&["--batch", batch, "--state", "blank"]), [2, 3]);
    assert_eq!(list(&["--merchant", &merchant, "--store", &store]), [1]);
    assert_eq!(list(&["--merchant", &merchant, "--state", "void"]), [0; 0]);
    desk.refuses(&["plate", "list"], 2, "--batch");
    let rows = desk.does(&["plate", "list", "--merchant", &merchant]);
    let mut alone = bound.clone();
    alone.as_object_mut().unwrap().remove("log");
    assert_eq!(rows, json!([alone]));

    let till = [
        "counter",
        "create",
        "收银台",
        "--merchant",
        &merchant,
        "--store",
        &store,
    ];
    let till = desk.makes(&till);
    let moved = [
        "plate",
        "rebind",
        &plate,
        "--store",
        &store,
        "--counter",
        &till,
    ];
    assert_eq!(desk.does(&moved)["counter"], json!(till));
    let gone = desk.does(&["plate", "unbind", &short.to_ascii_lowercase()]);
    assert_eq!(
        (&gone["state"], &gone["store"]),
        (&json!("blank"), &Value::Null)
    );
    let over = desk.does(&["plate", "void", &short]);
    let log: Vec<&str> = over["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["what"].as_str().unwrap())
        .collect();
    assert_eq!(log, ["void", "unbound", "rebound", "bound"]);
    desk.refuses(&bind, 1, "plate is void, which rules out: bind");
    let by = "SELECT COUNT(*) FROM audit WHERE actor = 'cli' AND action LIKE 'plate.%'";
    assert_eq!(number(&desk.database, by).await, 4);
}

async fn a_batch_whose_making_was_killed_is_shown_unfinished_and_finished(backend: Backend) {
    let desk = Desk::new(backend).await;
    let mut child = desk
        .command(&["plate", "create", "100000"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    // The first plates are there, and the last are not.
    let begun = told.find(|line| line.as_ref().unwrap().contains("\"done\":1000,"));
    assert!(begun.unwrap().unwrap().contains("\"all\":100000"));
    child.kill().unwrap();
    child.wait().unwrap();
    let shown = desk.does(&["plate", "batches"])[0].clone();
    let (made, id) = (
        shown["made"].as_u64().unwrap(),
        shown["id"].as_str().unwrap(),
    );
    assert!((1_000..100_000).contains(&made), "{made}");
    assert_eq!(shown["count"], 100_000);
    let out = desk.home.path().join("print");
    let print = [
        "plate",
        "print",
        id,
        "--format",
        "csv",
        "--out",
        out.to_str().unwrap(),
    ];
    let why = format!("{made} of its 100000 plates are made");
    desk.refuses(&print, 1, &why);
    assert!(!out.exists());

    let whole = desk.does(&["plate", "finish", id]);
    assert_eq!(
        (&whole["made"], &whole["id"]),
        (&json!(100_000), &json!(id))
    );
    assert_eq!(
        desk.does(&["plate", "finish", id]),
        whole,
        "nothing is left to do"
    );
    for sql in [
        "SELECT COUNT(*) FROM plates",
        "SELECT COUNT(DISTINCT number) FROM plates",
    ] {
        assert_eq!(number(&desk.database, sql).await, 100_000, "{sql}");
    }
    let parts = [&print[..], &["--parts", "209"]].concat();
    assert_eq!(desk.does(&parts)["files"][0]["last"], 100_000);
}

async fn what_is_no_plate_is_refused(backend: Backend) {
    let desk = Desk::new(backend).await;
    desk.refuses(&["plate", "create", "0"], 2, "1..=100000");
    desk.refuses(&["plate", "create", "100001"], 2, "1..=100000");
    desk.refuses(&["plate", "show", "7F3K-2QZD"], 1, "no plate 7F3K-2QZD");
    desk.refuses(&["plate", "show", "no plate"], 2, "8 characters");
    let nothing = format!("bat_{}", "0".repeat(26));
    desk.refuses(&["plate", "show", &nothing], 1, "no such plate-batch");
    let nobody = format!("mer_{}", "0".repeat(26));
    desk.refuses(
        &["plate", "create", "1", "--merchant", &nobody],
        1,
        "no merchant",
    );
}

on_both![
    an_operator_makes_plates_binds_moves_and_ends_them,
    a_batch_whose_making_was_killed_is_shown_unfinished_and_finished,
    what_is_no_plate_is_refused,
];
