//! That every field which the source gives a line of the log is one that is promised.

use tongma::telemetry::FIELDS;

use super::source::{File, Finding};

/// Macros that write a line or open a span.
const MACROS: &[&str] = &[
    "error!(",
    "warn!(",
    "info!(",
    "debug!(",
    "trace!(",
    "error_span!(",
    "warn_span!(",
    "info_span!(",
    "debug_span!(",
    "trace_span!(",
];

/// Fields that no table names.
pub(super) fn unknown(file: &File) -> Vec<Finding> {
    if !file.is_in("src") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, _) in file.code.match_indices("tracing::") {
        let rest = &file.code[at + "tracing::".len()..];
        let line = file.code[..at].matches('\n').count() + 1;
        let Some(name) = MACROS.iter().find(|name| rest.starts_with(**name)) else {
            continue;
        };
        if line >= file.tests_from {
            continue;
        }
        for field in fields(&rest[name.len()..]) {
            if !FIELDS.contains(&field) {
                found.push(Finding {
                    line,
                    what: format!("{field} is no field in src/telemetry/fields.rs"),
                });
            }
        }
    }
    found
}

/// The fields' names: what stands before `=`, or the value itself with its sigil off. The message,
/// a string, ends them.
fn fields(arguments: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for argument in split(arguments) {
        let argument = argument.trim();
        // In this view of the source, strings are empty.
        if argument.starts_with('"') {
            // A span's name comes first, a line's message last.
            if names.is_empty() {
                continue;
            }
            break;
        }
        if argument.is_empty() || argument.starts_with("target:") {
            continue;
        }
        let name = argument.split('=').next().unwrap_or(argument).trim();
        names.push(name.trim_start_matches(['%', '?']));
    }
    names
}

/// The arguments of a macro call, up to its closing bracket.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut begin = 0;
    let mut all = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                all.push(&text[begin..at]);
                return all;
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    all
}

#[test]
fn a_field_that_is_not_promised_is_found() {
    let file = |code: &str| File::new("src/flow/pay.rs", code);
    for (code, count) in [
        ("tracing::warn!(%error, \"x\")", 0),
        (
            "tracing::warn!(attempt = %a.id, institution = %b, \"x {}\", made_up)",
            0,
        ),
        ("tracing::warn!(made_up = f(a, b), \"x\")", 1),
        ("tracing::info!(made_up, ?also, status, \"x\")", 2),
        (
            "tracing::info_span!(\"name\", request_id = %id, made_up)",
            1,
        ),
        ("tracing::info!(\"only words\")", 0),
        ("tracing::info!(target: \"a\", made_up, \"x\")", 1),
    ] {
        assert_eq!(unknown(&file(code)).len(), count, "{code}");
    }
}
