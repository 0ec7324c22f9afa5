//! Check digits.

use std::ops::Range;

use super::Bill;

use crate::code::emv::checksum;

/// What BCH leaves of a right text in bech32.
const BECH32_REST: u32 = 1;
/// The same in its later form.
const BECH32M_REST: u32 = 0x2bc8_30a3;
const BECH32_LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BECH32_STEPS: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];

/// Whether an account's check digits are right: modulo 97, letters counting from ten.
pub(in crate::code) fn is_iban(account: &str) -> bool {
    let parts = account.split_at_checked(4);
    parts.is_some_and(|(front, number)| is_one_of_97(number.chars().chain(front.chars())))
}

/// Whether Serbia's account is right, its last two digits being the check (the National Bank's decision
/// on account numbers, ISO 7064 modulo 97).
pub(super) fn is_serbian_account(account: &str) -> bool {
    is_one_of_97(account.chars())
}

fn is_one_of_97(number: impl Iterator<Item = char>) -> bool {
    let mut rest = 0_u32;
    for c in number {
        let Some(value) = c.to_digit(36) else {
            return false;
        };
        let shift = if value < 10 { 10 } else { 100 };
        rest = rest.saturating_mul(shift).saturating_add(value) % 97;
    }
    rest == 1
}

/// By what the digits of a Russian bank and account are multiplied, over and over.
const RUSSIAN_WEIGHTS: [u32; 3] = [7, 1, 3];

/// Whether the key in a Russian account fits the bank that holds it (Bank of Russia, order 515 of 8
/// September 1997). A bank is its last three digits; a settlement centre of the Bank of Russia the
/// fifth and sixth behind a nought. Which of both holds an account is not plain to see, so either does.
/// The treasury's accounts, which begin with a nought, have no such key.
pub(super) fn is_russian_account(bank: &str, account: &str) -> bool {
    let fits = |number: &mut dyn Iterator<Item = char>| {
        let products = number.zip(RUSSIAN_WEIGHTS.iter().cycle());
        let last = products.map(|(c, weight)| Some(c.to_digit(10)?.saturating_mul(*weight) % 10));
        let sum: Option<u32> = last.sum();
        sum.is_some_and(|sum| sum % 10 == 0)
    };
    let part = |range: Range<usize>| bank.get(range).unwrap_or_default().chars();
    account.starts_with('0')
        || fits(&mut part(6..9).chain(account.chars()))
        || fits(&mut "0".chars().chain(part(4..6)).chain(account.chars()))
}

/// The parameter of Russia's links that checks all in front of it, and nothing behind it.
const RUSSIAN_SUM: &str = "&crc=";

/// Whether a link of Russia's is what its check digits say: a checksum as in EMV, in capital letters.
/// Scheme and host are checked in small letters, too, as a symbol with the whole in capitals has them.
/// `None` where there are no check digits.
pub(super) fn is_russian_link(text: &str) -> Option<bool> {
    let (front, sum) = text.split_once(RUSSIAN_SUM)?;
    let path = front.match_indices('/').nth(2).map(|(at, _)| at);
    let (host, behind) = front.split_at_checked(path?)?;
    let lower = host.to_ascii_lowercase() + behind;
    let is_sum_of = |text: &str| format!("{:04X}", checksum(text)) == sum;
    Some(is_sum_of(front) || is_sum_of(&lower))
}

const CRC32: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Whether a text of Czechia's is what its check digits say: eight digits of a checksum over the text
/// without them, its pairs in the order of their names (qr-platba.cz, description of the format). Some
/// writers leave the order as it is.
pub(super) fn is_czech_text(text: &str) -> bool {
    let mut pairs = text.split('*').filter(|pair| !pair.is_empty());
    let head: Vec<_> = pairs.by_ref().take(2).collect();
    let name = |pair: &&str| pair.split(':').next().unwrap_or_default().to_owned();
    let (sums, mut rest): (Vec<_>, Vec<_>) = pairs.partition(|pair| pair.starts_with("CRC32:"));
    if sums.is_empty() {
        return true;
    }
    let is_sum_of = |rest: &[&str]| {
        let text = [&head, rest].concat().join("*");
        let sum = format!("CRC32:{:08X}", CRC32.checksum(text.as_bytes()));
        sums.iter()
            .all(|written| written.eq_ignore_ascii_case(&sum))
    };
    let as_written = is_sum_of(&rest);
    rest.sort_by_cached_key(name);
    as_written || is_sum_of(&rest)
}

/// The next carry of Switzerland's check digit, by the sum of carry and digit.
const SWISS_CARRY: [u32; 10] = [0, 9, 4, 6, 8, 2, 7, 1, 3, 5];

/// Whether a reference has 27 digits, the last of which checks the others.
pub(super) fn is_swiss_reference(reference: &str) -> bool {
    let digits: Option<Vec<u32>> = reference.chars().map(|c| c.to_digit(10)).collect();
    let Some((check, rest)) = digits.as_deref().and_then(<[u32]>::split_last) else {
        return false;
    };
    let carried = rest.iter().try_fold(0_u32, |carry, digit| {
        let sum = usize::try_from(carry.saturating_add(*digit) % 10).ok()?;
        SWISS_CARRY.get(sum).copied()
    });
    rest.len() == 26 && carried.is_some_and(|carry| carry.saturating_add(*check) % 10 == 0)
}

/// The slip that proves a transfer: its last four characters are a checksum as in EMV.
pub(super) fn thai_slip(text: &str) -> Bill {
    let end = text.len().saturating_sub(4);
    let (front, sum) = text.split_at_checked(end).unwrap_or_default();
    let right = u16::from_str_radix(sum, 16).is_ok_and(|sum| checksum(front) == sum);
    Bill::doubtful(!right, "the slip's check digits")
}

/// All kinds of text but an offer, which has no check digits, are bech32.
pub(super) fn lightning(text: &str) -> Bill {
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("lightning:").unwrap_or(&lower);
    let is_right = bare.starts_with("lno1") || is_bech32(bare, BECH32_REST);
    Bill::doubtful(!is_right, "the text's check digits")
}

/// Of the kinds of address, those that begin with `bc1`.
pub(super) fn bitcoin(text: &str) -> Bill {
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("bitcoin:").unwrap_or(&lower);
    let address = bare.split('?').next().unwrap_or_default();
    let rest = if address.starts_with("bc1q") {
        BECH32_REST
    } else {
        BECH32M_REST
    };
    let is_wrong = address.starts_with("bc1") && !is_bech32(address, rest);
    Bill::doubtful(is_wrong, "the address's check digits")
}

fn is_bech32(text: &str, rest: u32) -> bool {
    let Some((front, data)) = text.rsplit_once('1') else {
        return false;
    };
    let five_bits = |c: char| BECH32_LETTERS.find(c).and_then(|at| u32::try_from(at).ok());
    let Some(data) = data.chars().map(five_bits).collect::<Option<Vec<u32>>>() else {
        return false;
    };
    let high = front.bytes().map(|b| u32::from(b >> 5));
    let low = front.bytes().map(|b| u32::from(b & 31));
    let all = high.chain([0]).chain(low).chain(data);
    all.fold(1, step) == rest
}

fn step(rest: u32, value: u32) -> u32 {
    let top = rest >> 25;
    let next = (rest & 0x01ff_ffff) << 5 ^ value;
    let steps = BECH32_STEPS.iter().enumerate();
    steps.fold(next, |next, (bit, step)| {
        if top >> bit & 1 == 1 {
            next ^ step
        } else {
            next
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards() {
        assert!(is_iban("DE89370400440532013000"));
        assert!(is_iban("GB82WEST12345698765432"));
        assert!(!is_iban("GB82WEST12345698765433"));
        assert!(!is_iban("DE8"));
        assert!(is_swiss_reference("210000000003139471430009017"));
        assert!(!is_swiss_reference("210000000003139471430009018"));
        assert!(!is_swiss_reference("0"));
        for (text, rest, is_right) in [
            (
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                BECH32_REST,
                true,
            ),
            (
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
                BECH32_REST,
                false,
            ),
            ("a12uel5l", BECH32_REST, true),
            ("a1lqfn3a", BECH32M_REST, true),
            ("a1lqfn3a", BECH32_REST, false),
        ] {
            assert_eq!(is_bech32(text, rest), is_right, "{text}");
        }
    }
}
