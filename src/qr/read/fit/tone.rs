//! How dark or light each module is beside those around it.

use super::field::Bright;

/// How many modules around one are looked at for the darkest and the lightest: any square of that
/// size has both.
pub(super) const AROUND: usize = 2;
/// What is less than this between dark and light, in grey levels, is grain.
const CONTRAST_MIN: f64 = 4.0;

/// One module: -1 is as dark as the darkest around it, 1 as light as the lightest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tone {
    pub(super) value: f64,
    /// What one grey level is worth here.
    pub(super) per_grey: f64,
}

/// The tones of all modules, row after row.
#[derive(Debug)]
pub(super) struct Tones {
    tones: Vec<Option<Tone>>,
}

impl Tones {
    pub(super) fn of(seen: &[Option<Bright>], side: usize, around: usize) -> Self {
        let values: Vec<f64> = seen
            .iter()
            .map(|seen| seen.map_or(f64::NAN, |seen| seen.value))
            .collect();
        let dark = spread(&values, side, around, f64::min);
        let light = spread(&values, side, around, f64::max);
        let tones = values.iter().zip(dark).zip(light);
        let tones = tones.map(|((value, dark), light)| {
            let reach = (light - dark).max(CONTRAST_MIN);
            let per_grey = 2.0 / reach;
            let value = (value - f64::midpoint(dark, light)) * per_grey;
            value.is_finite().then_some(Tone { value, per_grey })
        });
        Self {
            tones: tones.collect(),
        }
    }

    pub(super) fn all(&self) -> &[Option<Tone>] {
        &self.tones
    }
}

/// The most extreme value around each.
fn spread(values: &[f64], side: usize, around: usize, more: fn(f64, f64) -> f64) -> Vec<f64> {
    let across = along_rows(values, side, around, more);
    let turned = transposed(&across, side);
    transposed(&along_rows(&turned, side, around, more), side)
}

fn along_rows(values: &[f64], side: usize, around: usize, more: fn(f64, f64) -> f64) -> Vec<f64> {
    let mut found = Vec::with_capacity(values.len());
    for row in values.chunks_exact(side.max(1)) {
        for at in 0..row.len() {
            let from = at.saturating_sub(around);
            let near = row.iter().take(at + around + 1).skip(from);
            // Neither `min` nor `max` chooses what is no number.
            found.push(near.copied().fold(f64::NAN, more));
        }
    }
    found
}

pub(super) fn transposed<T: Copy>(values: &[T], side: usize) -> Vec<T> {
    let columns = 0..side;
    columns
        .flat_map(|x| values.iter().skip(x).step_by(side.max(1)).copied())
        .collect()
}
