//! From tones to dark and light, in several ways; the symbol's own error correction is the judge.

use super::known::Shade;
use super::settle::Grid;
use super::tone::Tones;
use super::warp::solved;

/// A module with its eight neighbours, and one for the whole.
const WEIGHTS: usize = 10;

/// Which modules are dark, row after row.
pub(super) type Dark = Vec<bool>;

/// Each by its own tone.
pub(super) fn by_tone(values: &[f64]) -> Dark {
    values.iter().map(|value| *value < 0.0).collect()
}

pub(super) fn values(tones: &Tones) -> Vec<f64> {
    tones
        .all()
        .iter()
        .map(|tone| tone.map_or(0.0, |tone| tone.value.clamp(-1.5, 1.5)))
        .collect()
}

/// Takes out of each module what its neighbours have smeared into it: the weights are those that
/// make the modules whose shades are known, or as good as known, come out as they are.
pub(super) fn unsmeared(grid: &Grid, values: &[f64], sure: &[f64]) -> Option<Vec<f64>> {
    /// What counts as sure.
    const SURE: f64 = 0.5;
    /// How strongly a module is held to be itself.
    const HELD: f64 = 2.0;

    let side = grid.known.side;
    let around: Vec<[f64; WEIGHTS]> = (0..values.len())
        .map(|at| neighbourhood(values, side, at))
        .collect();
    let mut matrix = [[0.0; WEIGHTS]; WEIGHTS];
    let mut sums = [0.0; WEIGHTS];
    for ((shade, around), sure) in grid.known.modules().iter().zip(&around).zip(sure) {
        let (aim, weight) = match shade {
            Some(Shade::Dark) => (-1.0, 1.0),
            Some(Shade::Light) => (1.0, 1.0),
            None if sure.abs() > SURE => (sure.signum(), 0.5),
            None => continue,
        };
        for ((row, sum), one) in matrix.iter_mut().zip(&mut sums).zip(around) {
            for (cell, other) in row.iter_mut().zip(around) {
                *cell += weight * one * other;
            }
            *sum += weight * one * aim;
        }
    }
    for (at, row) in matrix.iter_mut().enumerate() {
        if let Some(cell) = row.get_mut(at) {
            *cell += HELD;
        }
    }
    if let Some(own) = sums.get_mut(4) {
        *own += HELD;
    }
    let weights = solved(matrix, sums)?;
    let mixed = around
        .iter()
        .map(|around| around.iter().zip(weights).map(|(a, b)| a * b).sum());
    Some(mixed.collect())
}

/// What is outside the symbol is neither dark nor light.
fn neighbourhood(values: &[f64], side: usize, at: usize) -> [f64; WEIGHTS] {
    let mut around = [1.0; WEIGHTS];
    let (x, y) = (at % side, at / side);
    let offsets = (0..3).flat_map(|down| (0..3).map(move |right| (right, down)));
    for (cell, (right, down)) in around.iter_mut().zip(offsets) {
        let column = (x + right).checked_sub(1).filter(|column| *column < side);
        let row = (y + down).checked_sub(1);
        let value = column.zip(row).and_then(|(x, y)| values.get(y * side + x));
        *cell = value.copied().unwrap_or(0.0);
    }
    around
}

/// The share of the modules with known shades that came out so.
pub(super) fn right(grid: &Grid, dark: &Dark) -> f64 {
    let told = grid.known.modules().iter().zip(dark);
    let (mut all, mut right) = (0.0, 0.0);
    for (shade, dark) in told {
        if let Some(shade) = shade {
            all += 1.0;
            right += f64::from(u8::from((*shade == Shade::Dark) == *dark));
        }
    }
    right / f64::max(all, 1.0)
}
