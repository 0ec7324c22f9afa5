//! Numbers of card networks, bare in 02 to 25, each network in its own range of objects.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, has_template, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static KOREA: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "KR") && has_international(fields),
    ..Scheme::new("unionpay-kr", &[], generic)
};
pub(super) static INTERNATIONAL: Scheme = Scheme {
    by_habit: |fields| !has_template(fields) && only(fields, &["15", "16"]),
    ..Scheme::new("unionpay", &[], generic)
};
/// Japan's codes outside JPQR are those of the card networks, in templates all the same.
pub(super) static CARDS: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "JP") || has_cards_only(fields),
    ..Scheme::new("emv-card", &[], generic)
};

/// Which network owns which objects.
const RANGES: &[(std::ops::RangeInclusive<u8>, &str)] = &[
    (2..=3, "visa"),
    (4..=5, "mastercard"),
    (9..=10, "discover"),
    (11..=12, "amex"),
    (13..=14, "jcb"),
    (15..=16, "unionpay"),
];

/// A merchant of UnionPay International, bare in 15 or 16: 31 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct International {
    /// 15 or 16.
    pub object: String,
    /// Who acquires, eight digits.
    pub acquirer: String,
    /// Who passes the payment on, eight digits.
    pub forwarding: String,
    /// The merchant's number there, fifteen characters.
    pub merchant: String,
}

impl International {
    /// The merchant in object 15 or 16.
    pub fn read(template: &Template) -> Option<Self> {
        let Template::Bare { id, value } = template else {
            return None;
        };
        let (acquirer, rest) = value.split_at_checked(8)?;
        let (forwarding, merchant) = rest.split_at_checked(8)?;
        let fits = matches!(id.as_str(), "15" | "16")
            && is_digits(acquirer, 8..=8)
            && is_digits(forwarding, 8..=8)
            && merchant.chars().count() == 15;
        fits.then(|| Self {
            object: id.clone(),
            acquirer: acquirer.to_owned(),
            forwarding: forwarding.to_owned(),
            merchant: merchant.to_owned(),
        })
    }

    /// Its object.
    pub fn write(self) -> Template {
        Template::Bare {
            id: self.object,
            value: self.acquirer + &self.forwarding + &self.merchant,
        }
    }
}

/// The payee of a bare value.
pub(super) fn bare(template: &Template, fields: &Fields) -> View {
    let Template::Bare { id, value } = template else {
        return View::default();
    };
    if let Some(merchant) = International::read(template) {
        let payee = Payee::new(id, network(id), Proxy::MerchantId, merchant.merchant);
        let payee = payee
            .at(Some(merchant.acquirer))
            .referring(additional(fields, "05"));
        return View::of(Some(payee));
    }
    let network = network(id);
    // Behind the networks' own objects a number is whatever somebody has put there.
    let by = if is_digits(value, 8..=19) && network != id {
        Proxy::Card
    } else {
        Proxy::Token
    };
    View::of(Some(Payee::new(id, network, by, value)))
}

/// The network that owns an object; the object's own number where none is known.
fn network(id: &str) -> &str {
    let number = id.parse::<u8>().unwrap_or(u8::MAX);
    let owner = RANGES.iter().find(|(range, _)| range.contains(&number));
    owner.map_or(id, |(_, name)| name)
}

fn has_international(fields: &Fields) -> bool {
    let mut accounts = fields.merchant_accounts.iter();
    accounts.any(|account| matches!(account.id(), "15" | "16"))
}

fn only(fields: &Fields, ids: &[&str]) -> bool {
    let mut accounts = fields.merchant_accounts.iter();
    accounts.all(|account| ids.contains(&account.id()))
}

fn has_cards_only(fields: &Fields) -> bool {
    fields
        .merchant_accounts
        .iter()
        .all(|account| match account {
            Template::Bare { id, value } => network(id) != id && is_digits(value, 12..=31),
            Template::Opened { .. } => false,
        })
}
