//! Where the modules of a symbol are in a picture of it.
//!
//! A sheet of paper that is seen from any side is a perspective of a square: eight numbers. Around a
//! cup, or on paper that has got wet, it is bent besides: a polynomial of third degree in both
//! directions says by how much.

use super::field::{Place, exact};

/// How many products of powers a polynomial of third degree in two variables has.
pub(super) const TERMS: usize = 10;

/// A place in the symbol and where it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub(super) module: Place,
    pub(super) seen: Place,
}

/// By how many modules a symbol may be bent without being out of the ordinary, by the degree of the
/// bend.
const USUAL: [f64; 4] = [3.0, 3.0, 2.0, 1.5];
/// How well a tie is known, in modules.
const TIE: f64 = 0.15;

/// The degree of each term.
const DEGREES: [usize; TERMS] = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3];

#[derive(Debug, Clone)]
pub(super) struct Warp {
    side: f64,
    /// What each of s, t and 1 adds to x, to y, and to how far it is.
    flat: [[f64; 3]; 3],
    bend: [Place; TERMS],
    /// The pixels of a module, about.
    pub(super) module: f64,
}

impl Warp {
    /// As near to the ties as a smooth sheet goes.
    pub(super) fn through(ties: &[Tie], side: usize, module: f64) -> Option<Self> {
        let side = exact(side);
        let flat = perspective(ties, side)?;
        let mut warp = Self {
            side,
            flat,
            bend: [Place::default(); TERMS],
            module,
        };
        warp.bend_to(ties)?;
        Some(warp)
    }

    /// Bends the sheet so that it goes through the ties as well.
    pub(super) fn bend_to(&mut self, ties: &[Tie]) -> Option<()> {
        let mut matrix = [[0.0; TERMS]; TERMS];
        let (mut sums_x, mut sums_y) = ([0.0; TERMS], [0.0; TERMS]);
        for tie in ties {
            let terms = self.terms(tie.module);
            let off = tie.seen - self.flat(tie.module);
            for ((row, sum_x), (sum_y, term)) in matrix
                .iter_mut()
                .zip(&mut sums_x)
                .zip(sums_y.iter_mut().zip(terms))
            {
                for (cell, other) in row.iter_mut().zip(terms) {
                    *cell += term * other;
                }
                *sum_x += term * off.x;
                *sum_y += term * off.y;
            }
        }
        let held = Self::held(TIE);
        for (at, (row, held)) in matrix.iter_mut().zip(held).enumerate() {
            if let Some(cell) = row.get_mut(at) {
                *cell += held;
            }
        }
        let [xs, ys] = [solved(matrix, sums_x)?, solved(matrix, sums_y)?];
        for ((bend, x), y) in self.bend.iter_mut().zip(xs).zip(ys) {
            *bend = Place::new(x, y);
        }
        Some(())
    }

    /// How strongly each term is held to nothing, where a measurement is `known` to so many modules.
    pub(super) fn held(known: f64) -> [f64; TERMS] {
        DEGREES.map(|degree| {
            let usual = USUAL.get(degree).copied().unwrap_or(1.0);
            (known / usual).powi(2)
        })
    }

    pub(super) fn at(&self, module: Place) -> Place {
        let terms = self.terms(module);
        let bent = self.bend.iter().zip(terms);
        bent.fold(self.flat(module), |sum, (bend, term)| sum + *bend * term)
    }

    pub(super) fn bend(&self) -> &[Place; TERMS] {
        &self.bend
    }

    pub(super) fn bend_by(&mut self, steps: &[Place; TERMS]) {
        for (bend, step) in self.bend.iter_mut().zip(steps) {
            *bend = *bend + *step;
        }
    }

    /// The terms of the polynomial at a place: Legendre's, so that each is as good as independent
    /// of the others.
    pub(super) fn terms(&self, module: Place) -> [f64; TERMS] {
        let Place { x: s, y: t } = self.centred(module);
        let (s2, t2) = (1.5 * s * s - 0.5, 1.5 * t * t - 0.5);
        let (s3, t3) = (2.5 * s * s * s - 1.5 * s, 2.5 * t * t * t - 1.5 * t);
        [1.0, s, t, s2, s * t, t2, s3, s2 * t, s * t2, t3]
    }

    /// From -1 to 1 over the symbol.
    fn centred(&self, module: Place) -> Place {
        centred(module, self.side)
    }

    fn flat(&self, module: Place) -> Place {
        let Place { x: s, y: t } = self.centred(module);
        let along = |[one, other, own]: [f64; 3]| one * s + other * t + own;
        let [x, y, far] = self.flat;
        Place::new(along(x), along(y)) * along(far).recip()
    }
}

fn centred(module: Place, side: f64) -> Place {
    module * (2.0 / side) - Place::new(1.0, 1.0)
}

/// The perspective that takes the modules nearest to where they were seen.
fn perspective(ties: &[Tie], side: f64) -> Option<[[f64; 3]; 3]> {
    /// Nothing is as near as its own size: keeps errors of a few pixels from becoming a slant.
    const HELD: f64 = 0.02;
    let count = exact(ties.len()).max(1.0);
    let middle = ties
        .iter()
        .fold(Place::default(), |sum, tie| sum + tie.seen)
        * count.recip();
    let reach = ties
        .iter()
        .map(|tie| (tie.seen - middle).length())
        .fold(1.0, f64::max);
    let mut matrix = [[0.0; 8]; 8];
    let mut sums = [0.0; 8];
    for tie in ties {
        let Place { x: s, y: t } = centred(tie.module, side);
        let Place { x, y } = (tie.seen - middle) * reach.recip();
        for (row, sum) in [
            ([s, t, 1.0, 0.0, 0.0, 0.0, -x * s, -x * t], x),
            ([0.0, 0.0, 0.0, s, t, 1.0, -y * s, -y * t], y),
        ] {
            for ((cells, total), one) in matrix.iter_mut().zip(&mut sums).zip(row) {
                for (cell, other) in cells.iter_mut().zip(row) {
                    *cell += one * other;
                }
                *total += one * sum;
            }
        }
    }
    for (at, row) in matrix.iter_mut().enumerate() {
        if let Some(cell) = row.get_mut(at) {
            *cell += if at < 6 { 1e-9 } else { HELD };
        }
    }
    let found = solved(matrix, sums)?;
    let ([x, y], [far_s, far_t]) = (found.as_chunks::<3>().0, found.as_chunks::<3>().1) else {
        return None;
    };
    let far = [*far_s, *far_t, 1.0];
    // Back to pixels: the middle is added times the distance.
    let back = |own: &[f64; 3], middle: f64| {
        let mut back = far.map(|far| middle * far);
        for (cell, own) in back.iter_mut().zip(own) {
            *cell += own * reach;
        }
        back
    };
    Some([back(x, middle.x), back(y, middle.y), far])
}

/// Solves a system of as many equations as unknowns, unless it is singular.
pub(super) fn solved<const N: usize>(
    mut matrix: [[f64; N]; N],
    mut sums: [f64; N],
) -> Option<[f64; N]> {
    for at in 0..N {
        let size = |row: &[f64; N]| row.get(at).copied().unwrap_or(0.0).abs();
        let (best, _) = matrix
            .iter()
            .enumerate()
            .skip(at)
            .max_by(|(_, one), (_, other)| size(one).total_cmp(&size(other)))?;
        matrix.swap(at, best);
        sums.swap(at, best);
        let (pivot_row, pivot_sum) = (*matrix.get(at)?, *sums.get(at)?);
        let pivot = *pivot_row.get(at)?;
        if pivot.abs() < 1e-12 {
            return None;
        }
        for (below, sum) in matrix.iter_mut().zip(&mut sums).skip(at + 1) {
            let factor = below.get(at).copied().unwrap_or(0.0) / pivot;
            for (cell, above) in below.iter_mut().zip(pivot_row).skip(at) {
                *cell -= factor * above;
            }
            *sum -= factor * pivot_sum;
        }
    }
    let mut found = [0.0; N];
    for at in (0..N).rev() {
        let row = matrix.get(at)?;
        let known: f64 = row
            .iter()
            .zip(&found)
            .skip(at + 1)
            .map(|(a, b)| a * b)
            .sum();
        let value = (sums.get(at)? - known) / row.get(at)?;
        if let Some(cell) = found.get_mut(at) {
            *cell = value;
        }
    }
    Some(found)
}
