//! What kind of JPEG or WebP a file is: some take more time and memory a pixel than others.

/// Looks for the frame header of a progressive JPEG among the segments before the first scan.
pub(super) fn is_progressive_jpeg(file: &[u8]) -> bool {
    const PROGRESSIVE_FRAME: u8 = 0xC2;
    const SCAN: u8 = 0xDA;
    let mut rest = file.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = rest {
        match *marker {
            PROGRESSIVE_FRAME => return true,
            SCAN => return false,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(length.saturating_add(2)..).unwrap_or_default();
    }
    false
}

/// Looks for a chunk of the lossy kind, or of an animation, whose frames may be of any.
pub(super) fn is_lossy_webp(file: &[u8]) -> bool {
    let mut rest = file.get(12..).unwrap_or_default();
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
