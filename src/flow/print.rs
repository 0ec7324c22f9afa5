//! Signs for codes: what stands on them is looked up, laid out, and written down. Stores nothing.

use tokio::sync::Semaphore;

use crate::app::{App, FontFiles, Opened};
use crate::db::Tx;
use crate::flow::{FlowError, open_code, resolve};
use crate::id::{CodeId, MerchantId};
use crate::merchant::InstitutionId;
use crate::print::{self, Facts, Fonts, Guess, Print, PrintFormat, PrintLang, Sign, Tag, Wish};
use crate::wallet;
use crate::word::Mode;

/// Pages of pixels are large, and a processor is busy with each; payers come first.
pub(super) static PRINTERS: Semaphore = Semaphore::const_new(2);

/// A print as it goes out.
#[derive(Debug)]
pub struct Printed {
    /// The file; of the format `json` what it would measure.
    pub file: Vec<u8>,
    /// What it measures.
    pub facts: Facts,
    /// What it is called.
    pub name: String,
}

/// What is to be printed for a merchant.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose codes.
    pub merchant: MerchantId,
    /// Which, in this order.
    pub codes: Vec<CodeId>,
    /// How.
    pub wish: Wish,
    /// In which form.
    pub format: PrintFormat,
    /// Dots an inch, of PNG.
    pub dpi: u32,
}

/// Prints a merchant's codes. Whoever prints what cannot be paid would put a dead sign on a wall, so
/// that is refused.
pub async fn print(app: &App, order: Order) -> Result<Printed, FlowError> {
    let mut signs = Vec::new();
    let mut tx = app.db.read().await?;
    for id in &order.codes {
        signs.push(sign(app, &mut tx, &order.merchant, id, order.wish.lang).await?);
    }
    tx.commit().await?;
    let shelf = app.fonts.clone();
    let turn = PRINTERS.acquire().await;
    let working = tokio::task::spawn_blocking(move || {
        let printed = match order.format {
            PrintFormat::Html => write(&signs, &order, None),
            PrintFormat::Json => write(&signs, &order, shelf.files().ok().as_ref()),
            PrintFormat::Pdf | PrintFormat::Svg | PrintFormat::Png => {
                write(&signs, &order, Some(&shelf.files()?))
            }
        };
        drop(turn);
        printed
    });
    match working.await {
        Ok(printed) => printed,
        Err(error) => match error.try_into_panic() {
            // The frame around all routes logs it.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(print::PrintError::Writer("stopped".to_owned()).into()),
        },
    }
}

fn write(signs: &[Sign], order: &Order, files: Option<&FontFiles>) -> Result<Printed, FlowError> {
    let first = signs.first();
    let about = |sign: &Sign| format!("{} · {}", sign.merchant, sign.short_id);
    let title = first.map(about).unwrap_or_default();
    let id = first.map_or("", |sign| sign.short_id.as_str());
    let name = format!("{id}-{}.{}", order.wish.template, order.format);
    let (file, facts) = if let Some(files) = files {
        let fonts = Fonts::open(&files.regular, &files.bold)?;
        let print = print::lay_out(signs, &order.wish, &fonts)?;
        (drawn(&print, order, &fonts, &title)?, print.facts)
    } else {
        let print = print::lay_out(signs, &order.wish, &Guess)?;
        (
            print::html::write(&print, &title)?.into_bytes(),
            print.facts,
        )
    };
    let file = if order.format == PrintFormat::Json {
        serde_json::to_vec(&facts).unwrap_or_default()
    } else {
        file
    };
    Ok(Printed { file, facts, name })
}

fn drawn(
    print: &Print,
    order: &Order,
    fonts: &Fonts<'_>,
    title: &str,
) -> Result<Vec<u8>, FlowError> {
    let format = order.format;
    let one_page = || match print.pages.as_slice() {
        [page] => Ok(page),
        pages => Err(print::PrintError::OnePage {
            format,
            pages: pages.len(),
        }),
    };
    Ok(match format {
        PrintFormat::Pdf => print::pdf::write(print, fonts, title)?,
        PrintFormat::Svg => print::svg::write(one_page()?, fonts, title)?.into_bytes(),
        PrintFormat::Png => print::png::write(print, one_page()?, fonts, order.dpi)?,
        PrintFormat::Html | PrintFormat::Json => Vec::new(),
    })
}

/// What a code's sign says.
async fn sign(
    app: &App,
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &CodeId,
    lang: PrintLang,
) -> Result<Sign, FlowError> {
    let code = crate::db::codes::find_of(tx, merchant, id).await?;
    let opened = open_code::open(tx, code.ok_or(FlowError::NotFound("code"))?).await?;
    resolve::payable(tx.now(), &opened)?;
    let amount = resolve::price(&opened);
    let amount = amount.map(|amount| match amount.currency().code() {
        "CNY" => format!("¥ {}", amount.decimal()),
        other => format!("{other} {}", amount.decimal()),
    });
    let wallets = resolve::works_with(app, tx, &opened).await?;
    let mut tags = Vec::new();
    for id in in_order(&wallets) {
        tags.push(tag(tx, id, lang).await?);
    }
    let Opened {
        merchant,
        store,
        counter,
        code,
        ..
    } = opened;
    Ok(Sign {
        merchant: merchant.name.to_string(),
        store: store.name.to_string(),
        counter: counter.map(|counter| counter.name.to_string()),
        short_id: code.id.short(),
        amount,
        host: app.origin.authority().to_owned(),
        text: code.text,
        wallets: tags,
        is_test: app.mode == Mode::Test,
    })
}

/// Those that we know by ourselves as all pages name them, then those that an operator added.
fn in_order(ids: &[InstitutionId]) -> impl Iterator<Item = &InstitutionId> {
    let place = |id: &InstitutionId| {
        let mut all = wallet::ALL.iter();
        all.position(|wallet| wallet.about().id == id.as_str())
    };
    let mut ordered: Vec<_> = ids.iter().collect();
    ordered.sort_by_key(|id| place(id).unwrap_or(usize::MAX));
    ordered.into_iter()
}

/// A wallet by its name and colour; one that an operator added is grey.
async fn tag(tx: &mut Tx, id: &InstitutionId, lang: PrintLang) -> Result<Tag, FlowError> {
    const GREY: print::Rgb = print::Rgb(0x44, 0x44, 0x44);
    let about = wallet::by_id(id).about();
    if about.id == id.as_str() {
        let name = match lang {
            PrintLang::Zh => about.name_zh,
            PrintLang::En => about.name_en,
        };
        return Ok(Tag {
            name: name.to_owned(),
            colour: about.colour.parse().unwrap_or(GREY),
        });
    }
    let known = crate::db::institutions::find(tx, id).await?;
    let name = known.map(|found| match lang {
        PrintLang::Zh => found.name_zh.to_string(),
        PrintLang::En => found.name_en.to_string(),
    });
    Ok(Tag {
        name: name.unwrap_or_else(|| id.to_string()),
        colour: GREY,
    })
}
