//! Whose format a payload follows, and who is paid by it: one file a scheme, one table of all.
//!
//! A payload is told first by the identifiers of the networks in it, then by country and habit. Each
//! account in it is then read by the scheme that its own identifier names, so that a code for
//! several networks shows each payee in its network's words.

#[macro_use]
mod account;
mod bharatqr;
mod cards;
mod duitnow;
mod easpbv;
mod hkfps;
mod jpqr;
mod khqr;
mod mercadopago;
mod named;
mod nepal;
mod payee;
mod paynow;
mod pix;
mod promptpay;
mod qris;
mod qrph;
mod raast;
#[cfg(test)]
mod tests;
mod twqr;
mod vietqr;

pub use self::bharatqr::{BharatAccount, BharatUpi};
pub use self::cards::International;
pub use self::duitnow::DuitNow;
pub use self::hkfps::HkFps;
pub use self::jpqr::Jpqr;
pub use self::khqr::Khqr;
pub use self::mercadopago::{MercadoPago, Transferencia};
pub use self::nepal::{Fonepay, LankaQr, NepalPay};
pub use self::payee::{Doubt, Payee, Proxy, View};
pub use self::paynow::{PayNow, Sgqr};
pub use self::pix::Pix;
pub use self::promptpay::{PromptPay, ThaiBill};
pub use self::qris::{QrisIssuer, QrisNational};
pub use self::qrph::{QrPhMerchant, QrPhPerson};
pub use self::twqr::Twqr;
pub use self::vietqr::VietQr;

use super::fields::{Fields, Template};

/// A national or regional format on top of EMV.
#[derive(Debug)]
pub struct Scheme {
    /// Its stable name.
    pub name: &'static str,
    /// The identifiers of its networks, in lower case; a trailing `*` stands for any end.
    pub guids: &'static [&'static str],
    /// The only country where those identifiers mean this scheme.
    pub only_in: Option<&'static str>,
    /// Whether country and habit tell it where no identifier does.
    pub by_habit: fn(&Fields) -> bool,
    /// Reads one of its accounts.
    pub read: fn(&Template, &Fields) -> View,
    /// Category, name and city may be left out: the payee is known by account alone.
    pub without_merchant: bool,
}

/// All of them. The first row that fits wins, so a country's umbrella stands before its members,
/// and a country before the card networks.
pub static ALL: &[&Scheme] = &[
    &pix::SCHEME,
    &paynow::SGQR,
    &paynow::PAYNOW,
    &qris::SCHEME,
    &promptpay::PROMPTPAY,
    &promptpay::BILL,
    &vietqr::VIETQR,
    &vietqr::VNPAY,
    &vietqr::WALLETS,
    &duitnow::SCHEME,
    &qrph::SCHEME,
    &bharatqr::SCHEME,
    &hkfps::SCHEME,
    &twqr::SCHEME,
    &jpqr::SCHEME,
    &khqr::SCHEME,
    &nepal::LANKAQR,
    &nepal::NEPALPAY,
    &nepal::FONEPAY,
    &mercadopago::ARGENTINA,
    &mercadopago::SCHEME,
    &named::BANGLAQR,
    &raast::SCHEME,
    &named::LAOQR,
    &named::MMQR,
    &named::QPAY_MN,
    &named::YAPE_PE,
    &named::PISPI,
    &named::TANQR,
    &named::KEQR,
    &named::GHQR,
    &named::NQR_NG,
    &named::EMV_NG,
    &named::MEEZA_EG,
    &named::SAMA_SA,
    &named::HALALAH_SA,
    &named::KAREKOD_TR,
    &easpbv::SCHEME,
    &named::ZEROPAY,
    &cards::KOREA,
    &cards::INTERNATIONAL,
    &cards::CARDS,
];

/// The name for what no row knows.
pub const GENERIC: &str = "emv-generic";

/// Malaysia's current format calls itself version 02.
const VERSION_TWO: &str = "a0000006150001";

/// What the codes of a country's own system are paid in there.
const CURRENCIES: &[(&str, &str, &[&str])] = &[
    ("pix", "BR", &["986"]),
    ("paynow", "SG", &["702"]),
    ("qris", "ID", &["360"]),
    ("promptpay", "TH", &["764"]),
    ("thai-bill", "TH", &["764"]),
    ("vietqr", "VN", &["704"]),
    ("duitnow", "MY", &["458"]),
    ("qrph", "PH", &["608"]),
    ("bharatqr", "IN", &["356"]),
    ("hkfps", "HK", &["344", "156"]),
    ("twqr", "TW", &["901"]),
    ("jpqr", "JP", &["392"]),
    ("khqr", "KH", &["116", "840"]),
    ("lankaqr", "LK", &["144"]),
];

/// The name of the scheme that a payload follows.
pub(super) fn of(fields: &Fields) -> &'static str {
    find(fields).map_or(GENERIC, |scheme| scheme.name)
}

pub(super) fn may_omit_merchant(name: &str) -> bool {
    ALL.iter()
        .any(|scheme| scheme.name == name && scheme.without_merchant)
}

pub(super) fn may_be_version_two(fields: &Fields) -> bool {
    guids(fields).any(|guid| guid.eq_ignore_ascii_case(VERSION_TWO))
}

/// What the networks of these accounts would not have written.
pub fn doubts(fields: &Fields) -> Vec<Doubt> {
    view(fields).doubts
}

/// Every account that a payload pays into, in the words of its network.
pub(super) fn view(fields: &Fields) -> View {
    let whole = find(fields);
    let mut view = View::default();
    // A country's habit alone says little: its cards are paid in any currency.
    let mut has_its_own = false;
    let name = |scheme: Option<&Scheme>| scheme.map(|scheme| scheme.name);
    for template in &fields.merchant_accounts {
        let named = || ALL.iter().find(|scheme| scheme.names(template)).copied();
        // What no row knows is read by the scheme of the country, where that is all there is to go by.
        let of_country = whole.filter(|scheme| (scheme.by_habit)(fields));
        let scheme = match template {
            Template::Opened { .. } => named().or(of_country),
            Template::Bare { .. } => whole,
        };
        has_its_own |= template.guid().is_some() && name(scheme) == name(whole);
        view.add(match scheme {
            Some(scheme) => (scheme.read)(template, fields),
            None => payee::generic(template, fields),
        });
    }
    let its_own = whole.filter(|_| has_its_own);
    view.doubts
        .extend(its_own.and_then(|scheme| in_another_currency(scheme, fields)));
    view
}

fn in_another_currency(scheme: &Scheme, fields: &Fields) -> Option<Doubt> {
    let mut all = CURRENCIES.iter();
    let (_, country, own) = all.find(|(name, ..)| *name == scheme.name)?;
    let is_own = own.contains(&fields.currency.as_deref()?);
    (!is_own && is_country(fields, country)).then(|| Doubt {
        object: "53".to_owned(),
        rule: "it is paid in the currency of its country",
    })
}

fn find(fields: &Fields) -> Option<&'static Scheme> {
    let named = |scheme: &&&Scheme| {
        let is_here = scheme
            .only_in
            .is_none_or(|country| is_country(fields, country));
        is_here
            && fields
                .merchant_accounts
                .iter()
                .any(|account| scheme.names(account))
    };
    let by_habit = |scheme: &&&Scheme| (scheme.by_habit)(fields);
    let found = ALL.iter().find(named);
    found.or_else(|| ALL.iter().find(by_habit)).copied()
}

impl Scheme {
    /// A scheme that is known by identifiers alone.
    const fn new(
        name: &'static str,
        guids: &'static [&'static str],
        read: fn(&Template, &Fields) -> View,
    ) -> Self {
        Self {
            name,
            guids,
            only_in: None,
            by_habit: |_| false,
            read,
            without_merchant: false,
        }
    }

    /// Whether this account names one of the scheme's networks.
    fn names(&self, account: &Template) -> bool {
        let guid = account.guid();
        guid.is_some_and(|guid| self.guids.iter().any(|pattern| is_guid(guid, pattern)))
    }
}

fn guids(fields: &Fields) -> impl Iterator<Item = &str> {
    fields.merchant_accounts.iter().filter_map(Template::guid)
}

/// Identifiers compare without case.
fn is_guid(guid: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => {
            let front = guid.get(..start.len());
            front.is_some_and(|front| front.eq_ignore_ascii_case(start))
        }
        None => guid.eq_ignore_ascii_case(pattern),
    }
}

fn is_country(fields: &Fields, country: &str) -> bool {
    fields.country.as_deref() == Some(country)
}

/// Whether some account stands in a template, as a network's own does, not a card's.
fn has_template(fields: &Fields) -> bool {
    guids(fields).next().is_some()
}
