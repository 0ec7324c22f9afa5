//! Places in a picture, and how bright it is there.

use std::cell::OnceCell;
use std::ops::{Add, Mul, Sub};

use super::super::grey::Grey;

/// Where something is: in a picture from its top left corner, in pixels and parts of them; in a
/// symbol from its own, in modules.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in super::super) struct Place {
    pub(in super::super) x: f64,
    pub(in super::super) y: f64,
}

impl Place {
    pub(in super::super) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    pub(super) fn length(self) -> f64 {
        self.x.hypot(self.y)
    }

    pub(super) fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    pub(super) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }
}

impl Add for Place {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Place {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Place {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self::new(self.x * times, self.y * times)
    }
}

/// How bright it is at a place, and how that changes along both axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bright {
    pub(super) value: f64,
    pub(super) slope: Place,
}

/// A picture between whose pixels one can look, perhaps shrunk; places are those of the picture
/// before.
#[derive(Debug)]
pub(super) struct Field {
    grey: Grey,
    shrunk: f64,
    width: usize,
    height: usize,
}

impl Field {
    fn new(grey: Grey, shrunk: f64) -> Self {
        let [width, height] =
            [grey.width(), grey.height()].map(|side| usize::try_from(side).unwrap_or(0));
        Self {
            grey,
            shrunk,
            width,
            height,
        }
    }

    /// Nothing outside the picture.
    pub(super) fn at(&self, place: Place) -> Option<Bright> {
        let [x, y] = [place.x, place.y].map(|along| along / self.shrunk - 0.5);
        let (column, row) = (whole(x)?, whole(y)?);
        if column + 1 >= self.width || row + 1 >= self.height {
            return None;
        }
        let luma = self.grey.luma();
        let start = row * self.width + column;
        let (upper, lower) = (luma.get(start..)?, luma.get(start + self.width..)?);
        let ([first, second, ..], [third, fourth, ..]) = (upper, lower) else {
            return None;
        };
        let [first, second, third, fourth] = [*first, *second, *third, *fourth].map(f64::from);
        let (right, down) = (x - x.floor(), y - y.floor());
        let above = first + (second - first) * right;
        let below = third + (fourth - third) * right;
        let across = (second - first) * (1.0 - down) + (fourth - third) * down;
        Some(Bright {
            value: above + (below - above) * down,
            slope: Place::new(across, below - above) * self.shrunk.recip(),
        })
    }
}

/// A picture in several sizes, each made when it is first asked for.
#[derive(Debug)]
pub(super) struct Fields {
    grey: Grey,
    /// How many pixels of the whole picture one of this one has a side.
    shrunk: f64,
    halved: [OnceCell<Field>; 5],
}

impl Fields {
    pub(super) fn new(grey: &Grey, shrunk: f64) -> Self {
        Self {
            grey: grey.clone(),
            shrunk,
            halved: Default::default(),
        }
    }

    /// The picture in which a module of so many pixels has between `pixels` and twice as many.
    pub(super) fn with_module_of(&self, module: f64, pixels: f64) -> &Field {
        let mut wanted = 0;
        let mut shrunk = self.shrunk;
        while wanted + 1 < self.halved.len() && module >= shrunk * pixels * 2.0 {
            shrunk *= 2.0;
            wanted += 1;
        }
        self.get(wanted, shrunk)
    }

    fn get(&self, at: usize, shrunk: f64) -> &Field {
        let [first, ..] = &self.halved;
        let cell = self.halved.get(at).unwrap_or(first);
        cell.get_or_init(|| match at.checked_sub(1) {
            None => Field::new(self.grey.clone(), shrunk),
            Some(before) => Field::new(self.get(before, shrunk / 2.0).grey.smaller(2), shrunk),
        })
    }
}

/// The whole number below, unless it is negative.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture has some thousand pixels a side, and what is negative is outside"
)]
pub(super) fn whole(number: f64) -> Option<usize> {
    (0.0..1e6).contains(&number).then_some(number as usize)
}

/// A number of modules or pixels.
pub(super) fn exact(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
