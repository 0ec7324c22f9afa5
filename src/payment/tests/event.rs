//! What an event says, to the letter: merchants' systems read it.

use crate::id::CodeId;
use crate::payment::event::EventData;
use crate::payment::tests::{adoption, attempt, id, payment};

fn zeros(prefix: &str) -> String {
    format!("{prefix}{}", "0".repeat(26))
}

fn said(data: &EventData) -> serde_json::Value {
    serde_json::from_str(&data.to_json()).unwrap()
}

#[test]
fn a_payment_and_the_attempt_at_it() {
    let mut expected = serde_json::json!({
        "payment": zeros("pay_"),
        "store": zeros("sto_"),
        "counter": zeros("ctr_"),
        "amount_minor": 10_000,
        "currency": "CNY",
        "reference": "table 7",
    });
    let alone = EventData::of(&payment());
    assert_eq!(said(&alone), expected);
    let of_attempt = serde_json::json!({
        "payer_institution": "payer_bank",
        "payee_institution": "payee_bank",
        "payment_account": "****109",
        "order_number": attempt().order_number,
    });
    let of_attempt = of_attempt.as_object().unwrap().clone();
    expected.as_object_mut().unwrap().extend(of_attempt);
    assert_eq!(said(&alone.with_attempt(&attempt())), expected);
}

#[test]
fn an_adoption_names_the_amount_of_its_proof() {
    let data = EventData::of_adoption(&adoption::requested());
    let expected = serde_json::json!({
        "adoption": zeros("adp_"),
        "store": zeros("sto_"),
        "amount_minor": 345,
        "currency": "CNY",
        "payee_institution": "payee_bank",
        "payment_account": "****109",
        "order_number": attempt().order_number,
    });
    assert_eq!(said(&data), expected);
}

#[test]
fn a_sign_is_named_with_its_place() {
    let (sign, place) = (id::<CodeId>("cod_", "0"), payment());
    let data = EventData::of_sign(&sign, &place.store, place.counter.as_ref());
    let expected = serde_json::json!({
        "sign": zeros("cod_"),
        "store": zeros("sto_"),
        "counter": zeros("ctr_"),
    });
    assert_eq!(said(&data), expected);
}
