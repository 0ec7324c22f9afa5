//! Raast, Pakistan: an account by its international number, or a name that Raast resolves.

use super::payee::{Payee, Proxy, View, additional, generic};
use super::{Scheme, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "PK"),
    ..Scheme::new("raast", &[], read)
};

/// 02 is an account number and 01 its bank; some write one of the two alone.
fn read(template: &Template, fields: &Fields) -> View {
    let Template::Opened { id, guid, sub } = template else {
        return generic(template, fields);
    };
    let (bank, place, payee) = match (sub.get("01"), sub.get("02")) {
        (bank, Some(account)) => (bank.cloned(), "02", account),
        (Some(payee), None) => (None, "01", payee),
        (None, None) => return generic(template, fields),
    };
    let by = if place == "02" || payee.starts_with("PK") {
        Proxy::Iban
    } else if payee.starts_with('+') {
        Proxy::Phone
    } else {
        Proxy::Alias
    };
    let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
    let view = Payee::new(id, guid, by, payee).at(bank);
    View::of(Some(view.referring(reference))).expect(
        id,
        place,
        Some(payee)
            .filter(|_| by == Proxy::Iban)
            .map(String::as_str),
        |n| n.starts_with("PK") && n.len() == 24,
        "an IBAN of Pakistan has 24 characters",
    )
}
