//! A text as the black and white squares of a QR code.

use std::str::FromStr;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use serde::{Deserialize, Serialize};

/// How much of a symbol may be dirty or torn: about 7, 15, 25 or 30 percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Level {
    /// About 7 percent.
    L,
    /// About 15 percent.
    #[default]
    M,
    /// About 25 percent.
    Q,
    /// About 30 percent.
    H,
}

/// The white frame around a symbol, in modules: 0 to 16, 4 where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct QuietZone(u8);

/// A QR code as squares, without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    modules: Vec<Color>,
    width: usize,
    version: i16,
}

/// Why a symbol cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// No QR code is large enough.
    #[error("text of {bytes} bytes does not fit into a QR code at this level")]
    TooLong {
        /// How long the text is.
        bytes: usize,
    },
    /// Not L, M, Q or H.
    #[error("level must be L, M, Q or H")]
    Level,
    /// More than 16 modules.
    #[error("quiet zone must be 0 to {QUIET_MAX} modules, found {0}")]
    QuietZone(u8),
    /// A picture larger than anyone prints.
    #[error("picture of {side} pixels a side exceeds {limit}")]
    TooLarge {
        /// What was asked for.
        side: u32,
        /// The most that is drawn.
        limit: u32,
    },
    /// The picture could not be written.
    #[error("picture cannot be written: {0}")]
    Encoding(String),
}

/// Four times what the standard asks for: enough for any frame, not enough to hide the code.
const QUIET_MAX: u8 = 16;

impl Symbol {
    /// The smallest symbol that holds the text at this level.
    pub fn new(text: &str, level: Level) -> Result<Self, SymbolError> {
        let too_long = |_| SymbolError::TooLong { bytes: text.len() };
        let code = if text.is_ascii() {
            QrCode::with_error_correction_level(text, level.into()).map_err(too_long)?
        } else {
            byte_mode(text, level.into()).map_err(too_long)?
        };
        let version = match code.version() {
            Version::Normal(number) | Version::Micro(number) => number,
        };
        Ok(Self {
            width: code.width(),
            version,
            modules: code.into_colors(),
        })
    }

    /// Modules a side.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The size by its number, 1 to 40.
    pub const fn version(&self) -> i16 {
        self.version
    }

    /// The rows from top to bottom, `true` for a dark module.
    pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = bool>> {
        self.modules
            .chunks(self.width)
            .map(|row| row.iter().map(|module| *module == Color::Dark))
    }

    pub(super) fn modules(&self) -> &[Color] {
        &self.modules
    }
}

impl Default for QuietZone {
    /// What the standard asks for.
    fn default() -> Self {
        Self(4)
    }
}

impl QuietZone {
    /// The frame in modules.
    pub const fn modules(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for QuietZone {
    type Error = SymbolError;

    fn try_from(modules: u8) -> Result<Self, SymbolError> {
        if modules <= QUIET_MAX {
            Ok(Self(modules))
        } else {
            Err(SymbolError::QuietZone(modules))
        }
    }
}

impl From<QuietZone> for u8 {
    fn from(zone: QuietZone) -> Self {
        zone.0
    }
}

impl FromStr for Level {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        match text {
            "L" | "l" => Ok(Self::L),
            "M" | "m" => Ok(Self::M),
            "Q" | "q" => Ok(Self::Q),
            "H" | "h" => Ok(Self::H),
            _ => Err(SymbolError::Level),
        }
    }
}

impl From<Level> for EcLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::L => Self::L,
            Level::M => Self::M,
            Level::Q => Self::Q,
            Level::H => Self::H,
        }
    }
}

/// UTF-8 in byte mode, which is what wallets expect. The library's own choice of modes takes pairs
/// of UTF-8 bytes for Shift-JIS letters wherever they happen to look like them.
fn byte_mode(text: &str, level: EcLevel) -> qrcode::QrResult<QrCode> {
    let mut last = Err(qrcode::types::QrError::DataTooLong);
    for version in (1..=40).map(Version::Normal) {
        let mut bits = Bits::new(version);
        last = bits
            .push_byte_data(text.as_bytes())
            .and_then(|()| bits.push_terminator(level));
        if last.is_ok() {
            return QrCode::with_bits(bits, level);
        }
    }
    last.and(Err(qrcode::types::QrError::DataTooLong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_signed_code_is_version_7_at_m() {
        let text = format!("HTTPS://PAY.EXAMPLE.COM/Q/{}", "CAAQEAYE".repeat(17));
        assert_eq!(text.len(), 26 + 136);
        assert_eq!(Symbol::new(&text, Level::M).unwrap().version(), 7);
    }

    #[test]
    fn a_higher_level_never_makes_a_smaller_symbol() {
        let sizes = [Level::L, Level::M, Level::Q, Level::H].map(|level| {
            Symbol::new("老王牛肉面馆 HTTPS://PAY.EXAMPLE.COM", level)
                .unwrap()
                .width()
        });
        assert!(sizes.is_sorted(), "{sizes:?}");
    }

    #[test]
    fn what_no_symbol_can_hold_is_refused() {
        for text in ["a".repeat(2954), "馆".repeat(985)] {
            let bytes = text.len();
            assert_eq!(
                Symbol::new(&text, Level::L),
                Err(SymbolError::TooLong { bytes })
            );
        }
        assert!(Symbol::new(&"7".repeat(7089), Level::L).is_ok());
    }

    #[test]
    fn a_quiet_zone_has_a_limit() {
        assert_eq!(QuietZone::try_from(17), Err(SymbolError::QuietZone(17)));
        assert_eq!(QuietZone::default().modules(), 4);
    }
}
