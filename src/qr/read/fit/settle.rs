//! Laying the grid of modules onto the picture until every module stands in its place.
//!
//! Where a module's shade is known, the picture says in which direction it would be more so; where
//! it is not, a module is at least not half dark and half light. Both are followed by steps of least
//! squares (Gauss and Newton), over all modules at once.

use super::decide;
use super::field::{Bright, Field, Place};
use super::known::{Known, Shade};
use super::tone::{AROUND, Tones};
use super::warp::{TERMS, Warp, solved};

/// What the shades of all modules are, one by one: -1 is dark, 1 is light.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) known: Known,
    places: Vec<Place>,
    terms: Vec<[f64; TERMS]>,
    /// Light codes on dark.
    is_inverted: bool,
}

/// How far the settled grid may be trusted with what it has not been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The modules that are the same in every symbol.
    Known,
    /// All of them.
    All,
}

impl Grid {
    pub(super) fn new(side: usize, warp: &Warp, is_inverted: bool) -> Option<Self> {
        let known = Known::new(side)?;
        let places: Vec<Place> = known.places().collect();
        let terms = places.iter().map(|place| warp.terms(*place)).collect();
        Some(Self {
            known,
            places,
            terms,
            is_inverted,
        })
    }

    /// How bright each module is at so many modules from its middle.
    pub(super) fn look(&self, field: &Field, warp: &Warp, off: Place) -> Vec<Option<Bright>> {
        let looks = self.places.iter().map(|place| {
            let seen = field.at(warp.at(*place + off))?;
            Some(if self.is_inverted {
                inverted(seen)
            } else {
                seen
            })
        });
        looks.collect()
    }

    /// The share of the modules with known shades that are seen so.
    pub(super) fn known_right(&self, field: &Field, warp: &Warp) -> f64 {
        let seen = self.look(field, warp, Place::default());
        let tones = Tones::of(&seen, self.known.side, AROUND);
        decide::right(self, &decide::by_tone(&decide::values(&tones)))
    }

    /// One step of the grid towards where it belongs; nothing if there is nothing to go by.
    pub(super) fn settle(&self, field: &Field, warp: &mut Warp, by: By) -> Option<()> {
        /// How exactly a module's tone is known, on the way from dark to light, and so how much a
        /// bend must be worth.
        const TONE: f64 = 0.05;
        /// How far a module may move at once, in modules.
        const STRIDE: f64 = 0.5;

        /// So many modules tell enough.
        const MODULES_ENOUGH: usize = 2_000;

        let seen = self.look(field, warp, Place::default());
        let tones = Tones::of(&seen, self.known.side, AROUND);
        let every = (seen.len() / MODULES_ENOUGH).max(1);
        let mut matrix = [[0.0; 2 * TERMS]; 2 * TERMS];
        let mut sums = [0.0; 2 * TERMS];
        let modules = self.known.modules().iter().zip(&self.terms).zip(&seen);
        for (at, (((shade, terms), seen), tone)) in modules.zip(tones.all()).enumerate() {
            if shade.is_none() && !at.is_multiple_of(every) {
                continue;
            }
            let (Some(seen), Some(tone)) = (seen, tone) else {
                continue;
            };
            let (aim, weight) = match (shade, by) {
                (Some(Shade::Dark), _) => (-1.0, 1.0),
                (Some(Shade::Light), _) => (1.0, 1.0),
                (None, By::Known) => continue,
                (None, By::All) => (tone.value.signum(), 0.5 * tone.value.abs().min(1.0)),
            };
            let off = (aim - tone.value).clamp(-1.0, 1.0);
            let slope = seen.slope * tone.per_grey;
            accumulate(&mut matrix, &mut sums, terms, slope, off, weight);
        }
        let scale = warp.module.max(0.5).recip();
        let held = Warp::held(TONE).map(|held| held * scale * scale);
        for (at, (held, bend)) in held.iter().zip(warp.bend()).enumerate() {
            for (row, bent) in [(at, bend.x), (at + TERMS, bend.y)] {
                if let (Some(cell), Some(sum)) = (
                    matrix.get_mut(row).and_then(|cells| cells.get_mut(row)),
                    sums.get_mut(row),
                ) {
                    *cell += held;
                    *sum -= held * bent;
                }
            }
        }
        let found = solved(matrix, sums)?;
        let (xs, ys) = found.split_at(TERMS);
        let mut steps = [Place::default(); TERMS];
        for ((step, x), y) in steps.iter_mut().zip(xs).zip(ys) {
            *step = Place::new(*x, *y);
        }
        let longest: f64 = steps.iter().map(|step| step.length()).sum();
        let most = STRIDE * warp.module;
        if longest > most {
            steps = steps.map(|step| step * (most / longest));
        }
        warp.bend_by(&steps);
        Some(())
    }
}

fn inverted(seen: Bright) -> Bright {
    Bright {
        value: 255.0 - seen.value,
        slope: seen.slope * -1.0,
    }
}

/// Adds one module to the normal equations: the bends in x first, then those in y.
fn accumulate(
    matrix: &mut [[f64; 2 * TERMS]; 2 * TERMS],
    sums: &mut [f64; 2 * TERMS],
    terms: &[f64; TERMS],
    slope: Place,
    off: f64,
    weight: f64,
) {
    let mut gains = [0.0; 2 * TERMS];
    for (gain, (term, along)) in gains.iter_mut().zip(
        terms
            .iter()
            .map(|term| (term, slope.x))
            .chain(terms.iter().map(|term| (term, slope.y))),
    ) {
        *gain = term * along;
    }
    for ((row, sum), gain) in matrix.iter_mut().zip(sums).zip(gains) {
        let weighed = gain * weight;
        for (cell, other) in row.iter_mut().zip(gains) {
            *cell += weighed * other;
        }
        *sum += weighed * off;
    }
}
