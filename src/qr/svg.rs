//! A symbol as an SVG, for printers who scale it.

use qrcode::render::{Renderer, svg};

use super::symbol::{QuietZone, Symbol};

/// Draws the symbol in black on white.
pub fn render(symbol: &Symbol, quiet: QuietZone) -> String {
    let quiet = u32::from(quiet.modules());
    Renderer::<svg::Color<'_>>::new(symbol.modules(), symbol.width(), quiet).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::symbol::Level;

    #[test]
    fn the_frame_is_as_wide_as_asked() {
        let symbol = Symbol::new("A", Level::L).unwrap();
        let picture = render(&symbol, QuietZone::try_from(0).unwrap());
        assert!(picture.contains(r#"viewBox="0 0 168 168""#), "{picture}");
        assert!(
            picture.contains("M0 0h8"),
            "the first finder pattern stands in the corner"
        );
        let framed = render(&symbol, QuietZone::try_from(16).unwrap());
        assert!(framed.contains(r#"viewBox="0 0 424 424""#), "{framed}");
    }
}
