//! KHQR, Cambodia: an account at the central bank's system stands where others have an identifier.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| fields.merchant_accounts.iter().any(is_bakong),
    ..Scheme::new("khqr", &[], read)
};

account! {
    /// An account `name@bank`: of a person in 29, of a merchant in 30.
    Khqr {
        /// The person's account number, or the merchant's number.
        number = "01",
        /// The bank, in words.
        bank = "02",
    }
}

/// When a code for one payment was made and until when it can be paid, in milliseconds.
pub(super) fn expiry(fields: &Fields) -> Option<String> {
    let times = fields
        .unreserved
        .iter()
        .find(|template| template.id() == "99")?;
    match times {
        Template::Opened { sub, .. } => sub.get("01").cloned(),
        Template::Bare { .. } => None,
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = Khqr::read(template).filter(|_| is_bakong(template)) else {
        return super::payee::generic(template, fields);
    };
    let by = if account.object == "30" {
        Proxy::MerchantId
    } else {
        Proxy::Account
    };
    let payee = Payee::new(&account.object, "bakong", by, account.guid.as_str())
        .at(account.bank.clone())
        .referring(additional(fields, "01"))
        .until(expiry(fields));
    let times = expiry(fields);
    View::of(Some(payee)).expect(
        "99",
        "01",
        times.as_deref(),
        |t| is_digits(t, 13..=13),
        "an expiry is in milliseconds, 13 digits",
    )
}

fn is_bakong(account: &Template) -> bool {
    matches!(account.id(), "29" | "30") && account.guid().is_some_and(|guid| guid.contains('@'))
}
