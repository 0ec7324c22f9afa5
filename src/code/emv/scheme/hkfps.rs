//! FPS, Hong Kong.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("hkfps", &["hk.com.hkicl"], read);

account! {
    /// A payee in FPS, by one of three names.
    HkFps {
        /// The bank's clearing code.
        clearing = "01",
        /// The payee's number in FPS.
        number = "02",
        /// `+852-…`.
        mobile = "03",
        /// An e-mail address.
        email = "04",
        /// Until when.
        expires = "05",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = HkFps::read(template) else {
        return super::payee::generic(template, fields);
    };
    let names = [
        (Proxy::Alias, &account.number),
        (Proxy::Phone, &account.mobile),
        (Proxy::Email, &account.email),
    ];
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let mut named = names
        .iter()
        .filter_map(|(by, name)| Some((*by, name.as_ref()?)));
    let payee = named.next().map(|(by, name)| {
        Payee::new(object, guid, by, name)
            .at(account.clearing.clone())
            .referring(additional(fields, "05").or_else(|| additional(fields, "01")))
            .until(account.expires.clone())
    });
    let is_mobile = |number: &str| {
        let parts = number.strip_prefix('+').and_then(|n| n.split_once('-'));
        parts.is_some_and(|(country, n)| is_digits(country, 1..=3) && is_digits(n, 5..=14))
    };
    View::of(payee)
        .expect(
            object,
            "01",
            account.clearing.as_deref(),
            |c| is_digits(c, 3..=3),
            "a clearing code has three digits",
        )
        .expect(
            object,
            "03",
            account.mobile.as_deref(),
            is_mobile,
            "a mobile number is +852-…",
        )
        .expect(
            object,
            "04",
            account.email.as_deref(),
            |e| e.contains('@'),
            "an e-mail address",
        )
}
