//! Bills and transfers of other countries: who is paid and how much, so that a merchant is told what
//! was scanned. Nothing here is routed.
//!
//! The shape of each text is known to [`super::label`]; here stands what its lines mean, and the
//! check digits by which one wrong character in an account is noticed.

pub(super) mod check;
mod lines;
mod pairs;
#[cfg(test)]
mod tests;

pub(super) use self::pairs::upi_amount;
use crate::money::Amount;

/// What a bill says. What the text encodes is decoded, an account stands without spaces, and an
/// amount in whole units behind whose point the parts follow; all else is as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) account: Option<String>,
    /// Who holds the account, where the account alone does not say.
    pub(super) institution: Option<String>,
    pub(super) payee: Option<String>,
    pub(super) amount: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) message: Option<String>,
    /// A check digit that is not right: what does not fit.
    pub(super) doubt: Option<&'static str>,
    /// What the system would have written otherwise.
    pub(super) rule: Option<&'static str>,
}

type Reader = fn(&str) -> Bill;

/// How the texts of each system are read, by its name in [`super::label`].
const ALL: &[(&str, Reader)] = &[
    ("swiss_qrbill", lines::swiss),
    ("epc_sct", lines::epc),
    ("nbu_ua", lines::ukraine),
    ("spayd_cz", pairs::spayd),
    ("ips_rs", pairs::serbia),
    ("upi_in", pairs::upi),
    ("twqr", pairs::taiwan),
    ("sbp_ru", pairs::russia),
    ("gost_ru", pairs::russian_slip),
    ("hub3_hr", lines::croatia),
    ("upn_si", lines::slovenia),
    ("mnb_hu", lines::hungary),
    ("thai_slip", check::thai_slip),
    ("lightning", check::lightning),
    ("bitcoin", check::bitcoin),
];

/// What the text of this system says; `None` where it says nothing that is understood here.
pub(super) fn read(network: &str, text: &str) -> Option<Bill> {
    let (_, read) = ALL.iter().find(|(known, _)| *known == network)?;
    Some(read(text))
}

impl Bill {
    /// What is to be paid, where it says both how much and of what, in a form that leaves no choice.
    pub(super) fn to_pay(&self) -> Option<Amount> {
        let currency = self.currency.as_deref()?.parse().ok()?;
        Amount::from_decimal(self.amount.as_deref()?, currency).ok()
    }

    /// What is told, by name.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'static str, String)> {
        let all = [
            ("account", self.account),
            ("institution", self.institution),
            ("payee", self.payee),
            ("amount", self.amount),
            ("currency", self.currency),
            ("reference", self.reference),
            ("message", self.message),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
    }

    /// One that says nothing but whether it can be right.
    fn doubtful(wrong: bool, what: &'static str) -> Self {
        Self {
            doubt: wrong.then_some(what),
            ..Self::default()
        }
    }

    /// With a doubt where the account's check digits are wrong, or those of a reference that has
    /// such, whichever system writes it.
    fn checked(mut self) -> Self {
        let wrong = |number: &Option<String>| number.as_deref().is_some_and(|n| !check::is_iban(n));
        let reference = self.reference.clone().filter(|r| r.starts_with("RF"));
        if wrong(&self.account) {
            self.doubt = Some("the account's check digits");
        } else if wrong(&reference) {
            self.doubt = Some("the reference's check digits");
        }
        self
    }

    /// With a doubt where these check digits are wrong.
    fn doubting(mut self, wrong: bool, what: &'static str) -> Self {
        if wrong {
            self.doubt = self.doubt.or(Some(what));
        }
        self
    }

    /// With a remark where the system would have written something else.
    fn expect(mut self, holds: bool, rule: &'static str) -> Self {
        if !holds {
            self.rule = self.rule.or(Some(rule));
        }
        self
    }
}

/// Hundredths, as some systems count, in whole units.
fn of_hundredths(digits: &str) -> Option<String> {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{digits:0>3}");
    let (whole, part) = digits.split_at_checked(digits.len().saturating_sub(2))?;
    Some(format!("{whole}.{part}"))
}
