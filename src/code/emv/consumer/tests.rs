use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    payload: String,
    valid: bool,
    why_invalid: Option<String>,
    fields: Value,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../tests/vectors/emv-cpm.json")).unwrap()
}

/// The whole content, which only a test may see.
fn whole(objects: &[Tlv]) -> Value {
    let one = |object: &Tlv| match &object.content {
        Content::Objects(inside) => {
            json!({"tag": HEXUPPER.encode(&object.tag), "children": whole(inside)})
        }
        Content::Value(value) => {
            json!({"tag": HEXUPPER.encode(&object.tag), "value_hex": HEXUPPER.encode(value)})
        }
    };
    objects.iter().map(one).collect()
}

#[test]
fn every_valid_code_gives_its_objects_and_shows_no_card() {
    for vector in vectors().iter().filter(|v| v.valid) {
        let code = parse(&vector.payload).unwrap();
        assert_eq!(whole(&code.objects), vector.fields);
        assert!(code.strict && looks_like(&vector.payload));
        let shown = format!("{code:?} {}", code.masked());
        for secret in [
            "1234567890123458",
            "6292610358444335641",
            "4E566F",
            "568B12D9",
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn every_invalid_code_is_refused_for_what_is_wrong_with_it() {
    let faults = [
        ConsumerFault::NotBase64,
        ConsumerFault::Truncated,
        ConsumerFault::MissingIndicator,
        ConsumerFault::BadIndicator,
        ConsumerFault::MissingApplication,
        ConsumerFault::MissingIndicator,
        ConsumerFault::Truncated,
        ConsumerFault::UnnamedApplication,
    ];
    let invalid: Vec<_> = vectors().into_iter().filter(|v| !v.valid).collect();
    assert_eq!(invalid.len(), faults.len());
    for (vector, fault) in invalid.iter().zip(faults) {
        let refused = parse(&vector.payload).unwrap_err();
        assert_eq!(refused.fault, fault, "{:?}", vector.why_invalid);
        assert!(looks_like(&vector.payload), "{:?}", vector.why_invalid);
    }
}

fn named() -> Vec<u8> {
    vec![0x4F, 5, 0xA0, 0, 0, 3, 0x33]
}

#[test]
fn a_card_behind_any_tag_is_not_shown() {
    const CARD: &[u8] = b"\x12\x34\x56\x78\x90\x12\x34\x58";
    let application = [vec![0x61, 7], named()].concat();
    for tag in [
        INDICATOR,
        NAME,
        LABEL,
        LANGUAGE,
        APPLICATION_VERSION,
        &[0x5A],
    ] {
        let card = [tag, &[8], CARD].concat();
        let code = [&[0x85, 5], VERSION, &application, &card].concat();
        let code = parse(&BASE64.encode(&code)).unwrap();
        let shown = format!("{code:?} {}", code.masked());
        assert!(shown.contains("A000000333"), "{shown}");
        assert!(!shown.contains("1234567890123458"), "{shown}");
    }
    for (label, is_told) in [
        ("4539987654321012", false),
        ("4539 9876 5432 V", false),
        ("V453998765432101", false),
        ("12", false),
        ("UnionPay Credit", true),
        ("PBOC 3.0 2010", true),
    ] {
        let length = u8::try_from(label.len()).unwrap();
        let card = [LABEL, &[length], label.as_bytes()].concat();
        let code = [&[0x85, 5], VERSION, &application, &card].concat();
        let code = parse(&BASE64.encode(&code)).unwrap();
        let shown = code.masked().to_string();
        let hex = HEXUPPER.encode(label.as_bytes());
        assert_eq!(shown.contains(&hex), is_told, "{label}: {shown}");
    }
    let as_name = [&[0x85, 5], VERSION, &[0x61, 10, 0x4F, 8], CARD].concat();
    let code = parse(&BASE64.encode(&as_name)).unwrap();
    let shown = format!("{code:?} {}", code.masked());
    assert!(!shown.contains("1234567890123458"), "{shown}");
}

#[test]
fn an_application_whose_name_is_written_in_letters_is_told() {
    for (name, told) in [
        (b"A0000006022020".as_slice(), Some("A0000006022020")),
        (b"QCAT01", None),
        (b"45399876543210", None),
    ] {
        let length = u8::try_from(name.len()).unwrap();
        let inside = [&[0x61, length + 2, 0x4F, length], name].concat();
        let code = [&[0x85, 5], VERSION, &inside].concat();
        let code = parse(&BASE64.encode(&code)).unwrap();
        let told: Vec<_> = told.into_iter().map(str::to_owned).collect();
        assert_eq!(code.applications(), told);
    }
}

#[test]
fn a_name_that_could_hold_a_card_is_not_told() {
    for (name, is_told) in [
        ("A000000333010101", true),
        ("A0000006150001", true),
        ("D4100000030001", true),
        ("DE145655570F123456789012345800", false),
        ("A123456789012345", false),
        ("FF12345678901234FF", false),
        ("A00000000000001234567890123458", false),
    ] {
        let bytes = HEXUPPER.decode(name.as_bytes()).unwrap();
        let length = u8::try_from(bytes.len()).unwrap();
        let application = [&[0x61, length + 2, 0x4F, length], &bytes[..]].concat();
        let beside = [&[0x4F, length], &bytes[..]].concat();
        let code = [&[0x85, 5], VERSION, &application, &beside].concat();
        let code = parse(&BASE64.encode(&code)).unwrap();
        let told = format!("{code:?} {}", code.masked());
        assert_eq!(told.contains(name), is_told, "{told}");
    }
}

#[test]
fn a_texts_length_is_counted_in_characters() {
    for (filling, count, fault, offset) in [
        ("A", 2_947, ConsumerFault::Oversize, 2_953),
        ("é", 2_947, ConsumerFault::Oversize, 2_953),
        ("é", 2_946, ConsumerFault::NotBase64, 7),
    ] {
        let refused = parse(&format!("{FRONT}{}", filling.repeat(count))).unwrap_err();
        assert_eq!(
            (refused.fault, refused.offset),
            (fault, offset),
            "{count} {filling}"
        );
    }
    let longest = parse(&format!("{FRONT}{}", "A".repeat(2_945))).unwrap_err();
    assert_ne!(longest.fault, ConsumerFault::Oversize);
}

#[test]
fn a_code_without_its_beginning_is_recognised_however_long_its_template() {
    for filling in [0, 100, 200, 600] {
        let card = [&named()[..], &vec![0; filling]].concat();
        let length = u16::try_from(card.len()).unwrap();
        let [high, low] = length.to_be_bytes();
        let length = match length {
            0..=0x7F => vec![low],
            0x80..=0xFF => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        let text = BASE64.encode(&[APPLICATION, &length, &card].concat());
        for text in [text.clone(), format!("{text}\r\n")] {
            assert!(looks_like(&text), "{text}");
            let refused = parse(&text).unwrap_err();
            assert_eq!(refused.fault, ConsumerFault::MissingIndicator);
        }
    }
    for text in [
        // The card before its application's name.
        "YRRaCGIUJBI0VniQTwigAAADMwEBAQ==",
        "YRRPCKAAAAMzAQEBWghiFCQSNFZ4kA==",
        "YRRPCKAAAAMzAQEBWghiFCQSNFZ4kA",
        // Deeper inside, and no name at all.
        "YQxjCloIRTmYdlQyEBI=",
        // 85, its length in two bytes.
        "hYEFQ1BWMDFhFE8IoAAAAzMBAQFaCGIUJBI0VniQ",
    ] {
        assert!(looks_like(text), "{text}");
    }
    for text in [
        "YXBwbGljYXRpb24=",
        "YQ",
        "Y",
        "hello",
        "YRRQAkhJ",
        "hYFQVg==",
    ] {
        assert!(!looks_like(text), "{text}");
    }
}

#[test]
fn templates_in_templates_end_somewhere() {
    let mut inside = named();
    for _ in 0..8 {
        inside = [vec![0x61, u8::try_from(inside.len()).unwrap()], inside].concat();
    }
    let bytes = [&[0x85, 5], VERSION, &inside].concat();
    let refused = parse(&BASE64.encode(&bytes)).unwrap_err();
    assert_eq!(refused.fault, ConsumerFault::TooDeep);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&BASE64.encode(&bytes));
        let named = [&[0x85, 5], VERSION, &[0x61, 7], &named(), &bytes].concat();
        if let Err(refused) = parse(&BASE64.encode(&named)) {
            prop_assert!(refused.offset <= 2_953);
        }
    }
}
