//! WeChat Pay (微信支付).

use crate::code::text_pattern::TextPattern;
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
    text_patterns: TEXT_PATTERNS,
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

const TEXT_PATTERNS: &[TextPattern] = &[
    TextPattern {
        pattern: r"^(?i:wxp://)f2f[01][A-Za-z0-9_=-]{26,70}$",
        kind: "merchant_or_personal_static",
    },
    TextPattern {
        pattern: r"^(?i:wxp://)wbf2f[A-Za-z0-9_=-]{20,70}$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://payapp\.weixin\.qq\.com)/(?:sjt/)?qr/[0-9A-Za-z_=-]{1,128}(?<aside>[?#][!-~]*)?$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://payapp\.weixin\.qq\.com)/(?:materialqr/entry|qrpay/order)/[0-9A-Za-z]{1,64}\?(?:[!-~]*&)?(?:id|key)=[!-~]+$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://payapp\.wechatpay\.cn)/(?:sjt/)?qr/[0-9A-Za-z_=-]{1,128}(?<aside>[?#][!-~]*)?$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://payapp\.wechatpay\.cn)/(?:materialqr/entry|qrpay/order)/[0-9A-Za-z]{1,64}\?(?:[!-~]*&)?(?:id|key)=[!-~]+$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://wxpay\.tenpay\.com)/md/[0-9A-Za-z_=-]{1,128}(?<aside>[?#][!-~]*)?$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://wxpay\.wechatpay\.cn)/md/[0-9A-Za-z_=-]{1,128}(?<aside>[?#][!-~]*)?$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://wx\.tenpay\.com)/f2f\?[!-~]+$",
        kind: "merchant_static",
    },
    TextPattern {
        pattern: r"^(?i:https://wx\.tenpay\.com)/cgi-bin/mmpayweb-bin/checkmweb\?(?:[!-~]*&)?prepay_id=[!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:weixin://wxpay)/bizpayurl(?:/up)?\?(?:[!-~]*&)?(?:pr|sign)=[!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:weixin://wap)/pay\?[!-~]+$",
        kind: "deeplink",
    },
    TextPattern {
        pattern: r"^(?i:weixin://pay\.weixin\.qq\.com)/bizpayurl[/?][!-~]+$",
        kind: "order",
    },
    TextPattern {
        pattern: r"^(?i:https://u\.wechat\.com)/[!-~]+$",
        kind: "not_payment",
    },
    TextPattern {
        pattern: r"^(?i:https?://weixin\.qq\.com)/r/[!-~]+$",
        kind: "not_payment",
    },
];
