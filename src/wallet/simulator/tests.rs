//! Stories about one institution, and about two.

use serde_json::json;

use super::institution::PURSE_MINOR;
use super::{Order, SimulatedInstitution, Transfer};
use crate::clock::Timestamp;
use crate::crypto::digest::sha256_hex;
use crate::crypto::jws;
use crate::crypto::keys::SigningKey;
use crate::entropy::SystemEntropy;
use crate::merchant::AccountReference;
use crate::money::{Amount, Currency};
use crate::payment::ResultClaims;
use crate::wallet::WireReply;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn institution(id: &str) -> SimulatedInstitution {
    let key = SigningKey::from_seed(&[7; 32]);
    let account: AccountReference = "1900000109".parse().unwrap();
    SimulatedInstitution::new(
        id.parse().unwrap(),
        "https://pay.example".into(),
        key,
        [account],
    )
}

fn order(payer: &str) -> Order {
    serde_json::from_value(json!({
        "order_number": "00112233445566778899aabbccddeeff",
        "payment_account": "1900000109",
        "amount_minor": 1250,
        "currency": "CNY",
        "payee": "老王面馆",
        "description": "面",
        "pay_before": "2026-11-21T22:52:57.123Z",
        "notify_url": "https://pay.example/confirm",
        "payer_institution": payer,
        "clearing": "netsunion",
    }))
    .unwrap()
}

fn transfer(payer: &str) -> Transfer {
    Transfer {
        transfer: "T1".to_owned(),
        reference: "lotus-00112233445566778899aabbccddeeff".to_owned(),
        amount_minor: 1250,
        currency: Currency::CNY,
        payer_institution: payer.parse().unwrap(),
        declined: false,
    }
}

fn balance(institution: &SimulatedInstitution) -> i64 {
    institution.balance(&"1900000109".parse().unwrap()).unwrap()
}

#[test]
fn a_transfer_that_comes_twice_moves_money_once() {
    let mut lotus = institution("lotus");
    lotus.adopt(order("harbour")).unwrap();
    for _ in 0..2 {
        lotus
            .receive(&transfer("harbour"), NOW, &SystemEntropy::new())
            .unwrap();
    }
    assert_eq!(balance(&lotus), 1250);
}

#[test]
fn no_money_appears_or_disappears_between_two_institutions() {
    let (mut harbour, mut lotus) = (institution("harbour"), institution("lotus"));
    lotus.adopt(order("harbour")).unwrap();
    let (_, open) = lotus.expected(&transfer("harbour").reference).unwrap();
    harbour.take(open.amount().unwrap()).unwrap();
    lotus
        .receive(&transfer("harbour"), NOW, &SystemEntropy::new())
        .unwrap();
    assert_eq!(harbour.purse() + balance(&lotus), PURSE_MINOR);
}

#[test]
fn a_transfer_of_another_amount_or_after_the_end_is_refused() {
    let mut lotus = institution("lotus");
    lotus.adopt(order("harbour")).unwrap();
    let dearer = Transfer {
        amount_minor: 1251,
        ..transfer("harbour")
    };
    let refused = lotus.receive(&dearer, NOW, &SystemEntropy::new());
    assert_eq!(refused.unwrap_err().code, "amount-mismatch");

    let declined = Transfer {
        declined: true,
        ..transfer("harbour")
    };
    lotus
        .receive(&declined, NOW, &SystemEntropy::new())
        .unwrap();
    let late = Transfer {
        transfer: "T2".to_owned(),
        ..transfer("harbour")
    };
    assert_eq!(
        lotus
            .receive(&late, NOW, &SystemEntropy::new())
            .unwrap_err()
            .code,
        "order-over"
    );
    assert_eq!(balance(&lotus), 0);
}

#[test]
fn a_flipped_bit_breaks_the_signature_and_only_that() {
    let mut lotus = institution("lotus");
    lotus.adopt(order("lotus")).unwrap();
    let number = "00112233445566778899aabbccddeeff".parse().unwrap();
    lotus.pay(&number, NOW, &SystemEntropy::new()).unwrap();
    lotus.faults.bad_signature = true;
    let (_, signed) = lotus.attest(&number, NOW, &SystemEntropy::new()).unwrap();
    let read = jws::verify::<ResultClaims>(&signed, jws::RESULT, |_| Some(*lotus.key().public()));
    assert_eq!(read, Err(jws::JwsError::SignatureInvalid));
}

#[test]
fn a_silent_institution_says_unknown_of_what_it_knows() {
    let mut lotus = institution("lotus");
    lotus.adopt(order("lotus")).unwrap();
    let number = "00112233445566778899aabbccddeeff".parse().unwrap();
    lotus.pay(&number, NOW, &SystemEntropy::new()).unwrap();
    lotus.faults.silent = true;
    let request = crate::wallet::contract::query(&number);
    let answer = lotus.answer(&request, NOW, &SystemEntropy::new());
    assert_eq!(answer, WireReply::json(200, &json!({"status": "unknown"})));
}

#[test]
fn an_order_by_a_code_is_paid_by_that_code_and_says_so() {
    let mut lotus = institution("lotus");
    let text = "https://qr.lotus.example/1";
    let by_code = Order {
        code_text: Some(text.to_owned()),
        ..order("lotus")
    };
    assert_eq!(
        lotus.adopt(by_code.clone()).unwrap_err().code,
        "code-unknown"
    );
    let account: AccountReference = "1900000109".parse().unwrap();
    let elsewhere = lotus.hang(text.to_owned(), "1".parse().unwrap());
    assert_eq!(elsewhere.unwrap_err().code, "account-unknown");
    lotus.hang(text.to_owned(), account).unwrap();
    lotus.adopt(by_code).unwrap();
    let number = "00112233445566778899aabbccddeeff".parse().unwrap();
    let entropy = SystemEntropy::new();

    let around = lotus.pay(&number, NOW, &entropy);
    assert_eq!(around.unwrap_err().code, "order-by-code");
    let price = |minor| Amount::positive(minor, Currency::CNY).unwrap();
    let other = lotus.pay_code(text, price(1251), NOW, &entropy);
    assert_eq!(other, Ok(None), "money that nobody looks out for");
    let paid = lotus.pay_code(text, price(1250), NOW, &entropy);
    assert_eq!(paid, Ok(Some(number.clone())));
    assert_eq!(lotus.pay_code(text, price(1250), NOW, &entropy), Ok(None));
    assert_eq!(balance(&lotus), 1251 + 2 * 1250);

    let (_, signed) = lotus.attest(&number, NOW, &entropy).unwrap();
    let read = jws::verify::<ResultClaims>(&signed, jws::RESULT, |_| Some(*lotus.key().public()));
    let named = read.unwrap().claims.code_sha256;
    assert_eq!(named, Some(sha256_hex(text.as_bytes())));
}
