//! Pictures for whoever reads about codes. They are made by the program that makes the codes, so they
//! are never of another version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::data::NETWORK_ACCOUNTS;
use super::stage::Stage;
use crate::code::run::CodeKind;
use crate::db::DbError;
use crate::flow::FlowError;
use crate::flow::issue::{self, NewCode, NewForm};
use crate::flow::print::{self, Order};
use crate::id::CodeId;
use crate::merchant::{CodeClass, PrintedCode};
use crate::money::Currency;
use crate::print::{PrintFormat, PrintLang, Rgb, Template, Wish};
use crate::qr::svg;
use crate::qr::symbol::{Level, QuietZone, Symbol, SymbolError};

/// Why there are no pictures.
#[derive(Debug, thiserror::Error)]
pub(super) enum PicturesError {
    #[error("the pictures cannot be written: {0}")]
    File(#[from] io::Error),
    #[error("the pictures cannot be drawn: {0}")]
    Symbol(#[from] SymbolError),
    #[error("the pictures cannot be made: {0}")]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the demo's data: {0}")]
    Data(String),
}

/// Dots an inch: sharp on a screen, and some tens of kilobytes each.
const DPI: u32 = 150;

/// Writes the symbols of one shop's code in both forms, and signs for it; says which files.
pub(super) async fn write(stage: &Stage, folder: &Path) -> Result<Vec<PathBuf>, PicturesError> {
    fs::create_dir_all(folder)?;
    let url = &stage.street.code;
    let emv = in_emv(stage).await?;
    let mut written = Vec::new();
    for (name, code) in [("symbol-url.svg", url), ("symbol-emv.svg", &emv)] {
        let symbol = Symbol::new(&code.text, Level::M)?;
        let picture = svg::render(&symbol, QuietZone::default());
        written.push(kept(folder, name, picture.as_bytes())?);
    }
    for (template, lang, code, form) in [
        (Template::StandA6, PrintLang::Zh, url, "url"),
        (Template::StandA6, PrintLang::En, &emv, "emv"),
        (Template::Sticker60, PrintLang::En, url, "url"),
        (Template::Receipt58, PrintLang::Zh, url, "url"),
    ] {
        let file = sign(stage, &code.id, template, lang).await?;
        let name = format!("{template}-{lang}-{form}.png");
        written.push(kept(folder, &name, &file)?);
    }
    Ok(written)
}

/// The same shop's code in EMV's form, with accounts in other networks beside ours.
async fn in_emv(stage: &Stage) -> Result<PrintedCode, PicturesError> {
    let accounts = NETWORK_ACCOUNTS.iter().map(|json| json.parse());
    let accounts = accounts
        .collect::<Result<_, _>>()
        .map_err(PicturesError::Data)?;
    let (app, shop) = (stage.app(), &stage.street.noodles);
    let mut tx = app.db.begin().await?;
    let new = NewCode {
        merchant: shop.merchant.clone(),
        store: shop.store.clone(),
        counter: shop.counters.first().cloned(),
        kind: CodeKind::Static,
        class: CodeClass::Business,
        amount: None,
        currency: Currency::CNY,
        form: NewForm::Emv {
            accounts,
            adopted: Vec::new(),
        },
        expires_at: None,
        payment: None,
    };
    let code = issue::issue(app, &mut tx, new).await?;
    tx.commit().await?;
    Ok(code)
}

async fn sign(
    stage: &Stage,
    code: &CodeId,
    template: Template,
    lang: PrintLang,
) -> Result<Vec<u8>, PicturesError> {
    let order = Order {
        merchant: stage.street.noodles.merchant.clone(),
        codes: vec![code.clone()],
        wish: Wish {
            template,
            lang,
            level: None,
            ink: Rgb::BLACK,
            paper: Rgb::WHITE,
            logo: None,
            distance: None,
            copies: None,
        },
        format: PrintFormat::Png,
        dpi: DPI,
    };
    Ok(print::print(stage.app(), order).await?.file)
}

fn kept(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, bytes)?;
    Ok(path)
}
