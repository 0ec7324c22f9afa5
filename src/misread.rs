//! JSON or a query that was read and is not what was wanted: where, and why.

use std::fmt::Display;

use serde::de::{Deserialize, Deserializer, Error};
use serde_path_to_error::{Path, Segment};

/// One mistake in a text that has fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    /// The place as RFC 6901 writes it; of a field that is missing, where it would stand.
    pub(crate) pointer: String,
    /// serde's sentence, without its place in the text and without the value found there, which may be
    /// a payer's number or a secret.
    pub(crate) why: String,
}

/// A whole number of a query, within the bounds that a refusal names.
pub(crate) fn within<'de, D, N, const MIN: i64, const MAX: i64>(
    from: D,
) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64>,
{
    let text = String::deserialize(from)?;
    let number = text.parse().ok().filter(|n| (MIN..=MAX).contains(n));
    number
        .and_then(|number| N::try_from(number).ok())
        .map(Some)
        .ok_or_else(|| D::Error::custom(format!("must be a whole number from {MIN} to {MAX}")))
}

impl<E: Display> From<&serde_path_to_error::Error<E>> for Misread {
    fn from(error: &serde_path_to_error::Error<E>) -> Self {
        let text = error.inner().to_string();
        let why = text.split(" at line ").next().unwrap_or(&text);
        let mut pointer = pointer(error.path());
        // serde names what encloses it.
        let unnamed = ["missing field `", "duplicate field `"];
        let named = unnamed.iter().find_map(|front| why.strip_prefix(front));
        if let Some(name) = named.and_then(|rest| rest.split('`').next())
            && !pointer.ends_with(&format!("/{name}"))
        {
            pointer = format!("{pointer}/{}", escaped(name));
        }
        Self {
            pointer,
            why: without_value(why),
        }
    }
}

/// ``invalid type: integer `7`, expected a string`` without the seven.
fn without_value(why: &str) -> String {
    let names_value = ["invalid type: ", "invalid value: "];
    let found = why.rsplit_once(", expected ");
    match found.filter(|_| names_value.iter().any(|front| why.starts_with(front))) {
        Some((found, expected)) => {
            let kind = found.split(['`', '"']).next().unwrap_or_default();
            format!("{}, expected {expected}", kind.trim_end())
        }
        None => why.to_owned(),
    }
}

fn pointer(path: &Path) -> String {
    path.iter()
        .map(|step| match step {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => format!("/{}", escaped(key)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// A key as a step of a pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bill {
        #[serde(rename = "lines")]
        _lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[serde(rename = "a/b")]
        _name: String,
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, pointer, why) in [
            ("{}", "/lines", "missing field `lines`"),
            (r#"{"lines":[{}]}"#, "/lines/0/a~1b", "missing field `a/b`"),
            (
                r#"{"lines":[{"a/b":"","a/b":""}]}"#,
                "/lines/0/a~1b",
                "duplicate field `a/b`",
            ),
            (
                r#"{"lines":[{"a/b":7}]}"#,
                "/lines/0/a~1b",
                "invalid type: integer, expected a string",
            ),
            (
                r#"{"lines":"7, expected \" 7"}"#,
                "/lines",
                "invalid type: string, expected a sequence",
            ),
            (
                r#"{"lines":[],"x":1}"#,
                "/x",
                "unknown field `x`, expected `lines`",
            ),
        ] {
            let reader = &mut serde_json::Deserializer::from_str(text);
            let error = serde_path_to_error::deserialize::<_, Bill>(reader).unwrap_err();
            let expected = Misread {
                pointer: pointer.to_owned(),
                why: why.to_owned(),
            };
            assert_eq!(Misread::from(&error), expected, "{text}");
        }
    }
}
