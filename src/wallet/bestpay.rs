//! BestPay (翼支付) of China Telecom.

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 翼支付.
pub(super) struct BestPay;

impl Wallet for BestPay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "bestpay",
    name_zh: "翼支付",
    name_en: "BestPay",
    colour: "#ff7a00",
    user_agents: &[UserAgentTest::has(5, &["bestpay"]).any_case()],
    text_patterns: TEXT_PATTERNS,
    payer_codes: &[PayerCode::digits("51", 18)],
    schemes: &[],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[
    TextPattern {
        pattern: r"^(?i:https://qr\.bestpay\.com\.cn)/[!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:https?://m\.bestpay\.com\.cn)/[!-~]+$",
        kind: "merchant_static",
    },
];
