//! Which claims make sense.

use serde_json::{Value, json};

use super::{NOW, ORIGIN, claims, cny, institution, order, result, seconds_later};
use crate::payment::attested::{AttestedError, Discount};
use crate::payment::{Attested, ResultClaims, ResultStatus};

fn read(change: impl FnOnce(&mut ResultClaims)) -> Result<Attested, AttestedError> {
    let mut claims = claims();
    change(&mut claims);
    claims.read(&institution("payee_bank"), ORIGIN, &order(), NOW, "a.b.c")
}

fn discount(funder: &str, amount_minor: i64) -> Discount {
    Discount {
        funder: funder.to_owned(),
        amount_minor,
    }
}

/// Which claim is no amount.
fn wrong_amount(error: AttestedError) -> &'static str {
    if let AttestedError::Amount { field, .. } = error {
        field
    } else {
        panic!("{error:?}")
    }
}

#[test]
fn what_is_claimed_is_what_is_read() {
    assert_eq!(read(|_| {}), Ok(result()));
    let with_discounts = read(|claims| {
        claims.payer_amount_minor = Some(7_000);
        claims.discounts = vec![discount("merchant", 1_000), discount("payee_bank", 2_000)];
    })
    .unwrap();
    assert_eq!(with_discounts.payer_amount, cny(7_000));
    let given = [
        ("merchant".to_owned(), cny(1_000)),
        ("payee_bank".to_owned(), cny(2_000)),
    ];
    assert_eq!(with_discounts.discounts, given);
    for (word, status) in [
        ("failed", ResultStatus::Failed),
        ("closed", ResultStatus::Closed),
    ] {
        assert_eq!(
            read(|claims| claims.status = word.to_owned())
                .unwrap()
                .status,
            status
        );
    }
}

#[test]
fn a_statement_in_anothers_name_or_about_anothers_order_is_refused() {
    let wrong = |field| Err(AttestedError::WalletMismatch { field });
    assert_eq!(
        read(|claims| claims.iss = "payer_bank".to_owned()),
        wrong("iss")
    );
    assert_eq!(
        read(|claims| claims.aud = "https://pay.other".to_owned()),
        wrong("aud")
    );
    assert_eq!(
        read(|claims| claims.order_number = "f".repeat(32)),
        wrong("order_number")
    );
}

#[test]
fn amounts_are_positive_and_add_up() {
    let field = |change: fn(&mut ResultClaims)| wrong_amount(read(change).unwrap_err());
    assert_eq!(field(|claims| claims.amount_minor = 0), "amount_minor");
    assert_eq!(
        field(|claims| claims.payer_amount_minor = Some(-1)),
        "payer_amount_minor"
    );
    assert_eq!(
        field(|claims| claims.currency = "cny".to_owned()),
        "currency"
    );
    let no_discount = field(|claims| claims.discounts = vec![discount("merchant", 0)]);
    assert_eq!(no_discount, "discounts.amount_minor");

    let refused = Err(AttestedError::AmountsInconsistent);
    assert_eq!(
        read(|claims| claims.payer_amount_minor = Some(9_999)),
        refused
    );
    assert_eq!(
        read(|claims| claims.discounts = vec![discount("merchant", 1)]),
        refused
    );
}

#[test]
fn numbers_in_claims_are_whole_ones() {
    let sent = |field: &str, value: Option<Value>| {
        let mut sent = serde_json::to_value(claims()).unwrap();
        sent[field] = value.clone().unwrap_or_default();
        if value.is_none() {
            sent.as_object_mut().unwrap().remove(field);
        }
        let sent: ResultClaims = serde_json::from_value(sent).unwrap();
        read(|claims| *claims = sent)
    };
    let refused = |field: &str, value| wrong_amount(sent(field, value).unwrap_err());
    for wrong in [json!(1.0), json!("10000"), json!(u64::MAX), json!({})] {
        for field in ["amount_minor", "payer_amount_minor"] {
            assert_eq!(refused(field, Some(wrong.clone())), field, "{wrong}");
        }
    }
    assert_eq!(refused("amount_minor", Some(json!(null))), "amount_minor");
    assert_eq!(refused("amount_minor", None), "amount_minor");
    assert_eq!(sent("amount_minor", Some(json!(10_000))), Ok(result()));
    for right in [Some(json!(10_000)), Some(json!(null)), None] {
        assert_eq!(sent("payer_amount_minor", right), Ok(result()));
    }
}

#[test]
fn texts_are_printable_and_bounded() {
    let refused = |field| Err(AttestedError::Text { field, limit: 128 });
    for wrong in [String::new(), "p".repeat(129), "p\n".to_owned()] {
        let text = || wrong.clone();
        assert_eq!(
            read(|c| c.payee_reference = text()),
            refused("payee_reference"),
            "{wrong:?}"
        );
        assert_eq!(
            read(|c| c.payment_account = text()),
            refused("payment_account"),
            "{wrong:?}"
        );
        assert_eq!(read(|c| c.jti = text()), refused("jti"), "{wrong:?}");
        let funder = read(|c| c.discounts = vec![discount(&wrong, 1)]);
        assert_eq!(funder, refused("discounts.funder"), "{wrong:?}");
    }
    assert!(read(|claims| claims.payee_reference = "p".repeat(128)).is_ok());
}

#[test]
fn nobody_has_paid_in_the_future() {
    let at = |seconds| read(|claims| claims.paid_at = Some(seconds_later(seconds).to_string()));
    assert_eq!(at(300).unwrap().paid_at, seconds_later(300));
    assert_eq!(at(301), Err(AttestedError::TimeInvalid));
    for wrong in ["", "yesterday", "2026-09-21T13:33:20"] {
        let refused = read(|claims| claims.paid_at = Some(wrong.to_owned()));
        assert_eq!(refused, Err(AttestedError::TimeInvalid), "{wrong}");
    }
    assert_eq!(
        read(|claims| claims.status = "PAID".to_owned()),
        Err(AttestedError::Status)
    );
}
