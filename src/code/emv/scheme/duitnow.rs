//! DuitNow, Malaysia. Its current format says 02 in object 00, older codes 01.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("duitnow", &[super::VERSION_TWO], read);

account! {
    /// A merchant or person in DuitNow.
    DuitNow {
        /// The acquirer, six digits.
        acquirer = "01",
        /// The payee's number there.
        number = "02",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = DuitNow::read(template) else {
        return super::payee::generic(template, fields);
    };
    // Category 0000 is a person.
    let by = match fields.mcc.as_deref() {
        Some("0000") => Proxy::Alias,
        Some(_) | None => Proxy::MerchantId,
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = account.number.as_ref().map(|number| {
        Payee::new(object, guid, by, number)
            .at(account.acquirer.clone())
            .referring(additional(fields, "05").or_else(|| additional(fields, "01")))
    });
    View::of(payee).expect(
        object,
        "01",
        account.acquirer.as_deref(),
        |a| is_digits(a, 6..=6),
        "an acquirer has six digits",
    )
}
