//! UnionPay and its QuickPass app (银联, 云闪付).

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
    payer_codes: &[PayerCode::digits("62", 19)],
    schemes: &["upwallet", "uppaywallet"],
    offers: &[Way::MerchantPresented],
    pay_before_min_seconds: super::PAY_BEFORE_MIN_SECONDS,
};
