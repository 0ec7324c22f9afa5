//! From black and white to the codes in it.
//!
//! The steps of the library's own reader, one by one. A picture full of finder patterns, or of
//! texture that looks like them, keeps that reader busy for minutes, and it cannot be interrupted.
//! Here such a picture is looked at from further away until it is calm, the number of trials is
//! bounded, and the clock is looked at between them.

use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult, LocateConcentricPattern};
use rxing::common::{BitMatrix, DetectorRXingResult};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR};
use rxing::{BarcodeFormat, Point, PointI, RXingResult};

use super::fit::{Place, Sighting};
use super::grey::Scale;
use super::scan::{Crossing, FINDER};
use super::{Found, PictureError};

/// A sheet of fifty codes has 150; the largest are kept, since a texture's are small.
const PATTERNS_MAX: usize = 400;
/// Three patterns are one trial. They come in the order of plausibility, so that codes are found
/// early and what is left is chance.
const TRIALS_MAX: usize = 1_000;
/// Among how many patterns those of a code seen from the side are looked for.
const SLANTED_AMONG: usize = 6;
/// The smallest symbol has 21 modules.
pub(super) const SIDE_PIXELS_MIN: u32 = 21;

/// What one look at a picture saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) found: Vec<Found>,
    /// Three places look like the corners of a code that could not be read.
    pub(super) promises_more: bool,
    /// What looks like finder patterns, in pixels of the whole picture.
    pub(super) sightings: Vec<Sighting>,
    /// The time was up before the light half was looked at.
    pub(super) was_cut: bool,
}

impl Seen {
    /// Joins what the same look saw of light codes on dark: one may hang beside a dark one.
    pub(super) fn join_light(&mut self, light: Self) {
        self.found.extend(light.found);
        self.promises_more |= light.promises_more;
        let light = light.sightings.into_iter().map(|mut sighting| {
            sighting.is_inverted = true;
            sighting
        });
        self.sightings.splice(0..0, light);
    }
}

/// Those of `seen` that are not among `found`.
pub(super) fn new_ones(found: &[Found], seen: Vec<Found>) -> Vec<Found> {
    let is_new = |one: &Found| found.iter().all(|known| known.text != one.text);
    seen.into_iter().filter(is_new).collect()
}

/// Every code that is read in the picture. An error if the time is up before the first.
pub(super) fn codes_in(
    black: &BitMatrix,
    crossings: &[Crossing],
    scale: Scale,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Seen, PictureError> {
    let mut patterns = patterns(black, crossings);
    in_time()?;
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.size));
    patterns.truncate(PATTERNS_MAX);

    let mut seen = Seen::default();
    let mut used: Vec<ConcentricPattern> = Vec::new();
    let mut unread: Vec<[ConcentricPattern; 3]> = Vec::new();
    let mut trials = 0_usize;
    let plausible = GenerateFinderPatternSets(&mut patterns);
    for set in plausible.into_iter().chain(slanted(&patterns)) {
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|pattern| used.contains(pattern)) {
            continue;
        }
        trials = trials.saturating_add(1);
        if trials > TRIALS_MAX {
            break;
        }
        in_time()?;
        if let Some(result) = try_set(black, &set) {
            used.extend(corners);
            seen.found.push(placed(&result, scale));
        } else {
            unread.push(corners);
        }
    }
    seen.promises_more = unread
        .iter()
        .any(|corners| corners.iter().all(|pattern| !used.contains(pattern)));
    let unused = patterns.iter().filter(|pattern| !used.contains(pattern));
    seen.sightings = unused.map(|pattern| sighting(pattern, scale)).collect();
    Ok(seen)
}

/// The finder patterns about the places where rows cross something like them.
pub(super) fn patterns(black: &BitMatrix, crossings: &[Crossing]) -> Vec<ConcentricPattern> {
    const EDGE_TO_EDGE: bool = true;
    /// How much higher than wide a pattern seen from the side may be.
    const TIMES_HIGHER_MAX: i32 = 3;

    let mut patterns: Vec<ConcentricPattern> = Vec::new();
    for crossing in crossings {
        if patterns.iter().any(|known| is_within(crossing, known)) {
            continue;
        }
        let range = crossing.width.saturating_mul(TIMES_HIGHER_MAX);
        patterns.extend(LocateConcentricPattern::<EDGE_TO_EDGE, 5, 7>(
            black,
            &FINDER,
            crossing.middle,
            range,
        ));
    }
    patterns
}

#[expect(
    clippy::float_arithmetic,
    reason = "the library's places are parts of pixels"
)]
fn is_within(crossing: &Crossing, pattern: &ConcentricPattern) -> bool {
    let size = u16::try_from(pattern.size).map_or(0.0, f32::from);
    Point::distance(crossing.middle, pattern.p) < size / 2.0
}

/// The sets that the library takes for chance because the patterns differ much in size or do not
/// stand in a square: so it is where a code is seen from the side.
fn slanted(patterns: &[ConcentricPattern]) -> Vec<FinderPatternSet> {
    const TIMES_SMALLER_MAX: i32 = 5;
    let mut sets = Vec::new();
    let few = patterns.get(..SLANTED_AMONG).unwrap_or(patterns);
    for (at, first) in few.iter().enumerate() {
        for (next, second) in few.iter().enumerate().skip(at.saturating_add(1)) {
            for third in few.iter().skip(next.saturating_add(1)) {
                let three = [*first, *second, *third];
                let sizes = three.map(|pattern| pattern.size);
                let [largest, smallest] = [sizes.into_iter().max(), sizes.into_iter().min()]
                    .map(Option::unwrap_or_default);
                let ratio = largest.checked_div(smallest).unwrap_or(i32::MAX);
                if ratio <= TIMES_SMALLER_MAX {
                    sets.extend(with_each_as_corner(three));
                }
            }
        }
    }
    sets
}

/// Which of three patterns is the one between the others cannot be told from distances that are
/// not seen straight.
fn with_each_as_corner([a, b, c]: [ConcentricPattern; 3]) -> [FinderPatternSet; 3] {
    [[a, b, c], [b, c, a], [c, a, b]].map(|[one, tl, other]| {
        let is_turned = ConcentricPattern::cross(other - tl, one - tl) < 0.0;
        let (bl, tr) = if is_turned {
            (other, one)
        } else {
            (one, other)
        };
        FinderPatternSet { bl, tl, tr }
    })
}

fn try_set(black: &BitMatrix, set: &FinderPatternSet) -> Option<RXingResult> {
    let sampled = SampleQR(black, set).ok()?;
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

fn sighting(pattern: &ConcentricPattern, scale: Scale) -> Sighting {
    Sighting {
        at: scale.back(Place::new(pattern.p.x.into(), pattern.p.y.into())),
        size: scale.back(Place::new(pattern.size.into(), 0.0)).x,
        is_inverted: false,
        times: 1,
    }
}

/// What the modules of a symbol say.
pub(super) fn text_of(modules: &BitMatrix) -> Option<String> {
    let decoded = Decode(modules).ok().filter(DecoderResult::isValid)?;
    let result = RXingResult::with_decoder_result(decoded, &[], BarcodeFormat::QR_CODE);
    Some(result.getText().to_owned())
}

fn placed(result: &RXingResult, scale: Scale) -> Found {
    let corner = |point: &Point| {
        let point = PointI::from(*point);
        [scale.place(point.x), scale.place(point.y)]
    };
    let mut position = [[0; 2]; 4];
    for (place, point) in position.iter_mut().zip(result.getPoints()) {
        *place = corner(point);
    }
    // The library goes by rows.
    position.swap(2, 3);
    Found {
        text: result.getText().to_owned(),
        position,
    }
}
