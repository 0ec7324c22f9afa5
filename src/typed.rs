//! Short texts that people read off a sign and type in: thirty-two characters, none of which is taken
//! for another.
//!
//! Written without I, L, O and U (Crockford's base32, five bits a character); read in either case, with
//! dashes and spaces anywhere, and with the letters that hands write for digits.

const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// Gaps that are read over, for each character.
const GAPS: usize = 3;

/// The first `N` characters that these bytes spell; zeros where there are fewer.
pub(crate) fn spell<const N: usize>(bytes: &[u8]) -> String {
    let mut left = bytes.iter().copied();
    let (mut held, mut bits) = (0_u16, 0_u32);
    let next = || {
        if bits < 5 {
            held = (held << 8) | u16::from(left.next().unwrap_or(0));
            bits += 8;
        }
        bits -= 5;
        let at = usize::from((held >> bits) & 0b1_1111);
        ALPHABET.get(at).copied().unwrap_or('0')
    };
    std::iter::repeat_with(next).take(N).collect()
}

/// What somebody typed, in the one spelling; nothing where it cannot be `N` characters of ours.
pub(crate) fn read<const N: usize>(typed: &str) -> Option<String> {
    if typed.chars().count() > N.saturating_mul(1 + GAPS) {
        return None;
    }
    let meant = typed
        .chars()
        .filter(|c| !matches!(c, '-' | '–' | ' ' | '\u{3000}'))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
    let text: String = meant.collect();
    let is_ours = text.len() == N && text.chars().all(|c| ALPHABET.contains(&c));
    is_ours.then_some(text)
}

/// In two halves, for people.
pub(crate) fn halves(text: &str) -> String {
    match text.split_at_checked(text.len() / 2) {
        Some((front, back)) => format!("{front}-{back}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_character_is_taken_for_another() {
        let set: BTreeSet<char> = ALPHABET.into_iter().collect();
        assert_eq!(set.len(), 32);
        assert!(['I', 'L', 'O', 'U'].iter().all(|c| !set.contains(c)));
    }

    #[test]
    fn every_bit_counts() {
        assert_eq!(spell::<8>(&[0; 5]), "00000000");
        assert_eq!(spell::<8>(&[0xff; 5]), "ZZZZZZZZ");
        assert_eq!(spell::<8>(&[0, 0, 0, 0, 1]), "00000001");
        assert_eq!(spell::<2>(&[0b0000_1000, 0b0100_0000]), "11");
        assert_eq!(spell::<10>(&[0, 0, 0, 0, 0, 0, 0b0100_0000]), "0000000001");
    }

    #[test]
    fn hands_are_read_as_they_write() {
        for typed in [
            "0123-ABCD",
            "o123abcd",
            "OI23 ABCD",
            " 0l23–aBcD",
            "0123\u{3000}ABCD",
        ] {
            assert_eq!(read::<8>(typed).as_deref(), Some("0123ABCD"), "{typed}");
        }
        for wrong in [
            "",
            "0123ABC",
            "0123ABCDE",
            "0123ABCU",
            "０123ABCD",
            "0123_ABCD",
            "0123ABCÄ",
        ] {
            assert_eq!(read::<8>(wrong), None, "{wrong}");
        }
        assert_eq!(
            read::<8>(&format!("0123ABCD{}", "-".repeat(24))).as_deref(),
            Some("0123ABCD")
        );
        assert_eq!(read::<8>(&format!("0123ABCD{}", "-".repeat(25))), None);
    }

    proptest! {
        #[test]
        fn what_is_spelled_is_read_again(bytes in any::<[u8; 7]>()) {
            let text = spell::<10>(&bytes);
            prop_assert_eq!(read::<10>(&halves(&text)), Some(text));
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,64}") {
            let found = read::<10>(&text);
            prop_assert!(found.is_none_or(|found| found.len() == 10));
        }
    }
}
