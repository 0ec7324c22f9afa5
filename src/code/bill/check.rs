//! Check digits.

use super::Bill;

use crate::code::emv::checksum;

/// What BCH leaves of a right text in bech32.
const BECH32_REST: u32 = 1;
const BECH32_LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BECH32_STEPS: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];

/// Whether an account's check digits are right: modulo 97, letters counting from ten.
pub(super) fn is_iban(account: &str) -> bool {
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

/// The slip that proves a transfer: its last four characters are a checksum as in EMV.
pub(super) fn thai_slip(text: &str) -> Bill {
    let end = text.len().saturating_sub(4);
    let (front, sum) = text.split_at_checked(end).unwrap_or_default();
    let right = u16::from_str_radix(sum, 16).is_ok_and(|sum| checksum(front) == sum);
    Bill::doubtful(!right, "the slip's check digits")
}

/// Both kinds of text are bech32.
pub(super) fn lightning(text: &str) -> Bill {
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("lightning:").unwrap_or(&lower);
    Bill::doubtful(!is_bech32(bare), "the text's check digits")
}

fn is_bech32(text: &str) -> bool {
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
    all.fold(1, step) == BECH32_REST
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
        assert!(is_bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(!is_bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
        assert!(is_bech32("a12uel5l"));
    }
}
