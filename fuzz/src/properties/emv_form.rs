//! Our code in EMV's form: a signature holds over the text that was issued, and over no other.

use std::sync::LazyLock;

use tongma::code::emv::{Fields, Template, parse};
use tongma::code::emv_form::{claimed, issue};
use tongma::code::origin::Origin;
use tongma::code::run::{Body, CodeKind, KeyId, RandomId};
use tongma::money::{Amount, Currency};

use super::{ORIGIN, jws, owned};

static OWN: LazyLock<Origin> = LazyLock::new(|| Origin::parse(ORIGIN, false).expect("an origin"));
static ISSUED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let amount = Amount::positive(1250, Currency::CNY).expect("an amount");
    let key = KeyId(jws::key().public().short_id());
    let one = |kind: &CodeKind| {
        let amount = (*kind == CodeKind::Fixed).then_some(amount);
        let body = Body::new(*kind, amount, RandomId::new([5; 16]), Some(key)).expect("a body");
        issue(&OWN, &body, &shop(), |bytes| jws::key().sign(bytes)).expect("a text")
    };
    CodeKind::ALL.iter().map(one).collect()
});

fn shop() -> Fields {
    let some = |text: &str| Some(text.to_owned());
    let sub = [("00", "SG.PAYNOW"), ("01", "2"), ("02", "201509555BNN1")];
    Fields {
        merchant_accounts: vec![Template::Opened {
            id: "26".to_owned(),
            guid: "SG.PAYNOW".to_owned(),
            sub: sub
                .map(|(id, value)| (id.to_owned(), value.to_owned()))
                .into(),
        }],
        mcc: some("5812"),
        currency: some("156"),
        country: some("CN"),
        merchant_name: some("LAO WANG"),
        merchant_city: some("BEIJING"),
        ..Fields::default()
    }
}

/// Takes the input as a text, and as changes to those that were issued: a place and a character.
pub fn check(data: &[u8]) -> bool {
    let as_text = std::str::from_utf8(data).is_ok_and(check_text);
    let changes: Vec<(usize, char)> = data
        .chunks_exact(3)
        .take(8)
        .map(|three| {
            let at = usize::from(three[0]) << 8 | usize::from(three[1]);
            (at, char::from(three[2] & 0x7F))
        })
        .collect();
    for text in ISSUED.iter() {
        let mut chars: Vec<char> = text.chars().collect();
        chars.truncate(chars.len() - 8);
        let front = chars.len();
        for (at, to) in &changes {
            chars[at % front] = *to;
        }
        let changed: String = chars.into_iter().collect();
        check_text(&super::emv::with_checksum(&changed));
    }
    as_text
}

fn check_text(text: &str) -> bool {
    let Ok(payload) = parse(text) else {
        return false;
    };
    let own = std::slice::from_ref(&*OWN);
    let Some(claim) = claimed(text, &payload, own, true) else {
        return false;
    };
    let holds = claim.whole
        && claim.parsed.run.signature.is_some_and(|signature| {
            let message = claim.parsed.signed_bytes();
            jws::key().public().verify(&message, &signature).is_ok()
        });
    let same = |issued: &String| issued.eq_ignore_ascii_case(text) && front(issued) == front(text);
    assert!(!holds || ISSUED.iter().any(same), "{text} was never issued");
    holds
}

/// All but the checksum, whose letters may be written in either case.
fn front(text: &str) -> Option<&str> {
    text.get(..text.len().saturating_sub(4))
}

pub fn seeds() -> Vec<Vec<u8>> {
    ISSUED
        .iter()
        .map(|text| text.clone().into_bytes())
        .collect()
}

pub fn words() -> Vec<String> {
    owned(&[
        "com.example.pay",
        "0015com.example.pay",
        "6304",
        "80",
        "81",
        "50",
    ])
}
