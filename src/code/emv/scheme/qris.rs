//! QRIS, Indonesia: the issuer's account of the merchant, and beside it the national number.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, has_template, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "ID") && has_template(fields),
    ..Scheme::new("qris", NATIONAL, read)
};

const NATIONAL: &[&str] = &["id.co.qris.www", "id.or.gpnqr.www"];
/// The sizes that a merchant can have, and no other word.
const CRITERIA: &[&str] = &["UMI", "UKE", "UME", "UBE", "URE"];

account! {
    /// The merchant at an issuer, in 26 to 45.
    QrisIssuer {
        /// The merchant's number as a card's: 9360, the issuer, and so on.
        mpan = "01",
        /// The merchant's number at the issuer.
        merchant = "02",
        /// How large the merchant is.
        criteria = "03",
    }
}

account! {
    /// The merchant in the national register, in 51.
    QrisNational {
        /// `ID` and 13 digits.
        nmid = "02",
        /// How large the merchant is.
        criteria = "03",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let national = template.guid().is_some_and(|guid| {
        NATIONAL
            .iter()
            .any(|known| guid.eq_ignore_ascii_case(known))
    });
    if national {
        read_national(template)
    } else {
        read_issuer(template, fields)
    }
}

fn read_national(template: &Template) -> View {
    let Some(account) = QrisNational::read(template) else {
        return View::default();
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = account
        .nmid
        .as_ref()
        .map(|nmid| Payee::new(object, guid, Proxy::MerchantId, nmid));
    criteria(View::of(payee), object, account.criteria.as_deref())
}

fn read_issuer(template: &Template, fields: &Fields) -> View {
    let Some(account) = QrisIssuer::read(template) else {
        return generic(template, fields);
    };
    let Some(mpan) = account
        .mpan
        .as_ref()
        .filter(|mpan| is_digits(mpan, 15..=19))
    else {
        return generic(template, fields);
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = Payee::new(object, guid, Proxy::Card, mpan)
        .at(issuer(mpan))
        .referring(additional(fields, "05").or_else(|| additional(fields, "01")));
    criteria(View::of(Some(payee)), object, account.criteria.as_deref())
}

/// Who issued a merchant's number: 9360 and four digits more.
fn issuer(mpan: &str) -> Option<String> {
    let issuer = mpan.get(..8).filter(|_| mpan.starts_with("9360"));
    issuer.map(str::to_owned)
}

fn criteria(view: View, object: &str, criteria: Option<&str>) -> View {
    view.expect(
        object,
        "03",
        criteria,
        |c| CRITERIA.contains(&c),
        "a merchant is UMI, UKE, UME, UBE or URE",
    )
}
