//! Bills of lines, where each line has its place.

use data_encoding::BASE64URL_NOPAD;
use encoding_rs::WINDOWS_1251;

use super::check::{is_iban, is_swiss_reference};
use super::{Bill, of_hundredths};

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
    let at = |place: usize| lines.get(place).copied().unwrap_or_default();
    let (account, kind, reference) = (at(3), at(27), at(28));
    let bill = Bill {
        account: line(&lines, 3),
        payee: line(&lines, 5),
        amount: line(&lines, 18),
        currency: line(&lines, 19),
        reference: line(&lines, 28),
        message: line(&lines, 29),
        ..Bill::default()
    };
    let bank = account.get(4..9).and_then(|bank| bank.parse::<u32>().ok());
    let is_for_references = bank.is_some_and(|bank| (30_000..32_000).contains(&bank));
    let fits = match kind {
        "QRR" => is_swiss_reference(reference),
        "SCOR" => reference.starts_with("RF") && is_iban(reference),
        _ => reference.is_empty(),
    };
    let mut bill = bill
        .expect(
            matches!(at(19), "CHF" | "EUR"),
            "the currency is CHF or EUR",
        )
        .expect(
            at(18).is_empty() || has_two_decimals(at(18)),
            "an amount has two decimals behind a point",
        )
        .expect(
            matches!(kind, "QRR" | "SCOR" | "NON"),
            "a reference is QRR, SCOR or NON",
        )
        .expect(
            is_for_references == (kind == "QRR"),
            "accounts of 30000 to 31999, and no others, come with a reference QRR",
        )
        .expect(at(30) == "EPD", "the data of the payment end with EPD")
        .checked();
    if bill.doubt.is_none() && !fits {
        bill.doubt = Some("the reference's check digits");
    }
    bill
}

/// The longest text that the euro's transfer may have.
const EPC_BYTES_MAX: usize = 331;
/// And its lines; a line break behind the last is none.
const EPC_LINES_MAX: usize = 12;

/// The euro's credit transfer.
pub(super) fn epc(text: &str) -> Bill {
    let lines = lines(text);
    let at = |place: usize| lines.get(place).copied().unwrap_or_default();
    let (currency, amount) = money(at(7));
    let account: String = at(6).split(' ').collect();
    let account = account.to_ascii_uppercase();
    let is_amount = |amount: &str| {
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        let digits =
            |s: &str, most| (1..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        let is_nothing = amount.bytes().all(|b| matches!(b, b'0' | b'.'));
        digits(whole, 9) && digits(part, 2) && !is_nothing
    };
    let has_amount = currency == "EUR" && is_amount(amount);
    let written = at(6) == account;
    let bill = Bill {
        account: Some(account),
        payee: line(&lines, 5),
        amount: Some(amount.to_owned()),
        currency: Some(currency.to_owned()),
        reference: line(&lines, 9),
        message: line(&lines, 10),
        ..Bill::default()
    };
    let chars = |place: usize| at(place).chars().count();
    let mut behind = lines.iter().skip(EPC_LINES_MAX);
    bill.expect(
        written,
        "an account is written in capital letters and without spaces",
    )
    .expect(
        matches!(at(4).len(), 8 | 11) || (at(4).is_empty() && at(1) == "002"),
        "a BIC has 8 or 11 letters and digits; version 001 needs one",
    )
    .expect(
        at(7).is_empty() || has_amount,
        "an amount is EUR, from 0.01 on, and at most two decimals behind a point",
    )
    .expect(chars(5) <= 70, "a name has at most 70 characters")
    .expect(
        at(9).is_empty() || at(10).is_empty(),
        "there is a reference or a text, not both",
    )
    .expect(
        text.len() <= EPC_BYTES_MAX,
        "the text has at most 331 bytes",
    )
    .expect(
        behind.all(|line| line.is_empty()),
        "the text has at most 12 lines",
    )
    .checked()
}

/// Ukraine: the same lines in base64 behind an address, and at first as they are.
pub(super) fn ukraine(text: &str) -> Bill {
    let plain = text.trim_start();
    let bill = if plain.starts_with("BCD") {
        in_lines(plain)
    } else {
        let content = text.rsplit_once('/').map(|(_, content)| content);
        content.and_then(in_base64).and_then(|text| in_lines(&text))
    };
    bill.unwrap_or_else(|| Bill::doubtful(true, "the lines in base64"))
}

fn in_base64(content: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD
        .decode(content.trim_end_matches('=').as_bytes())
        .ok()?;
    // The third line says in which alphabet, and is often wrong; one cannot be taken for the other.
    Some(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => WINDOWS_1251.decode(error.as_bytes()).0.into_owned(),
    })
}

/// A transfer, since version 003 an instant one or either; its line 9, the payee's tax number, and 10,
/// the category, are nobody's here.
fn in_lines(text: &str) -> Option<Bill> {
    let lines = lines(text);
    let is_transfer = matches!(lines.get(3), Some(&("UCT" | "ICT" | "XCT")));
    if lines.first() != Some(&"BCD") || !is_transfer || lines.len() < 7 {
        return None;
    }
    let (currency, amount) = money(lines.get(7).copied().unwrap_or_default());
    let bill = Bill {
        account: line(&lines, 6),
        payee: line(&lines, 5),
        amount: Some(amount.to_owned()),
        currency: Some(currency.to_owned()),
        reference: line(&lines, 10),
        message: line(&lines, 11),
        ..Bill::default()
    };
    Some(bill.checked())
}

/// Croatia: the amount in cents in line 3, the payee from line 7, account in 10.
pub(super) fn croatia(text: &str) -> Bill {
    let lines = lines(text);
    let bill = Bill {
        account: line(&lines, 9),
        payee: line(&lines, 6),
        amount: lines.get(2).and_then(|cents| of_hundredths(cents)),
        currency: line(&lines, 1),
        reference: line(&lines, 11),
        message: line(&lines, 13),
        ..Bill::default()
    };
    bill.checked()
}

/// Slovenia: the amount in cents in line 9, account in 15, the payee in 17.
pub(super) fn slovenia(text: &str) -> Bill {
    let lines = lines(text);
    let bill = Bill {
        account: line(&lines, 14),
        payee: line(&lines, 16),
        amount: lines.get(8).and_then(|cents| of_hundredths(cents)),
        currency: Some("EUR".to_owned()),
        reference: line(&lines, 15),
        message: line(&lines, 12),
        ..Bill::default()
    };
    bill.checked()
}

/// Hungary: the payee in line 5, account in 6, amount in 7.
pub(super) fn hungary(text: &str) -> Bill {
    let lines = lines(text);
    let (currency, amount) = money(lines.get(6).copied().unwrap_or_default());
    let bill = Bill {
        account: line(&lines, 5),
        payee: line(&lines, 4),
        amount: Some(amount.to_owned()),
        currency: Some(currency.to_owned()),
        message: line(&lines, 9),
        ..Bill::default()
    };
    bill.checked()
}

/// `EUR12.30`; an amount without letters has no currency.
fn money(money: &str) -> (&str, &str) {
    let letters = money.bytes().take_while(u8::is_ascii_alphabetic).count();
    money.split_at_checked(letters).unwrap_or_default()
}

fn has_two_decimals(amount: &str) -> bool {
    amount.split_once('.').is_some_and(|(whole, part)| {
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        part.len() == 2 && digits(part) && (1..=9).contains(&whole.len()) && digits(whole)
    })
}
