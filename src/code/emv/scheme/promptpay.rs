//! PromptPay and bill payment, Thailand.

use super::Scheme;
use super::payee::{Payee, Proxy, View, additional, is_digits};
use crate::code::emv::fields::{Fields, Template};

pub(super) static PROMPTPAY: Scheme = Scheme {
    without_merchant: true,
    ..Scheme::new("promptpay", &["a000000677010111", "a000000677010114"], read)
};

pub(super) static BILL: Scheme = Scheme {
    without_merchant: true,
    ..Scheme::new(
        "thai-bill",
        &["a000000677010112", "a000000677010113", "a000000677012006"],
        read_bill,
    )
};

account! {
    /// A person or shop in PromptPay, by one of five names.
    PromptPay {
        /// A mobile number, `0066` in front.
        mobile = "01",
        /// A citizen's or a company's number.
        national_id = "02",
        /// A wallet's number.
        wallet = "03",
        /// Bank and account.
        account = "04",
        /// A number for one payment.
        one_time = "05",
    }
}

account! {
    /// A biller.
    ThaiBill {
        /// Its number.
        biller = "01",
        /// Who pays.
        reference = "02",
        /// For what.
        second_reference = "03",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = PromptPay::read(template) else {
        return super::payee::generic(template, fields);
    };
    let names = [
        (Proxy::Phone, &account.mobile),
        (Proxy::NationalId, &account.national_id),
        (Proxy::Wallet, &account.wallet),
        (Proxy::Account, &account.account),
        (Proxy::Token, &account.one_time),
    ];
    let mut named = names
        .iter()
        .filter_map(|(by, name)| Some((*by, name.as_ref()?)));
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let payee = named
        .next()
        .map(|(by, name)| Payee::new(object, guid, by, name));
    // A number for one payment is told beside the name.
    let another = named.find(|(by, _)| *by != Proxy::Token);
    let another = another.map(|(_, name)| name.as_str());
    View::of(payee)
        .expect(object, "00", another, |_| false, "one name stands alone")
        .expect(
            object,
            "01",
            account.mobile.as_deref(),
            |n| is_digits(n, 13..=13) && n.starts_with("0066"),
            "a mobile number has 13 digits, 0066 in front",
        )
        .expect(
            object,
            "02",
            account.national_id.as_deref(),
            |n| is_digits(n, 13..=13),
            "a citizen's number has 13 digits",
        )
        .expect(
            object,
            "03",
            account.wallet.as_deref(),
            |n| is_digits(n, 15..=15),
            "a wallet's number has 15 digits",
        )
}

fn read_bill(template: &Template, fields: &Fields) -> View {
    let Some(bill) = ThaiBill::read(template) else {
        return super::payee::generic(template, fields);
    };
    // Under this identifier stand the references of a payment between systems, not a biller.
    if bill.guid.eq_ignore_ascii_case("a000000677010113") {
        return View::default();
    }
    let (object, guid) = (bill.object.as_str(), bill.guid.as_str());
    let reference = bill.reference.clone().or_else(|| additional(fields, "07"));
    let payee = bill
        .biller
        .as_ref()
        .map(|biller| Payee::new(object, guid, Proxy::Biller, biller).referring(reference));
    View::of(payee).expect(
        object,
        "01",
        bill.biller.as_deref(),
        |n| is_digits(n, 13..=15),
        "a biller's number has 13 to 15 digits",
    )
}
