//! Bills of lines, where each line has its place.

use data_encoding::BASE64URL_NOPAD;

use super::Bill;

fn lines(text: &str) -> Vec<&str> {
    text.split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .collect()
}

fn line(lines: &[&str], at: usize) -> Option<String> {
    lines.get(at).map(ToString::to_string)
}

/// Switzerland: account in line 4, creditor from line 5, amount in 19, reference in 29.
pub(super) fn swiss(text: &str) -> Bill {
    let lines = lines(text);
    let bill = Bill {
        account: line(&lines, 3),
        payee: line(&lines, 5),
        amount: line(&lines, 18),
        currency: line(&lines, 19),
        reference: line(&lines, 28),
        message: line(&lines, 29),
        doubt: None,
    };
    bill.checked()
}

/// The euro's credit transfer.
pub(super) fn epc(text: &str) -> Bill {
    let lines = lines(text);
    let (currency, amount) = money(&lines, 7);
    let bill = Bill {
        account: line(&lines, 6),
        payee: line(&lines, 5),
        amount,
        currency,
        reference: line(&lines, 9),
        message: line(&lines, 10),
        doubt: None,
    };
    bill.checked()
}

/// Ukraine: the same lines in base64 behind an address.
pub(super) fn ukraine(text: &str) -> Bill {
    in_base64(text).unwrap_or_else(|| Bill::doubtful(true, "the lines in base64"))
}

fn in_base64(text: &str) -> Option<Bill> {
    let (_, content) = text.rsplit_once('/')?;
    let bytes = BASE64URL_NOPAD.decode(content.as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let lines = lines(&text);
    if lines.first() != Some(&"BCD") || lines.get(3) != Some(&"UCT") {
        return None;
    }
    let (currency, amount) = money(&lines, 7);
    let bill = Bill {
        account: line(&lines, 6),
        payee: line(&lines, 5),
        amount,
        currency,
        reference: line(&lines, 9),
        message: line(&lines, 11),
        doubt: None,
    };
    Some(bill.checked())
}

/// `EUR12.30`.
fn money(lines: &[&str], at: usize) -> (Option<String>, Option<String>) {
    let money = lines.get(at).and_then(|money| money.split_at_checked(3));
    match money {
        Some((currency, amount)) => (Some(currency.to_owned()), Some(amount.to_owned())),
        None => (None, None),
    }
}
