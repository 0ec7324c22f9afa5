//! Parts of a batch of blank plates as files. Stores nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::app::{App, FontShelf};
use crate::flow::print::PRINTERS;
use crate::flow::{FlowError, plates as batches};
use crate::merchant::plate::PlateBatch;
use crate::print::plates::{self, PlateFormat, PlateTemplate, PlateWish};
use crate::print::{Blank, Fonts, PrintError, PrintLang};
use crate::word::Mode;

/// What is to be printed of a batch.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which batch.
    pub batch: PlateBatch,
    /// In which form, on what, and so on.
    pub wish: PlateWish,
}

/// How it is wanted, by whoever asks; the rest the server knows.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// In which form.
    pub format: PlateFormat,
    /// On what.
    pub template: PlateTemplate,
    /// In which language.
    pub lang: PrintLang,
    /// Dots an inch, of PNG.
    pub dpi: u32,
    /// How many pixels all pictures of a part may have.
    pub pixels_max: u64,
    /// Whether claim secrets are to be in the file.
    pub claims: bool,
}

/// A part as it goes out.
#[derive(Debug)]
pub struct Printed {
    /// The file.
    pub file: Vec<u8>,
    /// What it is called.
    pub name: String,
}

/// Where plates are bound.
const BIND_PATH: &str = "/plates/bind";

impl Order {
    /// An order for parts of this batch. Of one that is not whole, files would say that they are all.
    pub fn new(app: &App, batch: PlateBatch, asked: Asked) -> Result<Self, FlowError> {
        if !batch.is_whole() {
            return Err(FlowError::BatchUnfinished {
                made: batch.made,
                count: batch.count,
            });
        }
        let wish = PlateWish {
            format: asked.format,
            template: asked.template,
            lang: asked.lang,
            dpi: asked.dpi,
            pixels_max: asked.pixels_max,
            claims: asked.claims,
            host: app.origin.authority().to_owned(),
            bind_url: format!("{}{BIND_PATH}", app.origin),
            is_test: app.mode == Mode::Test,
        };
        Ok(Self { batch, wish })
    }

    /// How many parts there are.
    pub const fn parts(&self) -> u32 {
        plates::parts(self.batch.count)
    }

    /// What the file of a part is called.
    pub fn file_name(&self, part: u32) -> String {
        let batch = self.batch.id.as_str();
        self.wish.file_name(batch, part, self.parts())
    }

    /// What the list of its files is called.
    pub fn manifest_name(&self) -> String {
        self.wish.manifest_name(self.batch.id.as_str())
    }
}

/// Prints one part. Whoever stops waiting for it stops it.
pub async fn part(app: &App, order: &Order, part: u32) -> Result<Printed, FlowError> {
    let numbers = plates::numbers(order.batch.count, part);
    let numbers = numbers.ok_or(FlowError::NotFound("plate-part"))?;
    let (from, to) = (*numbers.start(), *numbers.end());
    let turn = PRINTERS.acquire().await;
    let limit = to - from + 1;
    let blanks = batches::blanks(app, &order.batch, from, limit).await?;
    let title = format!("{} · {from}–{to}", order.batch.id);
    let (shelf, wish) = (app.fonts.clone(), order.wish.clone());
    let waiting = Waiting::default();
    let is_left = Arc::clone(&waiting.0);
    let working = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        written(&blanks, &wish, &title, &shelf, &|| {
            is_left.load(Ordering::Relaxed)
        })
    });
    let file = match working.await {
        Ok(written) => written?,
        Err(error) => match error.try_into_panic() {
            // Whoever asked for it logs it.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Err(PrintError::Stopped.into()),
        },
    };
    Ok(Printed {
        file,
        name: order.file_name(part),
    })
}

fn written(
    blanks: &[Blank],
    wish: &PlateWish,
    title: &str,
    shelf: &FontShelf,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, FlowError> {
    if wish.format == PlateFormat::Csv {
        return Ok(plates::table(blanks, wish)?);
    }
    let files = shelf.files()?;
    let fonts = Fonts::open(&files.regular, &files.bold)?;
    Ok(plates::write(blanks, wish, title, &fonts, is_stopped)?)
}

/// While this lives, somebody waits.
#[derive(Default)]
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
