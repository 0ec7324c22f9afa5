//! T132: the audit log as an operator keeps it: read, checked, and tampered with.

use serde_json::Value;

use super::{Desk, said};
use crate::support::beside::{number, run};
use crate::support::{Backend, on_both};

/// A desk at which five things were done.
async fn busy(backend: Backend) -> Desk {
    let desk = Desk::new(backend).await;
    desk.shop_with_a_code();
    for id in ["lotus_pay", "kite_pay"] {
        let names = ["--name-zh", "莲花", "--name-en", "Lotus"];
        desk.does(&[&["institution", "create", id][..], &names].concat());
    }
    desk
}

/// What `tongma verify` says, and how it ends.
fn verify(desk: &Desk, more: &[&str]) -> (Option<i32>, Value) {
    let output = desk
        .command(&[&["verify"], more].concat())
        .output()
        .unwrap();
    let shown = serde_json::from_slice(&output.stdout);
    let shown = shown.unwrap_or_else(|_| panic!("{}", said(&output)));
    (output.status.code(), shown)
}

async fn reading_the_log_is_written_there(backend: Backend) {
    let desk = busy(backend).await;
    let first = desk.does(&["audit", "list"]);
    let first = first.as_array().unwrap();
    assert_eq!(first.len(), 5);
    let newest = &first[0];
    for (name, value) in [
        ("actor", "cli"),
        ("action", "institution.create"),
        ("object", "kite_pay"),
        ("result", "done"),
    ] {
        assert_eq!(newest[name], value, "{newest}");
    }
    assert!(
        newest["at"].is_string() && newest.get("from").is_some(),
        "{newest}"
    );
    let again = desk.does(&["audit", "list", "--limit", "1"]);
    assert_eq!(again[0]["action"], "audit.read");
    assert_eq!(again[0]["object"], "1-5");
    let before = desk.does(&["audit", "list", "--before", "3"]);
    let numbers: Vec<_> = before
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["number"])
        .collect();
    assert_eq!(numbers, [2, 1]);
}

async fn what_was_done_is_found_sound(backend: Backend) {
    let desk = busy(backend).await;
    let (code, report) = verify(&desk, &[]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(
        (&report["ok"], &report["audit_number"]),
        (&true.into(), &5.into())
    );
    let end = format!("5:{}", report["audit_link"].as_str().unwrap());
    desk.does(&["merchant", "list"]);
    desk.makes(&[
        "merchant", "create", "小李", "--mcc", "5812", "--city", "Wuhan",
    ]);
    // An end that was noted lies on the chain for ever.
    assert_eq!(verify(&desk, &["--audit", &end]).0, Some(0));
    let other = format!("5:{}", "0".repeat(64));
    for wrong in [other.as_str(), "7:00"] {
        let (code, report) = verify(&desk, &["--audit", wrong]);
        assert_eq!(
            (code, &report["ok"]),
            (Some(1), &false.into()),
            "{wrong}: {report}"
        );
    }
}

/// Each hand in the database, and what is named after it.
async fn a_line_that_is_changed_taken_out_or_moved_is_named(backend: Backend) {
    let swap = "UPDATE audit SET number = CASE number WHEN 12 THEN 3 ELSE 2 END WHERE number > 9";
    let forged = "INSERT INTO audit (id, actor, action, object, result, created_ms, number, link) \
         SELECT 'aud_forged', actor, action, object, result, created_ms, NUMBER, link FROM audit \
         WHERE number = 5";
    let stands_behind = forged.replace("NUMBER", "6");
    let stands_outside = forged.replace("NUMBER", "NULL");
    for (hands, named) in [
        (
            &["UPDATE audit SET object = 'x' WHERE number = 2"][..],
            "line 2 (",
        ),
        (
            &["UPDATE audit SET created_ms = created_ms + 1 WHERE number = 1"],
            "line 1 (",
        ),
        (
            &["UPDATE audit SET link = audit_head.link FROM audit_head WHERE audit.number = 4"],
            "line 4 (",
        ),
        (&["DELETE FROM audit WHERE number = 3"], "line 3"),
        (&["DELETE FROM audit WHERE number = 1"], "line 1"),
        (&["DELETE FROM audit WHERE number > 3"], "line 4"),
        (
            &[
                "DELETE FROM audit WHERE number = 5",
                "UPDATE audit_head SET number = 4",
            ],
            "audit_head",
        ),
        (&["DELETE FROM audit_head"], "audit_head"),
        (
            &[
                "UPDATE audit SET number = number + 10 WHERE number IN (2, 3)",
                swap,
            ],
            "line 2 (",
        ),
        (&[stands_behind.as_str()], "line 6 ("),
        (&[stands_outside.as_str()], "audit"),
    ] {
        let desk = busy(backend).await;
        for hand in hands {
            run(&desk.database, hand).await;
        }
        let (code, report) = verify(&desk, &[]);
        assert_eq!(code, Some(1), "{hands:?}: {report}");
        let faults = report["faults"].as_array().unwrap();
        let is_named = |fault: &Value| {
            let id = fault["id"].as_str().unwrap();
            fault["check"] == "audit-chain"
                && (id == named || (named.ends_with('(') && id.starts_with(named)))
        };
        assert!(faults.iter().any(is_named), "{hands:?}: {report}");
    }
}

async fn what_cannot_be_written_down_is_not_done(backend: Backend) {
    for hand in [
        "ALTER TABLE audit RENAME TO audit_elsewhere",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET number = number - 1",
    ] {
        let desk = busy(backend).await;
        run(&desk.database, hand).await;
        let names = [
            "merchant", "create", "小李", "--mcc", "5812", "--city", "Wuhan",
        ];
        desk.refuses(&names, 1, "the audit log cannot be written");
        desk.refuses(&["audit", "list"], 1, "audit");
        let merchants = number(&desk.database, "SELECT COUNT(*) FROM merchants").await;
        assert_eq!(merchants, 1, "{hand}");
    }
}

on_both![
    reading_the_log_is_written_there,
    what_was_done_is_found_sound,
    a_line_that_is_changed_taken_out_or_moved_is_named,
    what_cannot_be_written_down_is_not_done,
];
