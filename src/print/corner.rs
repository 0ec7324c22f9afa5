//! Readers find a symbol by the three squares in its corners: dark, light and dark rings, 1 : 1 : 3 : 1 : 1
//! wide wherever one cuts through their middle. A logo that has such a place is taken for a fourth one by
//! some of them, whatever our own reader makes of it.

use super::colour::Rgb;
use super::logo::Logo;

/// Pixels of one brightness beside each other.
#[derive(Debug, Clone, Copy)]
struct Run {
    dark: bool,
    from: usize,
    length: usize,
}

impl Run {
    const fn end(self) -> usize {
        self.from.saturating_add(self.length)
    }
}

/// Whether a logo on this paper looks like a symbol's corner somewhere.
pub(super) fn is_in(logo: &Logo, paper: Rgb) -> bool {
    let width = usize::try_from(logo.width).unwrap_or(usize::MAX).max(1);
    let limit = brightness([paper.0, paper.1, paper.2, 255], paper) / 2;
    let dark = logo.pixels.chunks_exact(4).map(|pixel| {
        let [r, g, b, a] = *pixel else { return false };
        brightness([r, g, b, a], paper) < limit
    });
    let dark: Vec<bool> = dark.collect();
    let column = |x: usize| runs(dark.iter().skip(x).step_by(width).copied());
    let columns: Vec<Vec<Run>> = (0..width).map(column).collect();
    dark.chunks(width).enumerate().any(|(y, row)| {
        middles(&runs(row.iter().copied())).any(|middle| {
            let across = columns.get(middle.from.saturating_add(middle.length / 2));
            let cuts = |run: Run| run.from <= y && y < run.end();
            across.is_some_and(|across| middles(across).any(cuts))
        })
    })
}

/// The middle of every five runs that are as wide as those of a corner, give or take what readers do.
fn middles(runs: &[Run]) -> impl Iterator<Item = Run> {
    runs.windows(5).filter_map(|five| {
        let [a, b, middle, c, d] = *five else {
            return None;
        };
        let whole = d.end().saturating_sub(a.from);
        let near = |run: Run, parts: usize| {
            let off = run
                .length
                .saturating_mul(7)
                .abs_diff(whole.saturating_mul(parts));
            off.saturating_mul(2) <= whole.saturating_mul(parts)
        };
        let is_corner = [a, b, c, d].iter().all(|run| near(*run, 1)) && near(middle, 3);
        (middle.dark && is_corner).then_some(middle)
    })
}

fn runs(pixels: impl Iterator<Item = bool>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (from, dark) in pixels.enumerate() {
        match runs.last_mut() {
            Some(run) if run.dark == dark => run.length = run.length.saturating_add(1),
            Some(_) | None => runs.push(Run {
                dark,
                from,
                length: 1,
            }),
        }
    }
    runs
}

/// How bright a pixel is on its paper, in thousandths of 255.
fn brightness([r, g, b, a]: [u8; 4], paper: Rgb) -> u32 {
    let on = |ink: u8, paper: u8| {
        let (ink, paper, opaque) = (u32::from(ink), u32::from(paper), u32::from(a));
        u8::try_from((ink * opaque + paper * (255 - opaque)) / 255).unwrap_or(u8::MAX)
    };
    Rgb(on(r, paper.0), on(g, paper.1), on(b, paper.2)).brightness()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: [u8; 4] = [0x20, 0x10, 0x30, 255];
    const NOTHING: [u8; 4] = [0; 4];

    /// Rings as wide as this many pixels, from outside to the middle and out again.
    fn rings(widths: [u32; 5]) -> Logo {
        let side: u32 = widths.iter().sum();
        let ring = |at: u32| {
            let mut end = 0;
            widths.iter().position(|width| {
                end += width;
                at < end
            })
        };
        let depth = |at: u32| {
            let ring = ring(at).unwrap();
            ring.min(4 - ring)
        };
        let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let pixels = places.flat_map(|(x, y)| match depth(x).min(depth(y)) {
            1 => NOTHING,
            _ => INK,
        });
        Logo {
            width: side,
            height: side,
            pixels: pixels.collect(),
        }
    }

    #[test]
    fn what_looks_like_a_corner_is_seen_at_every_size() {
        for size in [1, 3, 10, 70] {
            assert!(is_in(
                &rings([size, size, 3 * size, size, size]),
                Rgb::WHITE
            ));
        }
        assert!(is_in(&rings([9, 12, 30, 12, 9]), Rgb::WHITE), "nearly");
    }

    #[test]
    fn other_pictures_are_no_corner() {
        for widths in [[10, 10, 10, 10, 10], [2, 20, 10, 20, 2], [10, 2, 60, 2, 10]] {
            assert!(!is_in(&rings(widths), Rgb::WHITE), "{widths:?}");
        }
        assert!(!is_in(&Logo::plain(64, 64, INK), Rgb::WHITE));
        assert!(!is_in(&Logo::plain(1, 1, NOTHING), Rgb::WHITE));
        // Stripes have the widths in one direction only.
        let stripes = rings([10, 10, 30, 10, 10]);
        let row = stripes.pixels.chunks(70 * 4).nth(35).unwrap().repeat(70);
        let stripes = Logo {
            pixels: row,
            ..stripes
        };
        assert!(!is_in(&stripes, Rgb::WHITE));
    }
}
