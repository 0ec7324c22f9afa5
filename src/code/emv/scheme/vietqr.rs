//! VietQR and its neighbours, Vietnam: bank and account nested one level deeper than elsewhere.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, has_template, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static VIETQR: Scheme = Scheme {
    without_merchant: true,
    ..Scheme::new("vietqr", &["a000000727"], read)
};
pub(super) static VNPAY: Scheme = Scheme {
    without_merchant: true,
    ..Scheme::new("vnpay", &["a000000775"], read_vnpay)
};
pub(super) static WALLETS: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "VN") && has_template(fields),
    ..Scheme::new("vn-wallet", &[], generic)
};

account! {
    /// An account or card at a bank.
    VietQr {
        /// Bank and number, nested: [`VietQr::beneficiary`].
        nested = "01",
        /// QRIBFTTA for an account, QRIBFTTC for a card, QRPUSH, QRCASH.
        service = "02",
    }
}

impl VietQr {
    /// The bank's number and the account's or card's.
    pub fn beneficiary(&self) -> Option<(String, String)> {
        let nested = crate::code::emv::nested(self.nested.as_deref()?)?;
        Some((nested.get("00")?.clone(), nested.get("01")?.clone()))
    }

    /// The same account with another beneficiary; `None` where one of the two is empty or longer
    /// than a length can say.
    #[must_use]
    pub fn paying(mut self, bank: &str, number: &str) -> Option<Self> {
        let mut nested = String::new();
        crate::code::emv::append(&mut nested, "00", bank)?;
        crate::code::emv::append(&mut nested, "01", number)?;
        self.nested = Some(nested);
        Some(self)
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(account) = VietQr::read(template) else {
        return generic(template, fields);
    };
    let by = match account.service.as_deref() {
        Some("QRIBFTTC") => Proxy::Card,
        Some(_) | None => Proxy::Account,
    };
    let (object, guid) = (account.object.as_str(), account.guid.as_str());
    let beneficiary = account.beneficiary();
    let payee = beneficiary.clone().map(|(bank, number)| {
        Payee::new(object, guid, by, number)
            .at(Some(bank))
            .referring(additional(fields, "01").or_else(|| additional(fields, "08")))
    });
    let is_bank = |_: &str| {
        beneficiary
            .as_ref()
            .is_some_and(|(bank, _)| is_digits(bank, 6..=6))
    };
    View::of(payee).expect(
        object,
        "01",
        account.nested.as_deref(),
        is_bank,
        "a beneficiary is a bank of six digits and a number",
    )
}

fn read_vnpay(template: &Template, fields: &Fields) -> View {
    match template {
        Template::Opened { id, guid, sub } => View::of(sub.get("01").map(|merchant| {
            Payee::new(id, guid, Proxy::MerchantId, merchant).referring(additional(fields, "01"))
        })),
        Template::Bare { .. } => generic(template, fields),
    }
}
