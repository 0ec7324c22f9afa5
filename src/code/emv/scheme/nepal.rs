//! LankaQR, NepalPay and Fonepay: Sri Lanka and Nepal. Two of them put the payee's own number where
//! others have an identifier.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static LANKAQR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "LK"),
    ..Scheme::new("lankaqr", &[], read_lanka)
};
pub(super) static NEPALPAY: Scheme = Scheme::new("nepalpay", &["nchl*"], read_nepal);
pub(super) static FONEPAY: Scheme = Scheme::new("fonepay", &["fonepay.com"], read_fonepay);

account! {
    /// A merchant of LankaQR: its 28 digits stand where others have an identifier.
    LankaQr {
    }
}

account! {
    /// A merchant of NepalPay: its number, behind `NCHL`, stands where others have an identifier.
    NepalPay {
    }
}

account! {
    /// A merchant of Fonepay.
    Fonepay {
        /// Sixteen digits.
        merchant = "07",
    }
}

fn read_lanka(template: &Template, fields: &Fields) -> View {
    match LankaQr::read(template) {
        Some(LankaQr { object, guid, .. }) if is_digits(&guid, 28..=28) => {
            let reference = additional(fields, "05").or_else(|| additional(fields, "00"));
            let payee = Payee::new(&object, "lankaqr", Proxy::MerchantId, guid);
            View::of(Some(payee.referring(reference)))
        }
        Some(_) | None => generic(template, fields),
    }
}

fn read_nepal(template: &Template, fields: &Fields) -> View {
    let Some(NepalPay { object, guid, .. }) = NepalPay::read(template) else {
        return generic(template, fields);
    };
    let payee = Payee::new(&object, "nchl", Proxy::MerchantId, guid);
    View::of(Some(payee.referring(additional(fields, "01"))))
}

fn read_fonepay(template: &Template, fields: &Fields) -> View {
    let Some(account) = Fonepay::read(template) else {
        return generic(template, fields);
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = account.merchant.as_ref();
    let payee = payee.map(|number| Payee::new(object, guid, Proxy::MerchantId, number));
    View::of(payee).expect(
        object,
        "07",
        account.merchant.as_deref(),
        |m| is_digits(m, 16..=16),
        "a merchant's number has sixteen digits",
    )
}
