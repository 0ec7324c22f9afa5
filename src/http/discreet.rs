//! What must not be repeated to a log, wherever a client may have put it.

/// Nothing of ours that stands in a path is longer; runs, keys and statements are.
const STEP_MAX: usize = 40;
/// Card numbers have 16 digits or more, codes that payers show have 16 to 24.
const DIGITS_MIN: usize = 16;
/// What a log keeps of a path.
const PATH_MAX: usize = 200;

/// A path for the log: bounded, without the run of a code, which opens it, and without whatever
/// else looks like a secret.
pub(crate) fn path(path: &str) -> String {
    let path: String = path.chars().take(PATH_MAX).collect();
    let mut is_run = false;
    let steps: Vec<&str> = path
        .split('/')
        .map(|step| {
            let hidden = (is_run && !step.is_empty())
                || step.chars().count() > STEP_MAX
                || looks_secret(step);
            // Doubled slashes make no other path of it.
            is_run = step.eq_ignore_ascii_case("q") || (is_run && step.is_empty());
            if hidden { "…" } else { step }
        })
        .collect();
    steps.join("/")
}

/// An API key, a signed statement, or a number that somebody pays with.
pub(crate) fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_key = lower.contains("tm_test_") || lower.contains("tm_live_");
    let longest = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    is_key || text.contains("eyJ") || longest >= DIGITS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_path_is_kept() {
        for kept in [
            "/",
            "/v1/payments/pay_0123456789abcdefghijk7f3k2q/cancel",
            "/static/0123456789ab/page.css",
        ] {
            assert_eq!(path(kept), kept);
        }
    }

    #[test]
    fn a_secret_in_a_path_is_not_kept() {
        let key = format!("tm_test_{}", "a".repeat(56));
        for (sent, kept) in [
            (format!("/{key}"), "/…"),
            (
                format!("/v1/payments/{key}/cancel"),
                "/v1/payments/…/cancel",
            ),
            (format!("/v1/{}", key.to_uppercase()), "/v1/…"),
            (
                "/v1/receipts/eyJhbGciOi.eyJ.c2ln".to_owned(),
                "/v1/receipts/…",
            ),
            ("/pay/134651987420653817".to_owned(), "/pay/…"),
            ("/Q/3YKJ0/start".to_owned(), "/Q/…/start"),
            ("//q//3YKJ0".to_owned(), "//q//…"),
            (format!("/x/{}", "r".repeat(41)), "/x/…"),
        ] {
            assert_eq!(path(&sent), kept);
        }
        assert!(path(&"/x".repeat(1_000)).len() <= PATH_MAX);
    }
}
