//! EMV payloads: nothing lost, nothing made up, and no bit of a text that was taken can be changed.

use std::collections::{BTreeMap, BTreeSet};

use tongma::code::emv::{Fields, Payload, Template, looks_like, parse, write};

use super::{is_code, owned};

/// Takes the input as a text, and as one whose checksum is still to be written.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let as_it_is = check_text(text);
    let body = text.rsplit_once("6304").map_or(text, |(body, _)| body);
    let completed = check_text(&with_checksum(body));
    as_it_is || completed
}

fn check_text(text: &str) -> bool {
    let verdict = parse(text);
    assert_eq!(verdict, parse(text), "the verdict is stable");
    match verdict {
        Ok(payload) => {
            nothing_is_lost(text, &payload);
            no_bit_can_be_changed(text);
            what_is_written_is_read(&payload);
            payees_stand_in_the_text(&payload);
            true
        }
        Err(refused) => {
            assert!(refused.offset <= text.chars().count(), "{refused:?}");
            assert!(is_code(refused.fault.code()), "{refused:?}");
            false
        }
    }
}

/// What the writer takes is read as it was; what deviates it may refuse.
fn what_is_written_is_read(payload: &Payload) {
    match write(&payload.fields) {
        Ok(written) => {
            let again = parse(&written).expect("what was written is read");
            assert_eq!(again.scheme, payload.scheme);
            let same = |left: &[Template], right: &[Template]| {
                left.len() == right.len() && left.iter().all(|template| right.contains(template))
            };
            let (new, old) = (&again.fields, &payload.fields);
            assert!(
                same(&new.merchant_accounts, &old.merchant_accounts),
                "{written}"
            );
            assert!(same(&new.unreserved, &old.unreserved), "{written}");
            assert_eq!(
                (&new.merchant_name, &new.amount),
                (&old.merchant_name, &old.amount)
            );
            assert_eq!(
                (&new.additional, &new.language),
                (&old.additional, &old.language)
            );
        }
        Err(_) => assert!(!payload.deviations.is_empty(), "{:?}", payload.fields),
    }
}

fn payees_stand_in_the_text(payload: &Payload) {
    let view = payload.view();
    let templates = || {
        payload
            .fields
            .merchant_accounts
            .iter()
            .chain(&payload.fields.unreserved)
    };
    for payee in &view.payees {
        assert!(
            templates().any(|template| template.id() == payee.object),
            "{payee:?}"
        );
    }
    for doubt in &view.doubts {
        let object = doubt.object.split('-').next();
        let is_currency = object == Some("53") && payload.fields.currency.is_some();
        assert!(
            is_currency || templates().any(|template| Some(template.id()) == object),
            "{doubt:?}"
        );
    }
}

/// The text taken apart again, by somebody who knows ids and lengths only.
fn walk(text: &str) -> Vec<(String, String)> {
    let chars: Vec<char> = text.chars().collect();
    let mut objects = Vec::new();
    let mut rest = chars.as_slice();
    while !rest.is_empty() {
        let (head, behind) = rest.split_at(4);
        let head: String = head.iter().collect();
        let (id, length) = head.split_at(2);
        let (value, behind) = behind.split_at(length.parse().expect("two digits"));
        objects.push((id.to_owned(), value.iter().collect()));
        rest = behind;
    }
    objects
}

fn nothing_is_lost(text: &str, payload: &Payload) {
    let objects = walk(text);
    assert_eq!(objects.first().map(|(id, _)| id.as_str()), Some("00"));
    assert_eq!(objects.last().map(|(id, _)| id.as_str()), Some("63"));
    let ids: BTreeSet<&String> = objects.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), objects.len(), "an object stands once");
    assert!(looks_like(text), "what can be read claims to be readable");

    let told = told(&payload.fields);
    let real = objects
        .iter()
        .map(|(id, value)| (id.clone(), value.clone()));
    for (id, value) in real.clone() {
        match told.get(&id) {
            Some(Told::Value(read)) => assert_eq!(*read, value, "{id}"),
            Some(Told::Inside(sub)) => {
                let real: BTreeMap<String, String> = walk(&value).into_iter().collect();
                assert_eq!(**sub, real, "{id}");
            }
            None => panic!("{id} is lost"),
        }
    }
    assert_eq!(told.len(), real.count(), "nothing is made up");
    let points = text.chars().count();
    assert!(
        payload
            .deviations
            .iter()
            .all(|deviation| deviation.offset <= points)
    );
}

/// One object as it was read.
enum Told<'a> {
    Value(String),
    Inside(&'a BTreeMap<String, String>),
}

fn told(fields: &Fields) -> BTreeMap<String, Told<'_>> {
    let mut told = BTreeMap::new();
    let mut value = |id: &str, value: Option<&String>| {
        if let Some(value) = value {
            told.insert(id.to_owned(), Told::Value(value.clone()));
        }
    };
    value("00", Some(&fields.payload_format_indicator));
    value("01", fields.point_of_initiation.as_ref());
    value("52", fields.mcc.as_ref());
    value("53", fields.currency.as_ref());
    value("54", fields.amount.as_ref());
    value("55", fields.tip_or_fee_indicator.as_ref());
    value("56", fields.fee_fixed.as_ref());
    value("57", fields.fee_percentage.as_ref());
    value("58", fields.country.as_ref());
    value("59", fields.merchant_name.as_ref());
    value("60", fields.merchant_city.as_ref());
    value("61", fields.postal_code.as_ref());
    value("63", Some(&fields.crc));
    for (id, reserved) in &fields.rfu {
        value(id, Some(reserved));
    }
    for (id, inside) in [("62", &fields.additional), ("64", &fields.language)] {
        if !inside.is_empty() {
            told.insert(id.to_owned(), Told::Inside(inside));
        }
    }
    for template in fields.merchant_accounts.iter().chain(&fields.unreserved) {
        let (id, read) = match template {
            Template::Opened { id, guid, sub } => {
                assert_eq!(sub.get("00"), Some(guid));
                (id, Told::Inside(sub))
            }
            Template::Bare { id, value } => (id, Told::Value(value.clone())),
        };
        told.insert(id.clone(), read);
    }
    told
}

/// The checksum finds every single bit; only the case of its own letters is free.
fn no_bit_can_be_changed(text: &str) {
    let bytes = text.as_bytes();
    let covered = bytes.len() - 4;
    let every = (bytes.len() / 24).max(1);
    for at in (0..covered).step_by(every).chain(covered..bytes.len()) {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            let case_only = at >= covered && changed[at].eq_ignore_ascii_case(&bytes[at]);
            if let Ok(changed) = std::str::from_utf8(&changed)
                && !case_only
            {
                assert!(
                    parse(changed).is_err(),
                    "bit {bit} of byte {at} is not covered"
                );
            }
        }
    }
}

pub(super) fn with_checksum(body: &str) -> String {
    let text = format!("{body}6304");
    let crc = crc16(text.as_bytes());
    format!("{text}{crc:04X}")
}

/// CRC-16 with the polynomial 1021 from FFFF, bit by bit.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let next = crc << 1;
            if crc & 0x8000 == 0 {
                next
            } else {
                next ^ 0x1021
            }
        })
    })
}

pub fn seeds() -> Vec<Vec<u8>> {
    let payloads = super::decode::vectors(
        include_str!("../../../tests/vectors/emv-mpm.json"),
        "payload",
    );
    payloads.into_iter().map(String::into_bytes).collect()
}

pub fn words() -> Vec<String> {
    let mut words = owned(&[
        "000201", "000202", "010211", "010212", "5303156", "5802CN", "6304",
    ]);
    // A whole payload to put together: each object of some real ones.
    for seed in seeds().iter().step_by(16) {
        let text = String::from_utf8_lossy(seed);
        if parse(&text).is_ok() {
            let objects = walk(&text).into_iter();
            let written =
                |(id, value): (String, String)| format!("{id}{:02}{value}", value.chars().count());
            words.extend(objects.map(written).filter(|word| word.len() <= 60));
        }
    }
    words.sort();
    words.dedup();
    words
}
