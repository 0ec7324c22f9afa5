//! Colours, and whether a camera can tell two of them apart.
#![expect(
    clippy::float_arithmetic,
    reason = "how light a colour looks is defined by a power; it decides over no money"
)]

use std::fmt;
use std::str::FromStr;

use super::PrintError;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The contrast of ink on paper, in tenths: what WCAG 2.2 asks of small text, which is also where
/// cheap cameras in poor light stop to tell modules from paper.
pub const CONTRAST_MIN_TENTHS: u32 = 45;

impl Rgb {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);

    /// How light it is to the eye: 0.0 to 1.0, WCAG's relative luminance.
    fn light(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// How bright a reader takes it for, in thousandths of 255: its luma.
    pub(super) fn brightness(self) -> u32 {
        u32::from(self.0) * 299 + u32::from(self.1) * 587 + u32::from(self.2) * 114
    }

    /// White letters on it, as on the wallets' own pages, where they can be read: WCAG asks for a
    /// contrast of 3 : 1 of large and of bold ones. Else black.
    pub(super) fn letters(self) -> Self {
        if 1.05 / (self.light() + 0.05) >= 3.0 {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// `percent` of this colour in another.
    pub(super) fn in_other(self, other: Self, percent: u8) -> Self {
        let percent = u16::from(percent.min(100));
        let mixed = |own: u8, other: u8| {
            let sum = u16::from(own) * percent + u16::from(other) * (100 - percent);
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            mixed(self.0, other.0),
            mixed(self.1, other.1),
            mixed(self.2, other.2),
        )
    }
}

/// Refuses dark modules that are too light for their paper, or lighter than it: many readers do not
/// look for a code in negative.
pub(super) fn check_contrast(ink: Rgb, paper: Rgb) -> Result<(), PrintError> {
    let (ink, paper) = (ink.light(), paper.light());
    let ratio = (paper + 0.05) / (ink + 0.05);
    if ratio * 10.0 >= f64::from(CONTRAST_MIN_TENTHS) {
        return Ok(());
    }
    // Cut off, not rounded: what is a little too low is not to look like enough.
    let found = (ratio * 100.0).floor() / 100.0;
    Err(PrintError::Contrast {
        found: format!("{found:.2}"),
    })
}

impl FromStr for Rgb {
    type Err = PrintError;

    /// `e1251b`, or with the `#` of a style sheet.
    fn from_str(text: &str) -> Result<Self, PrintError> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let refused = || PrintError::Colour;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| refused())?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self(red, green, blue))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!("#e1251b".parse(), Ok(Rgb(0xe1, 0x25, 0x1b)));
        assert_eq!("E1251B".parse(), Ok(Rgb(0xe1, 0x25, 0x1b)));
        for wrong in ["", "#", "red", "#e1251", "e1251bb", "+1251b", "#é251b"] {
            assert_eq!(wrong.parse::<Rgb>(), Err(PrintError::Colour), "{wrong}");
        }
        assert_eq!(Rgb(1, 2, 255).to_string(), "#0102ff");
    }

    #[test]
    fn ink_that_is_too_light_or_lighter_than_its_paper_is_refused() {
        let told = |ink: &str, paper: &str| match check_contrast(
            ink.parse().unwrap(),
            paper.parse().unwrap(),
        ) {
            Err(PrintError::Contrast { found }) => found,
            Ok(()) => "enough".to_owned(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(told("000000", "ffffff"), "enough");
        // WCAG's own example of the limit.
        assert_eq!(told("767676", "ffffff"), "enough");
        assert_eq!(told("787878", "ffffff"), "4.41");
        assert_eq!(told("07c160", "ffffff"), "2.38");
        assert_eq!(told("ffffff", "000000"), "0.04");
    }

    #[test]
    fn names_on_a_colour_are_black_or_white_as_can_be_read() {
        let on = |colour: &str| colour.parse::<Rgb>().unwrap().letters();
        assert_eq!(on("e1251b"), Rgb::WHITE);
        assert_eq!(on("07c160"), Rgb::BLACK);
        assert_eq!(on("ffd400"), Rgb::BLACK);
    }
}
