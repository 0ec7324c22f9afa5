//! What it takes to unpack a picture, estimated from its bytes before anything is unpacked.
//!
//! Unpacking is one step that nobody can interrupt, so that what it will take has to be known
//! before. Pixels and bytes tell it, and of a JPEG how often a scan goes over all of it: three
//! megabytes of seventy scans keep a processor busy for 700 ms. The figures are those of one core
//! of an x86-64 server, for files that were made to be slow.

use super::{PIXELS_MAX, PictureError};

/// Most of [`CPU_MAX`](super::CPU_MAX), in picoseconds; the rest is for searching.
const UNPACK_PS_MAX: u64 = 240_000_000_000;
/// A JPEG of several scans is kept whole, two bytes a sample, until the last one has come. Room for
/// one of as many pixels as are taken, with colours as fine as its brightness.
const SCANNED_BYTES_MAX: u64 = 7 * PIXELS_MAX;

/// What a JPEG's header tells of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jpeg {
    pub(super) pixels: u64,
    /// Brightness and colours, each with a sample a pixel at most.
    pub(super) channels: u64,
    /// The bytes of a pixel when unpacked.
    pub(super) pixel_bytes: u64,
}

impl Jpeg {
    /// Refuses what would take too long or too much memory.
    pub(super) fn check(self, file: &[u8]) -> Result<(), PictureError> {
        const PIXEL_PS: u64 = 2_000;
        const COARSE_SCAN_PIXEL_PS: u64 = 1_200;
        const FINE_SCAN_PIXEL_PS: u64 = 300;
        const BYTE_PS: u64 = 30_000;

        let scans = Scans::of(file);
        let pixel_ps = PIXEL_PS
            .saturating_add(scans.coarse.saturating_mul(COARSE_SCAN_PIXEL_PS))
            .saturating_add(scans.fine.saturating_mul(FINE_SCAN_PIXEL_PS));
        check_time(self.pixels, pixel_ps, file, BYTE_PS)?;

        let kept_bytes = self
            .channels
            .saturating_mul(2)
            .saturating_add(self.pixel_bytes);
        if scans.are_kept() && self.pixels.saturating_mul(kept_bytes) > SCANNED_BYTES_MAX {
            return Err(PictureError::TooMuchMemory {
                limit: SCANNED_BYTES_MAX,
            });
        }
        Ok(())
    }
}

/// How often a decoder goes over a JPEG. The marks are looked for wherever they may stand, also in
/// a thumbnail: what is hidden from this search must not show itself to the decoder.
#[derive(Debug, Default, PartialEq, Eq)]
struct Scans {
    /// Those with the mean of each block, as a rule of all channels at once.
    coarse: u64,
    /// Those with the details of one channel.
    fine: u64,
    progressive: bool,
}

impl Scans {
    fn of(file: &[u8]) -> Self {
        const MARK: u8 = 0xFF;
        const PROGRESSIVE_FRAME: u8 = 0xC2;
        const SCAN: u8 = 0xDA;
        let mut scans = Self::default();
        let mut rest = file;
        while let Some(at) = rest.iter().position(|byte| *byte == MARK) {
            rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
            match rest {
                [PROGRESSIVE_FRAME, ..] => scans.progressive = true,
                [SCAN, _, _, channels, header @ ..] => {
                    let first_coefficient = header.get(usize::from(*channels).saturating_mul(2));
                    if first_coefficient.is_some_and(|first| *first > 0) {
                        scans.fine = scans.fine.saturating_add(1);
                    } else {
                        scans.coarse = scans.coarse.saturating_add(1);
                    }
                }
                _ => {}
            }
        }
        scans
    }

    fn are_kept(&self) -> bool {
        self.progressive || self.coarse.saturating_add(self.fine) > 1
    }
}

/// Refuses a lossy WebP that would take too long: a pixel or a byte of it takes several times as
/// much as one of a JPEG.
pub(super) fn check_webp(pixels: u64, file: &[u8]) -> Result<(), PictureError> {
    const PIXEL_PS: u64 = 18_000;
    const BYTE_PS: u64 = 65_000;
    if is_lossy(file) {
        check_time(pixels, PIXEL_PS, file, BYTE_PS)?;
    }
    Ok(())
}

/// Looks for a chunk of the lossy kind, or of an animation, whose frames may be of any.
fn is_lossy(webp: &[u8]) -> bool {
    let mut rest = webp.get(12..).unwrap_or_default();
    while let [a, b, c, d, e, f, g, h, ..] = rest {
        match &[*a, *b, *c, *d] {
            b"VP8 " | b"ANMF" => return true,
            b"VP8L" => return false,
            _ => {}
        }
        let length = usize::try_from(u32::from_le_bytes([*e, *f, *g, *h])).unwrap_or(usize::MAX);
        // Chunks of odd length are followed by a byte that says nothing.
        let next = length.saturating_add(length % 2).saturating_add(8);
        rest = rest.get(next..).unwrap_or_default();
    }
    false
}

fn check_time(pixels: u64, pixel_ps: u64, file: &[u8], byte_ps: u64) -> Result<(), PictureError> {
    let bytes = u64::try_from(file.len()).unwrap_or(u64::MAX);
    let ps = pixels
        .saturating_mul(pixel_ps)
        .saturating_add(bytes.saturating_mul(byte_ps));
    if ps > UNPACK_PS_MAX {
        return Err(PictureError::TooSlow);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGA: usize = 1_000_000;

    /// Scans as a decoder would see them, and `bytes` in all.
    fn jpeg(frame: u8, scans: &[&[u8]], bytes: usize) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8, 0xFF, frame, 0, 11];
        for header in scans {
            file.extend([0xFF, 0xDA, 0, 12]);
            file.extend(*header);
        }
        file.resize(bytes.max(file.len()), 0);
        file
    }

    const ALL_MEANS: &[u8] = &[3, 1, 0, 2, 0, 3, 0, 0, 0, 1];
    const ONE_DETAIL: &[u8] = &[1, 2, 0, 1, 63, 0x21];

    /// What libjpeg writes unless told otherwise.
    fn ordinary(bytes: usize) -> Vec<u8> {
        let scans = [&[ALL_MEANS; 2][..], &[ONE_DETAIL; 8]].concat();
        jpeg(0xC2, &scans, bytes)
    }

    fn colour(pixels: u64) -> Jpeg {
        Jpeg {
            pixels,
            channels: 3,
            pixel_bytes: 1,
        }
    }

    #[test]
    fn scans_are_counted_by_what_is_in_them() {
        let counted = |file: &[u8]| {
            let scans = Scans::of(file);
            (scans.coarse, scans.fine, scans.are_kept())
        };
        assert_eq!(counted(&ordinary(0)), (2, 8, true));
        assert_eq!(counted(&jpeg(0xC0, &[ALL_MEANS], 0)), (1, 0, false));
        assert_eq!(counted(&jpeg(0xC2, &[ALL_MEANS], 0)), (1, 0, true));
        assert_eq!(
            counted(b"\xFF\xFF\xDA\x00\x08\x01\x01\x00\x05"),
            (0, 1, false)
        );
        assert_eq!(counted(b"\xFF\xDA\x00\x08\x01"), (1, 0, false));
    }

    #[test]
    fn photographs_of_sixteen_megapixels_are_taken() {
        assert_eq!(colour(16_000_000).check(&ordinary(4 * MEGA)), Ok(()));
        assert_eq!(colour(12_200_000).check(&ordinary(5 * MEGA)), Ok(()));
        let plain = jpeg(0xC0, &[ALL_MEANS], 5 * MEGA);
        assert_eq!(colour(PIXELS_MAX).check(&plain), Ok(()));
    }

    #[test]
    fn many_scans_are_refused_by_the_time_that_they_would_take() {
        let coarse = |count| jpeg(0xC2, &vec![ALL_MEANS; count], MEGA);
        assert_eq!(colour(16_000_000).check(&coarse(9)), Ok(()));
        assert_eq!(
            colour(16_000_000).check(&coarse(10)),
            Err(PictureError::TooSlow)
        );
        let fine = jpeg(0xC2, &[ONE_DETAIL; 40], MEGA);
        assert_eq!(colour(16_000_000).check(&fine), Err(PictureError::TooSlow));
        assert_eq!(colour(8_000_000).check(&fine), Ok(()));
    }

    #[test]
    fn what_is_kept_whole_is_refused_by_the_memory_that_it_would_take() {
        let print = |pixels| Jpeg {
            pixels,
            channels: 4,
            pixel_bytes: 3,
        };
        let scanned = jpeg(0xC0, &[ALL_MEANS; 2], MEGA);
        assert_eq!(print(10_600_000).check(&scanned), Ok(()));
        assert_eq!(
            print(10_700_000).check(&scanned),
            Err(PictureError::TooMuchMemory {
                limit: SCANNED_BYTES_MAX
            })
        );
        let once = jpeg(0xC0, &[ALL_MEANS], MEGA);
        assert_eq!(print(16_000_000).check(&once), Ok(()));
    }

    /// A lossy WebP of which only the head is there.
    fn webp(kind: &[u8], bytes: usize) -> Vec<u8> {
        let mut file = [b"RIFF\0\0\0\0WEBP", kind, &[0; 4]].concat();
        file.resize(bytes, 0);
        file
    }

    #[test]
    fn a_lossy_webp_may_have_many_pixels_or_many_bytes() {
        let slow = Err(PictureError::TooSlow);
        assert_eq!(check_webp(12_000_000, &webp(b"VP8 ", 300_000)), Ok(()));
        assert_eq!(check_webp(12_000_000, &webp(b"VP8 ", 400_000)), slow);
        assert_eq!(check_webp(5_000_000, &webp(b"ANMF", 2 * MEGA)), Ok(()));
        assert_eq!(check_webp(5_000_000, &webp(b"ANMF", 3 * MEGA)), slow);
        assert_eq!(check_webp(PIXELS_MAX, &webp(b"VP8L", 5 * MEGA)), Ok(()));
    }
}
