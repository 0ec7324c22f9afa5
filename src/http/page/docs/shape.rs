//! A schema as a list of fields, each with its limits.

use maud::{Markup, html};
use serde_json::Value;

use super::reader::{resolved, text};
use crate::http::page::lang::Lang;

/// Objects in objects in objects: deeper ones are named only.
const DEPTH_MAX: u8 = 3;

/// What a body or an answer consists of.
pub(super) fn shape(schema: &'static Value, lang: Lang) -> Markup {
    nested(schema, lang, 0)
}

fn nested(schema: &'static Value, lang: Lang, depth: u8) -> Markup {
    let (found, _) = resolved(schema);
    if depth > DEPTH_MAX {
        return html! {};
    }
    if let Some(choices) = choices(found) {
        let only = match choices.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        if let Some(one) = only {
            return nested(one, lang, depth);
        }
        return html! {
            @for (index, choice) in choices.iter().enumerate() {
                @if index > 0 { p.or { (lang.of_two("或者", "or")) } }
                (nested(choice, lang, depth))
            }
        };
    }
    if let Some(items) = found.get("items") {
        return nested(items, lang, depth);
    }
    let Some(properties) = found.get("properties").and_then(Value::as_object) else {
        return html! {};
    };
    let required = found.get("required").and_then(Value::as_array);
    let needs = |name: &str| {
        required.is_some_and(|all| all.iter().any(|required| required.as_str() == Some(name)))
    };
    html! {
        dl.fields {
            @for (name, field) in properties {
                dt {
                    code { (name) }
                    " " span.kind { (kind(field)) }
                    @if !needs(name) { " " span.optional { (lang.of_two("可省略", "optional")) } }
                }
                dd {
                    @let about = about(field);
                    @if !about.is_empty() { p lang="en" { (words(about)) } }
                    (nested(field, lang, depth.saturating_add(1)))
                }
            }
        }
    }
}

/// A text, where what stands between backticks is code.
pub(super) fn words(text: &str) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

/// What a field says of itself, or its type does.
pub(super) fn about(schema: &'static Value) -> &'static str {
    let own = text(schema, "description");
    if !own.is_empty() {
        return own;
    }
    let inner = choices(schema).and_then(|choices| choices.first().copied());
    let (found, _) = resolved(inner.unwrap_or(schema));
    text(inner.unwrap_or(found), "description")
}

/// The alternatives of a schema, null left out; none where it has none.
fn choices(schema: &'static Value) -> Option<Vec<&'static Value>> {
    let all = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    let all = all.as_array()?.iter();
    Some(all.filter(|one| text(one, "type") != "null").collect())
}

/// The type and its limits, in one line.
pub(super) fn kind(schema: &'static Value) -> String {
    if let Some(choices) = choices(schema) {
        let all: Vec<String> = choices.into_iter().map(kind).collect();
        return all.join(" | ");
    }
    let (found, name) = resolved(schema);
    let mut parts = Vec::new();
    if let Some(words) = found.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        return words.join(" | ");
    }
    if choices(found).is_some() {
        parts.push(name.unwrap_or("object").to_owned());
    } else if found.get("items").is_some() {
        parts.push(format!(
            "list of {}",
            found.get("items").map(kind).unwrap_or_default()
        ));
    } else {
        parts.push(type_of(found).to_owned());
    }
    if !text(found, "format").is_empty() && !text(found, "format").starts_with("int") {
        parts.push(text(found, "format").to_owned());
    }
    let number = |name: &str| found.get(name).filter(|limit| limit.is_number());
    match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => parts.push(format!("{least} … {most}")),
        (Some(least), None) => parts.push(format!("≥ {least}")),
        (None, Some(most)) => parts.push(format!("≤ {most}")),
        (None, None) => {}
    }
    match (number("minLength"), number("maxLength")) {
        (Some(least), Some(most)) => parts.push(format!("{least} … {most} characters")),
        (Some(least), None) => parts.push(format!("≥ {least} characters")),
        (None, Some(most)) => parts.push(format!("≤ {most} characters")),
        (None, None) => {}
    }
    if !text(found, "pattern").is_empty() {
        parts.push(text(found, "pattern").to_owned());
    }
    parts.join(", ")
}

/// The one type that is not null.
fn type_of(schema: &'static Value) -> &'static str {
    match schema.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(several)) => {
            let mut named = several.iter().filter_map(Value::as_str);
            named.find(|name| *name != "null").unwrap_or("any")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "any",
    }
}
