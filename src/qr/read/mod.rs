//! A photograph of a counter, and the codes in it.
//!
//! What comes in is a stranger's file. Its size, kind and dimensions are judged from its first
//! bytes, before anything is unpacked; unpacking is bounded in memory; and the caller says after
//! each step whether there is still time. Formats that are programs or many pictures in one (SVG,
//! GIF) are not taken. A camera's note of how it was held turns what is found; 16 bits a colour are
//! as good as 8; a colour profile is passed over, because dark is darker than light under any.

mod blur;
mod cost;
mod detect;
mod fit;
mod grey;
mod jpeg;
mod picture;
mod scan;
mod search;
mod squares;
#[cfg(test)]
mod tests;
mod threshold;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub use self::search::Codes;

/// A larger file is no photograph of a code.
pub const PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// 16 megapixels, as telephones count them: some sensors have a few thousand pixels more.
pub const PIXELS_MAX: u64 = 16 * 1024 * 1024;
/// What reading may take of a processor: 300 ms, less the longest step between two looks at the
/// time. Unpacking is one step that cannot be interrupted; it is refused where it would take longer
/// than this: a lossy WebP of more than some 12 megapixels or 2 megabytes, or a JPEG of dozens of
/// scans.
pub const CPU_MAX: Duration = Duration::from_millis(260);
/// What unpacking may take at once; greying and searching need up to half as much again.
const UNPACKED_BYTES_MAX: u64 = 80 * 1024 * 1024;

/// One code in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its text.
    pub text: String,
    /// Its four corners in pixels, clockwise from the one that was drawn top left.
    pub position: [[i32; 2]; 4],
}

/// Why no code was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The file is too long.
    #[error("picture file exceeds {limit} bytes")]
    TooLarge {
        /// The most that is taken.
        limit: usize,
    },
    /// The picture is too large, whatever the file's length.
    #[error("picture exceeds {limit} pixels")]
    TooManyPixels {
        /// The most that is taken.
        limit: u64,
    },
    /// Unpacked, it would not fit.
    #[error("picture needs more than {limit} bytes when unpacked")]
    TooMuchMemory {
        /// The most that is taken.
        limit: u64,
    },
    /// Neither PNG, JPEG nor WebP.
    #[error("picture must be PNG, JPEG or WebP")]
    Unsupported,
    /// The file is damaged.
    #[error("picture cannot be read: the file is damaged")]
    Broken,
    /// The time was up.
    #[error("picture takes more than 300 ms to read: send it smaller, or as a plain JPEG")]
    TooSlow,
    /// A picture, but no QR code in it.
    #[error("no QR code found in the picture")]
    NoCode,
}

impl PictureError {
    /// The error's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "picture-too-large",
            Self::TooManyPixels { .. } => "picture-too-many-pixels",
            Self::TooMuchMemory { .. } => "picture-too-much-memory",
            Self::Unsupported => "picture-unsupported",
            Self::Broken => "picture-broken",
            Self::TooSlow => "picture-too-slow",
            Self::NoCode => "no-code",
        }
    }
}

/// Finds every QR code in a picture. `is_late` is asked between the steps; more than [`CPU_MAX`]
/// nobody should wait. What was found in time counts, although there may be more.
pub fn read(file: &[u8], is_late: &dyn Fn() -> bool) -> Result<Vec<Found>, PictureError> {
    Ok(codes(file, is_late)?.found)
}

/// The same for whoever looks for the one code in a picture: an error where the time was up before all
/// of it was looked at.
pub fn read_whole(file: &[u8], is_late: &dyn Fn() -> bool) -> Result<Vec<Found>, PictureError> {
    let codes = codes(file, is_late)?;
    if codes.was_cut {
        return Err(PictureError::TooSlow);
    }
    Ok(codes.found)
}

/// The same, with whether there may be more.
pub fn codes(file: &[u8], is_late: &dyn Fn() -> bool) -> Result<Codes, PictureError> {
    let in_time = || {
        if is_late() {
            Err(PictureError::TooSlow)
        } else {
            Ok(())
        }
    };
    // The libraries are memory-safe and yet panic on the odd file; that must cost one answer only.
    let guarded = |step: &dyn Fn() -> Result<Codes, PictureError>| {
        catch_unwind(AssertUnwindSafe(step)).unwrap_or(Err(PictureError::Broken))
    };
    guarded(&|| {
        let grey = picture::unpack(file, &in_time)?;
        in_time()?;
        let codes = search::codes(&grey, &in_time)?;
        if codes.found.is_empty() {
            Err(PictureError::NoCode)
        } else {
            Ok(codes)
        }
    })
}
