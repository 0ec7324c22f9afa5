//! Alipay (支付宝).

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 支付宝.
pub(super) struct Alipay;

impl Wallet for Alipay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "alipay",
    name_zh: "支付宝",
    name_en: "Alipay",
    colour: "#1677ff",
    user_agents: &[
        UserAgentTest::has(1, &["AlipayClient/"]),
        UserAgentTest::has(1, &["AliApp(AP/"]),
    ],
    text_patterns: TEXT_PATTERNS,
    payer_codes: &[
        order_code("25"),
        order_code("26"),
        order_code("27"),
        order_code("28"),
        order_code("29"),
        order_code("30"),
        PayerCode {
            prefix: "fp",
            length: 35..=35,
            letters: true,
        },
    ],
    schemes: &["alipays", "alipay"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

/// 16 to 24 digits.
const fn order_code(prefix: &'static str) -> PayerCode {
    PayerCode {
        prefix,
        length: 16..=24,
        letters: false,
    }
}

const TEXT_PATTERNS: &[TextPattern] = &[
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com/bax[a-z0-9]{1,128})(?<aside>\?[!-~]*)?$",
        kind: "order",
    },
    // Only the time of printing, whichever it is, tells a shop's from a person's: that there is one
    // belongs to the code.
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com/fkx[a-z0-9]{1,128})\?t=(?<aside>[0-9]*)$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com/(?:fkx|tsx|2m6)[a-z0-9]{1,128})(?<aside>\?[!-~]*)?$",
        kind: "personal_static",
    },
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com/[a-z0-9]{1,128})(?<aside>\?[!-~]*)?$",
        kind: "merchant_static",
    },
    // A page of the app behind the same host: `_b` says which.
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com)/_d\?(?:[!-~]*&)?_b=(?:peerpay|TRADE_DY)&[!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:https?://qr\.alipay\.com)/_d\?(?:[!-~]*&)?_b=PAI_LOGIN_DY(?:&[!-~]*)?$",
        kind: "oauth_entry",
    },
    TextPattern {
        pattern: r"^(?i:(?:alipay|alipays|alipayqr)://platformapi/startapp)\?(?:[!-~]*&)?qrcode=[!-~]+$",
        kind: "deeplink",
    },
    // The app's own pages for a transfer to a person.
    TextPattern {
        pattern: r"^(?i:(?:alipay|alipays)://platformapi/startapp)\?(?:[!-~]*&)?appId=(?:09999988|20000123)&[!-~]+$",
        kind: "deeplink",
    },
];
