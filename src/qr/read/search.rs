//! From grey pixels to the codes in them: a ladder of ways to look, the cheap one first.
//!
//! The library's reader tells black from white by small squares of the picture and takes a square
//! of little contrast for blank, so that a faint print, a screen, or a code that fills the picture
//! escape it. The next rungs look from further away and hold each pixel against the mean of its
//! surroundings. Each rung also looks for light codes on dark.

use rxing::common::BitMatrix;

use super::fit::Sighting;
use super::grey::Grey;
use super::{Found, PictureError, detect, fit, scan, threshold};

/// How to look.
#[derive(Debug, Clone, Copy)]
struct Rung {
    /// The longer side in pixels that the picture is shrunk to; a smaller one is taken as it is.
    longest: u32,
    /// Smooths grain, the lines of a screen and the edges of what was sharpened.
    blurred: bool,
    /// By what black is told from white.
    by: By,
}

#[derive(Debug, Clone, Copy)]
enum By {
    /// The library's way: the contrast in small squares.
    Squares,
    /// The mean of the surroundings.
    Surroundings,
    /// One grey for the whole picture.
    Histogram,
}

/// A code has so many finder patterns; each is crossed by one row at least.
const CORNERS: usize = 3;

const LADDER: [Rung; 6] = [
    Rung::new(u32::MAX, false, By::Squares),
    Rung::new(1_000, false, By::Surroundings),
    Rung::new(600, false, By::Surroundings),
    Rung::new(600, true, By::Surroundings),
    Rung::new(1_000, false, By::Histogram),
    Rung::new(400, true, By::Surroundings),
];

impl Rung {
    const fn new(longest: u32, blurred: bool, by: By) -> Self {
        Self {
            longest,
            blurred,
            by,
        }
    }

    fn black(self, grey: &Grey) -> Result<BitMatrix, PictureError> {
        match self.by {
            By::Squares => threshold::by_squares(grey),
            By::Surroundings => threshold::by_surroundings(grey),
            By::Histogram => threshold::by_histogram(grey),
        }
    }
}

/// What all looks together found.
#[derive(Debug)]
pub struct Codes {
    /// The codes.
    pub found: Vec<Found>,
    /// The time was up before all was looked at: there may be more.
    pub was_cut: bool,
}

pub(super) fn codes(
    grey: &Grey,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Codes, PictureError> {
    let mut found: Vec<Found> = Vec::new();
    let done = |found, was_cut| Ok(Codes { found, was_cut });
    let mut sightings: Vec<Sighting> = Vec::new();
    for rung in LADDER {
        let seen = match look(grey, rung, in_time) {
            Ok(seen) => seen,
            // What was found in time counts.
            Err(PictureError::TooSlow) if !found.is_empty() => return done(found, true),
            Err(error) => return Err(error),
        };
        let new = detect::new_ones(&found, seen.found);
        sightings.extend(seen.sightings);
        let is_done = !found.is_empty() && new.is_empty() && !seen.promises_more;
        found.extend(new);
        if seen.was_cut {
            return done(found, true);
        }
        if is_done {
            if fit::is_worth_while(&sightings) {
                break;
            }
            return done(found, false);
        }
    }
    match fit::codes(grey, &sightings, found.is_empty(), in_time) {
        Ok(more) => found.extend(detect::new_ones(&found, more)),
        // Every look was in time; this one is for what no reader need see.
        Err(PictureError::TooSlow) => {}
        Err(error) => return Err(error),
    }
    done(found, false)
}

fn look(
    grey: &Grey,
    rung: Rung,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<detect::Seen, PictureError> {
    let mut near = grey.no_longer_than(rung.longest);
    if rung.blurred {
        near = near.blurred();
    }
    in_time()?;
    loop {
        let mut black = rung.black(&near)?;
        in_time()?;
        let scan = scan::scan(&black);
        in_time()?;
        let mut seen = detect::Seen::default();
        if !scan.dark.are_too_many() {
            seen = detect::codes_in(&black, &scan.dark.found, near.scale(), in_time)?;
        }
        if !scan.light.are_too_many() && scan.light.found.len() >= CORNERS {
            black.flip_self();
            match detect::codes_in(&black, &scan.light.found, near.scale(), in_time) {
                Ok(light) => seen.join_light(light),
                // The dark ones were found in time.
                Err(PictureError::TooSlow) if !seen.found.is_empty() => seen.was_cut = true,
                Err(error) => return Err(error),
            }
        }
        let is_calm = !scan.dark.are_too_many() && !scan.light.are_too_many();
        // From further away it may be calm.
        if is_calm || !seen.found.is_empty() || near.shorter() < 2 * detect::SIDE_PIXELS_MIN {
            return Ok(seen);
        }
        near = near.smaller(2);
    }
}
