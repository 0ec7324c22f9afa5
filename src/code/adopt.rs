//! Whether a text that another institution issued may be adopted, and what it is known by.
//!
//! A merchant's own receiving code of a known network may; a person's, a payer's, one for a single
//! payment, one of ours and one that only looks like a network's may not, and each is told why. The
//! answer rests on [`decode`] and [`identify`].

use unicode_security::confusable_detection::skeleton;

use super::answer::{DecodeAnswer, Format, Reading};
use super::decode::{DecodeContext, ISSUER_UNLISTED, OTHER_ORIGIN, decode, is_hidden};
use super::emv;
use super::identity::identify;
use super::native::{Natives, PAYER_CODE};
use crate::money::Currency;
use crate::word::words;

/// A receiving code that a merchant may adopt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoptable {
    /// Whose code it is: an institution, or [`EMV`].
    pub network: &'static str,
    /// The one spelling of it: with the network, its name.
    pub canonical: String,
    /// What it is paid in, where it says so.
    pub currency: Option<Currency>,
}

words! {
    /// Why a text cannot be adopted.
    NotAdoptable {
        /// Empty, too long, or broken.
        Unreadable = "unreadable",
        /// One of ours; it needs no adoption.
        OwnCode = "own-code",
        /// The number that a payer shows.
        PayerCode = "payer-code",
        /// A person's code, which trade may not use.
        PersonalCode = "personal-code",
        /// Made for one payment, or for one amount.
        OnePayment = "one-payment",
        /// A network's text that receives nothing: a deep link, a login, a contact.
        NotReceiving = "not-receiving",
        /// A receiving code of a network that no institution here stands for.
        OtherNetwork = "other-network",
        /// Made to be taken for a network's code.
        LookAlike = "look-alike",
        /// No payment code that is known.
        Unknown = "unknown",
    }
}

/// The network of every EMV merchant-presented code: which institutions it serves is inside.
pub const EMV: &str = "emv_mpm";

/// An EMV payload has at most 512 characters, most of them ASCII; the wallets' own texts are shorter.
const BYTES_MAX: usize = 1_024;

/// Whether an institution here stands for a network.
pub type StandsFor = fn(network: &str) -> bool;

impl NotAdoptable {
    /// The reason as a sentence.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Unreadable => "the text is empty, too long or broken",
            Self::OwnCode => "this is a code of this server: it works without being adopted",
            Self::PayerCode => "this is the code that a payer shows, not one to be paid to",
            Self::PersonalCode => "this is a person's code, which may not be used for trade",
            Self::OnePayment => "this code is for one payment or one amount, not for a wall",
            Self::NotReceiving => "this text of the network receives no money",
            Self::OtherNetwork => "no payment institution here stands for this code's network",
            Self::LookAlike => "this only looks like a network's code: take it off the wall",
            Self::Unknown => "this is no payment code that is known here",
        }
    }
}

/// The text without what scanners and hands leave about it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace())
}

/// Reads a text that somebody else issued.
pub fn read(
    text: &str,
    context: &DecodeContext<'_>,
    stands_for: StandsFor,
) -> Result<Adoptable, NotAdoptable> {
    let text = trimmed(text);
    if text.is_empty() || text.len() > BYTES_MAX {
        return Err(NotAdoptable::Unreadable);
    }
    match decode(text, context) {
        DecodeAnswer::Read(reading) => judge(text, &reading, context, stands_for),
        DecodeAnswer::Refused(_) if emv::consumer::looks_like(text) => Err(NotAdoptable::PayerCode),
        DecodeAnswer::Refused(_) if looks_alike(text, context.natives) => {
            Err(NotAdoptable::LookAlike)
        }
        DecodeAnswer::Refused(_) => Err(NotAdoptable::Unreadable),
    }
}

fn judge(
    text: &str,
    reading: &Reading,
    context: &DecodeContext<'_>,
    stands_for: StandsFor,
) -> Result<Adoptable, NotAdoptable> {
    let Some(network) = reading.network else {
        return Err(if looks_alike(text, context.natives) {
            NotAdoptable::LookAlike
        } else {
            NotAdoptable::Unknown
        });
    };
    let is_remarked = |code| reading.warnings.iter().any(|remark| remark.code == code);
    if reading.scheme == Some("tongma") {
        return Err(if is_remarked(OTHER_ORIGIN) {
            NotAdoptable::OtherNetwork
        } else {
            NotAdoptable::OwnCode
        });
    }
    if reading.kind == PAYER_CODE {
        return Err(NotAdoptable::PayerCode);
    }
    if reading.format == Format::EmvMpm {
        return merchant_presented(text, context);
    }
    // A network that any host may claim, on one that was chosen to be mistaken for another.
    if is_remarked(ISSUER_UNLISTED) && looks_alike(text, context.natives) {
        return Err(NotAdoptable::LookAlike);
    }
    if !stands_for(network) {
        return Err(NotAdoptable::OtherNetwork);
    }
    let canonical = canonical(text, context)?;
    match reading.kind {
        // Whether the shape that both share is a merchant's is seen when the money arrives: a
        // person's code pays into no merchant's account.
        "merchant_static" | "merchant_or_personal_static" | "static" => Ok(Adoptable {
            network,
            canonical,
            currency: None,
        }),
        "personal_static" => Err(NotAdoptable::PersonalCode),
        "order" | "invoice" => Err(NotAdoptable::OnePayment),
        _ => Err(NotAdoptable::NotReceiving),
    }
}

/// The one spelling by which two scans of one code are known to be the same. Where a text has none,
/// somebody has put into it what the issuer does not print.
fn canonical(text: &str, context: &DecodeContext<'_>) -> Result<String, NotAdoptable> {
    identify(text, context)
        .map(|identity| identity.canonical)
        .ok_or(NotAdoptable::Unreadable)
}

fn merchant_presented(text: &str, context: &DecodeContext<'_>) -> Result<Adoptable, NotAdoptable> {
    let payload = emv::parse(text).map_err(|_| NotAdoptable::Unreadable)?;
    let fields = &payload.fields;
    if fields.point_of_initiation.as_deref() == Some("12") || fields.amount.is_some() {
        return Err(NotAdoptable::OnePayment);
    }
    // A code without a trade's category pays a person, or does not say whom.
    let has_trade = fields.mcc.as_deref().is_some_and(|mcc| mcc != "0000");
    if !has_trade || is_personal(&payload) {
        return Err(NotAdoptable::PersonalCode);
    }
    let number = fields.currency.as_deref().and_then(|n| n.parse().ok());
    Ok(Adoptable {
        network: EMV,
        canonical: canonical(text, context)?,
        currency: number.and_then(Currency::from_numeric),
    })
}

/// Networks' templates for people: money between persons, not for trade.
fn is_personal(payload: &emv::Payload) -> bool {
    let of_people = |template: &emv::Template| {
        let guid = template.guid().unwrap_or_default();
        guid.eq_ignore_ascii_case("com.p2pqrpay")
            || (payload.scheme == "khqr" && template.id() == "29")
            || (payload.scheme == "promptpay" && template.id() == "29")
    };
    payload.fields.merchant_accounts.iter().any(of_people)
}

/// Whether a text that is no network's was made to be taken for one: a known host somewhere in it,
/// written in other letters, with another end, or behind a user's name; a known scheme without what
/// belongs to it; or a row of digits as a payer shows one.
fn looks_alike(text: &str, natives: &Natives) -> bool {
    let plain = levelled(text);
    let is_number = plain.bytes().all(|b| b.is_ascii_digit()) && (16..=25).contains(&plain.len());
    let scheme = plain.split(':').next().unwrap_or_default();
    let bare = only_letters(&plain);
    is_number
        || natives.schemes().any(|known| known == scheme)
        || natives
            .hosts()
            .any(|host| bare.contains(&only_letters(&without_end(host))))
}

/// The text as a hasty eye sees it: plain letters, no hidden ones, slashes that lean one way.
fn levelled(text: &str) -> String {
    let seen = text
        .chars()
        .filter(|c| !is_hidden(*c) && !c.is_whitespace());
    let folded = seen.map(|c| match c {
        '\\' => '/',
        '\u{3002}' | '\u{ff61}' => '.',
        // Full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let at = u32::from(c).saturating_sub(0xfee0);
            char::from_u32(at).unwrap_or(c)
        }
        other => other,
    });
    folded.collect::<String>().to_ascii_lowercase()
}

/// What is left to be compared: letters and digits that look alike are one.
fn only_letters(text: &str) -> String {
    let like = skeleton(text).filter(|c| c.is_alphanumeric());
    let like = like.flat_map(char::to_lowercase);
    like.map(|c| {
        if matches!(c, 'i' | '1' | '\u{131}') {
            'l'
        } else {
            c
        }
    })
    .collect()
}

/// A host without its top-level domain, which imitations change.
fn without_end(host: &str) -> String {
    let stem = host.rsplit_once('.').map_or(host, |(stem, _)| stem);
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::code::SignatureVerdict;
    use crate::code::origin::Origin;
    use crate::code::run::{Body, CodeKind, Parsed, RandomId, issue};
    use crate::wallet;

    fn reads(text: &str) -> Result<Adoptable, NotAdoptable> {
        let natives = wallet::natives().unwrap();
        let verify = |_: &Parsed| SignatureVerdict::UnknownKey;
        let own = Origin::parse("https://pay.example", false).unwrap();
        let context = DecodeContext {
            natives: &natives,
            own_origins: &[own],
            verify: &verify,
            allow_http: false,
        };
        read(text, &context, wallet::stands_for)
    }

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        kind: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../tests/vectors/native-codes.json")).unwrap()
    }

    #[test]
    fn a_merchants_own_code_is_adoptable_whatever_the_case_of_its_host() {
        let plain = reads("https://qr.alipay.com/ocx05278hyhu0zz1").unwrap();
        let printed = reads("HTTPS://QR.ALIPAY.COM/OCX05278HYHU0ZZ1\n").unwrap();
        assert_eq!(plain, printed);
        assert_eq!(plain.network, "alipay");
        // Elsewhere the path names the payee letter by letter.
        let lower = reads("https://qr.95516.com/00010002/01abcdefghijk").unwrap();
        let upper = reads("https://qr.95516.com/00010002/01ABCDEFGHIJK").unwrap();
        assert_ne!(lower.canonical, upper.canonical);
        assert_eq!(
            reads("http://QR.95516.com/00010002/01abcdefghijk").unwrap(),
            lower
        );
    }

    #[test]
    fn parameters_that_do_not_name_the_payee_are_not_kept() {
        let bare = reads("https://qr.alipay.com/ocx05278hyhu0zz1").unwrap();
        for more in [
            "?_s=web-other",
            "?notify_url=https://evil.example",
            "?amount=1",
        ] {
            let smuggled = reads(&format!("https://qr.alipay.com/ocx05278hyhu0zz1{more}"));
            assert_eq!(smuggled.unwrap().canonical, bare.canonical, "{more}");
        }
    }

    #[test]
    fn of_all_texts_only_static_ones_of_merchants_are_adoptable() {
        let (mut taken, mut imitations) = (0, 0);
        for Vector { text, kind, .. } in vectors() {
            let told = reads(&text);
            let expected = match kind.as_str() {
                "payer_auth_code" => Err(NotAdoptable::PayerCode),
                "personal_static" => Err(NotAdoptable::PersonalCode),
                "merchant_static" | "merchant_or_personal_static" | "static" => match &told {
                    Ok(_) => {
                        taken += 1;
                        continue;
                    }
                    // UPI, TWQR, PayPay and the like: nobody here stands for them.
                    other => {
                        assert!(
                            matches!(
                                other,
                                Err(NotAdoptable::OtherNetwork | NotAdoptable::Unknown)
                            ),
                            "{text}: {other:?}"
                        );
                        continue;
                    }
                },
                "lookalike" => {
                    assert!(told.is_err(), "{text}");
                    imitations += usize::from(told == Err(NotAdoptable::LookAlike));
                    continue;
                }
                _ => {
                    assert!(told.is_err(), "{text}");
                    continue;
                }
            };
            assert_eq!(told, expected, "{text}");
        }
        assert!(taken >= 15, "{taken}");
        assert!(imitations >= 36, "{imitations}");
    }

    #[test]
    fn a_code_has_one_text_whatever_is_hung_on_it() {
        for (known, behind) in [
            ("https://payapp.weixin.qq.com/qr/AQFArr_SfiJv", "?x=1"),
            ("https://payapp.weixin.qq.com/qr/AQFArr_SfiJv", "#1"),
            ("https://payapp.wechatpay.cn/sjt/qr/NPHcSke4R1J-", "?x#%41"),
            ("https://wxpay.tenpay.com/md/1aBcDeF", "#x"),
            ("https://wxpay.wechatpay.cn/md/1aBcDeF", "?%61"),
            (
                "https://qr.alipay.com/fkx558ec0wayf38b7xah0?t=1",
                "608010938119",
            ),
        ] {
            let bare = reads(known).unwrap();
            let hung = reads(&format!("{known}{behind}")).unwrap();
            assert_eq!(hung.canonical, bare.canonical, "{known}{behind}");
        }
        let number = "0123456789abcdef".repeat(4);
        let hebao = |number: &str| reads(&format!("https://p.10086.cn/d?p={number}")).unwrap();
        assert_eq!(hebao(&number), hebao(&number.to_uppercase()));

        // Where it is not known what names the payee, nothing may be hung on it.
        for text in [
            "https://m.bestpay.com.cn/pay?c=1",
            "http://www.unicompayment.com/externalJump/1",
            "https://wx.tenpay.com/f2f?t=aWdfZp-lvi60",
            "https://payapp.weixin.qq.com/qrpay/order/home2?key=1aB",
        ] {
            assert!(reads(text).is_ok(), "{text}");
            for behind in ["#1", "%61", "/../x"] {
                let hung = reads(&format!("{text}{behind}"));
                assert_eq!(hung, Err(NotAdoptable::Unreadable), "{text}{behind}");
            }
        }
    }

    #[test]
    fn what_is_kept_of_a_code_is_of_the_same_kind() {
        let person = "https://qr.alipay.com/fkx12345678901234567890";
        assert_eq!(reads(person), Err(NotAdoptable::PersonalCode));
        let shop = reads(&format!("{person}?t=1")).unwrap();
        assert_ne!(shop.canonical, person);
        assert_eq!(reads(&shop.canonical).unwrap(), shop);
    }

    #[test]
    fn a_code_of_another_server_like_this_one_is_another_networks() {
        let code = |host: &str| {
            let origin = Origin::parse(host, false).unwrap();
            let body = Body::new(CodeKind::Static, None, RandomId::new([1; 16]), None).unwrap();
            issue(&origin, &body, |_| [0; 64])
        };
        let own = reads(&code("https://pay.example"));
        assert_eq!(own, Err(NotAdoptable::OwnCode));
        let other = reads(&code("https://other.example"));
        assert_eq!(other, Err(NotAdoptable::OtherNetwork));
    }

    #[test]
    fn what_a_payer_shows_is_called_so_even_when_it_is_broken() {
        for text in [
            "130144458886891718\r\n",
            "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=",
            "hQVDUFYwMWEaTwegAAAAVVVV",
        ] {
            assert_eq!(reads(text), Err(NotAdoptable::PayerCode), "{text}");
        }
    }

    #[test]
    fn an_imitation_is_called_one() {
        for text in [
            "https://qr.alipay.com.evil.example/fkx12345678901234567890",
            "https://qr.alipay.com@evil.example/fkx12345678901234567890",
            "https://qr.\u{430}lipay.com/fkx12345678901234567890",
            "https://qr.a1ipay.com/fkx12345678901234567890",
            "https://qr\u{ff0e}alipay\u{ff0e}com/fkx12345678901234567890",
            "https://qr.alipay.com.evil.example/MPM/3/R1BMRA==",
            "HTTPS://QR.A1IPAY.COM/MPM/3/R1BMRDA5NVBM",
            "https://qr.955l6.com/00010002/62123456789012345678901234567890",
            "https:\\\\evil.example\\qr.alipay.com/fkx1",
            "https://qr.95516.net/00010002/0112345678901234",
            "wxp:f2f0abcdefghijklmnopqrstuvwx",
            "\u{ff11}\u{ff13}0123456789012345",
        ] {
            assert_eq!(reads(text), Err(NotAdoptable::LookAlike), "{text}");
        }
        for text in [
            "https://pay.example.com/q/1",
            "https://cashier.example/q/1",
            "老王牛肉面馆",
            "6901234567892",
        ] {
            assert_eq!(reads(text), Err(NotAdoptable::Unknown), "{text}");
        }
    }

    /// A payload with its checksum.
    fn sealed(body: &str) -> String {
        let text = format!("{body}6304");
        let crc = text.bytes().fold(0xffff_u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
                let shifted = crc << 1;
                if crc & 0x8000 == 0 {
                    shifted
                } else {
                    shifted ^ 0x1021
                }
            })
        });
        format!("{text}{crc:04X}")
    }

    const SHOP: &str = "00020101021115310156000100000000123456789012345520458125303156\
                        5802CN5905LAO W6008SHANGHAI";

    #[test]
    fn an_emv_code_of_a_shop_is_adoptable_and_a_persons_or_a_priced_one_is_not() {
        let shop = sealed(SHOP);
        let read = reads(&shop).unwrap();
        assert_eq!((read.network, read.currency), (EMV, Some(Currency::CNY)));
        let (body, checksum) = shop.split_at(shop.len() - 4);
        let lower = format!("{body}{}", checksum.to_lowercase());
        assert_eq!(reads(&lower).unwrap(), read);

        let once = sealed(&SHOP.replace("010211", "010212"));
        assert_eq!(reads(&once), Err(NotAdoptable::OnePayment));
        let priced = sealed(&SHOP.replace("5802CN", "540512.505802CN"));
        assert_eq!(reads(&priced), Err(NotAdoptable::OnePayment));
        let person = sealed(&SHOP.replace("52045812", "52040000"));
        assert_eq!(reads(&person), Err(NotAdoptable::PersonalCode));
        let broken = shop.replace("SHANGHAI", "SHANGHAJ");
        assert_eq!(reads(&broken), Err(NotAdoptable::Unreadable));
    }
}
