//! What is drawn in every symbol of a size, whatever it says.

use rxing::qrcode::common::Version;

use super::field::{Place, exact};

/// Modules of a finder pattern's side.
pub(super) const FINDER: usize = 7;
/// The smallest symbol and the largest.
pub(super) const SIDES: [usize; 2] = [21, 177];
/// Each size has so many modules a side more than the one before.
pub(super) const SIDE_STEP: usize = 4;

/// Dark or light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shade {
    Dark,
    Light,
}

/// The modules of a symbol row by row: those that are always the same, and those that are not.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) side: usize,
    modules: Vec<Option<Shade>>,
    /// The middles of the alignment patterns, the nearest to the top left first.
    pub(super) alignments: Vec<[usize; 2]>,
}

impl Known {
    /// Nothing if no symbol has such a side.
    pub(super) fn new(side: usize) -> Option<Self> {
        let dimension = u32::try_from(side).ok()?;
        let version = Version::getProvisionalVersionForDimension(dimension).ok()?;
        let mut known = Self {
            side,
            modules: vec![None; side.saturating_mul(side)],
            alignments: Vec::new(),
        };
        for at in FINDER..side {
            let shade = ring(at % 2);
            known.set(at, 6, shade);
            known.set(6, at, shade);
        }
        let far = side.checked_sub(FINDER)?;
        for [left, top] in [[0, 0], [far, 0], [0, far]] {
            known.draw([left + 3, top + 3], 4);
        }
        let centres: Vec<usize> = version
            .getAlignmentPatternCenters()
            .iter()
            .filter_map(|centre| usize::try_from(*centre).ok())
            .collect();
        for x in &centres {
            for y in &centres {
                let corner = |a: &usize, b: &usize| *a == 6 && (*b == 6 || *b + FINDER == side);
                if !corner(x, y) && !corner(y, x) {
                    known.draw([*x, *y], 2);
                    known.alignments.push([*x, *y]);
                }
            }
        }
        known
            .alignments
            .sort_by_key(|[x, y]| (x + y, x.abs_diff(*y)));
        Some(known)
    }

    /// Rings about a middle, out to `reach`: a finder pattern with the light around it, or an
    /// alignment pattern.
    fn draw(&mut self, [x, y]: [usize; 2], reach: usize) {
        for row in y.saturating_sub(reach)..=y.saturating_add(reach) {
            for column in x.saturating_sub(reach)..=x.saturating_add(reach) {
                let distance = column.abs_diff(x).max(row.abs_diff(y));
                let shade = if reach == 2 {
                    ring(distance)
                } else {
                    finder_ring(distance)
                };
                self.set(column, row, shade);
            }
        }
    }

    fn set(&mut self, x: usize, y: usize, shade: Shade) {
        if x < self.side
            && let Some(module) = self.modules.get_mut(y * self.side + x)
        {
            *module = Some(shade);
        }
    }

    /// Row after row.
    pub(super) fn modules(&self) -> &[Option<Shade>] {
        &self.modules
    }

    /// The middles of the modules, row after row.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let side = self.side;
        (0..side).flat_map(move |y| (0..side).map(move |x| middle(x, y)))
    }
}

/// The middle of a module.
pub(super) fn middle(x: usize, y: usize) -> Place {
    Place::new(exact(x) + 0.5, exact(y) + 0.5)
}

/// Dark in the middle, and then by turns.
fn ring(distance: usize) -> Shade {
    if distance.is_multiple_of(2) {
        Shade::Dark
    } else {
        Shade::Light
    }
}

/// A finder pattern's shade so many modules from its middle.
pub(super) fn finder_ring(distance: usize) -> Shade {
    match distance {
        0 | 1 | 3 => Shade::Dark,
        _ => Shade::Light,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::symbol::{Level, Symbol};

    #[test]
    fn what_is_known_of_a_symbol_is_so_in_every_one() {
        for (text, level) in [
            ("A", Level::L),
            ("HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2", Level::M),
            (&"x".repeat(200), Level::Q),
            (&"7".repeat(2_500), Level::H),
        ] {
            let symbol = Symbol::new(text, level).unwrap();
            let side = symbol.width();
            let drawn: Vec<bool> = symbol.rows().flatten().collect();
            let known = Known::new(side).unwrap();
            let mut told = 0;
            for (at, shade) in known.modules().iter().enumerate() {
                let Some(shade) = shade else { continue };
                assert_eq!(drawn[at], *shade == Shade::Dark, "{side} {at}");
                told += 1;
            }
            // Three finder patterns with the light around them, and the timing between.
            assert!(told >= 3 * 64 + 2 * (side - 16), "{side} {told}");
        }
    }

    #[test]
    fn no_symbol_has_another_side() {
        for side in [0, 20, 22, 179, 181] {
            assert!(Known::new(side).is_none(), "{side}");
        }
    }
}
