//! JPQR, Japan: the unified number of a store, in four parts.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("jpqr", &["jp.or.paymentsjapan"], read);

account! {
    /// A store.
    Jpqr {
        /// Thirteen characters.
        company = "01",
        /// Four.
        branch = "02",
        /// Six.
        store = "03",
        /// Six.
        till = "04",
    }
}

impl Jpqr {
    /// The unified number.
    pub fn number(&self) -> String {
        let parts = [&self.company, &self.branch, &self.store, &self.till];
        parts.into_iter().flatten().map(String::as_str).collect()
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(store) = Jpqr::read(template) else {
        return super::payee::generic(template, fields);
    };
    let (object, guid) = (store.object.as_str(), store.guid.as_str());
    let payee = Payee::new(object, guid, Proxy::MerchantId, store.number())
        .referring(additional(fields, "05"));
    let mut view = View::of(Some(payee));
    for (sub, part, chars) in [
        ("01", &store.company, 13),
        ("02", &store.branch, 4),
        ("03", &store.store, 6),
        ("04", &store.till, 6),
    ] {
        view = view.expect(
            object,
            sub,
            part.as_deref(),
            |p| is_digits(p, chars..=chars),
            "the parts have 13, 4, 6 and 6 digits",
        );
    }
    view
}
