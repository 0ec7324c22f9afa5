//! Finder patterns in grey pixels.
//!
//! Black and white pixels show a finder pattern only where each of its rings is whole. What is
//! smeared, scratched or half in the shade is still darker, lighter and darker again from the middle
//! outwards, which sums over squares tell at any size.

use super::super::grey::Grey;
use super::field::{Place, exact, whole};
use super::guess::Sighting;

/// The longer side of the picture in which patterns are looked for.
const LONGEST: u32 = 800;
/// The smallest module that can be told there, in pixels, and by how much each next size is larger.
const MODULE_MIN: f64 = 1.6;
const MODULE_STEP: f64 = 1.25;
/// How much a place must be like a finder pattern; one that is turned by an eighth is by half.
const LIKENESS_MIN: f64 = 0.45;
/// How many are kept.
const SPOTS_MAX: usize = 24;

/// The places that are most like finder patterns, in pixels of the whole picture.
pub(super) fn sightings(grey: &Grey) -> Vec<Sighting> {
    let near = grey.no_longer_than(LONGEST);
    let sums = Sums::of(&near);
    let mut spots: Vec<(f64, Sighting)> = Vec::new();
    let mut module = MODULE_MIN;
    while module * 28.0 < exact(sums.width.max(sums.height)) {
        spots.extend(sums.spots(module));
        module *= MODULE_STEP;
    }
    spots.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut kept: Vec<(f64, Sighting)> = Vec::new();
    for (likeness, spot) in spots {
        if kept.len() >= SPOTS_MAX {
            break;
        }
        if !kept.iter().any(|(_, other)| other.is_same(&spot)) {
            kept.push((likeness, spot));
        }
    }
    let whole = |(_, spot): (f64, Sighting)| Sighting {
        at: near.scale().back(spot.at),
        size: near.scale().back(Place::new(spot.size, 0.0)).x,
        ..spot
    };
    kept.into_iter().map(whole).collect()
}

/// For each pixel, the sum of all above and left of it, and of their squares.
struct Sums {
    width: usize,
    height: usize,
    totals: Vec<u32>,
    squares: Vec<u64>,
}

impl Sums {
    fn of(grey: &Grey) -> Self {
        let [width, height] =
            [grey.width(), grey.height()].map(|side| usize::try_from(side).unwrap_or(0));
        let across = width + 1;
        let mut totals = vec![0_u32; across * (height + 1)];
        let mut squares = vec![0_u64; across * (height + 1)];
        for (y, row) in grey.luma().chunks_exact(width.max(1)).enumerate() {
            let (mut sum, mut square) = (0_u32, 0_u64);
            for (x, luma) in row.iter().enumerate() {
                sum += u32::from(*luma);
                square += u64::from(*luma) * u64::from(*luma);
                let above = y * across + x + 1;
                let (above_sum, above_square) = (
                    totals.get(above).copied().unwrap_or(0),
                    squares.get(above).copied().unwrap_or(0),
                );
                if let (Some(cell), Some(cell_square)) = (
                    totals.get_mut(above + across),
                    squares.get_mut(above + across),
                ) {
                    *cell = above_sum + sum;
                    *cell_square = above_square + square;
                }
            }
        }
        Self {
            width,
            height,
            totals,
            squares,
        }
    }

    /// Where a finder pattern of such modules may be.
    fn spots(&self, module: f64) -> Vec<(f64, Sighting)> {
        let squares = [3.0, 5.0, 7.0].map(|modules| Square::of(modules * module));
        let [_, _, whole_pattern] = &squares;
        let stride = whole(module / 1.5).unwrap_or(1).max(1);
        let mut spots = Vec::new();
        let margin = whole_pattern.side;
        if self.width <= margin || self.height <= margin {
            return spots;
        }
        for top in (0..self.height - margin).step_by(stride) {
            for left in (0..self.width - margin).step_by(stride) {
                let likeness = self.likeness(&squares, left, top).unwrap_or(0.0);
                if likeness.abs() > LIKENESS_MIN {
                    let half = exact(margin) / 2.0;
                    spots.push((
                        likeness.abs(),
                        Sighting {
                            at: Place::new(exact(left) + half, exact(top) + half),
                            size: module * 7.0,
                            is_inverted: likeness < 0.0,
                            times: 1,
                        },
                    ));
                }
            }
        }
        spots
    }

    /// How the brightness in a square goes with that of a finder pattern: from -1 to 1.
    fn likeness(&self, [inner, light, all]: &[Square; 3], left: usize, top: usize) -> Option<f64> {
        /// What varies less, in grey levels, is grain.
        const GRAIN: f64 = 2.0;

        let inset = |square: &Square| (all.side - square.side) / 2;
        let sum = |square: &Square| {
            let inset = inset(square);
            let sum = Self::within(
                &self.totals,
                self.width + 1,
                [left + inset, top + inset],
                square.side,
            )?;
            Some(f64::from(sum))
        };
        let (sum_inner, sum_light, sum_all) = (sum(inner)?, sum(light)?, sum(all)?);
        let squares = Self::within(&self.squares, self.width + 1, [left, top], all.side)?;
        let squares = f64::from(u32::try_from(squares >> 8).ok()?) * 256.0;
        let varied = squares - sum_all * sum_all / all.area;
        if varied < all.area * GRAIN * GRAIN {
            return None;
        }
        // Light counts up, dark counts down.
        let meant = 2.0 * (light.area - inner.area) - all.area;
        let both = 2.0 * (sum_light - sum_inner) - sum_all - meant * sum_all / all.area;
        let meant_varied = all.area - meant * meant / all.area;
        Some(both / (varied * meant_varied).sqrt())
    }

    fn within<T>(table: &[T], across: usize, [left, top]: [usize; 2], side: usize) -> Option<T>
    where
        T: Copy + std::ops::Add<Output = T> + std::ops::Sub<Output = T>,
    {
        let (upper, lower) = (top * across + left, (top + side) * across + left);
        let at = |place: usize| table.get(place).copied();
        Some(at(lower + side)? + at(upper)? - at(upper + side)? - at(lower)?)
    }
}

/// A square of whole pixels.
struct Square {
    side: usize,
    area: f64,
}

impl Square {
    fn of(side: f64) -> Self {
        let side = whole(side.round()).unwrap_or(1).max(1);
        Self {
            side,
            area: exact(side) * exact(side),
        }
    }
}
