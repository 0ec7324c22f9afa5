//! The symbol on a print: how large its modules are, from how far they can be read, and what a
//! picture in the middle covers.

use std::sync::Arc;

use super::PrintError;
use super::colour::Rgb;
use super::logo::Logo;
use super::mark::{Mark, Place, Um};
use crate::qr::symbol::{Level, QuietZone, Symbol};

/// From how many modules' width away any phone reads a symbol: a module then is as wide on its
/// sensor as in the trade's rule of ten times the side, which is about a symbol of 25 modules.
const MODULES_AWAY: Um = 250;
/// What retail asks of symbols that phones read (GS1: 0.396 mm), in a round number.
pub(super) const MODULE_MIN: Um = 400;
/// A logo covers at most one part in twenty of the symbol.
const LOGO_PARTS: usize = 20;

/// The dark squares, without those under a logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    side: usize,
    dark: Vec<bool>,
}

/// A symbol that is to be printed.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    pub(super) modules: Arc<Modules>,
    pub(super) level: Level,
    pub(super) version: i16,
    /// The modules a side that the logo's field takes; 0 without one.
    pub(super) field: usize,
    logo: Option<Arc<Logo>>,
}

impl Modules {
    /// Modules a side.
    pub const fn side(&self) -> usize {
        self.side
    }

    /// Dark modules that lie beside each other: column, row, how many.
    pub fn runs(&self) -> Vec<(Um, Um, Um)> {
        let mut runs: Vec<(Um, Um, Um)> = Vec::new();
        for (row, modules) in (0..).zip(self.dark.chunks(self.side)) {
            let mut was_dark = false;
            for (column, is_dark) in (0..).zip(modules) {
                match runs.last_mut() {
                    Some((_, _, length)) if was_dark && *is_dark => *length += 1,
                    Some(_) | None if *is_dark => runs.push((column, row, 1)),
                    Some(_) | None => {}
                }
                was_dark = *is_dark;
            }
        }
        runs
    }
}

impl Drawing {
    /// The text's symbol, with room in its middle if there is a logo.
    pub(super) fn new(
        text: &str,
        level: Option<Level>,
        logo: Option<&Arc<Logo>>,
    ) -> Result<Self, PrintError> {
        let level = match (level, logo) {
            (Some(Level::L | Level::M), Some(_)) => return Err(PrintError::LogoLevel),
            (Some(level), _) => level,
            (None, Some(_)) => Level::Q,
            (None, None) => Level::M,
        };
        let symbol = Symbol::new(text, level)?;
        let side = symbol.width();
        let field = if logo.is_some() { field(side) } else { 0 };
        let from = side.saturating_sub(field) / 2;
        let covered = from..from.saturating_add(field);
        let rows = symbol.rows().enumerate().flat_map(|(row, modules)| {
            let covered = covered.clone();
            modules.enumerate().map(move |(column, dark)| {
                dark && !(covered.contains(&row) && covered.contains(&column))
            })
        });
        Ok(Self {
            modules: Arc::new(Modules {
                side,
                dark: rows.collect(),
            }),
            level,
            version: symbol.version(),
            field,
            logo: logo.cloned(),
        })
    }

    /// Modules a side with the quiet zone.
    pub(super) fn framed(&self) -> Um {
        modules(self.modules.side()) + 2 * quiet()
    }

    /// The shapes in a square whose corner is at zero, whose quiet zone included is `module` wide
    /// for each module.
    pub(super) fn marks(&self, module: Um, ink: Rgb) -> Vec<Mark> {
        let inset = quiet() * module;
        let mut marks = vec![Mark::Symbol {
            x: inset,
            y: inset,
            module,
            modules: Arc::clone(&self.modules),
            colour: ink,
        }];
        if let Some(logo) = &self.logo {
            let field = modules(self.field);
            let from = (modules(self.modules.side()) - field) / 2;
            // A rim of half a module keeps the picture away from the modules.
            let begin = inset + from * module + module / 2;
            let place = logo.inside(Place {
                x: begin,
                y: begin,
                width: (field - 1) * module,
                height: (field - 1) * module,
            });
            let logo = Arc::clone(logo);
            marks.push(Mark::Picture { place, logo });
        }
        marks
    }
}

/// The quiet zone in modules.
pub(super) fn quiet() -> Um {
    Um::from(QuietZone::default().modules())
}

/// From how far a symbol with such modules can be read.
pub(super) const fn distance(module: Um) -> Um {
    module * MODULES_AWAY
}

/// How wide a module must be to be read from there.
pub(super) fn module_for(distance: Um) -> Um {
    let exact = distance.div_euclid(MODULES_AWAY) + Um::from(distance % MODULES_AWAY > 0);
    exact.max(MODULE_MIN)
}

/// The largest odd number of modules whose square is no more than one part in twenty.
fn field(side: usize) -> usize {
    let most = side.saturating_mul(side) / LOGO_PARTS;
    let fits = |field: &usize| field.saturating_mul(*field) <= most;
    (1..side).step_by(2).take_while(fits).last().unwrap_or(1)
}

pub(super) fn modules(count: usize) -> Um {
    Um::try_from(count).unwrap_or(Um::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_every_dark_module_once() {
        let modules = Modules {
            side: 3,
            dark: vec![true, true, false, false, true, true, true, false, true],
        };
        assert_eq!(modules.runs(), [(0, 0, 2), (1, 1, 2), (0, 2, 1), (2, 2, 1)]);
    }

    #[test]
    fn a_logo_covers_at_most_a_twentieth() {
        for version in 1..=40_usize {
            let side = 17 + 4 * version;
            let field = field(side);
            assert!(field * field * 20 <= side * side, "{side}");
            assert!((field + 2) * (field + 2) * 20 > side * side, "{side}");
            assert_eq!(field % 2, 1, "{side}");
        }
    }

    #[test]
    fn a_logo_asks_for_level_q_or_h() {
        let logo = Arc::new(Logo::plain(4, 4, [200, 0, 0, 255]));
        let level = |asked| Drawing::new("HTTPS://A.EXAMPLE/Q/A", asked, Some(&logo));
        assert_eq!(level(None).unwrap().level, Level::Q);
        assert_eq!(level(Some(Level::H)).unwrap().level, Level::H);
        for low in [Level::L, Level::M] {
            assert_eq!(level(Some(low)).unwrap_err(), PrintError::LogoLevel);
        }
        let plain = Drawing::new("A", None, None).unwrap();
        assert_eq!((plain.level, plain.field), (Level::M, 0));
    }

    #[test]
    fn farther_away_modules_must_be_wider() {
        assert_eq!(module_for(0), MODULE_MIN);
        assert_eq!(module_for(250_001), 1_001);
        assert_eq!(distance(module_for(500_000)), 500_000);
    }
}
