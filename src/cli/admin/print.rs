//! `tongma code print`.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::admin::{Desk, write};
use crate::cli::error::CliError;
use crate::flow::print::{self, Order};
use crate::id::{CodeId, MerchantId};
use crate::print::{Logo, PrintError, PrintFormat, PrintLang, Rgb, Template, Um, Wish, png};
use crate::qr::symbol::Level;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which codes, one a page or beside each other on sheets
    #[arg(required = true)]
    ids: Vec<CodeId>,
    /// Whose
    #[arg(long)]
    merchant: MerchantId,
    /// stand-a6, stand-a5, poster-a4, sticker-60, sticker-80, tent, receipt-58 or receipt-80
    #[arg(long, default_value = "stand-a6")]
    template: Template,
    /// Where to; its name ends in .pdf, .svg, .png or .html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: PrintLang,
    /// Dots an inch, of a PNG
    #[arg(long, default_value_t = png::DPI, value_parser = clap::value_parser!(u32).range(72..=1200))]
    dpi: u32,
    /// How much may be dirty or torn: L, M, Q or H
    #[arg(long)]
    level: Option<Level>,
    /// The dark colour, such as 00265f
    #[arg(long, default_value = "000000")]
    ink: Rgb,
    /// The light colour
    #[arg(long, default_value = "ffffff")]
    paper: Rgb,
    /// A picture for the middle of the symbol: PNG, JPEG or WebP
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// From how many millimetres it must be readable
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u32).range(50..=20_000))]
    distance: Option<u32>,
    /// On sheets of A4 with cut marks
    #[arg(long)]
    sheet: bool,
    /// How many of each on the sheets; one sheet full where nothing is said
    #[arg(long, requires = "sheet", value_parser = clap::value_parser!(u16).range(1..=500))]
    copies: Option<u16>,
}

impl Args {
    /// Prints, and answers what the print measures.
    pub(super) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        let ending = self.out.extension().and_then(|ending| ending.to_str());
        let format = ending.and_then(|ending| ending.parse::<PrintFormat>().ok());
        let format = format.filter(|format| *format != PrintFormat::Json);
        let format = format.ok_or_else(|| {
            CliError::Usage("--out must end in .pdf, .svg, .png or .html".to_owned())
        })?;
        let logo = match &self.logo {
            Some(path) => {
                let file = std::fs::read(path);
                let file = file.map_err(|why| CliError::File(path.display().to_string(), why))?;
                Some(Arc::new(Logo::read(&file).map_err(PrintError::Logo)?))
            }
            None => None,
        };
        let order = Order {
            merchant: self.merchant,
            codes: self.ids,
            wish: Wish {
                template: self.template,
                lang: self.lang,
                level: self.level,
                ink: self.ink,
                paper: self.paper,
                logo,
                distance: self.distance.map(|distance| Um::from(distance) * 1_000),
                copies: self.sheet.then_some(self.copies.unwrap_or(0)),
            },
            format,
            dpi: self.dpi,
        };
        let app = desk.app().await?;
        let printed = print::print(&app, order).await?;
        write(&self.out, &printed.file)?;
        let mut answer = json!(printed.facts);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("file".to_owned(), json!(self.out.display().to_string()));
        }
        Ok(answer)
    }
}
