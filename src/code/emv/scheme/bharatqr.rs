//! BharatQR, India: cards in 02, 04 and 06, a bank account in 08, UPI in 26 and 27.

use super::payee::{Payee, Proxy, View, additional, generic};
use super::{Scheme, cards, is_country};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "IN"),
    ..Scheme::new("bharatqr", &[UPI], read)
};

const UPI: &str = "a000000524";

account! {
    /// A UPI address, in 26.
    BharatUpi {
        /// `name@bank`.
        address = "01",
        /// The smallest amount.
        minimum = "02",
    }
}

/// A bank account, bare in 08: the branch's IFSC in front of the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BharatAccount {
    /// Eleven characters.
    pub ifsc: String,
    /// The account's number.
    pub number: String,
}

const IFSC_CHARS: usize = 11;

impl BharatAccount {
    /// The account in object 08.
    pub fn read(template: &Template) -> Option<Self> {
        let Template::Bare { id, value } = template else {
            return None;
        };
        let (ifsc, number) = value.split_at_checked(IFSC_CHARS)?;
        let fits =
            id == "08" && !number.is_empty() && ifsc.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self {
            ifsc: ifsc.to_owned(),
            number: number.to_owned(),
        })
    }

    /// Object 08.
    pub fn write(self) -> Template {
        Template::Bare {
            id: "08".to_owned(),
            value: self.ifsc + &self.number,
        }
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    match template {
        Template::Opened { id, guid, .. } => {
            if !guid.eq_ignore_ascii_case(UPI) {
                return generic(template, fields);
            }
            let Some(upi) = BharatUpi::read(template).filter(|_| id == "26") else {
                // 27 refers to the order that 26 pays, 28 is reserved for a citizen's number.
                return View::default();
            };
            let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
            let payee = upi.address.as_ref();
            let payee = payee.map(|a| Payee::new(id, guid, Proxy::Alias, a).referring(reference));
            View::of(payee).expect(
                id,
                "01",
                upi.address.as_deref(),
                |a| a.contains('@'),
                "an address is name@bank",
            )
        }
        Template::Bare { id, value } => match BharatAccount::read(template) {
            Some(account) => View::of(Some(
                Payee::new(id, "ifsc", Proxy::Account, account.number).at(Some(account.ifsc)),
            )),
            None if id == "06" => View::of(Some(Payee::new(id, "rupay", Proxy::Card, value))),
            None => cards::bare(template, fields),
        },
    }
}
