//! PayNow and SGQR, Singapore: one label, each network in a template of its own.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

/// The label's own entry names no payee; what it lists stands in the other templates.
pub(super) static SGQR: Scheme = Scheme::new("sgqr", &["sg.sgqr"], read_label);
pub(super) static PAYNOW: Scheme = Scheme::new("paynow", &["sg.paynow"], read);

account! {
    /// An account in PayNow.
    PayNow {
        /// 0 for a mobile number, 2 for a company's number.
        proxy_type = "01",
        /// That number.
        proxy = "02",
        /// 1 where the payer may change the amount.
        editable = "03",
        /// YYYYMMDD, with or without the time.
        expires = "04",
        /// The payee's reference; usually 62-01 holds it.
        reference = "05",
    }
}

account! {
    /// The label of SGQR.
    Sgqr {
        /// Its number.
        number = "01",
        /// Its version.
        version = "02",
        /// Where it hangs.
        postal_code = "03",
        /// Floor.
        level = "04",
        /// Door.
        unit = "05",
        /// Anything else about the place.
        place = "06",
        /// When it was made.
        date = "07",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = PayNow::read(template) else {
        return super::payee::generic(template, fields);
    };
    let by = match account.proxy_type.as_deref() {
        Some("0") => Proxy::Phone,
        Some("2") => Proxy::CompanyId,
        Some(_) | None => Proxy::Alias,
    };
    let reference = account
        .reference
        .clone()
        .or_else(|| additional(fields, "01"));
    let editable = account.editable.as_deref().map(|flag| flag == "1");
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = account.proxy.as_ref().map(|proxy| {
        Payee::new(object, guid, by, proxy)
            .referring(reference)
            .until(account.expires.clone())
            .editable(editable)
    });
    let is_date = |date: &str| [8, 12, 14].iter().any(|n| is_digits(date, *n..=*n));
    let is_phone = |number: &str| {
        let digits = number.strip_prefix('+');
        digits.is_some_and(|digits| is_digits(digits, 8..=15))
    };
    let is_company = |number: &str| {
        (8..=13).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let fits = |proxy: &str| {
        if by == Proxy::Phone {
            is_phone(proxy)
        } else {
            is_company(proxy)
        }
    };
    View::of(payee)
        .expect(
            object,
            "01",
            account.proxy_type.as_deref(),
            |t| matches!(t, "0" | "2"),
            "the kind of proxy is 0 or 2",
        )
        .expect(
            object,
            "02",
            account.proxy.as_deref(),
            fits,
            "a proxy is a number with + and country, or a company's number",
        )
        .expect(
            object,
            "03",
            account.editable.as_deref(),
            |f| matches!(f, "0" | "1"),
            "whether the amount may change is 0 or 1",
        )
        .expect(
            object,
            "04",
            account.expires.as_deref(),
            is_date,
            "an expiry is a date in digits",
        )
}

fn read_label(template: &Template, fields: &Fields) -> View {
    // Other networks on the label have identifiers that no row knows.
    let is_label = template
        .guid()
        .is_some_and(|guid| guid.eq_ignore_ascii_case("sg.sgqr"));
    if is_label {
        View::default()
    } else {
        super::payee::generic(template, fields)
    }
}
