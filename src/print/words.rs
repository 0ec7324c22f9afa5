//! What a print says, in Chinese and English.

use super::Sign;
use super::template::PrintLang;

/// The texts of one print.
pub(super) struct Words {
    pub(super) headline: (&'static str, &'static str),
    pub(super) lead: &'static str,
    pub(super) place: String,
    pub(super) short_id: String,
    pub(super) check: String,
    pub(super) play: Option<&'static str>,
}

/// The texts for a sign; `brief` where room is scarce.
pub(super) fn words(sign: &Sign, lang: PrintLang, brief: bool) -> Words {
    let (zh, en) = ("扫码付款", "Scan to pay");
    let place = match &sign.counter {
        Some(counter) => format!("{} · {counter}", sign.store),
        None => sign.store.clone(),
    };
    let (name, id, host) = (&sign.merchant, &sign.short_id, &sign.host);
    match lang {
        PrintLang::Zh => Words {
            headline: (zh, en),
            lead: "下列任一钱包均可扫码",
            place,
            short_id: format!("码号 {id}"),
            check: if brief {
                let name = beginning(name);
                format!("验真：扫码后须显示“{name}”，否则请勿付款。")
            } else {
                format!(
                    "验真：付款前，钱包会显示“{name}”；用浏览器打开，网址是 {host}，\
                     码号是 {id}。不一致请勿付款。"
                )
            },
            play: sign.is_test.then_some("测试码 · 不产生真实扣款"),
        },
        PrintLang::En => Words {
            headline: (en, zh),
            lead: "Scan with any of these wallets",
            place,
            short_id: format!("Code {id}"),
            check: if brief {
                let name = beginning(name);
                format!("Genuine only if your wallet shows \"{name}\" before you pay.")
            } else {
                format!(
                    "Is it genuine? Before you pay, your wallet shows \"{name}\"; a browser shows \
                     {host} and code {id}. If not, do not pay."
                )
            },
            play: sign.is_test.then_some("Test code: no real money moves"),
        },
    }
}

/// As much of a name as two lines have room for: it stands in full above.
fn beginning(name: &str) -> String {
    const CHARS_MAX: usize = 18;
    if name.chars().count() <= CHARS_MAX {
        return name.to_owned();
    }
    let short: String = name.chars().take(CHARS_MAX).collect();
    format!("{}…", short.trim_end())
}
