//! JD Pay and JD Finance (京东支付).

use crate::code::text_pattern::TextPattern;
use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 京东支付.
pub(super) struct JdPay;

impl Wallet for JdPay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "jd_pay",
    name_zh: "京东支付",
    name_en: "JD Pay",
    colour: "#e1251b",
    // JD Finance names UnionPay as well, so it is asked before UnionPay.
    user_agents: &[
        UserAgentTest::has(3, &["JDJR-App"]),
        UserAgentTest::has(3, &["UnionPay/1.0", "JDJR"]),
        UserAgentTest::has(4, &["jdapp;"]).at_start(),
    ],
    text_patterns: TEXT_PATTERNS,
    payer_codes: &[PayerCode::digits("18", 18)],
    schemes: &["jdmobile", "openapp.jdmobile"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};

const TEXT_PATTERNS: &[TextPattern] = &[TextPattern {
    pattern: r"^(?i:https://h5pay\.jd\.com)/code\?c=[!-~]+$",
    kind: "order",
}];
