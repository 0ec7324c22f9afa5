//! Alipay (支付宝).

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
