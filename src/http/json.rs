//! JSON from outside, more strictly than serde reads it: no key twice, no NUL, and a refusal that
//! points at the field.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::http::problem::{Kind, Problem, kinds};
use crate::misread::{Misread, escaped};
use crate::money::MINOR_MAX;

/// Reads a body, which is an object; nothing at all counts as `{}`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    match check(body)?.nul {
        // Neither database nor people can do anything with it.
        Some(pointer) => Err(Problem::field(
            &kinds::TEXT_INVALID,
            pointer,
            "must not contain U+0000",
        )),
        None => read_checked(body),
    }
}

/// As [`read`], where a text is asked about that may be any, and is kept nowhere: what is wrong
/// with it is the answer.
pub(crate) fn read_any_text<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    check(body)?;
    read_checked(body)
}

fn read_checked<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = or_empty(body);
    // serde would take a list of the fields' values as well.
    if body.trim_ascii_start().first() != Some(&b'{') {
        let why = "the body must be a JSON object";
        return Err(Problem::field(&kinds::FIELD_INVALID, "", why));
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body))
        .map_err(|error| refused(&error))
}

const fn or_empty(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"{}" } else { body }
}

/// One walk over the whole text, before anything is made of it.
fn check(body: &[u8]) -> Result<Findings, Problem> {
    let mut findings = Findings::default();
    let mut reader = serde_json::Deserializer::from_slice(or_empty(body));
    let walked = Walk(&mut findings)
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
    if let Err(error) = walked {
        return Err(Problem::because(&kinds::JSON_INVALID, error));
    }
    if let Some(key) = findings.twice {
        return Err(Problem::because(
            &kinds::JSON_DUPLICATE_KEY,
            format!("the key {key:?} stands twice in one object"),
        ));
    }
    Ok(findings)
}

/// Well-formed, but not what the route takes.
fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if matches!(
        error.inner().classify(),
        Category::Syntax | Category::Eof | Category::Io
    ) {
        return Problem::because(&kinds::JSON_INVALID, error.inner());
    }
    let Misread { pointer, why } = error.into();
    let kind: &'static Kind = if why.starts_with("unknown field") {
        &kinds::FIELD_UNKNOWN
    } else if why.starts_with("missing field") {
        &kinds::FIELD_MISSING
    } else if pointer.ends_with("amount_minor") {
        &kinds::AMOUNT_INVALID
    } else if pointer.ends_with("currency") {
        &kinds::CURRENCY_INVALID
    } else {
        &kinds::FIELD_INVALID
    };
    let mut why = in_json_words(&why);
    if *kind == kinds::AMOUNT_INVALID && why.ends_with("expected an integer") {
        let limit = format!(" from 1 to {MINOR_MAX}");
        why.push_str(&limit);
    }
    Problem::field(kind, pointer, why)
}

/// serde's sentence without the types of our program, which say nothing to a client.
pub(crate) fn in_json_words(why: &str) -> String {
    let Some((found, expected)) = why.rsplit_once(", expected ") else {
        return why.to_owned();
    };
    // A number that is none of the type's is refused by the type's own bounds.
    let is_beyond = found.starts_with("invalid value: integer") || found.contains("floating point");
    let wanted = match expected.trim_start_matches("a ").split(' ').next() {
        Some("u32") if is_beyond => "an integer from 0 to 4294967295",
        Some("u64") if is_beyond => "an integer from 0 to 18446744073709551615",
        Some("i8" | "i16" | "i32" | "i64" | "isize") => "an integer",
        Some("u8" | "u16" | "u32" | "u64" | "usize") => "an integer that is not negative",
        Some("struct" | "map") => "an object",
        Some("enum") => "one of its words",
        Some("sequence" | "tuple") => "a list",
        Some("unit") => "null",
        Some(_) | None => expected,
    };
    format!("{found}, expected {wanted}")
}

#[derive(Default)]
struct Findings {
    path: Vec<String>,
    twice: Option<String>,
    nul: Option<String>,
}

impl Findings {
    fn text(&mut self, text: &str) {
        if text.contains('\0') && self.nul.is_none() {
            // The pointer to the whole is empty.
            let names = self.path.iter().flat_map(|name| ["/", name.as_str()]);
            self.nul = Some(names.collect());
        }
    }
}

struct Walk<'a>(&'a mut Findings);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            self.0.path.push(index.to_string());
            let more = items.next_element_seed(Walk(self.0))?;
            self.0.path.pop();
            if more.is_none() {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            self.0.path.push(escaped(&key));
            self.0.text(&key);
            members.next_value_seed(Walk(self.0))?;
            self.0.path.pop();
            if seen.contains(&key) {
                self.0.twice.get_or_insert(key);
            } else {
                seen.insert(key);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::money::Currency;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(rename = "amount_minor")]
        _amount_minor: i64,
        #[serde(rename = "currency")]
        _currency: Currency,
        #[serde(rename = "lines", default)]
        _lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[serde(rename = "name")]
        _name: String,
    }

    fn refusal(text: &str) -> (&'static str, String) {
        let problem = read::<Order>(text.as_bytes()).unwrap_err();
        (problem.kind().code, problem.pointer().to_owned())
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is_not_acceptable() {
        for text in [
            "{",
            "{\"amount_minor\":NaN}",
            "\u{feff}{}",
            "{} {}",
            "{/**/}",
            "[1,]",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1e999}",
        ] {
            assert_eq!(refusal(text).0, "json-invalid", "{text}");
        }
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(refusal(&deep).0, "json-invalid");
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_however_deep() {
        assert_eq!(refusal(r#"{"a":1,"a":1}"#).0, "json-duplicate-key");
        assert_eq!(
            refusal(r#"{"x":[{"a":1,"\u0061":1}]}"#).0,
            "json-duplicate-key"
        );
    }

    #[test]
    fn a_refusal_points_at_the_field() {
        let cases = [
            (
                r#"{"amount_minor":"1","currency":"CNY"}"#,
                "amount-invalid",
                "/amount_minor",
            ),
            (
                r#"{"currency":"CNY","amount_minor":1.0}"#,
                "amount-invalid",
                "/amount_minor",
            ),
            (
                r#"{"currency":"CNY","amount_minor":{"a":1}}"#,
                "amount-invalid",
                "/amount_minor",
            ),
            (
                r#"{"amount_minor":1,"currency":"cny"}"#,
                "currency-invalid",
                "/currency",
            ),
            (
                r#"{"currency":"cny","amount_minor":1}"#,
                "currency-invalid",
                "/currency",
            ),
            (r#"{"amount_minor":1}"#, "field-missing", "/currency"),
            (
                "{\"amount_minor\":1,\n \"currency\":\"CNY\",\n \"lines\":[{\"name\":\"a\"},{}]}",
                "field-missing",
                "/lines/1/name",
            ),
            (
                r#"{"amount_minor":1,"currency":"CNY","lines":[{"name":"a","b/c":1}]}"#,
                "field-unknown",
                "/lines/0/b~1c",
            ),
            (
                r#"{"amount_minor":1,"currency":"CNY","lines":[{"name":7}]}"#,
                "field-invalid",
                "/lines/0/name",
            ),
            (
                r#"{"amount_minor":1,"currency":"CNY","lines":[{"name":"a\u0000"}]}"#,
                "text-invalid",
                "/lines/0/name",
            ),
            (r#"["a\u0000"]"#, "text-invalid", "/0"),
            (r#""a\u0000""#, "text-invalid", ""),
        ];
        for (text, code, pointer) in cases {
            assert_eq!(refusal(text), (code, pointer.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_asked_about_may_hold_anything() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            text: String,
        }
        let body = br#"{"text":"a\u0000"}"#;
        assert_eq!(read_any_text::<Asked>(body).unwrap().text, "a\0");
        assert!(read::<Asked>(body).is_err());
        for (body, code) in [
            (r#"{"text":"a","text":"b"}"#, "json-duplicate-key"),
            (r#"{"text":"a","b\u0000":1}"#, "field-unknown"),
            ("[\"a\"]", "field-invalid"),
        ] {
            let problem = read_any_text::<Asked>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind().code, code, "{body}");
        }
    }

    #[test]
    fn a_list_is_no_object_however_well_it_would_fit() {
        for text in [r#"[55,"CNY"]"#, "7", r#""x""#, "null", "[]"] {
            assert_eq!(refusal(text), ("field-invalid", String::new()), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_no_type_of_ours() {
        for text in [
            r#"[55,"CNY"]"#,
            r#"{"amount_minor":"x","currency":"CNY"}"#,
            r#"{"amount_minor":1,"currency":"CNY","lines":[7]}"#,
            r#"{"amount_minor":1,"currency":"CNY","lines":7}"#,
            r#"{"amount_minor":1,"currency":7}"#,
        ] {
            let problem = read::<Order>(text.as_bytes()).unwrap_err();
            let told = format!("{problem:?}");
            for word in ["struct", "Order", "Line", "i64", "sequence", "elements"] {
                assert!(!told.contains(word), "{word} in {told}");
            }
        }
    }
}
