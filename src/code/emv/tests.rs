//! Every payload of the vector file: what must be read is read, what must be refused is refused.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde::Deserialize;

use super::{DeviationKind, EmvFault, Template, looks_like, parse};

#[derive(Deserialize)]
struct Vector {
    payload: String,
    scheme: String,
    valid: bool,
    why_invalid: Option<String>,
    fields: serde_json::Value,
    strict_issues: Option<Vec<String>>,
    error_class: Option<String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../tests/vectors/emv-mpm.json")).unwrap()
}

/// Read once: a property asks for them hundreds of times.
static VALID: LazyLock<Vec<String>> = LazyLock::new(|| {
    let valid = vectors().into_iter().filter(|vector| vector.valid);
    valid.map(|vector| vector.payload).collect()
});

fn with_checksum(front: &str) -> String {
    let text = format!("{front}6304");
    let sum = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(text.as_bytes());
    format!("{text}{sum:04X}")
}

/// A small payload that is right, with `middle` put in front of its checksum.
fn with(middle: &str) -> String {
    let front = "00020101021102164000000000000000520458125303156";
    with_checksum(&format!("{front}5802CN5904SHOP6007BEIJING{middle}"))
}

#[test]
fn every_valid_payload_gives_its_fields() {
    for vector in vectors().iter().filter(|v| v.valid) {
        let read = parse(&vector.payload)
            .unwrap_or_else(|e| panic!("{e} at {}: {}", e.offset, vector.payload));
        let fields = serde_json::to_value(&read.fields).unwrap();
        assert_eq!(fields, vector.fields, "{}", vector.payload);
        assert!(looks_like(&vector.payload), "{}", vector.payload);
    }
}

#[test]
fn every_deviation_of_a_valid_payload_is_remarked_on() {
    for vector in vectors().iter().filter(|v| v.valid) {
        let read = parse(&vector.payload).unwrap();
        let issues = vector.strict_issues.as_deref().unwrap_or_default();
        let found = &read.deviations;
        assert_eq!(
            found.len(),
            issues.len(),
            "{issues:?} {found:?} {}",
            vector.payload
        );
        for deviation in found {
            let object = if deviation.object == "63" {
                "CRC"
            } else {
                &deviation.object
            };
            let named = |issue: &String| issue.contains(object.split('-').next().unwrap());
            assert!(issues.iter().any(named), "{deviation:?} {issues:?}");
        }
    }
}

#[test]
fn every_invalid_payload_is_refused() {
    for vector in vectors().iter().filter(|v| !v.valid) {
        let read = parse(&vector.payload);
        assert!(
            read.is_err(),
            "{:?}: {}",
            vector.why_invalid,
            vector.payload
        );
    }
}

#[test]
fn a_fault_has_the_name_that_the_vectors_give_it() {
    // Classes that differ in how the vector was made, not in what can be seen in it.
    let same = |class: &str| {
        match class {
            "trailing-data" => "crc-not-last",
            "duplicate-sub-id" => "duplicate-id",
            "byte-length" | "utf16-length" => "bad-length",
            "non-ascii-digits" | "not-mpm" => "not-emv",
            other => other,
        }
        .to_owned()
    };
    let mut others = Vec::new();
    for vector in vectors().iter().filter(|v| !v.valid) {
        let class = same(
            &vector
                .error_class
                .clone()
                .unwrap_or_default()
                .replace('_', "-"),
        );
        let found = parse(&vector.payload).unwrap_err();
        if found.fault.code() != class {
            others.push((class, found, vector.why_invalid.clone()));
        }
    }
    // Where one mistake causes the next, the first that shows is named.
    assert_eq!(others.len(), 6, "{others:#?}");
}

#[test]
fn a_scheme_is_named_by_its_identifier_or_not_at_all() {
    for vector in vectors().iter().filter(|v| v.valid) {
        let scheme = parse(&vector.payload).unwrap().scheme;
        let right = scheme == vector.scheme || scheme == "emv-generic";
        assert!(right, "{scheme} for {}: {}", vector.scheme, vector.payload);
    }
}

#[test]
fn a_message_in_hexadecimal_is_no_broken_template() {
    let front = "00020129390016A000000677010111031514000012345678953037645802TH";
    let told = |object: &str| parse(&with_checksum(&format!("{front}{object}")));
    // "A LAO" in UTF-16.
    let message = "00410020004C0041004F";
    let read = told(&format!("8120{message}")).unwrap();
    let expected = Template::Bare {
        id: "81".to_owned(),
        value: message.to_owned(),
    };
    assert_eq!(read.fields.unreserved, [expected]);
    for object in [format!("8220{message}"), format!("8121{message}x")] {
        assert_eq!(told(&object).unwrap_err().fault, EmvFault::BadTemplate);
    }
}

/// Turkey's merchants have numbers that may begin as an identifier does, and amounts whose unit is
/// not written down anywhere.
#[test]
fn a_number_is_no_broken_template() {
    let sold = "52040000530394954120000000001235802TR5906ABCDEF6008ISTANBUL";
    let payload = with_checksum(&format!("000201010212491000234156725016{:016}{sold}", 52));
    let payload = parse(&payload).unwrap();
    assert_eq!(payload.fields.to_pay(), None);
    let broken = with_checksum(&format!("000201010212491000234156a2{sold}"));
    assert_eq!(parse(&broken).unwrap_err().fault, EmvFault::BadTemplate);
}

#[test]
fn a_fee_is_paid_with_the_amount_where_it_is_the_same_for_every_amount() {
    for (fee, minor) in [
        ("", Some(10_00)),
        ("550201", Some(10_00)),
        ("55020256041.50", Some(11_50)),
        ("55020256041.5x", None),
        ("55020357032.5", None),
        ("550203", None),
        // What does not fit together is left to the payer's app.
        ("550202", None),
        ("550204", None),
        ("56041.50", None),
        ("57032.5", None),
        ("55020156041.50", None),
        ("55020256041.5057032.5", None),
        // A fee of nothing.
        ("55020256010", Some(10_00)),
        ("55020256040.00", Some(10_00)),
        ("5502025603.00", None),
    ] {
        let payload = with_checksum(&format!(
            "00020126150011com.example520400005303156540510.00{fee}5802CN5904SHOP6004CITY"
        ));
        let to_pay = parse(&payload).unwrap().fields.to_pay();
        assert_eq!(to_pay.map(crate::money::Amount::minor), minor, "{fee}");
    }
}

#[test]
fn an_error_names_the_object_and_the_place() {
    for (text, fault, object, offset) in [
        (with("6299019"), EmvFault::BadLength, Some("62"), 74),
        (with("62050109a"), EmvFault::BadTemplate, Some("62-01"), 78),
        (with("5904SHOP"), EmvFault::Duplicate, Some("59"), 72),
        (with("54031,5"), EmvFault::BadAmount, Some("54"), 76),
        (with("6100"), EmvFault::ZeroLength, Some("61"), 74),
        ("老000201".to_owned(), EmvFault::BadId, None, 0),
    ] {
        let refused = parse(&text).unwrap_err();
        let found = (refused.fault, refused.object.as_deref(), refused.offset);
        assert_eq!(found, (fault, object, offset), "{text}");
    }
}

#[test]
fn what_only_the_letter_of_the_standard_forbids_is_read_and_remarked_on() {
    for (middle, kind, object) in [
        ("550204", DeviationKind::FeeIndicator, "55"),
        ("550202", DeviationKind::FeeMissing, "56"),
        ("55020257015", DeviationKind::FeeMissing, "56"),
        ("5502035704100%", DeviationKind::FeeFormat, "57"),
        ("55020357040.00", DeviationKind::FeeFormat, "57"),
        ("55020357041.5.", DeviationKind::FeeFormat, "57"),
        ("5502025602ab", DeviationKind::FeeFormat, "56"),
        (
            "62301026abcdefghijklmnopqrstuvwxyz",
            DeviationKind::TooLong,
            "62-10",
        ),
        ("62061102ab", DeviationKind::Channel, "62-11"),
        ("62061202ab", DeviationKind::Reserved, "62-12"),
        ("62060902AA", DeviationKind::DataRequest, "62-09"),
        ("64120003ENG0101a", DeviationKind::Language, "64"),
        ("64060002EN", DeviationKind::Language, "64"),
        ("5403.50", DeviationKind::AmountPoint, "54"),
    ] {
        let read = parse(&with(middle)).unwrap();
        let found: Vec<_> = read
            .deviations
            .iter()
            .map(|d| (d.kind, d.object.as_str()))
            .collect();
        assert!(found.contains(&(kind, object)), "{middle}: {found:?}");
    }
    for middle in ["550201", "550203570512.34", "5502025602.5", "62071103abc"] {
        assert_eq!(parse(&with(middle)).unwrap().deviations, [], "{middle}");
    }
}

#[test]
fn templates_a_hundred_deep_cost_nothing() {
    let mut inner = "0004deep".to_owned();
    while inner.len() <= 95 {
        inner = format!("00{:02}{inner}", inner.len());
    }
    let read = parse(&with(&format!("80{:02}{inner}", inner.len()))).unwrap();
    assert_eq!(read.fields.unreserved.len(), 1);
}

#[test]
fn every_id_from_00_to_99_at_once_is_read_or_refused() {
    let all = (0..100)
        .filter(|id| *id != 63)
        .fold(String::new(), |all, id| format!("{all}{id:02}0201"));
    assert!(parse(&with_checksum(&all)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,300}", middle in "[0-9]{0,60}\\PC{0,9}") {
        let _ = parse(&text);
        let _ = parse(&with(&middle));
        let _ = parse(&with_checksum(&text));
    }

    /// Whatever one character of a real code becomes: it is refused, or it still pays the same. Only
    /// the checksum's own letters may change, in case; one that is made right again is
    /// [`identify`](crate::code::identify)'s to tell apart.
    #[test]
    fn one_changed_character_never_pays_somebody_else(
        which in 0_usize..146, at in 0_usize..600, to in "[ -~]",
    ) {
        let text = &VALID[which];
        let mut chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        prop_assume!(chars[at].is_ascii());
        chars[at] = to.chars().next().unwrap();
        let changed: String = chars.into_iter().collect();
        if let Ok(read) = parse(&changed) {
            prop_assert_eq!(read.view(), parse(text).unwrap().view(), "{}", changed);
        }
    }

    #[test]
    fn one_changed_character_is_noticed(at in 0_usize..80, digit in "[0-9A-Z]") {
        let text = with("5405100.5");
        let mut chars: Vec<char> = text.chars().collect();
        let new = digit.chars().next().unwrap();
        prop_assume!(chars[at] != new);
        chars[at] = new;
        prop_assert!(parse(&chars.into_iter().collect::<String>()).is_err());
    }
}
