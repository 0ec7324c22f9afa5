//! How the shape of a text is written down, by the wallets and for systems that none here stands for.

/// One shape of text, as part of a wallet's description.
#[derive(Debug, Clone, Copy)]
pub struct TextPattern {
    /// A regular expression from `^` to `$` on the raw text. What stands in `(?i:…)` may be written
    /// in either case and is the same code; what stands in `(?<aside>…)` tells no two codes apart.
    /// There are no other groups that capture.
    pub pattern: &'static str,
    /// What such a text is: `merchant_static`, `order`, `deeplink`, …
    pub kind: &'static str,
}
