//! Bills of names and values.

use super::Bill;

/// The value under a name, names compared without case.
fn value(text: &str, between: char, name: &str, is: char) -> Option<String> {
    text.split(between).find_map(|pair| {
        let (found, value) = pair.split_once(is)?;
        found.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// Czechia and Slovakia: `SPD*1.0*ACC:…*AM:…`.
pub(super) fn spayd(text: &str) -> Bill {
    let of = |name| value(text, '*', name, ':');
    // A BIC may stand behind the account.
    let account = of("ACC").map(|a| a.split('+').next().unwrap_or_default().to_owned());
    let bill = Bill {
        account,
        payee: of("RN"),
        amount: of("AM"),
        currency: of("CC"),
        reference: of("RF").or_else(|| of("X-VS")),
        message: of("MSG"),
        doubt: None,
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
        amount: Some(amount.to_owned()),
        currency: Some(currency.to_owned()),
        reference: of("RO"),
        message: of("S"),
        doubt: None,
    }
}

/// India: `upi://pay?pa=…`, values as they are written in the address.
pub(super) fn upi(text: &str) -> Bill {
    let (_, query) = text.split_once('?').unwrap_or_default();
    let of = |name| value(query, '&', name, '=');
    Bill {
        account: of("pa"),
        payee: of("pn"),
        amount: of("am"),
        currency: of("cu"),
        reference: of("tr"),
        message: of("tn"),
        doubt: None,
    }
}

/// Russia: the bank that holds the account, and the sum in kopecks.
pub(super) fn russia(text: &str) -> Bill {
    let (_, query) = text.split_once('?').unwrap_or_default();
    let of = |name| value(query, '&', name, '=');
    Bill {
        account: of("bank"),
        amount: of("sum"),
        currency: of("cur"),
        ..Bill::default()
    }
}
