//! The page that stays open at the counter.

use maud::{Markup, html};

use super::lang::Lang;
use super::layout::both;
use super::tag::Tag;
use super::{speech, takings};
use crate::db::receipts::Taken;
use crate::money::Currency;

/// A device that was let in.
#[derive(Debug, Clone)]
pub(super) struct CounterView {
    pub(super) merchant: String,
    pub(super) store: String,
    pub(super) counter: String,
    pub(super) currency: Currency,
    /// Today, in the merchant's time zone.
    pub(super) day: String,
    /// The time there.
    pub(super) time: String,
    /// What the store took so far today.
    pub(super) taken: Vec<Taken>,
    /// Today's list begins behind this place.
    pub(super) after: i64,
    /// What comes behind this place is news, and is heard.
    pub(super) last: i64,
}

/// The form for the one-time code.
pub(super) fn pair(lang: Lang, refused: Option<(&'static str, &'static str)>) -> Markup {
    let action = format!("/counter/pair?lang={}", lang.word());
    html! {
        main.card.pair {
            h1 { (both(lang, "连接收银台", "Connect this counter")) }
            p.lead { (lang.of_two(
                "输入管理员给出的一次性配对码。",
                "Type the one-time code that your manager gave you.",
            )) }
            form method="post" action=(action) autocomplete="off" {
                label.ask for="code" { (both(lang, "配对码", "Pairing code")) }
                div.field.wrong[refused.is_some()] {
                    input #code name="code" type="text" required maxlength="16" autofocus
                        autocapitalize="characters" spellcheck="false" placeholder="ABCD-2345"
                        aria-describedby="code-says";
                }
                p #code-says .says role="alert" {
                    @if let Some((zh, en)) = refused { (lang.of_two(zh, en)) }
                }
                button.primary type="submit" { (both(lang, "连接", "Connect")) }
            }
        }
    }
}

/// The live feed, today's list, and the check of receipts.
pub(super) fn counter(lang: Lang, view: &CounterView) -> Markup {
    html! {
        header.bar {
            div.who {
                strong { bdi { (view.merchant) } }
                span { bdi { (view.store) } " · " bdi { (view.counter) } }
            }
            p.line #line role="status" data-state="away" { (lang.of_two("正在连接…", "Connecting…")) }
            button.plain #sound type="button" aria-pressed="false" { (lang.of_two("打开声音", "Sound on")) }
            select.plain #voice aria-label=(lang.of_two("语音播报", "Announcements")) {
                option value="off" { (lang.of_two("不播报", "No voice")) }
                option value="zh" lang="zh-Hans" { "中文播报" }
                option value="en" lang="en" { "English voice" }
            }
            a.button.plain href={ "/plates/bind?lang=" (lang.word()) } { (lang.of_two("绑定码牌", "Bind a plate")) }
            form method="post" action={ "/counter/leave?lang=" (lang.word()) } {
                button.plain type="submit" { (lang.of_two("退出", "Leave")) }
            }
        }
        // Until the script has heard the server, and whenever it does not: no page that looks alive
        // and is dead.
        p.banner #banner role="alert" {
            strong { (lang.of_two("正在连接，还收不到付款消息。", "Connecting: payments are not shown yet.")) }
            " "
            span {}
        }
        p.tap #tap hidden { (lang.of_two("点一下页面，声音才会响。", "Tap the page once, so that it may sound.")) }
        main.till data-after=(view.after) data-last=(view.last) data-day=(view.day) data-time=(view.time)
            data-currency=(view.currency.code()) data-decimals=(view.currency.decimals())
            data-words=(words(lang)) data-tags=(tags(lang)) data-speech=(speech::sentences()) {
            section.now #now data-kind="idle" aria-live="polite" {
                p.label { (lang.of_two("等待下一笔", "Ready for the next payment")) }
                p.amount { span.figure { "—" } }
                p.by {}
                p.number {}
            }
            div.aside { (receipt(lang)) (sign(lang)) }
            section.today {
                h2 {
                    (both(lang, "今天", "Today"))
                    span.sum #sum { (takings::sum(lang, view.currency, &view.taken)) }
                }
                ul.totals #totals aria-label=(lang.of_two("各钱包合计", "By wallet")) {
                    (takings::lines(lang, &view.taken))
                }
                ol.rows #rows {}
                p.empty #empty { (lang.of_two("今天还没有付款。", "No payment yet today.")) }
            }
        }
    }
}

/// The check of receipts.
fn receipt(lang: Lang) -> Markup {
    html! {
        section.check #check data-decode="/v1/decode" data-verify={ "/counter/verify?lang=" (lang.word()) } {
            h2 { (both(lang, "核对付款人的收据", "Check a payer’s receipt")) }
            form #by-number {
                label.ask for="digits" { (lang.of_two("六位数字", "Six digits")) }
                div.field {
                    input #digits name="number" type="text" inputmode="numeric" maxlength="7"
                        autocomplete="off" placeholder="000 000";
                    button.primary type="submit" { (lang.of_two("核对", "Check")) }
                }
            }
            div.ways {
                button.plain type="button" data-camera="" { (lang.of_two("扫码", "Scan")) }
                label.plain.button { (lang.of_two("图片", "Picture"))
                    input.hidden-file type="file" accept="image/png,image/jpeg,image/webp" data-picture=""; }
                button.plain type="button" data-paste="" { (lang.of_two("粘贴文字", "Paste")) }
            }
            video.camera data-video="" hidden playsinline muted {}
            form #by-text hidden {
                textarea name="receipt" rows="3" spellcheck="false"
                    aria-label=(lang.of_two("收据原文", "Receipt as text")) {}
                button.primary type="submit" { (lang.of_two("核对", "Check")) }
            }
            div #verdict .verdict role="status" hidden {
                strong {}
                span {}
            }
        }
    }
}

/// "Check my sign": somebody may have stuck another over it.
fn sign(lang: Lang) -> Markup {
    html! {
        section.check.of-wall #sign data-decode="/v1/decode" data-check={ "/counter/sign?lang=" (lang.word()) } {
            h2 { (both(lang, "核对墙上的收款码", "Check my sign")) }
            p.small { (lang.of_two(
                "扫一下墙上的码：是不是我们的、真不真、该不该挂在这里。",
                "Scan what hangs on the wall: is it ours, genuine, and where it belongs?",
            )) }
            div.ways {
                button.plain type="button" data-camera="" { (lang.of_two("扫码", "Scan")) }
                label.plain.button { (lang.of_two("图片", "Picture"))
                    input.hidden-file type="file" accept="image/png,image/jpeg,image/webp" data-picture=""; }
                button.plain type="button" data-paste="" { (lang.of_two("输入文字", "Type")) }
            }
            video.camera data-video="" hidden playsinline muted {}
            form #sign-text hidden {
                textarea name="text" rows="3" spellcheck="false"
                    aria-label=(lang.of_two("码的内容", "What the code says")) {}
                button.primary type="submit" { (lang.of_two("核对", "Check")) }
            }
            div #sign-verdict .verdict role="status" hidden {
                strong {}
                span {}
            }
            a.print href={ "/counter/print?lang=" (lang.word()) } {
                (lang.of_two("打印收款码", "Print a sign"))
            }
        }
    }
}

/// What the script says.
fn words(lang: Lang) -> String {
    serde_json::json!({
        "online": lang.of_two("已连接", "Connected"),
        "offline": lang.of_two("连接中断，正在重连…", "Disconnected, trying again…"),
        "lost": lang.of_two("连接中断，收不到付款消息。", "Disconnected: payments are not shown."),
        "since": lang.of_two("正在重连；{time} 之后的付款随后补上。", "Trying again; payments after {time} will follow."),
        "soundOn": lang.of_two("声音已开", "Sound is on"),
        "soundOff": lang.of_two("打开声音", "Sound on"),
        "paid": lang.of_two("已收款", "Paid"),
        "reported": lang.of_two("付款方称已付，等待收款机构确认", "Payer’s wallet says paid; not confirmed yet"),
        "waiting": lang.of_two("正在付款…", "Someone is paying…"),
        "ended": lang.of_two("没有付成", "Not paid"),
        "exception": lang.of_two("异常款项", "Exception"),
        "colon": lang.of_two("：", ": "),
        "one": lang.of_two("笔", "payment"),
        "count": lang.of_two("笔", "payments"),
        "mute": lang.of_two("此浏览器不能播报", "No voice in this browser"),
        "noCamera": lang.of_two("用不了摄像头，请上传图片或输入数字。", "The camera cannot be used; upload a picture or type the number."),
        "noCode": lang.of_two("图片里没有找到收据。", "No receipt was found in the picture."),
        "noSign": lang.of_two("图片里没有找到收款码。", "No code was found in the picture."),
        "silent": lang.of_two("这张码好一阵没人付了，请去看看", "Nobody pays by this code any more: look at the sign"),
        "again": lang.of_two("这张码又有人付了", "Somebody pays by this code again"),
        "silentSince": lang.of_two("上次收款", "last paid"),
        "payersCode": lang.of_two("这是顾客的付款码，这里用不上：请勿保存或转发。", "This is a payer’s code, of no use here: do not keep it or pass it on."),
        "manyCodes": lang.of_two("图片里有多个码，请只对准一个。", "There is more than one code; show one only."),
        "sixDigits": lang.of_two("收据号是六位数字。", "A receipt’s number has six digits."),
        "tooLarge": lang.of_two("图片太大，请换一张小一点的。", "The picture is too large; take a smaller one."),
        "unreadable": lang.of_two("这个文件不是能读的图片。", "This file is no picture that can be read."),
        "tooOften": lang.of_two("核对得太频繁，请过一分钟再试。", "Too many tries; wait a minute."),
        "busy": lang.of_two("现在太忙，请稍后再试。", "Too busy right now; try again in a moment."),
        "failed": lang.of_two("没有核对成，请再试一次。", "The check did not go through; try again."),
        "codes": code_words(lang),
    })
    .to_string()
}

/// What can be wrong with money.
pub(super) fn code_words(lang: Lang) -> serde_json::Value {
    serde_json::json!({
        "amount-mismatch": lang.of_two("金额不符", "Wrong amount"),
        "currency-mismatch": lang.of_two("币种不符", "Wrong currency"),
        "payee-mismatch": lang.of_two("收款账户不符", "Wrong account"),
        "unmatched": lang.of_two("没有对应的订单", "No such order"),
        "late": lang.of_two("订单结束后才到账", "Came after the end"),
        "duplicate": lang.of_two("重复付款", "Paid twice"),
    })
}

/// The wallets' ids and names, in the order in which all pages name them.
fn tags(lang: Lang) -> String {
    let names: Vec<_> = Tag::all()
        .into_iter()
        .map(|tag| serde_json::json!([tag.id, tag.name(lang)]))
        .collect();
    serde_json::Value::Array(names).to_string()
}
