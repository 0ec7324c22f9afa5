//! The simulated phone: a page that plays a payer's wallet. Test mode only.

use maud::{Markup, html};

use super::lang::Lang;
use super::layout::both;
use super::tag::Tag;

/// The phone with its wallets, `chosen` in hand.
pub(super) fn phone(lang: Lang, wallets: &[Tag], chosen: Option<&str>) -> Markup {
    let chosen = chosen.filter(|id| wallets.iter().any(|tag| tag.id == *id));
    html! {
        main.phone #phone data-words=(words(lang)) data-lang=(lang.word()) data-decode="/phone/decode" {
            section.step #choose {
                h1 { (both(lang, "模拟手机", "Simulated phone")) }
                p.lead { (lang.of_two("用哪个钱包付款？", "Which wallet pays?")) }
                div.wallets role="radiogroup" {
                    @for tag in wallets {
                        label.wallet {
                            input type="radio" name="wallet" value=(tag.id) checked[chosen == Some(tag.id.as_str())];
                            (tag.markup(lang))
                        }
                    }
                }
            }
            section.step #scan {
                h2 { (both(lang, "扫码", "Scan")) }
                div.ways {
                    button.plain type="button" data-camera="" { (lang.of_two("摄像头", "Camera")) }
                    label.plain.button { (lang.of_two("上传图片", "Picture"))
                        input.hidden-file #picture type="file" accept="image/png,image/jpeg,image/webp" data-picture=""; }
                }
                video.camera data-video="" hidden playsinline muted {}
                form #by-text {
                    label.ask for="text" { (lang.of_two("或粘贴码的内容", "or paste the code’s text")) }
                    textarea #text name="text" rows="3" spellcheck="false" {}
                    button.plain type="submit" { (lang.of_two("读取", "Read")) }
                }
                p.says #says role="alert" {}
            }
            section.step.sheet #bill hidden {
                p.from { span.tag #bill-wallet {} span.badge { (lang.of_two("模拟", "simulated")) } }
                p.to { (both(lang, "付款给", "Pay to")) }
                h2 #bill-payee { }
                p.where #bill-where {}
                form #bill-form {
                    div.field #bill-ask hidden {
                        span.currency {}
                        input #bill-amount type="text" inputmode="decimal" maxlength="16" placeholder="0.00"
                            aria-label=(lang.of_two("金额", "Amount"));
                    }
                    p.amount #bill-fixed { span.currency {} span.figure {} }
                    p.route #bill-route {}
                    p.says #bill-says role="alert" {}
                    button.primary type="submit" { (both(lang, "确认付款", "Pay")) }
                    button.plain type="button" data-decline="" { (both(lang, "取消", "Decline")) }
                }
            }
            section.step #result hidden {
                div.sign #result-sign aria-hidden="true" {}
                h2 #result-title role="status" {}
                p.amount #result-amount { span.currency {} span.figure {} }
                section.unfit #result-unfit hidden {
                    p.small { (lang.of_two("到账：", "What came: ")) }
                    p.amount #result-came { span.currency {} span.figure {} }
                    p #result-why {}
                    p { strong { (lang.of_two(
                        "店家已收到通知。请不要再付，给店员看本页。",
                        "The shop has been told. Do not pay again; show this page at the counter.",
                    )) } }
                }
                section.receipt #result-receipt hidden {
                    p.small { (lang.of_two("给店员看", "Show this at the counter")) }
                    p.number #result-number {}
                    img.qr #result-qr alt=(lang.of_two("收据二维码", "Receipt as a QR code"));
                    details {
                        summary { (lang.of_two("收据原文", "Receipt as text")) }
                        textarea.jws #result-text readonly rows="5" spellcheck="false" {}
                    }
                }
                button.plain type="button" data-again="" { (lang.of_two("再扫一个", "Scan another")) }
            }
        }
    }
}

fn words(lang: Lang) -> String {
    serde_json::json!({
        "choose": lang.of_two("请先选一个钱包。", "Choose a wallet first."),
        "reading": lang.of_two("正在读取…", "Reading…"),
        "noCode": lang.of_two("图片里没有找到二维码。", "No code was found in the picture."),
        "tooLarge": lang.of_two("图片太大，请换一张小一点的。", "The picture is too large; take a smaller one."),
        "unreadable": lang.of_two("这个文件不是能读的图片。", "This file is no picture that can be read."),
        "tooOften": lang.of_two("扫得太频繁，请过一分钟再试。", "Too many tries; wait a minute."),
        "busy": lang.of_two("现在太忙，请稍后再试。", "Too busy right now; try again in a moment."),
        "payersCode": lang.of_two("这是顾客的付款码，这里用不上：请勿保存或转发。", "This is a payer’s code, of no use here: do not keep it or pass it on."),
        "manyCodes": lang.of_two("图片里有多个码，请只对准一个。", "There is more than one code; show one only."),
        "noCamera": lang.of_two("用不了摄像头，请上传图片或粘贴。", "The camera cannot be used; upload a picture or paste."),
        "failed": lang.of_two("没有成功，请再试一次。", "That did not work; try again."),
        "refused": lang.of_two("钱包不能付这个码：", "The wallet cannot pay this code: "),
        "paying": lang.of_two("正在付款…", "Paying…"),
        "waiting": lang.of_two("等待结果…", "Waiting for the result…"),
        "paid": lang.of_two("已付款", "Paid"),
        "ended": lang.of_two("没有付款", "Not paid"),
        "unfit": lang.of_two("钱到了，但对不上", "Money came, but it does not fit"),
        "direct": lang.of_two("直接付到商户的账户", "straight into the shop’s account"),
        "interop": lang.of_two("通过互联互通付到", "by interconnection, into the account at"),
        "instead": lang.of_two("可以用：", "These would work: "),
    })
    .to_string()
}
