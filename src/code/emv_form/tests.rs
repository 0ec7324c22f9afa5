//! What a forger may not do to a code in EMV's form.

use proptest::prelude::*;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::*;
use crate::code::emv::scheme::{PayNow, Pix};
use crate::code::emv::{parse, with_checksum, written};
use crate::code::run::{KeyId, RandomId};
use crate::money::{Amount, Currency};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn sign(bytes: &[u8]) -> [u8; 64] {
    key().sign(bytes).as_ref().try_into().unwrap()
}

fn origin(text: &str) -> Origin {
    Origin::parse(text, true).unwrap()
}

fn home() -> Origin {
    origin("https://pay.example.com")
}

fn body(kind: CodeKind, compact: bool) -> Body {
    let amount = Amount::positive(1250, Currency::CNY).unwrap();
    let amount = (kind == CodeKind::Fixed).then_some(amount);
    let key = (!compact).then_some(KeyId([1, 2, 3, 4]));
    Body::new(kind, amount, RandomId::new([0xA5; 16]), key).unwrap()
}

/// A noodle shop with accounts in two other networks.
fn shop() -> Fields {
    let some = |text: &str| Some(text.to_owned());
    let mut pix = Pix::new("26", "br.gov.bcb.pix");
    pix.key = some("11222333000181");
    let mut paynow = PayNow::new("27", "SG.PAYNOW");
    paynow.proxy_type = some("2");
    paynow.proxy = some("201509555BNN1");
    Fields {
        merchant_accounts: vec![pix.write(), paynow.write()],
        mcc: some("5812"),
        currency: some("156"),
        country: some("CN"),
        merchant_name: some("LAO WANG NOODLES"),
        merchant_city: some("BEIJING"),
        language: [("00", "ZH"), ("01", "老王牛肉面馆"), ("02", "北京")]
            .map(|(id, value)| (id.to_owned(), value.to_owned()))
            .into(),
        ..Fields::default()
    }
}

fn issued(kind: CodeKind) -> String {
    issue(&home(), &body(kind, false), &shop(), sign).unwrap()
}

fn claim(text: &str) -> Option<Claimed> {
    let payload = parse(text).ok()?;
    claimed(text, &payload, &[home()], true)
}

/// Whether a text is a code of ours that holds.
fn holds(text: &str) -> bool {
    let Some(Claimed { parsed, whole, .. }) = claim(text) else {
        return false;
    };
    let Some(signature) = parsed.run.signature.filter(|_| whole) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key().public_key().as_ref())
        .verify(&parsed.signed_bytes(), &signature)
        .is_ok()
}

/// The objects of a text in front of its checksum, one of them changed, the checksum repaired.
fn with_object(text: &str, id: &str, change: impl Fn(&str) -> String) -> String {
    let objects = written(text).into_iter().filter(|(of, _)| *of != "63");
    let changed: String = objects
        .map(|(of, whole)| {
            if of == id {
                change(whole)
            } else {
                whole.to_owned()
            }
        })
        .collect();
    with_checksum(&changed)
}

#[test]
fn what_is_issued_is_read_and_holds() {
    for kind in CodeKind::ALL.iter().copied() {
        let text = issued(kind);
        let claim = claim(&text).unwrap();
        assert_eq!(claim.parsed.run.body, body(kind, false));
        assert_eq!((claim.parsed.origin, claim.object.as_str()), (home(), "50"));
        assert!(holds(&text), "{text}");
        let read = parse(&text).unwrap();
        assert_eq!(read.deviations, []);
        assert!(
            shop()
                .merchant_accounts
                .iter()
                .all(|a| read.fields.merchant_accounts.contains(a))
        );
        assert_eq!(read.fields.language, shop().language);
    }
}

#[test]
fn a_text_is_one_step_of_an_address_and_is_read_out_of_it() {
    let text = issued(CodeKind::Order);
    let step = in_address(&text);
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    assert!(step.bytes().all(is_plain), "{step}");
    assert_eq!(from_address(&step), Some(text));
    for other in ["C4AAA", "emv-!", "emv-_w", ""] {
        assert_eq!(from_address(other), None, "{other}");
    }
}

#[test]
fn a_fixed_code_says_its_amount_to_every_reader() {
    let read = parse(&issued(CodeKind::Fixed)).unwrap().fields;
    assert_eq!(
        (read.amount.as_deref(), read.currency.as_deref()),
        (Some("12.50"), Some("156"))
    );
    let asks = Fields {
        amount: Some("1".to_owned()),
        ..shop()
    };
    let refused = issue(&home(), &body(CodeKind::Static, false), &asks, sign);
    assert_eq!(refused, Err(EmvFormError::Amount));
    let yen = Amount::positive(7, "JPY".parse().unwrap()).unwrap();
    let fen = Amount::positive(7, Currency::CNY).unwrap();
    assert_eq!(
        (yen.decimal(), fen.decimal()),
        ("7".to_owned(), "0.07".to_owned())
    );
}

#[test]
fn no_object_can_be_exchanged_removed_or_added() {
    let text = issued(CodeKind::Static);
    let objects = written(&text);
    for (id, whole) in objects.iter().filter(|(id, _)| *id != "63") {
        let removed = with_object(&text, id, |_| String::new());
        assert!(!holds(&removed), "{id} removed");
        // The last character of every object, exchanged for another of its kind.
        let exchanged = with_object(&text, id, |whole| {
            let mut chars: Vec<char> = whole.chars().collect();
            let last = chars.last_mut().unwrap();
            *last = match *last {
                'A' => 'B',
                '1' => '2',
                c if c.is_ascii_digit() => '1',
                _ => 'A',
            };
            chars.into_iter().collect()
        });
        assert!(!holds(&exchanged), "{id} {whole} exchanged");
    }
    let added = with_object(&text, "52", |whole| {
        format!("28180010com.thief.0100001{whole}")
    });
    assert!(!holds(&added));
    let amount = with_object(&text, "58", |whole| format!("540499.9{whole}"));
    assert!(!holds(&amount));
}

#[test]
fn an_account_of_another_server_does_not_hide_ours() {
    let compact = BASE32_NOPAD.encode(&body(CodeKind::Static, true).to_bytes());
    let other = format!("0010com.thieve01{:02}{compact}", compact.len());
    let text = with_object(&issued(CodeKind::Static), "26", |whole| {
        format!("28{:02}{other}{whole}", other.len())
    });
    let claim = claim(&text).unwrap();
    assert_eq!(
        (&claim.parsed.origin, claim.object.as_str()),
        (&home(), "50")
    );
    assert!(!holds(&text));
}

#[test]
fn accounts_of_two_codes_cannot_be_mixed() {
    let mut other = shop();
    other.merchant_accounts.truncate(1);
    let other = issue(&home(), &body(CodeKind::Static, false), &other, sign).unwrap();
    let text = issued(CodeKind::Static);
    let of = |id: &str| {
        written(&other)
            .into_iter()
            .find(|(of, _)| *of == id)
            .unwrap()
            .1
            .to_owned()
    };
    assert!(holds(&other) && holds(&text));
    assert!(!holds(&with_object(&text, "80", |_| of("80"))));
    assert!(!holds(&with_object(
        &with_object(&text, "80", |_| of("80")),
        "81",
        |_| of("81")
    )));
}

#[test]
fn a_code_without_its_signature_still_claims_to_be_ours() {
    let text = issued(CodeKind::Static);
    let bare = with_object(&with_object(&text, "80", |_| String::new()), "81", |_| {
        String::new()
    });
    let claim = claim(&bare).unwrap();
    assert!(!claim.whole);
}

#[test]
fn an_origin_that_the_identifier_cannot_say_stands_beside_it() {
    for text in ["https://pay.example.com:8443", "http://127.0.0.1:8080"] {
        let issued = issue(&origin(text), &body(CodeKind::Static, false), &shop(), sign).unwrap();
        assert!(holds(&issued), "{issued}");
        assert_eq!(claim(&issued).unwrap().parsed.origin, origin(text));
    }
    let long = origin("https://a-very-long-name-of-a-host.pay.example.com");
    let refused = issue(&long, &body(CodeKind::Static, false), &shop(), sign);
    assert_eq!(refused, Err(EmvFormError::Host(long.host().to_owned())));
}

#[test]
fn a_compact_code_counts_at_its_own_server_only() {
    let text = issue(&home(), &body(CodeKind::Static, true), &shop(), sign).unwrap();
    assert!(claim(&text).unwrap().parsed.run.body.is_compact());
    let payload = parse(&text).unwrap();
    assert_eq!(claimed(&text, &payload, &[], false), None);
}

proptest! {
    #[test]
    fn no_changed_character_goes_unnoticed_though_the_checksum_is_repaired(
        at in 0_usize..400, to in "[ -~]",
    ) {
        let text = issued(CodeKind::Static);
        let mut chars: Vec<char> = text.chars().collect();
        let front = chars.len() - 8;
        let at = at % front;
        let to = to.chars().next().unwrap();
        prop_assume!(chars[at] != to);
        chars[at] = to;
        let changed: String = chars.into_iter().take(front).collect();
        prop_assert!(!holds(&with_checksum(&changed)), "{}", changed);
    }
}
