//! A print as a page that a browser prints with its own fonts: also where this server has none.

use super::svg::{self, Ink, escaped, millimetres};
use super::{Print, PrintError};

/// Writes the whole print; it needs nothing from elsewhere.
pub fn write(print: &Print, title: &str) -> Result<String, PrintError> {
    let facts = &print.facts;
    let (width, height) = (
        millimetres(facts.page_width_um),
        millimetres(facts.page_height_um),
    );
    let lang = facts.lang.as_str();
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{}</title><style>\
         @page{{size:{width}mm {height}mm;margin:0}}html,body{{margin:0;padding:0}}\
         svg{{display:block;break-after:page;print-color-adjust:exact;\
         -webkit-print-color-adjust:exact}}\
         @media screen{{body{{background:#888}}svg{{margin:8mm auto;box-shadow:0 0 2mm #333}}}}\
         </style></head><body>",
        escaped(title),
    );
    for page in &print.pages {
        html.push_str(&svg::draw(page, &Ink::Text, title)?);
    }
    html.push_str("</body></html>\n");
    Ok(html)
}
