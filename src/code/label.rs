//! Payment texts of other countries and systems: named, so that a merchant is told what was
//! scanned, and routed nowhere.

use super::bill;
use super::text_pattern::TextPattern;

/// What no institution here will ever take.
pub(super) const REFUSED: &[&str] = &["bitcoin", "lightning", "crypto"];

/// The network whose issuers print codes on hosts of their own. It has a list of them, and what is
/// known of it is short.
const OF_ISSUERS: &str = "alipayplus";
const ISSUERS: &[&str] = &["payqr.gcash.com", "alipay.com"];

/// Whether a text claims to be of that network and stands on a host that could be anybody's.
pub(super) fn is_of_an_unlisted_issuer(network: &str, text: &str) -> bool {
    let is_listed = ISSUERS
        .iter()
        .any(|issuer| host(text).eq_ignore_ascii_case(issuer));
    network == OF_ISSUERS && !is_listed
}

/// The host of an address of one of these shapes, none of which takes a user's name or a port.
pub(super) fn host(text: &str) -> &str {
    let (_, behind) = text.split_once("://").unwrap_or_default();
    behind.split('/').next().unwrap_or_default()
}

/// The network of whose codes the same shape is for one payment or for many.
const OF_EITHER_KIND: &str = "upi_in";

/// What a text of this network and kind is when its parameters are looked at: one that names an
/// amount is for one payment. An amount of nothing is none: the payer enters it.
pub(super) fn narrowed(network: &str, kind: &'static str, text: &str) -> &'static str {
    if network != OF_EITHER_KIND {
        return kind;
    }
    let is_some =
        bill::upi_amount(text).is_some_and(|amount| amount.contains(|c| matches!(c, '1'..='9')));
    if is_some { "order" } else { kind }
}

/// System and shape, the narrower shape first.
pub(super) const ALL: &[(&str, TextPattern)] = &[
    // Nobody here takes it, and it is a payer's number all the same.
    ("qq_wallet", shape("^91[0-9]{16}$", "payer_auth_code")),
    // A person's, by the number under which she chats; the rest stands in any order.
    (
        "qq_wallet",
        shape(
            "^(?i:https://i\\.qianbao\\.qq\\.com)/wallet/sqrcode\\.htm\\?m=tenpay&(?:[^#\\x00-\\x1f]*&)?u=[0-9]{5,12}(?:&[^#\\x00-\\x1f]*)?$",
            "personal_static",
        ),
    ),
    (
        "thai_slip",
        shape(
            "^00[2-9][0-9]0006[0-9]{6}[ -~]+5102TH9104[0-9A-Fa-f]{4}$",
            "not_payment",
        ),
    ),
    (
        "upi_in",
        shape(
            "^(?i:upi://pay\\?(?:[^#\\x00-\\x1f]*&)?pa=[!\"$%'-~]+(?:&[^#\\x00-\\x1f]*)?)$",
            "static",
        ),
    ),
    (
        "twqr",
        shape(
            "^(?i:twqrp://)[^/?#@:\\\\\\x00-\\x1f]{1,128}/158/01/V1\\?[^#\\x00-\\x1f]+$",
            "merchant_static",
        ),
    ),
    (
        "twqr",
        shape(
            "^(?i:twqrp://)[^/?#@:\\\\\\x00-\\x1f]{1,128}/158/0[23]/V1\\?[^#\\x00-\\x1f]+$",
            "transfer",
        ),
    ),
    // Banks print the whole of it percent-encoded, too.
    (
        "twqr",
        shape(
            "^(?i:twqrp%3a%2f%2f[a-z0-9._~%-]{1,256}%2f158%2f01%2fv1%3f)[!-~]+$",
            "merchant_static",
        ),
    ),
    (
        "twqr",
        shape(
            "^(?i:twqrp%3a%2f%2f[a-z0-9._~%-]{1,256}%2f158%2f0[23]%2fv1%3f)[!-~]+$",
            "transfer",
        ),
    ),
    // What has a D in it is for one payment, what has an S for many; either is answered as an order.
    (
        "sbp_ru",
        shape(
            "^(?i:https://qr\\.nspk\\.ru)/[AB][DS][0-9A-Z]{21,41}(?:\\?[!-~]+)?$",
            "order",
        ),
    ),
    // Private codes for one order say 04 there; the hosts are issuers' that are known.
    (
        "alipayplus",
        shape(
            "^(?i:https://(?:payqr\\.gcash\\.com|alipay\\.com))/281[0-9]{3}04[0-9]{4,40}$",
            "order",
        ),
    ),
    (
        "alipayplus",
        shape(
            "^(?i:https://(?:payqr\\.gcash\\.com|alipay\\.com))/281[0-9]{6,40}$",
            "merchant_static",
        ),
    ),
    // Any issuer's host; what follows is base64 of `GPLD` and its objects.
    (
        "alipayplus",
        shape(
            "^(?i:https://[a-z0-9-]+(?:\\.[a-z0-9-]+)+)/MPM/3/R1BMR[A-Za-z0-9+/_-]+=*$",
            "order",
        ),
    ),
    (
        "paypay_jp",
        shape(
            "^(?i:https://qr\\.paypay\\.ne\\.jp)/[A-Za-z0-9_-]+$",
            "static",
        ),
    ),
    (
        "kakaopay_kr",
        shape(
            "^(?i:https://qr\\.kakaopay\\.com)/[A-Za-z0-9_-]+$",
            "static",
        ),
    ),
    (
        "nbu_ua",
        shape(
            "^(?i:https://bank\\.gov\\.ua)/qr/QkNE[A-Za-z0-9_-]+=*$",
            "invoice",
        ),
    ),
    (
        "nbu_ua",
        shape(
            "^(?i:https://qr\\.bank\\.gov\\.ua)/QkNE[A-Za-z0-9_-]+=*$",
            "invoice",
        ),
    ),
    // The first version: the lines as they are, behind one of spaces.
    (
        "nbu_ua",
        shape(
            "^(?: *\\r?\\n)?BCD\\r?\\n00[123]\\r?\\n[12]\\r?\\n[UIX]CT\\r?\\n[^\\n]*\\n[^\\n]+\\n(?i:UA[0-9]{27})(?:\\r?\\n[^\\n]*)*$",
            "invoice",
        ),
    ),
    // PK is what the payer shows at the till: her account stands in it.
    (
        "ips_rs",
        shape("^K:PK\\|V:01\\|C:1\\|[^\\x00]+$", "payer_auth_code"),
    ),
    (
        "ips_rs",
        shape(
            "^K:(?:PR|PT|EK)\\|V:01\\|C:1\\|R:[0-9]{18}\\|[^\\x00]+$",
            "invoice",
        ),
    ),
    (
        "hub3_hr",
        shape(
            "^HRVHUB30\\r?\\n[A-Z]{3}\\r?\\n[0-9]{15}\\r?\\n(?:[^\\n]*\\n){6}HR[0-9]{19}(?:\\r?\\n[^\\n]*){0,6}$",
            "invoice",
        ),
    ),
    (
        "upn_si",
        shape(
            "^UPNQR\\r?\\n(?:[^\\n]*\\n){7}[0-9]{11}\\r?\\n(?:[^\\n]*\\n){5}SI[0-9]{17}\\r?\\n(?:[^\\n]*\\n){4}[0-9]{1,3}[ \\r\\n]*$",
            "invoice",
        ),
    ),
    (
        "mnb_hu",
        shape(
            "^(?:HCT|RTP)\\r?\\n001\\r?\\n1\\r?\\n[A-Z0-9]{8}(?:[A-Z0-9]{3})?\\r?\\n[^\\n]+\\nHU[0-9]{26}(?:\\r?\\n[^\\n]*)*$",
            "invoice",
        ),
    ),
    // What stands behind the version stands between all pairs: a bar, unless a value has one in it.
    (
        "gost_ru",
        shape(
            "^ST0001[1-3]\\|(?:[^|]*\\|)*PersonalAcc=[0-9]{20}(?:\\|[^|]*)*$",
            "invoice",
        ),
    ),
    (
        "gost_ru",
        shape(
            "^ST0001[1-3]#(?:[^#]*#)*PersonalAcc=[0-9]{20}(?:#[^#]*)*$",
            "invoice",
        ),
    ),
    (
        "gost_ru",
        shape(
            "^ST0001[1-3]\\^(?:[^\\^]*\\^)*PersonalAcc=[0-9]{20}(?:\\^[^\\^]*)*$",
            "invoice",
        ),
    ),
    (
        "gost_ru",
        shape(
            "^ST0001[1-3];(?:[^;]*;)*PersonalAcc=[0-9]{20}(?:;[^;]*)*$",
            "invoice",
        ),
    ),
    (
        "gost_ru",
        shape(
            "^ST0001[1-3]~(?:[^~]*~)*PersonalAcc=[0-9]{20}(?:~[^~]*)*$",
            "invoice",
        ),
    ),
    (
        "swiss_qrbill",
        shape(
            "^SPC\\r?\\n0200\\r?\\n1\\r?\\n(?:CH|LI)[0-9A-Z]{19}\\r?\\n(?:[^\\n]*\\n){26,}[^\\n]*$",
            "invoice",
        ),
    ),
    (
        "epc_sct",
        shape(
            "^BCD\\r?\\n00[12]\\r?\\n[1-8]\\r?\\n(?:SCT|INST)\\r?\\n[0-9A-Z]*\\r?\\n[^\\n]+\\n(?i:[A-Z]{2}[0-9]{2}[0-9A-Z ]{10,38})(?:\\r?\\n[^\\n]*)*$",
            "invoice",
        ),
    ),
    (
        "spayd_cz",
        shape(
            "^SPD\\*1\\.0\\*(?:[^*]*\\*)*ACC:[A-Z]{2}[0-9]{2}[0-9A-Z+]+(?:\\*[^*]*)*$",
            "invoice",
        ),
    ),
    // What other countries' wallets link to.
    (
        "swish_se",
        shape("^(?i:swish://)payment\\?[!-~]+$", "order"),
    ),
    (
        "swish_se",
        shape("^(?i:https://app\\.swish\\.nu)/1/p/sw/\\?[!-~]+$", "order"),
    ),
    (
        "mobilepay_dk",
        shape("^(?i:https://qr\\.mobilepay\\.dk)/box/[!-~]+$", "static"),
    ),
    (
        "paypal",
        shape("^(?i:https://(?:www\\.)?paypal\\.me)/[!-~]+$", "static"),
    ),
    (
        "paypal",
        shape("^(?i:https://www\\.paypal\\.com)/qrcodes/[!-~]+$", "static"),
    ),
    (
        "venmo_us",
        shape("^(?i:https://venmo\\.com)/(?:u/|code\\?)[!-~]+$", "static"),
    ),
    (
        "zelle_us",
        shape(
            "^(?i:https://enroll\\.zellepay\\.com)/qr-codes/?\\?[!-~]*data=[!-~]+$",
            "static",
        ),
    ),
    (
        "twint_ch",
        shape(
            "^(?i:https://go\\.twint\\.ch)/[0-9]+/[a-z]+/tw\\?[!-~]*tw=[!-~]+$",
            "static",
        ),
    ),
    // In brackets, so that not everything with this common word in it looks like an imitation.
    (
        "cashapp_us",
        shape("^(?i:https://(?:cash\\.app))/[$][0-9A-Za-z_-]+$", "static"),
    ),
    (
        "bitcoin",
        shape("^(?i:bitcoin:)[0-9A-Za-z]{26,90}(?:\\?[!-~]*)?$", "uri"),
    ),
    // No address, but something else that can be paid.
    (
        "bitcoin",
        shape(
            "^(?i:bitcoin:)\\?(?:[!-~]*&)?(?i:lightning|lno|sp|bc)=[!-~]+$",
            "uri",
        ),
    ),
    (
        "bitcoin",
        shape(
            "^(?:bc1[02-9ac-hj-np-z]{14,74}|BC1[02-9AC-HJ-NP-Z]{14,74})$",
            "address",
        ),
    ),
    (
        "lightning",
        shape(
            "^(?i:lightning:)?(?:lnurl1[02-9ac-hj-np-z]{20,}|LNURL1[02-9AC-HJ-NP-Z]{20,})$",
            "lnurl",
        ),
    ),
    (
        "lightning",
        shape(
            "^(?i:lightning:)?(?:ln(?:bc|bcrt|tb|tbs)[02-9ac-hj-np-z1]{50,}|LN(?:BC|BCRT|TB|TBS)[02-9AC-HJ-NP-Z1]{50,})$",
            "bolt11",
        ),
    ),
    // An offer has no check digits.
    (
        "lightning",
        shape(
            "^(?i:lightning:)?(?:lno1[02-9ac-hj-np-z]{50,}|LNO1[02-9AC-HJ-NP-Z]{50,})$",
            "bolt12",
        ),
    ),
    (
        "crypto",
        shape(
            "^(?i:bitcoincash|cardano|dash|dogecoin|ethereum|litecoin|monero|ripple|solana|stellar|tron|xrpl|zcash|web\\+stellar|web\\+cardano):[!-~]{10,}$",
            "uri",
        ),
    ),
];

const fn shape(pattern: &'static str, kind: &'static str) -> TextPattern {
    TextPattern { pattern, kind }
}

#[cfg(test)]
mod tests {
    use crate::code::native::tests::natives;

    #[test]
    fn a_persons_code_of_qq_is_told_in_whatever_order_its_parameters_stand() {
        let host = "https://i.qianbao.qq.com";
        let page = format!("{host}/wallet/sqrcode.htm?m=tenpay");
        for text in [
            format!(
                "{page}&a=1&u=100002345&ac=CAEQqcaWMBj0r8X4BQ%3D%3D_xxx_sign&n=%E8%80&f=wallet"
            ),
            format!("{page}&f=wallet&a=1&ac=2674F0DA92BE37A0D55FE71D84085895&u=100002345&n=老王"),
            format!("{page}&f=wallet&a=1&ac=2674F0DA92BE37A0&u=100002345")
                .replace(host, "HTTPS://I.QIANBAO.QQ.COM"),
        ] {
            let native = natives()
                .recognise(&text)
                .unwrap_or_else(|| panic!("{text}"));
            let told = (native.network, native.kind);
            assert_eq!(told, ("qq_wallet", "personal_static"), "{text}");
        }
        for text in [
            format!("{page}&a=1&ac=2674F0DA92BE37A0&n=x&f=wallet"),
            page.replace("tenpay", "other") + "&u=100002345",
            page.replace(host, "https://i.qianbao.qq.com@evil.example") + "&u=100002345",
        ] {
            assert_eq!(natives().recognise(&text), None, "{text}");
        }
    }
}
