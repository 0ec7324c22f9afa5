//! TWQR, Taiwan: one value that only the central switch can read, beside the cards.

use super::payee::{Payee, Proxy, View, generic};
use super::{Scheme, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "TW"),
    ..Scheme::new("twqr", &["tw.com.twqrp"], read)
};

account! {
    /// A merchant at the switch.
    Twqr {
        /// Version, system and a secret part, then a list of acquirers and their merchant numbers.
        value = "01",
    }
}

/// What stands in front of the secret part: version 1, system 158.
const FRONT: &str = "V1158";

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = Twqr::read(template) else {
        return generic(template, fields);
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = account
        .value
        .as_ref()
        .map(|value| Payee::new(object, guid, Proxy::Token, value));
    View::of(payee).expect(
        object,
        "01",
        account.value.as_deref(),
        |v| v.starts_with(FRONT),
        "the value begins with V1158",
    )
}
