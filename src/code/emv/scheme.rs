//! Whose format a payload follows, by the identifiers of the networks in it.
//!
//! Only what an identifier says by itself: telling schemes apart by country and habit is left out.

use super::fields::{Fields, Template};

/// Identifier in lower case and the scheme it stands for; a trailing `*` stands for any end. The
/// first line that fits any account wins, so a country's umbrella stands before its members.
const BY_IDENTIFIER: &[(&str, &str)] = &[
    ("br.gov.bcb.pix", "pix"),
    ("sg.sgqr", "sgqr"),
    ("sg.paynow", "paynow"),
    ("id.co.qris.www", "qris"),
    ("id.or.gpnqr.www", "qris"),
    ("a000000677010111", "promptpay"),
    ("a000000677010114", "promptpay"),
    ("a000000677010112", "thai-bill"),
    ("a000000677010113", "thai-bill"),
    ("a000000677012006", "thai-bill"),
    ("a000000727", "vietqr"),
    ("a000000775", "vnpay"),
    ("a0000006150001", "duitnow"),
    ("ph.ppmi.p2m", "qrph"),
    ("com.p2pqrpay", "qrph"),
    ("a000000524", "bharatqr"),
    ("hk.com.hkicl", "hkfps"),
    ("tw.com.twqrp", "twqr"),
    ("jp.or.paymentsjapan", "jpqr"),
    ("nchl*", "nepalpay"),
    ("fonepay.com", "fonepay"),
    ("com.zeropay", "zeropay"),
    ("mm.com.mmqr", "mmqr"),
    ("a0000008430001*", "qpay-mn"),
    ("int.bceao.pi", "pispi"),
    ("tz.go.bot.*", "tanqr"),
    ("ke.go.qr", "keqr"),
    ("gh.net.ghipss.ghqr", "ghqr"),
    ("ng.com.nibssplc.qr", "nqr-ng"),
    ("a000000732100001*", "meeza-eg"),
    ("sa.gov.sama", "sama-sa"),
    ("sa.halalah", "halalah-sa"),
    ("com.mercadolibre", "mercadopago"),
];

/// Formats that identify the payee by account and may leave out category, name and city.
const WITHOUT_MERCHANT: &[&str] = &["promptpay", "thai-bill", "vietqr", "vnpay"];

pub(super) fn of(fields: &Fields) -> &'static str {
    let fits = |pattern: &str| accounts(fields).any(|guid| matches(&guid, pattern));
    let known = BY_IDENTIFIER
        .iter()
        .find(|(pattern, _)| fits(pattern))
        .map(|(_, scheme)| *scheme);
    match known {
        Some("mercadopago") if fields.country.as_deref() == Some("AR") => "transferencias3-ar",
        Some(scheme) => scheme,
        None if fields.merchant_accounts.iter().any(is_bakong) => "khqr",
        None => "emv-generic",
    }
}

pub(super) fn may_omit_merchant(scheme: &str) -> bool {
    WITHOUT_MERCHANT.contains(&scheme)
}

/// Malaysia's current format calls itself version 02.
pub(super) fn may_be_version_two(fields: &Fields) -> bool {
    accounts(fields).any(|guid| guid == "a0000006150001")
}

fn accounts(fields: &Fields) -> impl Iterator<Item = String> {
    fields
        .merchant_accounts
        .iter()
        .filter_map(Template::guid)
        .map(str::to_ascii_lowercase)
}

fn matches(guid: &str, pattern: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(guid == pattern, |start| guid.starts_with(start))
}

/// Cambodia puts an account (`name@bank`) where others put the network's identifier.
fn is_bakong(account: &Template) -> bool {
    matches!(account.id(), "29" | "30") && account.guid().is_some_and(|guid| guid.contains('@'))
}
