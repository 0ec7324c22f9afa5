//! A decode answer for people.

use std::io::{self, Write};

use serde_json::Value;

use crate::code::{self, DecodeAnswer, Reading};

/// What it is on the first line, then what it says, then what to be careful about.
pub(super) fn write(out: &mut impl Write, answer: &DecodeAnswer) -> io::Result<()> {
    let reading = match answer {
        DecodeAnswer::Read(reading) => reading,
        DecodeAnswer::Refused(refusal) => {
            let error = &refusal.error;
            let place = error
                .offset
                .map(|at| format!(" at character {at}"))
                .unwrap_or_default();
            let object = error
                .object
                .as_deref()
                .map(|o| format!(" in object {o}"))
                .unwrap_or_default();
            return writeln!(
                out,
                "refused: {}{object}{place} ({})",
                error.message, error.code
            );
        }
    };
    writeln!(out, "{}", headline(reading))?;
    for payee in &reading.payees {
        writeln!(
            out,
            "  pays: {} {} at {}",
            payee.by,
            visible(&payee.payee),
            visible(&payee.network)
        )?;
    }
    for (name, value) in &reading.fields {
        match value {
            Value::String(text) => writeln!(out, "  {name}: {}", visible(text))?,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                writeln!(out, "  {name}: {}", visible(&value.to_string()))?;
            }
        }
    }
    for warning in &reading.warnings {
        writeln!(out, "  warning: {} ({})", warning.message, warning.code)?;
    }
    Ok(())
}

fn headline(reading: &Reading) -> String {
    let whose = reading.network.unwrap_or("no known payment code");
    let scheme = reading.scheme.filter(|scheme| *scheme != whose);
    let signature = reading
        .signature
        .map(|verdict| format!(", signature {verdict}"));
    let scheme = scheme.map(|scheme| format!(" ({scheme})"));
    format!(
        "{whose}{}: {}{}",
        scheme.unwrap_or_default(),
        reading.kind,
        signature.unwrap_or_default()
    )
}

/// A text from a stranger must not steer the terminal or run backwards.
fn visible(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !code::is_hidden(c);
    text.chars()
        .map(|c| {
            if plain(c) {
                c.to_string()
            } else {
                c.escape_unicode().to_string()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_payee_has_a_line() {
        let mut reading = Reading::unknown(code::Format::EmvMpm);
        reading.payees = code::emv::parse(
            "00020101021226270012hk.com.hkicl0207999999952040000530334454031235802HK5902NA6002HK6304D1A3",
        )
        .unwrap()
        .view()
        .payees;
        let mut out = Vec::new();
        write(&mut out, &DecodeAnswer::Read(reading)).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert!(
            told.contains("  pays: alias 9999999 at hk.com.hkicl\n"),
            "{told}"
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(visible("a\u{1b}[2J老\u{202e}b"), "a\\u{1b}[2J老\\u{202e}b");
    }
}
