//! What an operator keeps about a shop: its tills, accounts, acceptances and codes.

use serde_json::Value;

use super::Desk;
use crate::support::{Backend, on_both};

/// A name of the right shape that nothing has.
const NO_STORE: &str = "sto_00000000000000000000000000";
const NO_ACCOUNT: &str = "acc_00000000000000000000000000";
const NO_CODE: &str = "cod_00000000000000000000000000";

async fn tills_are_entered_and_listed(backend: Backend) {
    let (desk, merchant, store) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    let create = ["counter", "create", "收银台", "--store"];
    desk.refuses(
        &[&create[..], &[NO_STORE], &of].concat(),
        1,
        &format!("no store {NO_STORE}"),
    );
    let till = desk.does(&[&create[..], &[&store], &of].concat());
    let list = [&["counter", "list"][..], &of].concat();
    assert_eq!(desk.does(&list), Value::from(vec![till]));
    desk.refuses(&[&list[..], &["--limit", "201"]].concat(), 2, "201");
}

async fn an_account_is_closed_and_opened_again(backend: Backend) {
    let (desk, merchant, _) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    let account = |institution, fee| {
        let words = ["account", "create", "--reference", "1900000109"];
        let more = ["--institution", institution, "--fee-bps", fee];
        [&words[..], &more, &of].concat()
    };
    desk.refuses(&account("heron_pay", "60"), 1, "no institution heron_pay");
    desk.refuses(&account("lotus_pay", "10001"), 2, "10001");
    let made = desk.does(&account("lotus_pay", "60"));
    assert_eq!(
        (&made["state"], &made["fee_bps"]),
        (&"open".into(), &60.into())
    );
    assert!(
        !made.to_string().contains("1900000109"),
        "its number is masked"
    );
    desk.refuses(&account("lotus_pay", "60"), 1, "exists");

    let id = made["id"].as_str().unwrap();
    let list = [&["account", "list"][..], &of].concat();
    for (change, state) in [("close", "closed"), ("open", "open")] {
        let words = [&["account", change, id][..], &of].concat();
        assert_eq!(desk.does(&words)["state"], state);
        assert_eq!(desk.does(&list)[0]["state"], state);
        desk.refuses(&words, 1, &format!("account {id} is {state}"));
    }
    let other = [&["account", "close", NO_ACCOUNT][..], &of].concat();
    desk.refuses(&other, 1, &format!("no account {NO_ACCOUNT}"));
}

async fn an_acceptance_goes_its_way_and_no_other(backend: Backend) {
    let (desk, merchant, _) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    let invite = |state| {
        let words = ["acceptance", "create", "--institution", "lotus_pay"];
        [&words[..], &["--state", state], &of].concat()
    };
    desk.refuses(&invite("suspended"), 2, "begins as");
    let id = desk.makes(&invite("invited"));
    desk.refuses(&invite("invited"), 1, "has an acceptance of lotus_pay");
    let change = |event| [&["acceptance", "change", &id, event][..], &of].concat();
    desk.refuses(&change("suspend"), 1, "is invited and cannot suspend");
    desk.refuses(&change("forget"), 2, "forget");
    for (event, state) in [
        ("apply", "applied"),
        ("enable", "enabled"),
        ("suspend", "suspended"),
        ("resume", "enabled"),
        ("close", "closed"),
    ] {
        assert_eq!(desk.does(&change(event))["state"], state, "{event}");
    }
    desk.refuses(&change("apply"), 1, "is closed and cannot apply");

    let consent = [&["acceptance", "consent", &id][..], &of].concat();
    assert!(desk.does(&consent)["consent_at"].is_string());
    desk.refuses(&consent, 1, "agreed before");
    let listed = desk.does(&[&["acceptance", "list"][..], &of].concat());
    assert_eq!(
        (&listed[0]["id"], &listed[0]["state"]),
        (&id.into(), &"closed".into())
    );
}

async fn class_a_is_by_agreement_and_others_by_rule(backend: Backend) {
    let (desk, merchant, _) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    let create = ["acceptance", "create", "--institution", "lotus_pay"];
    let create = [&create[..], &of].concat();
    let class_a = [&create[..], &["--protection", "a"]].concat();
    desk.refuses(&class_a, 2, "class a needs a day limit");
    desk.refuses(&[&create[..], &["--protection", "e"]].concat(), 2, "e");
    let id = desk.makes(&create);
    let protect = |class| [&["acceptance", "protect", &id, class][..], &of].concat();
    assert_eq!(desk.does(&protect("c"))["protection"], "c");
    desk.refuses(&protect("a"), 2, "class a needs a day limit");
    let listed = desk.does(&[&["acceptance", "list"][..], &of].concat());
    assert_eq!(listed[0]["protection"], "c");
}

async fn t096_stores_tills_and_keys_have_quotas(backend: Backend) {
    let (desk, merchant, store) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    for (create, quota, setting) in [
        (vec!["store", "create", "二号店"], "stores", "stores=2"),
        (
            vec!["counter", "create", "收银台", "--store", store.as_str()],
            "counters",
            "counters=1",
        ),
        (vec!["api-key", "create", "till"], "api-keys", "api_keys=1"),
    ] {
        let setting = format!("quotas.{setting}");
        let words = [&create[..], &of, &["--set", &setting]].concat();
        desk.makes(&words);
        desk.refuses(&words, 1, &format!("{quota} at most"));
    }
}

async fn codes_are_listed_shown_and_revoked(backend: Backend) {
    let (desk, merchant, store) = shop(backend).await;
    let of = ["--merchant", merchant.as_str()];
    let create = [&["code", "create", "--store", &store][..], &of].concat();
    let sticker = desk.makes(&create);
    let fixed = desk.makes(&[&create[..], &["--amount", "12.50"]].concat());
    desk.refuses(
        &[&create[..], &["--amount", "12.505"]].concat(),
        2,
        "12.505",
    );
    let list = [&["code", "list"][..], &of].concat();
    let ids = |words: &[&str]| -> Vec<String> {
        let found = desk.does(words);
        let of_row = |row: &Value| row["id"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(of_row).collect()
    };
    assert_eq!(ids(&list), [fixed.clone(), sticker.clone()]);
    assert_eq!(ids(&[&list[..], &["--kind", "fixed"]].concat()), [fixed]);
    desk.refuses(&[&list[..], &["--kind", "round"]].concat(), 2, "round");

    let revoke = ["code", "change", sticker.as_str(), "revoke"];
    assert_eq!(desk.does(&[&revoke[..], &of].concat())["state"], "revoked");
    let shown = desk.does(&[&["code", "show", &sticker][..], &of].concat());
    assert_eq!(shown["state"], "revoked");
    let other = [&["code", "show", NO_CODE][..], &of].concat();
    desk.refuses(&other, 1, &format!("no code {NO_CODE}"));
}

async fn a_code_is_written_as_a_list_of_objects_with_accounts_in_other_networks(backend: Backend) {
    let desk = Desk::new(backend).await;
    let about = [
        "--mcc",
        "5812",
        "--city",
        "重庆",
        "--latin-name",
        "Chongqing Hotpot",
    ];
    let merchant = desk.makes(&[&["merchant", "create", "重庆火锅"][..], &about].concat());
    let store = desk.makes(&["store", "create", "一号店", "--merchant", &merchant]);
    let create = ["code", "create", "--store", &store, "--merchant", &merchant];
    let paynow = r#"{"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1"}}"#;
    let account = ["--network-account", paynow];
    let emv = [&create[..], &["--form", "emv"], &account].concat();
    let made = desk.does(&emv);
    assert_eq!(made["form"], "emv");
    let text = made["text"].as_str().unwrap();
    assert!(text.contains("5916Chongqing Hotpot"), "{text}");
    let said = desk.does(&["decode", text]);
    assert_eq!(
        (&said["scheme"], &said["payees"][0]["network"]),
        (&"tongma".into(), &"sg.paynow".into())
    );

    let twice = [&emv[..], &account].concat();
    desk.refuses(&twice, 1, "object 26 is given twice");
    desk.refuses(
        &[&create[..], &account].concat(),
        1,
        "only a code of the form emv",
    );
    desk.refuses(&[&emv[..], &["--compact"]].concat(), 1, "is signed");
    desk.refuses(
        &[&create[..], &["--network-account", "{}"]].concat(),
        2,
        "id",
    );
}

async fn t124_a_borrowed_name_is_held_until_somebody_has_looked(backend: Backend) {
    let desk = Desk::new(backend).await;
    let about = ["--mcc", "5812", "--city", "Shanghai"];
    let create = |name: &'static str| [&["merchant", "create", name][..], &about].concat();
    let first = desk.makes(&create("Paypal Noodles"));
    let other = create("P\u{430}yp\u{430}l Noodles");
    let why = format!("looks like that of {first}, Paypal Noodles; it is held for review");
    desk.refuses(&other, 1, &why);
    desk.makes(&[&other[..], &["--reviewed"]].concat());
    assert_eq!(
        desk.does(&["merchant", "list"]).as_array().unwrap().len(),
        2
    );
}

on_both![
    t124_a_borrowed_name_is_held_until_somebody_has_looked,
    tills_are_entered_and_listed,
    an_account_is_closed_and_opened_again,
    an_acceptance_goes_its_way_and_no_other,
    class_a_is_by_agreement_and_others_by_rule,
    t096_stores_tills_and_keys_have_quotas,
    codes_are_listed_shown_and_revoked,
    a_code_is_written_as_a_list_of_objects_with_accounts_in_other_networks,
];

/// A desk with an institution, a merchant and a store.
async fn shop(backend: Backend) -> (Desk, String, String) {
    let desk = Desk::new(backend).await;
    let names = ["--name-zh", "莲花", "--name-en", "Lotus"];
    desk.does(&[&["institution", "create", "lotus_pay"][..], &names].concat());
    let about = ["--mcc", "5812", "--city", "Shanghai"];
    let merchant = desk.makes(&[&["merchant", "create", "老王面馆"][..], &about].concat());
    let store = desk.makes(&["store", "create", "一号店", "--merchant", &merchant]);
    (desk, merchant, store)
}
