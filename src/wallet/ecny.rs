//! The digital renminbi (数字人民币).

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 数字人民币.
pub(super) struct Ecny;

impl Wallet for Ecny {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "ecny",
    name_zh: "数字人民币",
    name_en: "e-CNY",
    colour: "#c8102e",
    // The app's browser says nothing public about itself: this mark is our own choice, and an
    // operator who knows better adds another by configuration.
    user_agents: &[UserAgentTest::has(9, &["DCEP/"])],
    text_patterns: TEXT_PATTERNS,
    payer_codes: &[PayerCode::digits("01", 19)],
    schemes: &["dcep"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[
    TextPattern {
        pattern: r"^(?i:https://qr\.pbcdci\.cn)/[0-9]{30,}$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:dcep://uniwallet)/[A-Za-z]+(?:\?[!-~]*)?$",
        kind: "deeplink",
    },
];
