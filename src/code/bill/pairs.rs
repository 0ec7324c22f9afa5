//! Bills of names and values.

use std::borrow::Cow;

use super::{Bill, of_hundredths};

/// The value under a name, names compared without case.
fn value(text: &str, between: char, name: &str, is: char) -> Option<String> {
    text.split(between).find_map(|pair| {
        let (found, value) = pair.split_once(is)?;
        found.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// The value under a name behind the question mark of an address, decoded. Whether a plus is a space
/// depends on who wrote the address: in a name it is, in a number it is not.
fn parameter(text: &str, name: &str, is_plus_a_space: bool) -> Option<String> {
    let (_, query) = text.split_once('?')?;
    let value = value(query, '&', name, '=')?;
    let value = if is_plus_a_space {
        value
    } else {
        value.replace('+', "%2B")
    };
    decoded(&value)
}

/// What stands behind percent signs; a plus is a space.
fn decoded(value: &str) -> Option<String> {
    let one = value.replace('&', "%26").replace('=', "%3D");
    let (value, _) = form_urlencoded::parse(one.as_bytes()).next()?;
    Some(value.into_owned())
}

/// Czechia and Slovakia: `SPD*1.0*ACC:…*AM:…`.
pub(super) fn spayd(text: &str) -> Bill {
    let of = |name| decoded(&value(text, '*', name, ':')?.replace('+', "%2B"));
    // A BIC may stand behind the account.
    let account = of("ACC").map(|a| a.split('+').next().unwrap_or_default().to_owned());
    let bill = Bill {
        account,
        payee: of("RN"),
        amount: of("AM"),
        currency: of("CC"),
        reference: of("RF").or_else(|| of("X-VS")),
        message: of("MSG"),
        ..Bill::default()
    };
    bill.checked()
}

/// Serbia: `K:PR|V:01|…`.
pub(super) fn serbia(text: &str) -> Bill {
    let of = |name| value(text, '|', name, ':');
    let money = of("I").unwrap_or_default();
    let (currency, amount) = money.split_at_checked(3).unwrap_or_default();
    Bill {
        account: of("R"),
        payee: of("N"),
        amount: Some(amount.replace(',', ".")),
        currency: Some(currency.to_owned()),
        reference: of("RO"),
        message: of("S"),
        ..Bill::default()
    }
}

/// India: `upi://pay?pa=…`. The rupee is what is meant where no currency is named.
pub(super) fn upi(text: &str) -> Bill {
    let account = parameter(text, "pa", false);
    let has_bank = account.as_deref().is_some_and(|a| a.contains('@'));
    let amount = parameter(text, "am", false);
    let currency =
        parameter(text, "cu", false).or_else(|| amount.as_ref().map(|_| "INR".to_owned()));
    let bill = Bill {
        account,
        payee: parameter(text, "pn", true),
        amount,
        currency,
        reference: parameter(text, "tr", false),
        message: parameter(text, "tn", true),
        ..Bill::default()
    };
    bill.expect(has_bank, "an address is name@bank")
}

/// Russia's fast payments: the bank that holds the account, and the sum in kopecks.
pub(super) fn russia(text: &str) -> Bill {
    let of = |name| parameter(text, name, false);
    Bill {
        account: of("bank"),
        amount: of("sum").and_then(|sum| of_hundredths(&sum)),
        currency: of("cur"),
        ..Bill::default()
    }
}

/// Russia's payment slips: `ST00012|Name=…|PersonalAcc=…`, the sum in kopecks.
pub(super) fn russian_slip(text: &str) -> Bill {
    let of = |name| value(text, '|', name, '=');
    let amount = of("Sum").and_then(|sum| of_hundredths(&sum));
    Bill {
        account: of("PersonalAcc"),
        payee: of("Name"),
        currency: amount.as_ref().map(|_| "RUB".to_owned()),
        amount,
        message: of("Purpose"),
        ..Bill::default()
    }
}

/// Taiwan: `TWQRP://payee/158/02/V1?D1=…`, the amount in hundredths of a dollar.
pub(super) fn taiwan(text: &str) -> Bill {
    let text = if text.contains("://") {
        Cow::Borrowed(text)
    } else {
        decoded(&text.replace('+', "%2B")).map_or(Cow::Borrowed(text), Cow::Owned)
    };
    let payee = text.split('/').nth(2).and_then(decoded);
    let of = |name| parameter(&text, name, false);
    let account = match (of("D5"), of("D6")) {
        (Some(bank), Some(number)) => Some(format!("{bank}-{number}")),
        (_, number) => number,
    };
    let amount = of("D1").and_then(|amount| of_hundredths(&amount));
    Bill {
        account,
        payee,
        currency: amount.as_ref().map(|_| "TWD".to_owned()),
        amount,
        reference: of("D2"),
        message: of("D9"),
        ..Bill::default()
    }
}
