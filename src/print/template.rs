//! What can be printed, and how large everything on it is.

use super::mark::Um;
use crate::word::words;

words! {
    /// A thing to print.
    Template {
        /// Stands at the counter: 105 by 148 mm.
        StandA6 = "stand-a6",
        /// Stands at the counter: 148 by 210 mm.
        StandA5 = "stand-a5",
        /// Hangs on a wall: 210 by 297 mm.
        PosterA4 = "poster-a4",
        /// 60 mm square, for a till or a terminal.
        Sticker60 = "sticker-60",
        /// 80 mm square.
        Sticker80 = "sticker-80",
        /// Folds into a roof that stands on a table: a strip of 105 by 297 mm with two faces.
        Tent = "tent",
        /// From a thermal printer with paper 58 mm wide, 48 of which it prints on.
        Receipt58 = "receipt-58",
        /// From a thermal printer with paper 80 mm wide, 72 of which it prints on.
        Receipt80 = "receipt-80",
    }

    /// In which language.
    PrintLang {
        /// Chinese
        Zh = "zh",
        /// English
        En = "en",
    }

    /// In which form.
    PrintFormat {
        /// For printing houses: exact, vectors, its fonts inside.
        Pdf = "pdf",
        /// One page of vectors.
        Svg = "svg",
        /// One page of pixels.
        Png = "png",
        /// A page that a browser prints with fonts of its own.
        Html = "html",
        /// What the print measures.
        Json = "json",
    }
}

/// Measures of a face, all in micrometres unless they say otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) width: Um,
    /// 0: as high as it needs.
    pub(super) height: Um,
    /// Free on all sides.
    pub(super) margin: Um,
    /// Between two blocks.
    pub(super) gap: Um,
    /// The band with the headline; 0 for none.
    pub(super) band: Um,
    pub(super) headline: Um,
    pub(super) name: Um,
    pub(super) name_lines: usize,
    pub(super) place: Um,
    pub(super) amount: Um,
    pub(super) lead: Um,
    pub(super) tag: Um,
    pub(super) check: Um,
    pub(super) short_id: Um,
    /// Modules are whole dots of the printer, whose dots are this wide.
    pub(super) dot: Um,
    /// From how far it must be readable.
    pub(super) distance: Um,
    /// Black on white, for a printer that has nothing else.
    pub(super) mono: bool,
    /// Says as much in fewer lines.
    pub(super) brief: bool,
}

/// Thermal printers have eight dots a millimetre.
const DOT: Um = 125;
/// Half an A4 sheet, cut along; what is left over beside the two faces is glued.
pub(super) const TENT_HEIGHT: Um = 297_000;

const STAND: Style = Style {
    width: 105_000,
    height: 148_000,
    margin: 5_000,
    gap: 2_200,
    band: 15_000,
    headline: 7_000,
    name: 8_000,
    name_lines: 2,
    place: 3_900,
    amount: 8_000,
    lead: 3_700,
    tag: 5_200,
    check: 2_400,
    short_id: 3_300,
    dot: 1,
    distance: 150_000,
    mono: false,
    brief: false,
};

const STICKER: Style = Style {
    width: 60_000,
    height: 60_000,
    margin: 2_500,
    gap: 700,
    band: 0,
    headline: 0,
    name: 4_400,
    name_lines: 2,
    place: 2_200,
    amount: 3_400,
    lead: 2_300,
    tag: 2_900,
    check: 1_700,
    short_id: 2_200,
    dot: 1,
    distance: 100_000,
    mono: false,
    brief: true,
};

const RECEIPT: Style = Style {
    width: 58_000,
    height: 0,
    margin: 5_000,
    gap: 2_000,
    band: 0,
    headline: 5_500,
    name: 5_500,
    name_lines: 4,
    place: 3_200,
    amount: 7_000,
    lead: 3_200,
    tag: 4_600,
    check: 2_600,
    short_id: 3_400,
    dot: DOT,
    distance: 100_000,
    mono: true,
    brief: false,
};

impl Template {
    /// How large everything on one face is.
    pub(super) const fn style(self) -> Style {
        match self {
            Self::StandA6 => STAND,
            Self::StandA5 => Style {
                width: 148_000,
                height: 210_000,
                distance: 200_000,
                ..STAND.scaled(1_410)
            },
            Self::PosterA4 => Style {
                width: 210_000,
                height: 297_000,
                distance: 300_000,
                ..STAND.scaled(2_000)
            },
            Self::Sticker60 => STICKER,
            Self::Sticker80 => STICKER.scaled(1_333),
            Self::Tent => Style {
                height: 130_000,
                distance: 120_000,
                band: 12_500,
                headline: 6_000,
                name: 7_000,
                gap: 1_500,
                tag: 4_800,
                ..STAND
            },
            Self::Receipt58 => RECEIPT,
            Self::Receipt80 => Style {
                width: 80_000,
                margin: 4_000,
                name: 7_000,
                ..RECEIPT
            },
        }
    }

    /// From the smallest to the largest of those that are cut out of a sheet.
    pub(super) const BY_SIZE: [Self; 6] = [
        Self::Sticker60,
        Self::Sticker80,
        Self::StandA6,
        Self::Tent,
        Self::StandA5,
        Self::PosterA4,
    ];
}

impl Style {
    /// The same in thousandths of the size; two sizes of one thing.
    const fn scaled(self, thousandths: Um) -> Self {
        Self {
            width: rounded(self.width, thousandths),
            height: rounded(self.height, thousandths),
            margin: self.margin * thousandths / 1_000,
            gap: self.gap * thousandths / 1_000,
            band: self.band * thousandths / 1_000,
            headline: self.headline * thousandths / 1_000,
            name: self.name * thousandths / 1_000,
            place: self.place * thousandths / 1_000,
            amount: self.amount * thousandths / 1_000,
            lead: self.lead * thousandths / 1_000,
            tag: self.tag * thousandths / 1_000,
            check: self.check * thousandths / 1_000,
            short_id: self.short_id * thousandths / 1_000,
            ..self
        }
    }

    /// Between the margins.
    pub(super) const fn inner(&self) -> Um {
        self.width - 2 * self.margin
    }
}

/// To whole millimetres, which is what paper is cut to.
const fn rounded(length: Um, thousandths: Um) -> Um {
    (length * thousandths / 1_000 + 500) / 1_000 * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_has_the_size_that_its_name_says() {
        let size = |template: Template| (template.style().width, template.style().height);
        assert_eq!(size(Template::StandA6), (105_000, 148_000));
        assert_eq!(size(Template::StandA5), (148_000, 210_000));
        assert_eq!(size(Template::PosterA4), (210_000, 297_000));
        assert_eq!(size(Template::Sticker60), (60_000, 60_000));
        assert_eq!(size(Template::Sticker80), (80_000, 80_000));
        assert!(2 * size(Template::Tent).1 < TENT_HEIGHT);
    }

    #[test]
    fn a_thermal_printer_prints_between_its_margins() {
        assert_eq!(Template::Receipt58.style().inner(), 384 * DOT);
        assert_eq!(Template::Receipt80.style().inner(), 576 * DOT);
    }
}
