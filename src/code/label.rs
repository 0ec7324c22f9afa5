//! Payment texts of other countries and systems: named, so that a merchant is told what was
//! scanned, and routed nowhere.

use super::native::TextPattern;

/// What no institution here will ever take.
pub(super) const REFUSED: &[&str] = &["bitcoin", "lightning"];

/// System and shape, the narrower shape first.
pub(super) const ALL: &[(&str, TextPattern)] = &[
    (
        "thai_slip",
        shape(
            "^004[01][0-9]{4}[ -~]+5102TH9104[0-9A-Fa-f]{4}$",
            "not_payment",
        ),
    ),
    (
        "upi_in",
        shape(
            "^(?i:upi://pay\\?(?:[ -\"$-~]*&)?(?:pa=[^&#]+&(?:[ -\"$-~]*&)?am=[0-9.]+|am=[0-9.]+&(?:[ -\"$-~]*&)?pa=[^&#]+)(?:&[ -\"$-~]*)?)$",
            "order",
        ),
    ),
    (
        "upi_in",
        shape(
            "^(?i:upi://pay\\?(?:[ -\"$-~]*&)?pa=[!-%'-~]+(?:&[ -\"$-~]*)?)$",
            "static",
        ),
    ),
    (
        "twqr",
        shape(
            "^(?i:twqrp://)[^/?#]+/158/01/V1\\?[ -~]+$",
            "merchant_static",
        ),
    ),
    (
        "twqr",
        shape("^(?i:twqrp://)[^/?#]+/158/0[23]/V1\\?[ -~]+$", "transfer"),
    ),
    (
        "sbp_ru",
        shape(
            "^(?i:https://qr\\.nspk\\.ru)/A[DS]1[0-9A-Z]{20,40}\\?[!-~]+$",
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
            "^(?i:https://bank\\.gov\\.ua)/qr/QkNE[A-Za-z0-9_-]+$",
            "invoice",
        ),
    ),
    (
        "ips_rs",
        shape(
            "^K:P[RTK]\\|V:01\\|C:1\\|R:[0-9]{18}\\|[^\\x00]+$",
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
            "^BCD\\r?\\n00[12]\\r?\\n[1-8]\\r?\\nSCT\\r?\\n[0-9A-Z]*\\r?\\n[^\\n]+\\n[A-Z]{2}[0-9]{2}[0-9A-Z]{10,30}(?:\\r?\\n[^\\n]*)*$",
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
    (
        "bitcoin",
        shape("^(?i:bitcoin:)[0-9A-Za-z]{26,90}(?:\\?[!-~]*)?$", "uri"),
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
            "^(?i:lightning:)?(?:lnbc[02-9ac-hj-np-z1]{50,}|LNBC[02-9AC-HJ-NP-Z1]{50,})$",
            "bolt11",
        ),
    ),
];

const fn shape(pattern: &'static str, kind: &'static str) -> TextPattern {
    TextPattern { pattern, kind }
}
