//! EASPBV, Colombia: what other schemes put into one template stands in many here, each under the
//! identifier of the network and a word.
//!
//! ```text
//! 26 CO.COM.x.LLA   01 … 05 the payee's key, of one of five kinds
//! 49 CO.COM.x.RED   01 the network
//! 50 CO.COM.x.CU    01 the merchant's number there
//! 51 CO.COM.x.CA    01 who gathers the payments of several merchants
//! ```

use super::payee::{Payee, Proxy, View, additional, generic};
use super::{Scheme, has_template, is_country, is_guid};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "CO") && has_template(fields),
    ..Scheme::new("easpbv-co", &["co.com.*"], read)
};

/// The sub-objects of a key, and what each is.
const KEYS: &[(&str, Proxy)] = &[
    ("01", Proxy::NationalId),
    ("02", Proxy::Phone),
    ("03", Proxy::Email),
    ("04", Proxy::Alias),
    ("05", Proxy::MerchantId),
];

fn read(template: &Template, fields: &Fields) -> View {
    let Template::Opened { id, guid, sub } = template else {
        return generic(template, fields);
    };
    let is = |word: &str| {
        guid.rsplit('.')
            .next()
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    if !is_guid(guid, "co.com.*") || !is("lla") {
        // The rest says where the payee is known, and is no other payee.
        return View::default();
    }
    let network = fields.merchant_accounts.iter().find_map(network);
    let payee = KEYS
        .iter()
        .find_map(|(key, by)| Some((*by, sub.get(*key)?)));
    let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
    View::of(payee.map(|(by, payee)| {
        let payee = Payee::new(id, guid, by, payee);
        payee.at(network).referring(reference)
    }))
}

/// What a template under `….RED` names.
fn network(template: &Template) -> Option<String> {
    let Template::Opened { guid, sub, .. } = template else {
        return None;
    };
    let end = guid.rsplit('.').next()?;
    let named = sub.get("01").filter(|_| end.eq_ignore_ascii_case("red"));
    named.cloned()
}
