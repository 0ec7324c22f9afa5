//! Where a row of pixels looks like one through the middle of a finder pattern.
//!
//! The library asks pixel by pixel, once for dark patterns on light and once for light on dark. Here
//! a row is taken a word at a time, and one pass over its edges tells both.

use rxing::Point;
use rxing::common::cpp_essentials::{FixedPattern, IsPattern, PatternType, PatternView};
use rxing::common::{BitArray, BitMatrix};

/// The widths in a row through the middle of a finder pattern, in modules.
pub(super) const FINDER: [PatternType; 5] = [1, 1, 3, 1, 1];
/// The library compares every pattern with all before it. A sheet of fifty codes has some 3,000
/// places that look like one in a row of pixels, a wall of finder patterns a hundred thousand.
const LIKENESSES_MAX: usize = 8_000;
/// The first row and how far apart they are: the middle of a finder pattern has three modules.
const ROWS: [u32; 2] = [2, 3];

/// What was seen in the rows of a picture.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Dark on light.
    pub(super) dark: Crossings,
    /// Light on dark.
    pub(super) light: Crossings,
}

/// The places where a row may cross a finder pattern.
#[derive(Debug, Default)]
pub(super) struct Crossings {
    likenesses: usize,
    pub(super) found: Vec<Crossing>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Crossing {
    /// Between its edges.
    pub(super) middle: Point,
    /// From its first edge to its last.
    pub(super) width: i32,
}

impl Crossings {
    /// Whether so much looks like a finder pattern that to look closer takes too long.
    pub(super) const fn are_too_many(&self) -> bool {
        self.likenesses > LIKENESSES_MAX
    }
}

/// Looks through every third row.
pub(super) fn scan(black: &BitMatrix) -> Scan {
    let mut scan = Scan::default();
    let mut edges = Vec::new();
    let [first, apart] = ROWS;
    for y in (first..black.height()).step_by(usize::try_from(apart).unwrap_or(1)) {
        fill(&mut edges, &black.getRow(y), black.width());
        scan.look_at(y, &edges);
    }
    scan
}

/// The row's beginning, where it turns dark and light by turns, and its end.
fn fill(edges: &mut Vec<u32>, row: &BitArray, width: u32) {
    edges.clear();
    edges.push(0);
    let mut before = 0;
    for (word, at) in row.getBitArray().iter().zip(0_u32..) {
        let from = at * usize::BITS;
        let mut turns = word ^ (word << 1 | before);
        before = word >> (usize::BITS - 1);
        while turns != 0 {
            edges.push(from + turns.trailing_zeros());
            turns &= turns - 1;
        }
    }
    edges.push(width);
}

impl Scan {
    fn look_at(&mut self, y: u32, edges: &[u32]) {
        // By turns dark and light: for either the first that the last pattern leaves over.
        let mut next = [0, 0];
        for (at, six) in edges.windows(6).enumerate() {
            let [first, second, third, fourth, fifth, end] = *six else {
                continue;
            };
            let runs = [
                second - first,
                third - second,
                fourth - third,
                fifth - fourth,
                end - fifth,
            ];
            if !is_like_a_finder(runs) {
                continue;
            }
            let is_light = at.is_multiple_of(2);
            let (crossings, next) = if is_light {
                (&mut self.light, &mut next[0])
            } else {
                (&mut self.dark, &mut next[1])
            };
            crossings.likenesses += 1;
            if at < *next {
                continue;
            }
            let before = at
                .checked_sub(1)
                .and_then(|at| edges.get(at))
                .filter(|_| at > 1);
            if is_a_finder(runs, before.map(|before| first - before)) {
                crossings
                    .found
                    .push(Crossing::new(third, fourth, y, end - first));
                *next = at + 4;
            }
        }
    }
}

impl Crossing {
    #[expect(clippy::float_arithmetic, reason = "a middle may lie between pixels")]
    fn new(from: u32, to: u32, y: u32, width: u32) -> Self {
        let exact = |at: u32| u16::try_from(at).map_or(f32::MAX, f32::from);
        Self {
            middle: Point {
                x: exact(from) + exact(to - from) / 2.0,
                y: exact(y) + 0.5,
            },
            width: i32::try_from(width).unwrap_or(i32::MAX),
        }
    }
}

/// The middle is as wide as all others together or nearly so.
const fn is_like_a_finder([first, second, middle, fourth, last]: [u32; 5]) -> bool {
    middle >= 3
        && first > 0
        && last > 0
        && 2 * first <= middle
        && 2 * last <= middle
        && second <= middle
        && fourth <= middle
}

/// The library's own judgement; nothing is before what begins at the picture's edge.
fn is_a_finder(runs: [u32; 5], before: Option<u32>) -> bool {
    const EDGE_TO_EDGE: bool = true;
    const QUIET: f32 = 0.1;

    let runs = runs.map(|run| PatternType::try_from(run).unwrap_or(PatternType::MAX));
    let before = before.map_or(f32::MAX, |before| {
        u16::try_from(before).map_or(f32::MAX, f32::from)
    });
    let module = IsPattern::<EDGE_TO_EDGE, 5, 7, false>(
        &PatternView::from_slice(&runs),
        &FixedPattern::new(FINDER),
        Some(before),
        QUIET,
        0.0,
        0.0,
    );
    module > 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rxing::qrcode::cpp_port::detector::FindFinderPatterns;

    use super::super::detect;
    use super::*;

    /// A finder pattern's module, so many from its left and its top.
    fn is_dark(x: u32, y: u32) -> bool {
        let distance = x.abs_diff(3).max(y.abs_diff(3));
        distance != 2
    }

    proptest! {
        /// Patterns of several sizes anywhere, over each other and over the edge, under grain.
        #[test]
        fn the_patterns_are_those_that_the_library_finds(
            width in 30_u32..200,
            patterns in proptest::collection::vec((0_u32..200, 0_u32..90, 1_u32..7), 0..12),
            grain in proptest::collection::vec((0_u32..200, 0_u32..90), 0..40),
            is_light in any::<bool>(),
        ) {
            let mut black = BitMatrix::new(width, 90).unwrap();
            for (left, top, module) in patterns {
                for (x, y) in (0..7 * module).flat_map(|y| (0..7 * module).map(move |x| (x, y))) {
                    if left + x < width && top + y < 90 {
                        black.set_bool(left + x, top + y, is_dark(x / module, y / module));
                    }
                }
            }
            for (x, y) in grain {
                if x < width {
                    black.flip_coords(x, y);
                }
            }
            let mut seen = black.clone();
            if is_light {
                seen.flip_self();
            }
            let scan = scan(&seen);
            let crossings = if is_light { scan.light } else { scan.dark };
            let ours = detect::patterns(&black, &crossings.found);
            prop_assert_eq!(ours, FindFinderPatterns(&black, true, 0));
        }
    }

    #[test]
    fn a_wall_of_patterns_is_too_much_to_look_at_closely() {
        let mut wall = BitMatrix::new(1_200, 1_200).unwrap();
        for (x, y) in (0..1_200).flat_map(|y| (0..1_200).map(move |x| (x, y))) {
            if x % 9 < 7 && y % 9 < 7 && is_dark(x % 9, y % 9) {
                wall.set(x, y);
            }
        }
        assert!(scan(&wall).dark.are_too_many());
        wall.flip_self();
        assert!(scan(&wall).light.are_too_many());
    }
}
