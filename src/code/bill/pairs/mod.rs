//! Bills of names and values.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::check::{is_czech_text, is_russian_account, is_russian_link, is_serbian_account};
use super::{Bill, of_hundredths};

/// How an amount is written.
const DECIMAL: &str = "an amount is digits and at most two more behind a point";

/// What is remarked where two apps may read two things.
const UNCLEAR: &str = "a name stands once, in the letters of the system";

/// A text of names and values.
struct Pairs<'a> {
    text: &'a str,
    between: char,
    is: char,
    /// Whether the system takes a name in capital and in small letters.
    is_either_case: bool,
}

impl<'a> Pairs<'a> {
    /// What stands behind the question mark of an address.
    fn of_address(text: &'a str, is_either_case: bool) -> Self {
        let (_, text) = text.split_once('?').unwrap_or_default();
        Self {
            text,
            between: '&',
            is: '=',
            is_either_case,
        }
    }

    fn all(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is = self.is;
        let pairs = self.text.split(self.between);
        pairs.filter_map(move |pair| pair.split_once(is))
    }

    /// The first value under a name.
    fn value(&self, name: &str) -> Option<String> {
        let mut all = self.all();
        let (_, value) = all.find(|(found, _)| self.is_name(found, name))?;
        Some(value.to_owned())
    }

    fn is_name(&self, found: &str, name: &str) -> bool {
        found == name || (self.is_either_case && found.eq_ignore_ascii_case(name))
    }

    /// The same, decoded. Whether a plus is a space depends on who wrote the text: in a name it is, in
    /// a number it is not.
    fn decoded(&self, name: &str, is_plus_a_space: bool) -> Option<String> {
        let value = self.value(name)?;
        let value = if is_plus_a_space {
            value
        } else {
            value.replace('+', "%2B")
        };
        decoded(&value)
    }

    /// Whether every app finds the same under these names. Of two values some take the first and some
    /// the last; some take a name whatever its letters, behind a blank or a percent sign.
    fn are_clear(&self, names: &[&str]) -> bool {
        let mut first = BTreeMap::new();
        self.all().all(|(found, value)| {
            let plain = if found.contains(['%', '+']) {
                decoded(found).map_or(Cow::Borrowed(found), Cow::Owned)
            } else {
                Cow::Borrowed(found)
            };
            let is_like = |name: &&&str| plain.trim().eq_ignore_ascii_case(name);
            names.iter().find(is_like).is_none_or(|name| {
                self.is_name(found, name) && *first.entry(*name).or_insert(value) == value
            })
        })
    }
}

/// What stands behind percent signs; a plus is a space.
fn decoded(value: &str) -> Option<String> {
    let one = value.replace('&', "%26").replace('=', "%3D");
    let (value, _) = form_urlencoded::parse(one.as_bytes()).next()?;
    Some(value.into_owned())
}

/// An amount of digits and at most two more behind this mark, with a point for it; `None` where it is
/// anything else, such as thousands set apart.
fn decimal(amount: &str, mark: char) -> Option<String> {
    let (whole, part) = amount.split_once(mark).unwrap_or((amount, ""));
    let digits = |s: &str, least: usize, most: usize| {
        (least..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    let is_right = digits(whole, 1, 13) && digits(part, 0, 2);
    is_right.then(|| amount.replace(mark, "."))
}

/// Three letters, as ISO 4217 has them.
fn is_currency_code(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether two amounts of [`decimal`] are one.
fn is_same(one: &str, other: &str) -> bool {
    let digits = |amount: &str| {
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        format!("{}.{part:0<2}", whole.trim_start_matches('0'))
    };
    digits(one) == digits(other)
}

/// Czechia and Slovakia: `SPD*1.0*ACC:…*AM:…`.
pub(super) fn spayd(text: &str) -> Bill {
    let pairs = Pairs {
        text,
        between: '*',
        is: ':',
        is_either_case: false,
    };
    let of = |name| pairs.decoded(name, false);
    // A BIC may stand behind the account.
    let account = of("ACC").map(|a| a.split('+').next().unwrap_or_default().to_owned());
    let written = of("AM");
    let amount = written.as_deref().and_then(|am| decimal(am, '.'));
    let is_amount = written.is_none() || amount.is_some();
    let currency = of("CC");
    let is_currency = currency.as_deref().is_none_or(is_currency_code);
    let bill = Bill {
        account,
        payee: of("RN"),
        amount,
        currency,
        reference: of("RF").or_else(|| of("X-VS")),
        message: of("MSG"),
        ..Bill::default()
    };
    let names = ["ACC", "RN", "AM", "CC", "RF", "X-VS", "MSG", "CRC32"];
    bill.expect(pairs.are_clear(&names), UNCLEAR)
        .expect(is_amount, DECIMAL)
        .expect(is_currency, "a currency is three letters")
        .checked()
        .doubting(!is_czech_text(text), "the text's check digits")
}

/// Serbia: `K:PR|V:01|…`, the amount as `RSD1000,00`.
pub(super) fn serbia(text: &str) -> Bill {
    let pairs = Pairs {
        text,
        between: '|',
        is: ':',
        is_either_case: false,
    };
    let of = |name| pairs.value(name);
    let money = of("I").unwrap_or_default();
    let (currency, written) = money.split_at_checked(3).unwrap_or((money.as_str(), ""));
    let amount = decimal(written, ',').filter(|_| currency == "RSD");
    let has_mark = amount.is_some() && written.contains(',');
    let account = of("R");
    let is_wrong = account.as_deref().is_some_and(|a| !is_serbian_account(a));
    let bill = Bill {
        account,
        payee: of("N"),
        amount,
        currency: Some(currency.to_owned()),
        reference: of("RO"),
        message: of("S"),
        ..Bill::default()
    };
    bill.expect(pairs.are_clear(&["R", "N", "I", "RO", "S"]), UNCLEAR)
        .expect(
            money.is_empty() || has_mark,
            "an amount is RSD, digits, a comma and at most two more",
        )
        .doubting(is_wrong, "the account's check digits")
}

const RUPEE: &str = "INR";

/// India: `upi://pay?pa=…`. The rupee is what is meant where no currency is named.
pub(super) fn upi(text: &str) -> Bill {
    let pairs = Pairs::of_address(text, true);
    let account = pairs.decoded("pa", false);
    let parts = account.as_deref().and_then(|a| a.split_once('@'));
    let has_bank = parts.is_some_and(|(name, bank)| {
        !name.trim().is_empty() && !bank.trim().is_empty() && !bank.contains('@')
    });
    let asked = Asked::of(&pairs);
    let bill = Bill {
        account,
        payee: pairs.decoded("pn", true),
        amount: asked.amount,
        currency: asked.currency,
        reference: pairs.decoded("tr", false),
        message: pairs.decoded("tn", true),
        ..Bill::default()
    };
    let names = ["pa", "am", "mam", "cu", "pn", "tr", "tn"];
    bill.expect(pairs.are_clear(&names), UNCLEAR)
        .expect(has_bank, "an address is name@bank")
        .expect(asked.is_decimal, DECIMAL)
        .expect(asked.is_rupee, "the currency is INR")
}

/// How many rupees an address of India's asks for; `None` where that is the payer's affair.
pub(in crate::code) fn upi_amount(text: &str) -> Option<String> {
    Asked::of(&Pairs::of_address(text, true)).amount
}

/// What an address of India's asks for.
struct Asked {
    amount: Option<String>,
    currency: Option<String>,
    is_decimal: bool,
    is_rupee: bool,
}

impl Asked {
    fn of(pairs: &Pairs<'_>) -> Self {
        // Many print `am=` and leave it to the payer.
        let filled = |name| {
            let value = pairs.decoded(name, false);
            value.filter(|value| !value.is_empty())
        };
        let written = filled("am");
        let amount = written.as_deref().and_then(|am| decimal(am, '.'));
        let is_decimal = written.is_none() || amount.is_some();
        let currency = filled("cu").map(|cu| cu.to_ascii_uppercase());
        let is_rupee = currency.as_deref().is_none_or(|cu| cu == RUPEE);
        let least = filled("mam").and_then(|least| decimal(&least, '.'));
        // Where another amount is the least, the payer may choose.
        let is_fixed =
            |amount: &String| least.is_none_or(|least| is_same(amount, &least)) && is_rupee;
        let amount = amount.filter(is_fixed);
        Self {
            currency: currency.or_else(|| amount.as_ref().map(|_| RUPEE.to_owned())),
            amount,
            is_decimal,
            is_rupee,
        }
    }
}

/// Russia's fast payments: the code's number, the bank that holds the account, and the sum in kopecks.
pub(super) fn russia(text: &str) -> Bill {
    let pairs = Pairs::of_address(text, true);
    let of = |name| pairs.decoded(name, false);
    let sum = of("sum");
    let number = text.split(['/', '?']).nth(3);
    let checked = is_russian_link(text);
    let bill = Bill {
        account: number.map(str::to_owned),
        institution: of("bank"),
        amount: sum.as_deref().and_then(of_hundredths),
        currency: of("cur"),
        ..Bill::default()
    };
    bill.expect(
        pairs.are_clear(&["type", "bank", "sum", "cur", "crc"]),
        UNCLEAR,
    )
    .expect(
        sum.is_none() || checked.is_some(),
        "a sum comes with check digits",
    )
    .doubting(checked == Some(false), "the link's check digits")
}

/// Russia's payment slips: `ST00012|Name=…|PersonalAcc=…`, the sum in kopecks. The first
/// character behind the version stands between all pairs.
pub(super) fn russian_slip(text: &str) -> Bill {
    let (_, behind) = text.split_at_checked(7).unwrap_or_default();
    let pairs = Pairs {
        text: behind,
        between: behind.chars().next().unwrap_or('|'),
        is: '=',
        is_either_case: false,
    };
    let of = |name| pairs.value(name);
    let amount = of("Sum").and_then(|sum| of_hundredths(&sum));
    let account = of("PersonalAcc");
    let bank = of("BIC").filter(|bank| bank.len() == 9);
    let fits = |account: &str| bank.is_none_or(|bank| is_russian_account(&bank, account));
    let is_wrong = account.as_deref().is_some_and(|account| !fits(account));
    let bill = Bill {
        account,
        payee: of("Name"),
        currency: amount.as_ref().map(|_| "RUB".to_owned()),
        amount,
        message: of("Purpose"),
        ..Bill::default()
    };
    let names = ["PersonalAcc", "BIC", "Name", "Sum", "Purpose"];
    bill.expect(pairs.are_clear(&names), UNCLEAR)
        .doubting(is_wrong, "the account's check digits")
}

/// Taiwan's dollar among the numbers of ISO 4217.
const TAIWAN_DOLLAR: &str = "901";

/// Taiwan: `TWQRP://payee/158/02/V1?D1=…`, the amount in hundredths of a dollar.
pub(super) fn taiwan(text: &str) -> Bill {
    let text = if text.contains("://") {
        Cow::Borrowed(text)
    } else {
        decoded(&text.replace('+', "%2B")).map_or(Cow::Borrowed(text), Cow::Owned)
    };
    let payee = text.split('/').nth(2).and_then(decoded);
    let pairs = Pairs::of_address(&text, false);
    let of = |name| pairs.decoded(name, false);
    let account = match (of("D5"), of("D6")) {
        (Some(bank), Some(number)) => Some(format!("{bank}-{number}")),
        (_, number) => number,
    };
    let is_dollar = of("D10").is_none_or(|currency| currency == TAIWAN_DOLLAR);
    let amount = of("D1").and_then(|amount| of_hundredths(&amount));
    let amount = amount.filter(|_| is_dollar);
    let bill = Bill {
        account,
        payee,
        currency: amount.as_ref().map(|_| "TWD".to_owned()),
        amount,
        reference: of("D2"),
        message: of("D9"),
        ..Bill::default()
    };
    let names = ["D1", "D2", "D5", "D6", "D9", "D10"];
    bill.expect(pairs.are_clear(&names), UNCLEAR)
        .expect(is_dollar, "the currency is 901")
}
