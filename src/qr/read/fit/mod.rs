//! A grid laid onto grey pixels: for what is bent, torn, smeared or half in the shade.
//!
//! The library looks at pixels that are black or white, and at a symbol that is flat. Where it finds
//! finder patterns and no code between them, the grid of modules is laid onto the grey picture
//! itself, and bent until each module stands in its place. What is dark is then decided module by
//! module, by the light around it. The library says what the modules mean, or that they mean
//! nothing.
#![expect(
    clippy::float_arithmetic,
    reason = "places in a picture are parts of pixels; whole numbers become such here and nowhere \
              else"
)]

mod corner;
mod decide;
mod field;
mod flat;
mod guess;
mod known;
mod settle;
mod spot;
#[cfg(test)]
mod tests;
mod tone;
mod warp;

use rxing::common::BitMatrix;

use self::corner::{Corner, alike};
use self::field::{Fields, exact};
use self::known::middle;
use self::settle::{By, Grid};
use self::tone::Tones;
use self::warp::{Tie, Warp};
use super::grey::Grey;
use super::{Found, PictureError, detect};

pub(super) use self::field::Place;
pub(super) use self::guess::Sighting;

/// More are a texture.
const CORNERS_MAX: usize = 64;
/// The grids that are laid: each takes some milliseconds.
const GRIDS_MAX: usize = 10;
/// Half of a finder pattern may be lost under a scratch or in glare.
const LIKENESS_MIN: f64 = 0.45;
/// Of the modules that are the same in every symbol, so many must be seen as they are before the
/// grid is settled by the others.
const HOPE_MIN: f64 = 0.7;

/// The codes between finder patterns that were seen, or that only a closer look shows.
pub(super) fn codes(
    grey: &Grey,
    sightings: &[Sighting],
    is_last: bool,
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Vec<Found>, PictureError> {
    let mut search = Search::new(grey, in_time);
    search.look_at(sightings)?;
    search.read()?;
    if !search.found.is_empty() || !is_last {
        return Ok(search.found);
    }
    search.guess()?;
    search.read()?;
    if search.found.is_empty() {
        in_time()?;
        let spots = spot::sightings(&search.near);
        search.look_at(&spots)?;
        search.read()?;
    }
    if search.found.is_empty() {
        search.guess()?;
        search.read()?;
    }
    Ok(search.found)
}

/// Whether three patterns were seen again and again, as those of a code are of which a part is
/// hidden or outside the picture.
pub(super) fn is_worth_while(sightings: &[Sighting]) -> bool {
    let merged = guess::merged(sightings);
    let steady = |is_inverted: bool| {
        let steady = merged.iter().filter(|seen| seen.times > 1);
        steady
            .filter(|seen| seen.is_inverted == is_inverted)
            .count()
    };
    steady(false) >= 3 || steady(true) >= 3
}

struct Search<'a> {
    grey: &'a Grey,
    in_time: &'a dyn Fn() -> Result<(), PictureError>,
    /// The light taken out, in what size patterns are looked for.
    near: Grey,
    flat: Fields,
    fields: Fields,
    corners: Vec<Corner>,
    tried: Vec<[Place; 3]>,
    grids: usize,
    found: Vec<Found>,
    used: Vec<Place>,
}

impl<'a> Search<'a> {
    fn new(grey: &'a Grey, in_time: &'a dyn Fn() -> Result<(), PictureError>) -> Self {
        /// The longer side of the picture in which patterns are looked for.
        const LONGEST: u32 = 1_000;

        let near = flat::flat(&grey.no_longer_than(LONGEST));
        let whole = near.scale().back(Place::new(1.0, 1.0));
        let shrunk = grey.scale().here(whole).x;
        Self {
            grey,
            in_time,
            flat: Fields::new(&near, shrunk),
            fields: Fields::new(grey, 1.0),
            near,
            corners: Vec::new(),
            tried: Vec::new(),
            grids: 0,
            found: Vec::new(),
            used: Vec::new(),
        }
    }

    /// Adds the patterns that are where something was seen.
    fn look_at(&mut self, sightings: &[Sighting]) -> Result<(), PictureError> {
        let here = sightings.iter().map(|sighting| Sighting {
            at: self.grey.scale().here(sighting.at),
            size: self.grey.scale().here(Place::new(sighting.size, 0.0)).x,
            ..*sighting
        });
        for sighting in guess::merged(&here.collect::<Vec<_>>()) {
            (self.in_time)()?;
            if let Some(corner) = Corner::about(&sighting, &self.flat) {
                self.add(corner);
            }
        }
        Ok(())
    }

    /// Adds patterns where they would make a symbol with those that are known.
    fn guess(&mut self) -> Result<(), PictureError> {
        /// The most that a symbol seen from the side has them elsewhere, in modules.
        const REACH: i32 = 4;

        for third in guess::thirds(&self.corners) {
            (self.in_time)()?;
            let module = third.module();
            let sought = third.sought(self.flat.with_module_of(module, 1.5), REACH);
            if let Some(corner) = sought.settled(self.flat.with_module_of(module, 3.0), 4) {
                self.add(corner);
            }
        }
        Ok(())
    }

    fn add(&mut self, corner: Corner) {
        let is_same = |known: &Corner| {
            known.is_inverted == corner.is_inverted
                && (known.at - corner.at).length() < 2.0 * f64::min(known.module(), corner.module())
        };
        let is_full = self.corners.len() >= CORNERS_MAX;
        if corner.likeness < LIKENESS_MIN {
            return;
        }
        match self.corners.iter_mut().find(|known| is_same(known)) {
            Some(known) if known.likeness < corner.likeness => *known = corner,
            Some(_) => {}
            None if is_full => {}
            None => self.corners.push(corner),
        }
    }

    /// Reads what is between the patterns.
    fn read(&mut self) -> Result<(), PictureError> {
        self.grids = 0;
        for trio in guess::trios(&self.corners) {
            let three = [trio.top_left, trio.top_right, trio.bottom_left];
            let places = three.map(|corner| corner.at);
            if places.iter().any(|at| self.used.contains(at)) || self.tried.contains(&places) {
                continue;
            }
            self.tried.push(places);
            if self.grids >= GRIDS_MAX {
                break;
            }
            (self.in_time)()?;
            for (side, warp) in sides(&self.flat, &three) {
                self.grids += 1;
                if let Some(code) = self.code(side, warp, trio.top_left.is_inverted)? {
                    self.found.push(code);
                    self.used.extend(places);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Lays the grid and reads it.
    fn code(
        &self,
        side: usize,
        mut warp: Warp,
        is_inverted: bool,
    ) -> Result<Option<Found>, PictureError> {
        (self.in_time)()?;
        let Some(grid) = Grid::new(side, &warp, is_inverted) else {
            return Ok(None);
        };
        aligned(&self.flat, &grid, &mut warp, is_inverted);
        let coarse = self.fields.with_module_of(warp.module, 1.5);
        let fine = self.fields.with_module_of(warp.module, 3.0);
        for (field, by, steps) in [
            (coarse, By::Known, 3),
            (coarse, By::All, 3),
            (fine, By::All, 4),
        ] {
            for _ in 0..steps {
                (self.in_time)()?;
                if grid.settle(field, &mut warp, by).is_none() {
                    return Ok(None);
                }
            }
            if by == By::Known && grid.known_right(field, &warp) < HOPE_MIN {
                return Ok(None);
            }
        }
        (self.in_time)()?;
        let text = text(&grid, fine, &warp);
        let side = exact(side);
        let corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)];
        Ok(text.map(|text| Found {
            text,
            position: corners.map(|(x, y)| {
                let place = warp.at(Place::new(x, y));
                self.grey.scale().place_exactly(place.x, place.y)
            }),
        }))
    }
}

/// How many modules a side may have, by the timing patterns between the corners; the likeliest
/// first.
fn sides(fields: &Fields, corners: &[Corner; 3]) -> Vec<(usize, Warp)> {
    const SIDES_TRIED: usize = 2;
    /// Timing patterns are regular, whatever covers parts of them.
    const TIMING_MIN: f64 = 0.35;

    let [top_left, top_right, bottom_left] = corners;
    let module = (top_left.module() + top_right.module() + bottom_left.module()) / 3.0;
    let field = fields.with_module_of(module, 2.0);
    let modules = |from: &Corner, to: &Corner, one: f64, other: f64| {
        (to.at - from.at).length() / (one * other).sqrt().max(0.1) + 7.0
    };
    let legs = [
        modules(
            top_left,
            top_right,
            top_left.across.length(),
            top_right.across.length(),
        ),
        modules(
            top_left,
            bottom_left,
            top_left.down.length(),
            bottom_left.down.length(),
        ),
    ];
    let [least, most] = [
        f64::min(legs[0], legs[1]) * 0.75 - 2.0,
        f64::max(legs[0], legs[1]) * 1.12 + 2.0,
    ];
    let mut likely: Vec<(f64, usize, Warp)> = Vec::new();
    let [smallest, largest] = known::SIDES;
    for side in (smallest..=largest).step_by(known::SIDE_STEP) {
        if exact(side) < least || exact(side) > most {
            continue;
        }
        let near = 3.5;
        let far = exact(side) - 3.5;
        let ties: Vec<Tie> = [
            top_left.ties(Place::new(near, near)),
            top_right.ties(Place::new(far, near)),
            bottom_left.ties(Place::new(near, far)),
        ]
        .concat();
        let Some(warp) = Warp::through(&ties, side, module) else {
            continue;
        };
        let timing = timing(field, &warp, side, top_left.is_inverted);
        if timing > TIMING_MIN {
            likely.push((timing, side, warp));
        }
    }
    likely.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    likely.truncate(SIDES_TRIED);
    likely
        .into_iter()
        .map(|(_, side, warp)| (side, warp))
        .collect()
}

/// How regular the modules between the corners are by turns dark and light: from -1 to 1.
fn timing(field: &field::Field, warp: &Warp, side: usize, is_inverted: bool) -> f64 {
    let (mut along, mut all) = (0.0, 0.0);
    for turned in [false, true] {
        let seen: Vec<f64> = (6..=side - 7)
            .filter_map(|at| {
                let place = if turned { middle(6, at) } else { middle(at, 6) };
                Some(field.at(warp.at(place))?.value)
            })
            .collect();
        for (at, three) in seen.windows(3).enumerate() {
            let [before, here, after] = three else {
                continue;
            };
            let lighter = here - f64::midpoint(*before, *after);
            // The first is dark, so that the second is light.
            let is_light = at.is_multiple_of(2) != is_inverted;
            along += if is_light { lighter } else { -lighter };
            all += lighter.abs();
        }
    }
    along / f64::max(all, 1.0)
}

/// Bends the grid to the alignment patterns, from the known corners outwards.
fn aligned(fields: &Fields, grid: &Grid, warp: &mut Warp, is_inverted: bool) {
    /// How much a place must be like an alignment pattern.
    const LIKENESS_MIN: f64 = 0.7;

    let side = exact(grid.known.side);
    let mut ties = Vec::new();
    for (x, y) in [(3.5, 3.5), (side - 3.5, 3.5), (3.5, side - 3.5)] {
        for (off_x, off_y) in [(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)] {
            let module = Place::new(x + off_x, y + off_y);
            ties.push(Tie {
                module,
                seen: warp.at(module),
            });
        }
    }
    let field = fields.with_module_of(warp.module, 2.0);
    for [x, y] in &grid.known.alignments {
        let reach = if grid.known.alignments.len() == 1 {
            8
        } else {
            4
        };
        let module = middle(*x, *y);
        let Some((likeness, seen)) = seek(field, warp, module, reach, is_inverted) else {
            continue;
        };
        if likeness < LIKENESS_MIN {
            continue;
        }
        let off = seen - warp.at(module);
        for (off_x, off_y) in [(-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0)] {
            let module = module + Place::new(off_x, off_y);
            ties.push(Tie {
                module,
                seen: warp.at(module) + off,
            });
        }
        let _ = warp.bend_to(&ties);
    }
}

/// Where the picture is most like an alignment pattern, so many half modules around.
fn seek(
    field: &field::Field,
    warp: &Warp,
    module: Place,
    reach: i32,
    is_inverted: bool,
) -> Option<(f64, Place)> {
    /// What is nearer is likelier, by so much a module.
    const NEARER: f64 = 0.02;

    let at = warp.at(module);
    let across =
        (warp.at(module + Place::new(1.0, 0.0)) - warp.at(module - Place::new(1.0, 0.0))) * 0.5;
    let down =
        (warp.at(module + Place::new(0.0, 1.0)) - warp.at(module - Place::new(0.0, 1.0))) * 0.5;
    let likeness = |off: Place| {
        let modules = (-2_i32..=2).flat_map(|y| (-2_i32..=2).map(move |x| (x, y)));
        let seen = modules.filter_map(|(x, y)| {
            let off = off + Place::new(f64::from(x), f64::from(y));
            let meant = if x.abs().max(y.abs()) == 1 { 1.0 } else { -1.0 };
            Some((field.at(at + across * off.x + down * off.y)?.value, meant))
        });
        let alike = alike(seen);
        (if is_inverted { -alike } else { alike }) - NEARER * off.length()
    };
    let around = |middle: Place, reach: i32, step: f64| {
        let offsets = (-reach..=reach).flat_map(move |y| (-reach..=reach).map(move |x| (x, y)));
        offsets
            .map(|(x, y)| middle + Place::new(f64::from(x), f64::from(y)) * step)
            .map(|off| (likeness(off), off))
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
    };
    let (_, near) = around(Place::default(), reach, 0.5)?;
    let (best, off) = around(near, 2, 0.2)?;
    Some((best, at + across * off.x + down * off.y))
}

/// What the modules say, decided in one way or another.
fn text(grid: &Grid, field: &field::Field, warp: &Warp) -> Option<String> {
    /// Of the modules that are the same in every symbol, so many must be seen as they are.
    const RIGHT_MIN: f64 = 0.75;
    /// How often what neighbours have smeared is taken out, each time by what the last time told.
    const TIMES: usize = 3;

    let side = grid.known.side;
    let seen = grid.look(field, warp, Place::default());
    let read = |values: &[f64]| {
        let dark = decide::by_tone(values);
        if decide::right(grid, &dark) < RIGHT_MIN {
            return None;
        }
        detect::text_of(&matrix(&dark, side)?)
    };
    // In glare that falls off steeply, what is around must be near.
    for around in [tone::AROUND, 1, 3] {
        let plain = decide::values(&Tones::of(&seen, side, around));
        if let Some(text) = read(&plain) {
            return Some(text);
        }
        let mut sure = plain.clone();
        for _ in 0..TIMES {
            sure = decide::unsmeared(grid, &plain, &sure)?;
            if let Some(text) = read(&sure) {
                return Some(text);
            }
        }
    }
    None
}

fn matrix(dark: &[bool], side: usize) -> Option<BitMatrix> {
    let side = u32::try_from(side).ok()?;
    let mut matrix = BitMatrix::new(side, side).ok()?;
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    for ((x, y), is_dark) in places.zip(dark) {
        if *is_dark {
            matrix.set(x, y);
        }
    }
    Some(matrix)
}
