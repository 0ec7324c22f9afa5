//! What the demo is about: a shop, and what exists between the institutions today.

/// A shop as it signs up.
pub(super) struct ShopData {
    pub(super) merchant: &'static str,
    pub(super) store: &'static str,
    pub(super) counters: &'static [&'static str],
    /// Where the merchant has accounts, and their numbers.
    pub(super) accounts: &'static [(&'static str, &'static str)],
}

/// The shop with a code of ours on its wall.
pub(super) const NOODLES: ShopData = ShopData {
    merchant: "老王牛肉面馆",
    store: "人民广场店",
    counters: &["一号收银台", "二号收银台"],
    accounts: &[("wechat_pay", "1900006891"), ("alipay", "2088721382101609")],
};

/// The shop that has had WeChat Pay's own code on its wall for years, and an account nowhere else.
pub(super) const DUMPLINGS: ShopData = ShopData {
    merchant: "李记包子铺",
    store: "城隍庙店",
    counters: &["收银台"],
    accounts: &[("wechat_pay", "1900007302")],
};

/// That code.
pub(super) const ADOPTED_CODE: &str = "wxp://f2f0LiJiBaoZiPuChengHuangMiaoDian2019";

/// Whose payers could not pay it before it was adopted.
pub(super) const OTHERS: [&str; 4] = ["jd_pay", "bestpay", "hebao", "wo_pay"];

pub(super) const CITY: &str = "Shanghai";
pub(super) const COUNTRY: &str = "CN";
pub(super) const ZONE: &str = "Asia/Shanghai";
/// Restaurants.
pub(super) const MCC: &str = "5812";

/// Both.
pub(super) const SHOPS: [&ShopData; 2] = [&NOODLES, &DUMPLINGS];

/// The noodle shop's accounts in other networks, for its code in EMV's form: UnionPay International,
/// PayNow and Pix.
pub(super) const NETWORK_ACCOUNTS: [&str; 3] = [
    r#"{"id": "15", "value": "2500034400020344473398443761123"}"#,
    r#"{"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1", "03": "1"}}"#,
    r#"{"id": "27", "guid": "br.gov.bcb.pix", "sub": {"01": "11222333000181"}}"#,
];

/// What an institution keeps of each payment, in hundredths of a percent.
pub(super) const FEE_BASIS_POINTS: i64 = 60;

/// A directed agreement: payers of the first may pay into accounts at the second.
pub(super) struct Agreed {
    pub(super) payer: &'static str,
    pub(super) payee: &'static str,
    pub(super) clearing: &'static str,
}

/// The agreements that exist in the world.
pub(super) const AGREEMENTS: &[Agreed] = &[
    agreed("unionpay", "wechat_pay", "unionpay-clearing"),
    agreed("jd_pay", "wechat_pay", "netsunion"),
    agreed("bestpay", "wechat_pay", "netsunion"),
    agreed("hebao", "wechat_pay", "netsunion"),
    agreed("wo_pay", "wechat_pay", "netsunion"),
    agreed("ecny", "wechat_pay", "netsunion"),
    agreed("unionpay", "alipay", "unionpay-clearing"),
];

/// What each wallet's browser says of itself behind [`BROWSER`] (or in front, where it is complete).
pub(super) const BROWSERS: &[(&str, &str)] = &[
    (
        "wechat_pay",
        "MicroMessenger/8.0.49.2600(0x28003133) NetType/WIFI Language/zh_CN",
    ),
    (
        "alipay",
        "NebulaSDK/1.8.100112 AliApp(AP/10.5.96.8000) AlipayClient/10.5.96.8000",
    ),
    ("unionpay", "(com.unionpay.chsp) (UnionPay/1.0 CloudPay)"),
    (
        "jd_pay",
        "application=JDJR-App&clientType=android&clientVersion=6.9.20 UnionPay/1.0 JDJR",
    ),
    ("bestpay", "Bestpay/10.84.30"),
    ("hebao", "Hebao/9.15.42/com.cmpay.CMPayClient"),
    ("wo_pay", "unicom{version:android@12.0900}"),
    ("ecny", "DCEP/1.2.0"),
];

/// What the browser inside any app on the demo's phone begins with.
pub(super) const BROWSER: &str = "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 \
    (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36";

/// The price of the first bowl; each following row costs one fen more, so that no two are alike.
pub(super) const FIRST_PRICE_MINOR: i64 = 1_880;
/// And of the first basket of dumplings.
pub(super) const FIRST_BASKET_MINOR: i64 = 1_200;

const fn agreed(payer: &'static str, payee: &'static str, clearing: &'static str) -> Agreed {
    Agreed {
        payer,
        payee,
        clearing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet;

    #[test]
    fn every_wallet_has_a_browser_that_is_recognised_as_its_own() {
        for wallet in wallet::ALL {
            let id = wallet.about().id;
            let (_, says) = BROWSERS.iter().find(|(of, _)| *of == id).expect(id);
            let found = wallet::user_agent::identify(&format!("{BROWSER} {says}"));
            assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(id));
        }
    }

    #[test]
    fn every_wallet_reaches_an_account_of_the_shop() {
        let has_account = |id: &str| NOODLES.accounts.iter().any(|(at, _)| *at == id);
        for wallet in wallet::ALL {
            let id = wallet.about().id;
            let reaches = AGREEMENTS
                .iter()
                .any(|a| a.payer == id && has_account(a.payee));
            assert!(has_account(id) || reaches, "{id}");
        }
    }

    #[test]
    fn the_adopted_code_leads_to_an_account_that_the_others_reach_by_agreement_only() {
        let [(at, _)] = DUMPLINGS.accounts else {
            panic!("the second shop has one account")
        };
        for other in OTHERS {
            let reaches = |a: &Agreed| a.payer == other && a.payee == *at;
            assert!(AGREEMENTS.iter().any(reaches), "{other}");
        }
    }
}
