//! From grey pixels to the codes in them.
//!
//! The steps of the library's own reader, one by one. A picture full of finder patterns, or of
//! texture that looks like them, keeps that reader busy for minutes, and it cannot be interrupted.
//! Here such a picture is looked at from further away until it is calm, the number of trials is
//! bounded, and the clock is looked at between them.

use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};
use rxing::{BarcodeFormat, Binarizer, Luma8LuminanceSource, Point, PointI, RXingResult};

use super::picture::Grey;
use super::{Found, PictureError};

/// The library compares every pattern with all before it. A sheet of fifty codes has some 3,000
/// places that look like one in a row of pixels, a wall of finder patterns a hundred thousand.
const LIKENESSES_MAX: usize = 8_000;
/// A sheet of fifty codes has 150; the largest are kept, since a texture's are small.
const PATTERNS_MAX: usize = 400;
/// Three patterns are one trial. They come in the order of plausibility, so that codes are found
/// early and what is left is chance.
const TRIALS_MAX: usize = 1_000;
/// The smallest symbol has 21 modules.
const SIDE_PIXELS_MIN: u32 = 21;

pub(super) fn codes(
    mut grey: Grey,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Vec<Found>, PictureError> {
    while grey.width() >= SIDE_PIXELS_MIN && grey.height() >= SIDE_PIXELS_MIN {
        let source = Luma8LuminanceSource::new(grey.luma(), grey.width(), grey.height())
            .map_err(|_| PictureError::Broken)?;
        let binarizer = HybridBinarizer::new(source);
        let matrix = binarizer
            .get_black_matrix()
            .map_err(|_| PictureError::Broken)?;
        in_time()?;
        if likenesses(matrix) <= LIKENESSES_MAX {
            return codes_in(matrix, grey.shrunk, in_time);
        }
        grey = grey.smaller(2);
    }
    Ok(Vec::new())
}

/// How often a row of pixels looks like one through the middle of a finder pattern: dark, light,
/// dark, light, dark, the middle as wide as all others together or nearly so. Judged more kindly
/// than the library does, in the rows that it looks at.
fn likenesses(matrix: &BitMatrix) -> usize {
    const ROWS_APART: usize = 3;
    let rows = (2..matrix.height()).step_by(ROWS_APART);
    rows.map(|y| {
        let mut runs = [0_u32; 5];
        let mut count = 0_usize;
        let mut dark = false;
        for x in 0..matrix.width() {
            if matrix.get(x, y) == dark {
                if let Some(last) = runs.last_mut() {
                    *last = last.saturating_add(1);
                }
                continue;
            }
            count = count.saturating_add(usize::from(dark && looks_like_a_finder(runs)));
            let [_, second, third, fourth, fifth] = runs;
            runs = [second, third, fourth, fifth, 1];
            dark = !dark;
        }
        count.saturating_add(usize::from(dark && looks_like_a_finder(runs)))
    })
    .sum()
}

fn looks_like_a_finder([first, second, middle, fourth, fifth]: [u32; 5]) -> bool {
    let thin = |run: u32| run > 0 && run.saturating_mul(2) <= middle;
    let at_most_middle = |run: u32| run > 0 && run <= middle;
    middle >= 3 && thin(first) && thin(fifth) && at_most_middle(second) && at_most_middle(fourth)
}

fn codes_in(
    matrix: &BitMatrix,
    shrunk: u32,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Vec<Found>, PictureError> {
    let mut patterns = FindFinderPatterns(matrix, true, 0);
    in_time()?;
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.size));
    patterns.truncate(PATTERNS_MAX);

    let mut found = Vec::new();
    let mut used: Vec<ConcentricPattern> = Vec::new();
    let mut trials = 0_usize;
    for set in GenerateFinderPatternSets(&mut patterns) {
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|pattern| used.contains(pattern)) {
            continue;
        }
        trials = trials.saturating_add(1);
        if trials > TRIALS_MAX {
            break;
        }
        in_time()?;
        if let Some(result) = try_set(matrix, &set) {
            used.extend(corners);
            found.push(placed(&result, shrunk));
        }
    }
    Ok(found)
}

fn try_set(matrix: &BitMatrix, set: &FinderPatternSet) -> Option<RXingResult> {
    let sampled = SampleQR(matrix, set).ok()?;
    let decoded = Decode(sampled.getBits())
        .ok()
        .filter(DecoderResult::isValid)?;
    let corners = sampled.getPoints();
    Some(RXingResult::with_decoder_result(
        decoded,
        corners,
        BarcodeFormat::QR_CODE,
    ))
}

fn placed(result: &RXingResult, shrunk: u32) -> Found {
    let factor = i32::try_from(shrunk).unwrap_or(1);
    let corner = |point: &Point| {
        let point = PointI::from(*point);
        [
            point.x.saturating_mul(factor),
            point.y.saturating_mul(factor),
        ]
    };
    let mut position = [[0; 2]; 4];
    for (place, point) in position.iter_mut().zip(result.getPoints()) {
        *place = corner(point);
    }
    Found {
        text: result.getText().to_owned(),
        position,
    }
}
