//! Who is paid, in one form for every scheme.

use serde::Serialize;

use crate::code::emv::fields::{Fields, Template};
use crate::word::words;

/// One account that a code pays into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Payee {
    /// The object it stands in.
    pub object: String,
    /// The network: its identifier in lower case, or a card network's name.
    pub network: String,
    /// What kind of name the payee has there.
    pub by: Proxy,
    /// That name.
    pub payee: String,
    /// The bank, acquirer or wallet that holds the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// What the payment is for, in the payee's books.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Until when, as it is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether the payer may change the amount, where the code says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_editable: Option<bool>,
}

/// Something that the network would not have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The object, `26-01` for one inside a template.
    pub object: String,
    /// What it should be.
    pub rule: &'static str,
}

/// What was read of a payload's accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Who can be paid.
    pub payees: Vec<Payee>,
    /// What looks wrong.
    pub doubts: Vec<Doubt>,
}

words! {
    /// What kind of name a payee has.
    Proxy {
        /// An account number or name at a bank.
        Account = "account",
        /// An international bank account number.
        Iban = "iban",
        /// A telephone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// The number of a citizen.
        NationalId = "national_id",
        /// The number of a company.
        CompanyId = "company_id",
        /// A card's number.
        Card = "card",
        /// A merchant's number at an acquirer.
        MerchantId = "merchant_id",
        /// A biller's number.
        Biller = "biller",
        /// A wallet's number.
        Wallet = "wallet",
        /// A name that only the network can resolve.
        Alias = "alias",
        /// An address that says who is paid.
        Location = "location",
        /// Something that only the network can read.
        Token = "token",
    }
}

impl Payee {
    pub(super) fn new(object: &str, network: &str, by: Proxy, payee: impl Into<String>) -> Self {
        Self {
            object: object.to_owned(),
            network: network.to_ascii_lowercase(),
            by,
            payee: payee.into(),
            institution: None,
            reference: None,
            expires: None,
            amount_editable: None,
        }
    }

    pub(super) fn at(mut self, institution: Option<String>) -> Self {
        self.institution = institution;
        self
    }

    pub(super) fn referring(mut self, reference: Option<String>) -> Self {
        self.reference = reference.filter(|reference| reference != ASK);
        self
    }

    pub(super) fn until(mut self, expires: Option<String>) -> Self {
        self.expires = expires;
        self
    }

    pub(super) const fn editable(mut self, editable: Option<bool>) -> Self {
        self.amount_editable = editable;
        self
    }
}

/// "Ask the payer", as a value.
const ASK: &str = "***";

impl View {
    pub(super) fn of(payee: Option<Payee>) -> Self {
        Self {
            payees: payee.into_iter().collect(),
            doubts: Vec::new(),
        }
    }

    /// Remarks on a sub-object that does not hold to its rule; one that is absent does.
    pub(super) fn expect(
        mut self,
        object: &str,
        sub: &str,
        value: Option<&str>,
        holds: impl Fn(&str) -> bool,
        rule: &'static str,
    ) -> Self {
        if value.is_some_and(|value| !holds(value)) {
            self.doubts.push(Doubt {
                object: format!("{object}-{sub}"),
                rule,
            });
        }
        self
    }

    pub(super) fn add(&mut self, other: Self) {
        self.payees.extend(other.payees);
        self.doubts.extend(other.doubts);
    }
}

/// An account of a network that nothing is known of: its first sub-object names the payee, unless that
/// is a bank's code with something behind it, or the network's own name once more.
pub(super) fn generic(template: &Template, fields: &Fields) -> View {
    match template {
        Template::Opened { id, guid, sub } => {
            let mut named = sub
                .iter()
                .filter(|(sub, value)| *sub != "00" && !is_the_name_of(guid, value))
                .map(|(_, value)| value)
                .peekable();
            let first = named.next_if(|value| is_bank(value, fields));
            let (payee, bank) = match (named.next(), first) {
                (Some(payee), bank) => (payee, bank),
                (None, Some(payee)) => (payee, None),
                (None, None) => return View::default(),
            };
            let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
            let payee = Payee::new(id, guid, Proxy::Token, payee).referring(reference);
            View::of(Some(payee.at(bank.cloned())))
        }
        Template::Bare { .. } => super::cards::bare(template, fields),
    }
}

/// Whether a value is a word of the identifier, `STCPAY` in `sa.com.stcpay`.
fn is_the_name_of(guid: &str, value: &str) -> bool {
    guid.split('.').any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether this is the code of a bank in the code's country, as ISO 9362 writes it: `CBETETAA`, or
/// three characters more.
fn is_bank(value: &str, fields: &Fields) -> bool {
    let is_upper =
        |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_uppercase()));
    matches!(value.len(), 8 | 11)
        && is_upper(value.get(..6))
        && value.get(4..6) == fields.country.as_deref()
        && value
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A sub-object of 62.
pub(super) fn additional(fields: &Fields, sub: &str) -> Option<String> {
    fields.additional.get(sub).cloned()
}

pub(super) fn is_digits(value: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())
}
