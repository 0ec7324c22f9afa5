//! Hebao (和包支付) of China Mobile.

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, UserAgentTest, Wallet};

/// 和包支付.
pub(super) struct Hebao;

impl Wallet for Hebao {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "hebao",
    name_zh: "和包支付",
    name_en: "Hebao",
    colour: "#e6007e",
    user_agents: &[
        UserAgentTest::has(6, &["Hebao/"]),
        UserAgentTest::has(6, &["CMPayClient"]),
    ],
    text_patterns: TEXT_PATTERNS,
    // Neither prefix nor length is public: none is recognised.
    payer_codes: &[],
    schemes: &[],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[
    TextPattern {
        pattern: r"^(?i:https://p\.10086\.cn)/d\?p=(?i:[0-9a-f]{64})$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://p\.10086\.cn)/info/wap/qrcodepay/[!-~]+$",
        kind: "order",
    },
];
