//! UnionPay and its QuickPass app (银联, 云闪付).

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 云闪付.
pub(super) struct UnionPay;

impl Wallet for UnionPay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "unionpay",
    name_zh: "云闪付",
    name_en: "UnionPay",
    colour: "#e21836",
    user_agents: &[UserAgentTest::has(8, &["UnionPay/"])],
    text_patterns: TEXT_PATTERNS,
    payer_codes: &[PayerCode::digits("62", 19)],
    schemes: &["upwallet", "uppaywallet"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[
    // Digits, as far as is known. One with a letter in it is not taken for a merchant's static code.
    TextPattern {
        pattern: r"^(?i:https?://qr\.95516\.com)/0001000[01]/62[0-9A-Za-z]{8,38}$",
        kind: "order",
    },
    // An order that an acquirer placed at its own member number.
    TextPattern {
        pattern: r"^(?i:https?://qr\.95516\.com)/[0-9]{8}/unifiedNative\?(?:[!-~]*&)?token=[!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:https?://qr\.95516\.com)/[0-9]{8}/[0-9A-Za-z]{10,40}$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https?://qr\.95516\.com)/qrcGtwWeb-web/api/userAuth\?[!-~]+$",
        kind: "oauth_entry",
    },
];
