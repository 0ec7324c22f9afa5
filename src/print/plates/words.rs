//! What plates say, in Chinese and English.

use super::PlateWish;
use crate::print::PrintLang;

/// The texts that all plates of a print have in common.
pub(super) struct Words {
    pub(super) headline: (&'static str, &'static str),
    /// Where the shop's name will stand.
    pub(super) room: &'static str,
    pub(super) lead: &'static str,
    pub(super) check: String,
    pub(super) play: Option<&'static str>,
    /// On the strip that is cut off.
    pub(super) strip: [String; 2],
    /// Above the list of claims.
    pub(super) list: String,
    /// What stands in the list's columns.
    pub(super) columns: [&'static str; 4],
    lang: PrintLang,
}

/// The texts for a wish; `brief` where room is scarce.
pub(super) fn words(wish: &PlateWish, brief: bool) -> Words {
    let (zh, en) = ("扫码付款", "Scan to pay");
    let host = &wish.host;
    let bind = wish.bind_url.split_once("://");
    let bind = bind.map_or(wish.bind_url.as_str(), |(_, rest)| rest);
    match wish.lang {
        PrintLang::Zh => Words {
            headline: (zh, en),
            room: "待绑定 · 绑定后在此写店名",
            lead: "任一钱包均可扫码",
            check: if brief {
                "验真：扫码后须显示本店店名，否则请勿付款。".to_owned()
            } else {
                format!(
                    "验真：付款前，钱包会显示本店店名；用浏览器打开，网址是 {host}，码号与下方\
                     一致。不一致请勿付款。"
                )
            },
            play: wish.is_test.then_some("测试码 · 不产生真实扣款"),
            strip: [
                "贴前剪下，妥善保管，勿让顾客看到。".to_owned(),
                format!("绑定：{bind}"),
            ],
            list: format!(
                "认领密码清单：持有密码即可绑定码牌，请妥善保管，勿让顾客看到。绑定：{bind}"
            ),
            columns: ["序号", "码号", "认领密码", "商户、门店"],
            lang: wish.lang,
        },
        PrintLang::En => Words {
            headline: (en, zh),
            room: "To be bound: write the shop's name here",
            lead: "Scan with any wallet",
            check: if brief {
                "Genuine only if your wallet shows this shop's name before you pay.".to_owned()
            } else {
                format!(
                    "Is it genuine? Before you pay, your wallet shows this shop's name; a browser \
                     shows {host} and the code below. If not, do not pay."
                )
            },
            play: wish.is_test.then_some("Test code: no real money moves"),
            strip: [
                "Cut off before it hangs; keep it from customers.".to_owned(),
                format!("Bind at {bind}"),
            ],
            list: format!(
                "Claim secrets: whoever has one binds its plate. Keep this list, and keep it from \
                 customers. Bind at {bind}"
            ),
            columns: ["No.", "Code", "Claim secret", "Merchant, shop"],
            lang: wish.lang,
        },
    }
}

impl Words {
    /// Which plate it is.
    pub(super) fn short_id(&self, short_id: &str) -> String {
        match self.lang {
            PrintLang::Zh => format!("码号 {short_id}"),
            PrintLang::En => format!("Code {short_id}"),
        }
    }

    /// How it is bound.
    pub(super) fn claim(&self, short_id: &str, claim: &str) -> String {
        match self.lang {
            PrintLang::Zh => format!("码号 {short_id} · 认领密码 {claim}"),
            PrintLang::En => format!("Code {short_id} · Claim secret {claim}"),
        }
    }
}
