//! One shape of text, made ready: a cheap look at how a text begins, and only then the pattern.

use regex_lite::Regex;

use super::{Native, PatternError};
use crate::code::text_pattern::TextPattern;

/// The name of the group that tells no two codes apart.
const ASIDE: &str = "aside";
/// What a pattern writes in front of letters of either case.
const EITHER_CASE: &str = "(?i:";

#[derive(Debug)]
pub(super) struct Shape {
    regex: Regex,
    /// In lower case; a text that begins with none of them cannot fit.
    starts: Vec<String>,
    /// In lower case, as far as the pattern writes it out; empty where it does not.
    pub(super) scheme: String,
    pub(super) authority: String,
    pub(super) native: Native,
}

impl Shape {
    pub(super) fn new(network: &'static str, pattern: &TextPattern) -> Result<Self, PatternError> {
        let TextPattern { pattern, kind } = *pattern;
        let inner = pattern
            .strip_prefix('^')
            .and_then(|pattern| pattern.strip_suffix('$'));
        let inner = inner.ok_or(PatternError::Unanchored(pattern))?;
        // Bracketed, so that both ends hold for every alternative of `^a|b$`. A group of either
        // case becomes one whose text can be asked for.
        let captured = inner.replace(EITHER_CASE, "((?i)");
        let regex = Regex::new(&format!("^(?:{captured})$"))
            .map_err(|error| PatternError::Unreadable(pattern, error))?;
        let (scheme, authority) = address(inner);
        Ok(Self {
            regex,
            starts: starts(inner),
            scheme,
            authority,
            native: Native { network, kind },
        })
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let begins = |start: &String| {
            let front = text.as_bytes().get(..start.len());
            front.is_some_and(|front| front.eq_ignore_ascii_case(start.as_bytes()))
        };
        self.starts.iter().any(begins) && self.regex.is_match(text)
    }

    /// Whether this is the shape of addresses on whatever host.
    pub(super) fn is_for_any_host(&self) -> bool {
        self.scheme.starts_with("http") && self.authority.is_empty()
    }

    /// The text with everything in one spelling that may be spelt in several; `None` for one that can
    /// be spelt in ways without end.
    pub(super) fn canonical(&self, text: &str) -> Option<String> {
        let found = self.regex.captures(text)?;
        let aside = found.name(ASIDE).map(|aside| aside.range());
        let either: Vec<_> = found.iter().skip(1).flatten().map(|m| m.range()).collect();
        let canonical: String = text
            .char_indices()
            .filter(|(at, _)| !aside.as_ref().is_some_and(|aside| aside.contains(at)))
            .map(|(at, c)| {
                if either.iter().any(|range| range.contains(&at)) {
                    c.to_ascii_lowercase()
                } else {
                    c
                }
            })
            .collect();
        // Both lead to the same code, wherever a pattern takes both.
        let canonical = match canonical.strip_prefix("http://") {
            Some(behind) => format!("https://{behind}"),
            None => canonical,
        };
        is_plain(&canonical).then_some(canonical)
    }
}

/// Whether an address says what it says in the only way. Nobody but a browser reads what stands
/// behind `#`; steps that go nowhere and escaped letters can be put into any address, and it leads
/// where it led before.
fn is_plain(text: &str) -> bool {
    let Some((_, address)) = text.split_once("://") else {
        return true;
    };
    let goes_nowhere = |step: &str| matches!(step, "." | "..");
    let mut escapes = address.split('%').skip(1);
    !address.contains('#') && !address.split(['/', '?']).any(goes_nowhere) && escapes.all(is_needed)
}

/// Whether what follows a percent sign is a character that must be escaped, as it is mostly written.
fn is_needed(behind: &str) -> bool {
    let digits = behind.get(..2).unwrap_or_default();
    let is_written = digits
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    let byte = u8::from_str_radix(digits, 16).ok();
    let must = |byte: u8| !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte);
    is_written && byte.is_some_and(must)
}

/// Scheme and authority of a pattern that writes out an address, such as
/// `(?i:https?://qr\.wallet\.example)/…`.
fn address(pattern: &str) -> (String, String) {
    let Some((before, after)) = pattern.split_once("://") else {
        return (String::new(), String::new());
    };
    let letters = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let reversed: String = before.chars().rev().filter(|c| *c != '?').collect();
    let reversed: String = reversed.chars().take_while(letters).collect();
    let authority = after.chars().filter(|c| *c != '\\');
    (
        reversed.chars().rev().collect(),
        authority.take_while(letters).collect(),
    )
}

/// How every text of this pattern begins: one of these, as far as that is plain to see.
fn starts(inner: &str) -> Vec<String> {
    let alternatives = alternatives(inner);
    if alternatives.len() > 1 {
        return alternatives.into_iter().flat_map(starts).collect();
    }
    let opened = [EITHER_CASE, "(?:"]
        .iter()
        .find_map(|open| inner.strip_prefix(open));
    let Some((front, after)) = opened.and_then(group) else {
        return literal_starts(inner);
    };
    match after.strip_prefix('?') {
        Some(without) => [starts(front), starts(without)].concat(),
        None if after.starts_with(['*', '{']) => vec![String::new()],
        None => starts(front),
    }
}

/// The beginnings of a pattern that begins with no group.
fn literal_starts(pattern: &str) -> Vec<String> {
    let mut starts = vec![String::new()];
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        let literal = match c {
            '\\' => match rest.next() {
                Some(escaped) if !escaped.is_ascii_alphanumeric() => escaped,
                Some(_) | None => break,
            },
            '.' | '[' | '(' | ')' | '{' | '*' | '+' | '?' | '|' => break,
            c => c.to_ascii_lowercase(),
        };
        match rest.peek() {
            Some('*' | '+' | '{') => break,
            Some('?') => {
                rest.next();
                let with: Vec<_> = starts.iter().map(|s| format!("{s}{literal}")).collect();
                starts.extend(with);
            }
            Some(_) | None => starts.iter_mut().for_each(|start| start.push(literal)),
        }
    }
    starts
}

/// The inside of a group that was just opened, and what follows it.
fn group(text: &str) -> Option<(&str, &str)> {
    let end = at_depth_zero(text).find_map(|(at, c)| (c == ')').then_some(at))?;
    let (inside, after) = text.split_at_checked(end)?;
    Some((inside, after.strip_prefix(')')?))
}

/// What stands between the bars outside all groups; the whole where there is none.
fn alternatives(text: &str) -> Vec<&str> {
    let bars = at_depth_zero(text).filter(|(_, c)| *c == '|');
    let ends = bars.map(|(at, _)| at).chain([text.len()]);
    let mut from = 0;
    let parts = ends.filter_map(|end| {
        let part = text.get(from..end);
        from = end.saturating_add(1);
        part
    });
    parts.collect()
}

/// The characters of a pattern that stand outside its groups, classes and escapes.
fn at_depth_zero(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    text.char_indices().filter(move |(_, c)| {
        let is_outside = depth == 0 && !in_class && !escaped;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => in_class = false,
            '[' => in_class = true,
            _ if in_class => {}
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_outside && !matches!(c, '(' | '[' | '\\')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_what_every_text_of_the_pattern_begins_with() {
        for (inner, expected) in [
            ("abc[0-9]+", &["abc"][..]),
            (
                r"(?i:https?://qr\.x)/[a-z]+",
                &["http://qr.x", "https://qr.x"],
            ),
            ("(?i:lightning:)?lnbc1", &["lightning:", "lnbc1"]),
            ("(?i:l:)?(?:ab[0-9]|AC)", &["ab", "ac", "l:"]),
            ("(?:a)*b", &[""]),
            ("a|b", &["a", "b"]),
            ("(?i:a|b)c", &["a", "b"]),
            ("ab(?:c|d)", &["ab"]),
            (r"K:P[RTK]\|V", &["k:p"]),
            (r"SPC\r?\n", &["spc"]),
            ("ab*", &["a"]),
        ] {
            let mut found = starts(inner);
            found.sort();
            assert_eq!(found, expected, "{inner}");
        }
    }

    #[test]
    fn texts_of_one_code_have_one_spelling() {
        let shape = |pattern| {
            Shape::new(
                "lotus",
                &TextPattern {
                    pattern,
                    kind: "order",
                },
            )
        };
        let either = shape(r"^(?i:https?://qr\.lotus\.example/[a-z0-9]+)(?<aside>\?[!-~]*)?$");
        let either = either.unwrap();
        for text in [
            "HTTPS://QR.LOTUS.EXAMPLE/AB1",
            "http://qr.lotus.example/ab1",
            "https://qr.lotus.example/ab1?t=123",
        ] {
            let canonical = either.canonical(text).unwrap();
            assert_eq!(canonical, "https://qr.lotus.example/ab1");
        }
        let any = shape(r"^(?i:https://qr\.lotus\.example)/[!-~]+$").unwrap();
        for (path, is_kept) in [
            ("ab?t=a%2Bb%3D", true),
            ("ab#1", false),
            ("ab?t=%61b", false),
            ("ab?t=a%2bb", false),
            ("ab?t=a%2", false),
            ("x/../ab", false),
            ("./ab", false),
        ] {
            let text = format!("https://qr.lotus.example/{path}");
            assert!(any.fits(&text), "{path}");
            assert_eq!(any.canonical(&text), is_kept.then_some(text), "{path}");
        }
        let exact = shape(r"^(?i:wxp://)f2f[A-Za-z]+$").unwrap();
        assert_eq!(exact.canonical("WXP://f2fAb").unwrap(), "wxp://f2fAb");
        assert_eq!(exact.canonical("WXP://f3fAb"), None);
    }
}
