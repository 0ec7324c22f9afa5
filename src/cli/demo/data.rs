//! What the demo is about: a shop, and what exists between the institutions today.

/// The merchant, its store and its tills.
pub(super) const MERCHANT: &str = "老王牛肉面馆";
pub(super) const STORE: &str = "人民广场店";
pub(super) const COUNTERS: [&str; 2] = ["一号收银台", "二号收银台"];
pub(super) const CITY: &str = "Shanghai";
pub(super) const COUNTRY: &str = "CN";
pub(super) const ZONE: &str = "Asia/Shanghai";
/// Restaurants.
pub(super) const MCC: &str = "5812";

/// Where the merchant has accounts, and their numbers.
pub(super) const ACCOUNTS: &[(&str, &str)] =
    &[("wechat_pay", "1900006891"), ("alipay", "2088721382101609")];

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
        let has_account = |id: &str| ACCOUNTS.iter().any(|(at, _)| *at == id);
        for wallet in wallet::ALL {
            let id = wallet.about().id;
            let reaches = AGREEMENTS
                .iter()
                .any(|a| a.payer == id && has_account(a.payee));
            assert!(has_account(id) || reaches, "{id}");
        }
    }
}
