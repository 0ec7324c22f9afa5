//! A finder pattern, and how the modules about it lie.

use super::field::{Field, Fields, Place, exact};
use super::guess::Sighting;
use super::warp::{Tie, solved};

/// A finder pattern: where its middle is, and how far apart its modules are in either direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) at: Place,
    pub(super) across: Place,
    pub(super) down: Place,
    /// Light on dark.
    pub(super) is_inverted: bool,
    /// How much the picture here is like a finder pattern: 1 is like one drawn, 0 is like none.
    pub(super) likeness: f64,
}

/// A way in which a finder pattern may lie.
#[derive(Debug, Clone, Copy)]
struct Lying {
    /// By so many degrees; by a quarter it looks the same.
    turned: f64,
    /// How much wider and higher than it was taken for.
    across: f64,
    down: f64,
}

const fn lying(turned: f64, across: f64, down: f64) -> Lying {
    Lying {
        turned,
        across,
        down,
    }
}

const STRAIGHT: [Lying; 9] = [
    lying(0.0, 1.0, 1.0),
    lying(30.0, 1.0, 1.0),
    lying(60.0, 1.0, 1.0),
    lying(0.0, 0.8, 0.8),
    lying(30.0, 0.8, 0.8),
    lying(60.0, 0.8, 0.8),
    lying(0.0, 1.25, 1.25),
    lying(30.0, 1.25, 1.25),
    lying(60.0, 1.25, 1.25),
];

/// Seen from the side: half as high as wide.
const SLANTED: [Lying; 16] = [
    lying(0.0, 1.4, 0.7),
    lying(22.5, 1.4, 0.7),
    lying(45.0, 1.4, 0.7),
    lying(67.5, 1.4, 0.7),
    lying(90.0, 1.4, 0.7),
    lying(112.5, 1.4, 0.7),
    lying(135.0, 1.4, 0.7),
    lying(157.5, 1.4, 0.7),
    lying(0.0, 1.0, 0.5),
    lying(22.5, 1.0, 0.5),
    lying(45.0, 1.0, 0.5),
    lying(67.5, 1.0, 0.5),
    lying(90.0, 1.0, 0.5),
    lying(112.5, 1.0, 0.5),
    lying(135.0, 1.0, 0.5),
    lying(157.5, 1.0, 0.5),
];

/// Half modules from the middle to the middle of the outermost module.
const REACH: i32 = 6;

impl Corner {
    pub(super) fn place(&self, off: Place) -> Place {
        self.at + self.across * off.x + self.down * off.y
    }

    /// The pixels of a module's side.
    pub(super) fn module(&self) -> f64 {
        self.across.cross(self.down).abs().sqrt()
    }

    /// How the modules lie about a sighting, if it is a finder pattern, upright or turned or seen
    /// from the side.
    pub(super) fn about(sighting: &Sighting, fields: &Fields) -> Option<Self> {
        /// From what is less alike than this, no step leads anywhere.
        const HOPE_MIN: f64 = 0.25;
        /// A slant is tried where there is nothing straight.
        const POOR: f64 = 0.75;

        let straight = Self::nearest(sighting, fields, &STRAIGHT)?;
        if straight.likeness > POOR || straight.likeness < HOPE_MIN {
            return Some(straight);
        }
        let slanted = Self::nearest(sighting, fields, &SLANTED);
        slanted
            .into_iter()
            .chain([straight])
            .max_by(|one, other| one.likeness.total_cmp(&other.likeness))
    }

    /// The best that comes of the likeliest few of some ways to lie.
    fn nearest(sighting: &Sighting, fields: &Fields, ways: &[Lying]) -> Option<Self> {
        const TRIED: usize = 3;

        let module = sighting.size / 7.0;
        let coarse = fields.with_module_of(module, 1.5);
        let mut guesses: Vec<Self> = ways
            .iter()
            .map(|way| {
                let (sine, cosine) = way.turned.to_radians().sin_cos();
                let mut guess = Self {
                    at: sighting.at,
                    across: Place::new(cosine, sine) * (module * way.across),
                    down: Place::new(-sine, cosine) * (module * way.down),
                    is_inverted: sighting.is_inverted,
                    likeness: 0.0,
                };
                guess.likeness = guess.like(coarse);
                guess
            })
            .collect();
        guesses.sort_by(|one, other| other.likeness.total_cmp(&one.likeness));
        let tried = guesses.into_iter().take(TRIED);
        let settled = tried.filter_map(|guess| guess.settled(coarse, 3));
        let best = settled.max_by(|one, other| one.likeness.total_cmp(&other.likeness))?;
        let fine = fields.with_module_of(best.module(), 3.0);
        best.settled(fine, 4)
    }

    fn like(&self, field: &Field) -> f64 {
        let seen = halves().filter_map(|(off, aim)| Some((field.at(self.place(off))?.value, aim)));
        let alike = alike(seen);
        if self.is_inverted { -alike } else { alike }
    }

    /// Moved, turned and stretched to where the picture is most like a finder pattern.
    pub(super) fn settled(mut self, field: &Field, steps: usize) -> Option<Self> {
        for _ in 0..steps {
            self.step(field)?;
        }
        self.likeness = self.like(field);
        Some(self)
    }

    /// The pattern turned by quarters, its axes along each side in turn, and mirrored if need be so
    /// that modules go right and down.
    pub(super) fn turned(self) -> [Self; 4] {
        let Self { across, down, .. } = self;
        let back = |place: Place| place * -1.0;
        [
            (across, down),
            (down, back(across)),
            (back(across), back(down)),
            (back(down), across),
        ]
        .map(|(across, down)| Self {
            across,
            down,
            ..self
        })
    }

    /// Where a place is, in modules from the middle.
    pub(super) fn modules(&self, place: Place) -> Place {
        let off = place - self.at;
        let whole = self.across.cross(self.down);
        let whole = if whole.abs() < 1e-9 { 1e-9 } else { whole };
        Place::new(off.cross(self.down) / whole, self.across.cross(off) / whole)
    }

    fn step(&mut self, field: &Field) -> Option<()> {
        /// Keeps a pattern of which little is seen from being turned.
        const HELD: f64 = 0.05;
        /// How far the pattern may move at once, in modules.
        const STRIDE: f64 = 1.0;

        let seen: Vec<_> = halves()
            .filter_map(|(off, aim)| Some((field.at(self.place(off))?, off, aim)))
            .collect();
        let mean = |shade: f64| {
            let alike = seen.iter().filter(|(_, _, aim)| (aim - shade).abs() < 0.5);
            let (sum, count) = alike.fold((0.0, 0.0), |(sum, count), (bright, _, _)| {
                (sum + bright.value, count + 1.0)
            });
            sum / f64::max(count, 1.0)
        };
        let (dark, light) = (mean(-1.0), mean(1.0));
        let reach = if self.is_inverted {
            dark - light
        } else {
            light - dark
        };
        if reach < 2.0 {
            return None;
        }
        let per_grey = 2.0 / (light - dark);
        let mut matrix = [[0.0; 6]; 6];
        let mut sums = [0.0; 6];
        for (bright, off, aim) in &seen {
            let value = (bright.value - f64::midpoint(dark, light)) * per_grey;
            let miss = (aim - value).clamp(-1.0, 1.0);
            let slope = bright.slope * (per_grey * self.module());
            let gains = [
                slope.x,
                slope.y,
                slope.x * off.x,
                slope.y * off.x,
                slope.x * off.y,
                slope.y * off.y,
            ];
            for ((row, sum), gain) in matrix.iter_mut().zip(&mut sums).zip(gains) {
                for (cell, other) in row.iter_mut().zip(gains) {
                    *cell += gain * other;
                }
                *sum += gain * miss;
            }
        }
        let whole: f64 = matrix
            .iter()
            .enumerate()
            .filter_map(|(at, row)| row.get(at))
            .sum();
        for (at, row) in matrix.iter_mut().enumerate() {
            if let Some(cell) = row.get_mut(at) {
                *cell += HELD * whole / 6.0 + 1e-9;
            }
        }
        let [x, y, across_x, across_y, down_x, down_y] = solved(matrix, sums)?;
        let longest = x.hypot(y) + 3.0 * (across_x.hypot(across_y) + down_x.hypot(down_y));
        let scale = self.module() * f64::min(1.0, STRIDE / f64::max(longest, 1e-9));
        self.at = self.at + Place::new(x, y) * scale;
        self.across = self.across + Place::new(across_x, across_y) * scale;
        self.down = self.down + Place::new(down_x, down_y) * scale;
        Some(())
    }

    /// The most alike within so many modules, moved but not turned.
    pub(super) fn sought(self, field: &Field, reach: i32) -> Self {
        let offsets = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (x, y)));
        let moved = offsets.map(|(x, y)| {
            let off = Place::new(f64::from(x), f64::from(y));
            let mut moved = Self {
                at: self.place(off),
                ..self
            };
            moved.likeness = moved.roughly_like(field);
            moved
        });
        moved
            .max_by(|one, other| one.likeness.total_cmp(&other.likeness))
            .unwrap_or(self)
    }

    /// By the middles of the modules alone.
    fn roughly_like(&self, field: &Field) -> f64 {
        let middles =
            halves().filter(|(off, _)| off.x.fract().abs() < 0.1 && off.y.fract().abs() < 0.1);
        let seen = middles.filter_map(|(off, aim)| Some((field.at(self.place(off))?.value, aim)));
        let alike = alike(seen);
        if self.is_inverted { -alike } else { alike }
    }

    /// Where four of its modules are seen, if its middle is that module of the symbol.
    pub(super) fn ties(&self, middle: Place) -> [Tie; 4] {
        [(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)].map(|(x, y)| {
            let off = Place::new(x, y);
            Tie {
                module: middle + off,
                seen: self.place(off),
            }
        })
    }
}

/// The middles of a finder pattern's modules and what lies between them, with their shades: -1 is
/// dark, 1 is light, 0 is on an edge.
fn halves() -> impl Iterator<Item = (Place, f64)> {
    (-REACH..=REACH).flat_map(|y| {
        (-REACH..=REACH).map(move |x| {
            let aim = match x.abs().max(y.abs()) {
                3 | 5 => 0.0,
                4 => 1.0,
                _ => -1.0,
            };
            (Place::new(f64::from(x), f64::from(y)) * 0.5, aim)
        })
    })
}

/// How much what is seen goes with what is meant, whatever the light: from -1 to 1.
pub(super) fn alike(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut count, mut sums, mut squares, mut product) = (0_usize, (0.0, 0.0), (0.0, 0.0), 0.0);
    for (seen, meant) in pairs {
        count += 1;
        sums = (sums.0 + seen, sums.1 + meant);
        squares = (squares.0 + seen * seen, squares.1 + meant * meant);
        product += seen * meant;
    }
    let count = exact(count);
    let spread = |square: f64, sum: f64| f64::max(count * square - sum * sum, 0.0).sqrt();
    let both = spread(squares.0, sums.0) * spread(squares.1, sums.1);
    if both > 1.0 {
        (count * product - sums.0 * sums.1) / both
    } else {
        0.0
    }
}
