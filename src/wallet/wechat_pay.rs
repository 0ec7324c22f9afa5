//! WeChat Pay (微信支付).

use crate::merchant::Way;

use super::{About, PayerCode, UserAgentTest, Wallet};

/// 微信支付.
pub(super) struct WechatPay;

impl Wallet for WechatPay {
    fn about(&self) -> &'static About {
        &ABOUT
    }
}

static ABOUT: About = About {
    id: "wechat_pay",
    name_zh: "微信支付",
    name_en: "WeChat Pay",
    colour: "#07c160",
    // WeCom (企业微信) says MicroMessenger too, but cannot pay.
    user_agents: &[UserAgentTest::has(2, &["MicroMessenger/"]).without(&["wxwork"])],
    payer_codes: &[
        PayerCode::digits("10", 18),
        PayerCode::digits("11", 18),
        PayerCode::digits("12", 18),
        PayerCode::digits("13", 18),
        PayerCode::digits("14", 18),
        PayerCode::digits("15", 18),
    ],
    schemes: &["weixin"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};
