//! What may and may not be printed on a wall.

use proptest::prelude::*;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{
    Body, CodeKind, KeyId, OriginFault, Parsed, RandomId, RunError, RunFault, issue, parse,
};
use crate::code::origin::Origin;
use crate::money::{Amount, Currency};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn sign(bytes: &[u8]) -> [u8; 64] {
    key().sign(bytes).as_ref().try_into().unwrap()
}

fn verifies(parsed: &Parsed) -> bool {
    let Some(signature) = parsed.run.signature else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key().public_key().as_ref())
        .verify(&parsed.signed_bytes(), &signature)
        .is_ok()
}

fn origin() -> Origin {
    Origin::parse("https://pay.example.com", false).unwrap()
}

fn body(kind: CodeKind, compact: bool) -> Body {
    let amount = Amount::positive(1250, Currency::CNY).unwrap();
    let key = (!compact).then_some(KeyId([1, 2, 3, 4]));
    let amount = (kind == CodeKind::Fixed).then_some(amount);
    Body::new(kind, amount, RandomId::new([0xA5; 16]), key).unwrap()
}

fn fault(text: &str) -> RunFault {
    parse(text, false).unwrap_err().fault
}

prop_compose! {
    fn any_body()(
        kind in prop_oneof![
            Just(CodeKind::Static), Just(CodeKind::Fixed), Just(CodeKind::Order), Just(CodeKind::Plate)
        ],
        minor in 1..=crate::money::MINOR_MAX,
        currency in prop_oneof![Just("CNY"), Just("JPY"), Just("BHD"), Just("ALL")],
        random in any::<[u8; 16]>(),
        key in any::<Option<[u8; 4]>>(),
    ) -> Body {
        let amount = Amount::positive(minor, currency.parse().unwrap()).unwrap();
        let amount = (kind == CodeKind::Fixed).then_some(amount);
        Body::new(kind, amount, RandomId::new(random), key.map(KeyId)).unwrap()
    }
}

proptest! {
    #[test]
    fn what_is_issued_is_what_is_read(body in any_body(), port in 1_u16..) {
        let origin = Origin::parse(&format!("https://pay.example.com:{port}"), false).unwrap();
        let text = issue(&origin, &body, sign);
        let parsed = parse(&text, false).unwrap();
        prop_assert_eq!(verifies(&parsed), !body.is_compact());
        prop_assert_eq!(parsed.origin, origin);
        prop_assert_eq!(parsed.run.body, body);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = parse(&text, true);
        let _ = parse(&format!("HTTPS://PAY.EXAMPLE.COM/Q/{text}"), true);
    }
}

#[test]
fn a_flipped_bit_is_refused_or_breaks_the_signature() {
    for kind in [
        CodeKind::Static,
        CodeKind::Fixed,
        CodeKind::Order,
        CodeKind::Plate,
    ] {
        let text = issue(&origin(), &body(kind, false), sign);
        let (front, run) = text.rsplit_once('/').unwrap();
        let bytes = data_encoding::BASE32_NOPAD.decode(run.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = data_encoding::BASE32_NOPAD.encode(&changed);
            match parse(&format!("{front}/{changed}"), false) {
                Ok(parsed) => assert!(!verifies(&parsed), "{kind}: bit {bit} is not covered"),
                Err(refused) => assert!(refused.offset > front.len(), "{kind}: {refused}"),
            }
        }
    }
}

#[test]
fn a_run_moved_to_another_host_no_longer_verifies() {
    let text = issue(&origin(), &body(CodeKind::Static, false), sign);
    let moved = text.replace("PAY.EXAMPLE.COM", "PAY.EXAMPLE.NET");
    assert!(verifies(&parse(&text, false).unwrap()));
    assert!(!verifies(&parse(&moved, false).unwrap()));
}

#[test]
fn each_kind_has_the_length_that_readers_expect() {
    for (kind, compact, chars) in [
        (CodeKind::Static, false, 136),
        (CodeKind::Fixed, false, 152),
        (CodeKind::Order, false, 136),
        (CodeKind::Plate, false, 136),
        (CodeKind::Static, true, 28),
        (CodeKind::Fixed, true, 44),
    ] {
        let text = issue(&origin(), &body(kind, compact), sign);
        let run = text.strip_prefix("HTTPS://PAY.EXAMPLE.COM/Q/").unwrap();
        assert_eq!(run.len(), chars, "{kind}, compact: {compact}");
    }
}

#[test]
fn a_signed_static_code_at_a_usual_host_is_version_7_at_m() {
    use crate::qr::symbol::{Level, Symbol};
    let text = issue(&origin(), &body(CodeKind::Static, false), sign);
    assert_eq!(Symbol::new(&text, Level::M).unwrap().version(), 7);
}

#[test]
fn the_bytes_are_those_that_were_promised() {
    let fixed = body(CodeKind::Fixed, false);
    let mut promised = b"tongma-code-v1\0https://pay.example.com\0\x11\x01\x02\x03\x04".to_vec();
    promised.extend([0xA5; 16]);
    promised.extend([0, 0, 0, 0, 0, 0, 0x04, 0xE2, 0, 156]);
    assert_eq!(super::signed_bytes(&origin(), &fixed), promised);
    let compact = issue(&origin(), &body(CodeKind::Static, true), sign);
    assert_eq!(
        compact,
        "HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ"
    );
}

#[test]
fn scheme_and_host_may_be_written_in_any_case_and_nothing_else_may() {
    let text = issue(&origin(), &body(CodeKind::Static, false), sign);
    let read = parse(&text, false).unwrap();
    let run = text.rsplit('/').next().unwrap();
    assert_eq!(
        parse(&format!("hTTps://pAy.example.com:443/Q/{run}"), false),
        Ok(read)
    );
    assert_eq!(
        fault(&format!("HTTPS://PAY.EXAMPLE.COM/q/{run}")),
        RunFault::Path
    );
    assert_eq!(
        fault(&text.to_ascii_lowercase().replace("/q/", "/Q/")),
        RunFault::Character
    );
}

#[test]
fn whatever_is_smuggled_in_is_refused_where_it_stands() {
    let text = issue(&origin(), &body(CodeKind::Static, false), sign);
    let run = text.rsplit('/').next().unwrap();
    for (text, fault, offset) in [
        (format!("{text}?amount=1"), RunFault::Character, 162),
        (format!("{text}&notify_url=x"), RunFault::Character, 162),
        (format!("{text}#a"), RunFault::Character, 162),
        (format!("{text}/"), RunFault::Character, 162),
        (format!("{text}="), RunFault::Character, 162),
        (format!("{text}\n"), RunFault::Character, 162),
        (format!("{text}\u{200b}"), RunFault::Character, 162),
        (format!("{text}A"), RunFault::Length, 163),
        (format!("{text}{}", "A".repeat(5000)), RunFault::Length, 178),
        (
            format!("HTTPS://PAY.EXAMPLE.COM//Q/{run}"),
            RunFault::Path,
            23,
        ),
        (
            format!("HTTPS://PAY.EXAMPLE.COM\\Q\\{run}"),
            RunFault::Path,
            23,
        ),
        (
            format!("HTTPS://PAY.EXAMPLE.COM?/Q/{run}"),
            RunFault::Path,
            23,
        ),
        (
            format!("HTTPS://PAY.EXAMPLE.COM/A/../Q/{run}"),
            RunFault::Path,
            23,
        ),
        (
            "HTTPS://PAY.EXAMPLE.COM/Q/".to_owned(),
            RunFault::Length,
            26,
        ),
        (
            format!("HTTPS://A@PAY.EXAMPLE.COM/Q/{run}"),
            OriginFault::UserInfo.into(),
            9,
        ),
        (
            format!("HTTPS://PAY.EX\u{e4}MPLE.COM/Q/{run}"),
            OriginFault::NotAscii.into(),
            14,
        ),
        (
            format!("HTTPS://XN--PY-SIA.COM/Q/{run}"),
            OriginFault::Punycode.into(),
            8,
        ),
        (
            format!("HTTP://PAY.EXAMPLE.COM/Q/{run}"),
            OriginFault::Insecure.into(),
            0,
        ),
        (format!(" {text}"), OriginFault::Scheme.into(), 0),
    ] {
        assert_eq!(
            parse(&text, false),
            Err(RunError { fault, offset }),
            "{text}"
        );
    }
}

#[test]
fn spare_bits_and_unknown_formats_kinds_and_amounts_are_refused() {
    let encode = |bytes: &[u8]| {
        format!(
            "HTTPS://PAY.EXAMPLE.COM/Q/{}",
            data_encoding::BASE32_NOPAD.encode(bytes)
        )
    };
    let fixed = |minor: u64, currency: u16| {
        let mut bytes = vec![0x19];
        bytes.extend([1; 16]);
        bytes.extend(minor.to_be_bytes());
        bytes.extend(currency.to_be_bytes());
        encode(&bytes)
    };
    let compact = issue(&origin(), &body(CodeKind::Static, true), sign);
    assert_eq!(fault(&compact.replace("UWSQ", "UWSR")), RunFault::SpareBits);
    let first = |byte: u8| encode(&[vec![byte], vec![0; 16]].concat());
    assert_eq!(fault(&first(0x28)), RunFault::Format);
    assert_eq!(fault(&first(0x08)), RunFault::Format);
    for byte in 0x1C..=0x1F {
        assert_eq!(fault(&first(byte)), RunFault::Kind);
    }
    assert!(parse(&fixed(1, 156), false).is_ok());
    for (minor, currency) in [(0, 156), (1, 0), (1, 999), (1 << 53, 156), (u64::MAX, 156)] {
        assert_eq!(
            fault(&fixed(minor, currency)),
            RunFault::Amount,
            "{minor} {currency}"
        );
    }
}

#[test]
fn an_amount_belongs_to_fixed_codes_only() {
    let amount = Amount::positive(1, Currency::CNY).unwrap();
    let random = RandomId::new([0; 16]);
    assert!(Body::new(CodeKind::Fixed, None, random, None).is_err());
    assert!(Body::new(CodeKind::Order, Some(amount), random, None).is_err());
    let nothing = Amount::zero(Currency::CNY);
    assert!(Body::new(CodeKind::Fixed, Some(nothing), random, None).is_err());
}
