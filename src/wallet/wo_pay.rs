//! Wo Pay (沃支付) of China Unicom.

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, UserAgentTest, Wallet};

/// 沃支付.
pub(super) struct WoPay;

impl Wallet for WoPay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "wo_pay",
    name_zh: "沃支付",
    name_en: "Wo Pay",
    colour: "#d7000f",
    user_agents: &[UserAgentTest::has(7, &["unicom{version:"])],
    text_patterns: TEXT_PATTERNS,
    // Neither prefix nor length is public: none is recognised.
    payer_codes: &[],
    schemes: &[],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[TextPattern {
    pattern: r"^(?i:https?://www\.unicompayment\.com)/externalJump/[!-~]+$",
    kind: "merchant_static",
}];
