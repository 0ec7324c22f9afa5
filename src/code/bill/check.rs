//! Check digits.

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
    let Some((front, number)) = account.split_at_checked(4) else {
        return false;
    };
    let mut rest = 0_u32;
    for c in number.chars().chain(front.chars()) {
        let Some(value) = c.to_digit(36) else {
            return false;
        };
        let shift = if value < 10 { 10 } else { 100 };
        rest = rest.saturating_mul(shift).saturating_add(value) % 97;
    }
    rest == 1
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
