//! `tongma plate`: batches, and plates that come to shops and leave them.

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
    assert_eq!(desk.does(&["plate", "list"]), json!([made]));
    let theirs = desk.does(&["plate", "list", "--merchant", &merchant]);
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
    what_is_no_plate_is_refused,
];
