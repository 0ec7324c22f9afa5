//! Which finder patterns may be those of one symbol.

use super::corner::Corner;
use super::field::Place;

/// Something that looks like a finder pattern.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Sighting {
    pub(in super::super) at: Place,
    /// Its side in pixels, about.
    pub(in super::super) size: f64,
    /// Light on dark.
    pub(in super::super) is_inverted: bool,
    /// How often it was seen.
    pub(in super::super) times: u32,
}

impl Sighting {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.is_inverted == other.is_inverted
            && (self.at - other.at).length() < 0.35 * self.size.max(other.size)
    }
}

/// Three finder patterns, each with its axes as those of the symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trio {
    pub(super) top_left: Corner,
    pub(super) top_right: Corner,
    pub(super) bottom_left: Corner,
    /// The lower, the more plausible.
    odd: f64,
}

/// How many sightings are looked at: those that were seen most often.
const AMONG: usize = 32;
/// What is odder is chance: those of a symbol come to two where one pattern is half lost.
const ODD_MAX: f64 = 5.0;
/// How many places are looked at for a pattern that was not seen.
const THIRDS_MAX: usize = 150;
/// How many trios are worth a try.
const TRIOS_MAX: usize = 40;

/// What was seen in several ways of looking is one.
pub(super) fn merged(sightings: &[Sighting]) -> Vec<Sighting> {
    let mut merged: Vec<Sighting> = Vec::new();
    for sighting in sightings {
        match merged.iter_mut().find(|known| known.is_same(sighting)) {
            Some(known) => known.times = known.times.saturating_add(sighting.times),
            None => merged.push(*sighting),
        }
    }
    merged.sort_by(|one, other| {
        let by_times = other.times.cmp(&one.times);
        by_times.then(other.size.total_cmp(&one.size))
    });
    merged.truncate(AMONG);
    merged
}

/// The trios that a flat or bent symbol could have, the most plausible first.
pub(super) fn trios(corners: &[Corner]) -> Vec<Trio> {
    let mut trios = Vec::new();
    for corner in corners {
        for top_left in corner.turned() {
            let rights = corners
                .iter()
                .filter_map(|other| Leg::right(&top_left, other));
            let rights: Vec<Leg> = rights.collect();
            let downs: Vec<Leg> = corners
                .iter()
                .filter_map(|other| Leg::down(&top_left, other))
                .collect();
            for right in &rights {
                trios.extend(downs.iter().filter_map(|down| trio(top_left, right, down)));
            }
        }
    }
    trios.sort_by(|one: &Trio, other| one.odd.total_cmp(&other.odd));
    trios.truncate(TRIOS_MAX);
    trios
}

/// Where the third pattern may be where two are seen, and how it lies there.
pub(super) fn thirds(corners: &[Corner]) -> Vec<Corner> {
    /// Of what is guessed from, little may be lost.
    const LIKENESS_MIN: f64 = 0.7;

    let sure = corners
        .iter()
        .filter(|corner| corner.likeness > LIKENESS_MIN);
    let sure: Vec<&Corner> = sure.collect();
    let mut thirds = Vec::new();
    for (at, one) in sure.iter().enumerate() {
        for (next, other) in sure.iter().enumerate() {
            if at == next {
                continue;
            }
            for turned in one.turned() {
                // A side is seen: the third is below either of its ends.
                if let Some(leg) = Leg::right(&turned, other) {
                    thirds.push(between(
                        turned,
                        leg.to,
                        turned.place(Place::new(0.0, leg.modules)),
                    ));
                    thirds.push(between(
                        turned,
                        leg.to,
                        turned.place(Place::new(0.0, -leg.modules)),
                    ));
                }
                // The diagonal is seen: the third is beside it, the other way round from the other.
                let there = turned.modules(other.at);
                if there.x > 11.0 && there.y > 11.0 && (there.x / there.y).ln().abs() < 0.5 {
                    thirds.push(between(
                        turned,
                        **other,
                        turned.place(Place::new(there.x, 0.0)),
                    ));
                }
            }
        }
    }
    thirds.truncate(THIRDS_MAX);
    thirds
}

/// A pattern that lies as two others do.
fn between(one: Corner, other: Corner, at: Place) -> Corner {
    let alike = other.turned().into_iter().max_by(|a, b| {
        let along = |corner: &Corner| corner.across.dot(one.across) / corner.across.length();
        along(a).total_cmp(&along(b))
    });
    let other = alike.unwrap_or(other);
    Corner {
        at,
        across: (one.across + other.across) * 0.5,
        down: (one.down + other.down) * 0.5,
        likeness: 0.0,
        ..one
    }
}

/// From the corner at the top left to another.
#[derive(Debug, Clone, Copy)]
struct Leg {
    to: Corner,
    modules: f64,
    /// By how much the two do not go together.
    odd: f64,
}

impl Leg {
    fn right(top_left: &Corner, other: &Corner) -> Option<Self> {
        let legs = other.turned().into_iter().map(|to| {
            let (there, back) = (top_left.modules(to.at), to.modules(top_left.at));
            Self::of(top_left, &to, [there.x, there.y], [-back.x, -back.y])
        });
        Self::best(legs)
    }

    fn down(top_left: &Corner, other: &Corner) -> Option<Self> {
        let legs = other.turned().into_iter().map(|to| {
            let (there, back) = (top_left.modules(to.at), to.modules(top_left.at));
            Self::of(top_left, &to, [there.y, there.x], [-back.y, -back.x])
        });
        Self::best(legs)
    }

    fn best(legs: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        legs.flatten()
            .min_by(|one, other| one.odd.total_cmp(&other.odd))
    }

    /// The other must lie along the axis, seen from either end, and so many modules away as a
    /// symbol may have. What is seen from the side is shorter seen from the nearer end.
    fn of(
        top_left: &Corner,
        to: &Corner,
        [there, aside]: [f64; 2],
        [back, aside_back]: [f64; 2],
    ) -> Option<Self> {
        /// The tangent of the angle by which a bent side may begin beside where it leads.
        const ASIDE_MAX: f64 = 0.35;
        /// Between the middles of two patterns, and some more where the modules are not seen well.
        const MODULES: [f64; 2] = [11.0, 190.0];

        if there <= 0.0 || back <= 0.0 || to.is_inverted != top_left.is_inverted {
            return None;
        }
        let modules = (there * back).sqrt();
        let aside = (aside / there).abs() + (aside_back / back).abs();
        let [least, most] = MODULES;
        if aside > 2.0 * ASIDE_MAX || modules < least || modules > most {
            return None;
        }
        Some(Self {
            to: *to,
            modules,
            odd: 2.0 * aside + (there / back).ln().abs(),
        })
    }
}

fn trio(top_left: Corner, right: &Leg, down: &Leg) -> Option<Trio> {
    /// How much longer one side may seem than the other, counted in its modules.
    const RATIO_MAX: f64 = 1.8;

    let ratio = (right.modules / down.modules).ln().abs();
    if ratio > RATIO_MAX.ln() || (right.to.at - down.to.at).length() < 1.0 {
        return None;
    }
    let alike = top_left.likeness + right.to.likeness + down.to.likeness;
    let odd = right.odd + down.odd + 2.0 * ratio + 4.0 * (3.0 - alike);
    (odd < ODD_MAX).then_some(Trio {
        top_left,
        top_right: right.to,
        bottom_left: down.to,
        odd,
    })
}
