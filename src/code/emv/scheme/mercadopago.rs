//! Mercado Pago in Latin America, and Argentina's Transferencias 3.0, which lets every wallet pay
//! every acquirer's code.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("mercadopago", MERCADO_PAGO, read);
pub(super) static ARGENTINA: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "AR"),
    only_in: Some("AR"),
    ..Scheme::new("transferencias3-ar", MERCADO_PAGO, read_argentina)
};

const MERCADO_PAGO: &[&str] = &["com.mercadolibre"];

account! {
    /// A shop of Mercado Pago.
    MercadoPago {
        /// The version of this template.
        version = "02",
        /// The shop's number.
        user = "03",
        /// Who brought it.
        sponsor = "04",
        /// In version 3, what the shop asks to be paid, by a name that only the network can resolve.
        token = "06",
        /// Where a code on the counter leads.
        location = "01",
    }
}

account! {
    /// Who is paid in Argentina: a company's number (CUIT) in 50, its account (CBU, CVU) or the
    /// account's alias in 51.
    Transferencia {
        /// The number; in the place of the identifier where there is none.
        number = "01",
    }
}

impl Transferencia {
    /// What names the payee, with an identifier in front of it or without.
    fn value(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.guid)
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(shop) = MercadoPago::read(template) else {
        return generic(template, fields);
    };
    let (object, guid) = (shop.object.as_str(), shop.guid.as_str());
    let named = [
        (Proxy::MerchantId, &shop.user),
        (Proxy::Token, &shop.token),
        (Proxy::Location, &shop.location),
    ];
    let mut named = named.into_iter();
    let payee = named.find_map(|(by, payee)| {
        let payee = Payee::new(object, guid, by, payee.as_ref()?);
        Some(
            payee
                .at(shop.sponsor.clone())
                .referring(additional(fields, "05")),
        )
    });
    View::of(payee).expect(
        object,
        "03",
        shop.user.as_deref(),
        |u| is_digits(u, 1..=20),
        "a shop's number is digits",
    )
}

/// 50 holds the company's number, 51 its account or the account's alias: behind an identifier, or in
/// the place of one.
fn read_argentina(template: &Template, fields: &Fields) -> View {
    let Some(account) = Transferencia::read(template) else {
        return generic(template, fields);
    };
    let (id, guid, value) = (&account.object, account.guid.as_str(), account.value());
    if MERCADO_PAGO
        .iter()
        .any(|known| guid.eq_ignore_ascii_case(known))
    {
        return read(template, fields);
    }
    let (by, network) = match id.as_str() {
        "50" => (Proxy::CompanyId, "cuit"),
        "51" if is_digits(value, 22..=22) => (Proxy::Account, "cbu"),
        "51" => (Proxy::Alias, "cbu"),
        _ => return generic(template, fields),
    };
    let network = if value == guid { network } else { guid };
    View::of(Some(Payee::new(id, network, by, value)))
}
