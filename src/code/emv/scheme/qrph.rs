//! QR Ph, Philippines: merchants in 28, persons in 27.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("qrph", &[MERCHANT, PERSON], read);

const MERCHANT: &str = "ph.ppmi.p2m";
const PERSON: &str = "com.p2pqrpay";

account! {
    /// A merchant.
    QrPhMerchant {
        /// The bank's BIC.
        bic = "01",
        /// The merchant's number.
        merchant = "03",
        /// The merchant's account.
        account = "04",
        /// What the bank needs to know.
        flags = "05",
    }
}

account! {
    /// A person.
    QrPhPerson {
        /// The bank's BIC.
        bic = "01",
        /// The service, 99964403.
        service = "02",
        /// A wallet's own number in the scheme: the same for all of its people.
        wallet = "03",
        /// The account.
        account = "04",
        /// The mobile number.
        mobile = "05",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let is_person = template
        .guid()
        .is_some_and(|guid| guid.eq_ignore_ascii_case(PERSON));
    let (bic, payee) = if is_person {
        let Some(person) = QrPhPerson::read(template) else {
            return View::default();
        };
        let account = person.account.map(|account| (Proxy::Account, account));
        let payee = account.or_else(|| person.mobile.map(|m| (Proxy::Phone, m)));
        let payee = payee.or_else(|| person.wallet.map(|w| (Proxy::Wallet, w)));
        (person.bic, payee)
    } else {
        let Some(merchant) = QrPhMerchant::read(template) else {
            return super::payee::generic(template, fields);
        };
        let payee = merchant.account.map(|account| (Proxy::Account, account));
        (
            merchant.bic,
            payee.or_else(|| merchant.merchant.map(|m| (Proxy::MerchantId, m))),
        )
    };
    let guid = template.guid().unwrap_or_default();
    let payee = payee.map(|(by, payee)| {
        Payee::new(template.id(), guid, by, payee)
            .at(bic.clone())
            .referring(additional(fields, "05"))
    });
    let is_bic =
        |bic: &str| matches!(bic.len(), 8 | 11) && bic.bytes().all(|b| b.is_ascii_alphanumeric());
    View::of(payee).expect(
        template.id(),
        "01",
        bic.as_deref(),
        is_bic,
        "a BIC has 8 or 11 letters and digits",
    )
}
