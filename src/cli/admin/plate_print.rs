//! `tongma plate print`: a batch as files for a printing house, as many as it has parts.
//!
//! A part gets its name when it is whole and on the disk, so what has its name need not be made again:
//! a print that was stopped goes on where it was, by the same command. The manifest says from the
//! beginning what else is in every part, so that parts of two prints are not taken for one.

use std::fs::{self, OpenOptions};
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::str::FromStr;
use std::task::Poll;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use crate::app::App;
use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::cli::progress::Progress;
use crate::cli::serve::StopSignal;
use crate::crypto::digest::sha256_hex;
use crate::flow::FlowError;
use crate::flow::print_plates::{self, Asked, Order};
use crate::id::PlateBatchId;
use crate::print::plates::{self, PlateFormat, PlateTemplate};
use crate::print::{PrintLang, png};

/// Parts that are made at once; memory for as many is needed.
const AT_ONCE: usize = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which batch
    batch: PlateBatchId,
    /// pdf, png, svg or csv
    #[arg(long, default_value = "pdf")]
    format: PlateFormat,
    /// sticker-60, sticker-80, stand-a6, stand-a5, poster-a4 or tent
    #[arg(long, default_value = "sticker-60")]
    template: PlateTemplate,
    /// zh or en
    #[arg(long, default_value = "zh")]
    lang: PrintLang,
    /// Dots an inch, of PNG
    #[arg(long, default_value_t = png::DPI, value_parser = clap::value_parser!(u32).range(72..=1200))]
    dpi: u32,
    /// The folder that the files are put into; parts that are there already are not made again
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these parts, such as 3-7 or 12
    #[arg(long, value_name = "PARTS")]
    parts: Option<Parts>,
    /// Leave claim secrets out, for a printing house that is not to know them
    #[arg(long)]
    without_claims: bool,
}

/// Some parts of a batch that lie behind each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts(RangeInclusive<u32>);

impl Args {
    /// Prints, and answers the manifest.
    pub(super) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        let app = desk.app().await?;
        let mut tx = desk.db.read().await?;
        let found = crate::db::plate_batches::find(&mut tx, &self.batch).await?;
        tx.commit().await?;
        let missing = || CliError::NotFound("plate batch", self.batch.to_string());
        let asked = Asked {
            format: self.format,
            template: self.template,
            lang: self.lang,
            dpi: self.dpi,
            // Whoever is at the machine may wait.
            pixels_max: u64::MAX,
            claims: !self.without_claims,
        };
        let order = Order::new(&app, found.ok_or_else(missing)?, asked)?;
        let wanted = self.wanted(order.parts())?;
        let refused = |error| CliError::File(self.out.display().to_string(), error);
        fs::create_dir_all(&self.out).map_err(refused)?;
        let made_with = made_with(&app, &order)?;
        self.begin(&order, &made_with)?;
        self.print(desk, &app, &order, wanted).await?;
        self.manifest(desk, &order, &made_with)
    }

    /// Notes what the parts are made with before the first is; those that are there must have been made
    /// with the same.
    fn begin(&self, order: &Order, made_with: &Value) -> Result<(), CliError> {
        let has_parts =
            (1..=order.parts()).any(|part| self.out.join(order.file_name(part)).exists());
        let path = self.out.join(order.manifest_name());
        if !has_parts {
            let begun = json!({"batch": order.batch.id, "made_with": made_with});
            return write_manifest(&path, &begun);
        }
        let known = fs::read(&path).unwrap_or_default();
        let known: Value = serde_json::from_slice(&known).unwrap_or_default();
        let known = known.get("made_with").unwrap_or(&Value::Null);
        if known == made_with {
            return Ok(());
        }
        Err(CliError::Taken(format!(
            "{} has parts that were made with {known}, and these would be made with {made_with}: print \
             into another folder, or take those parts away",
            self.out.display()
        )))
    }

    /// The parts that are asked for.
    fn wanted(&self, parts: u32) -> Result<RangeInclusive<u32>, CliError> {
        match &self.parts {
            None => Ok(1..=parts),
            Some(Parts(asked)) if *asked.end() <= parts => Ok(asked.clone()),
            Some(_) => Err(CliError::Usage(format!(
                "--parts: this batch has 1 to {parts}"
            ))),
        }
    }

    async fn print(
        &self,
        desk: &Desk,
        app: &App,
        order: &Order,
        wanted: RangeInclusive<u32>,
    ) -> Result<(), CliError> {
        let is_missing = |part: &u32| !self.out.join(order.file_name(*part)).exists();
        let plates_of =
            |part: u32| plates::numbers(order.batch.count, part).map_or(0, Iterator::count);
        let missing: Vec<u32> = wanted.filter(is_missing).collect();
        let count = missing.iter().map(|part| plates_of(*part)).sum();
        let signal = |error| CliError::File("signals".to_owned(), error);
        let mut stop = StopSignal::listen().map_err(signal)?;
        let each = stream::iter(missing).map(|part| async move {
            let printed = print_plates::part(app, order, part).await?;
            let path = self.out.join(&printed.name);
            let refused = |error| CliError::File(path.display().to_string(), error);
            keep(&path, &printed.file, !self.without_claims).map_err(refused)?;
            Ok::<u32, CliError>(part)
        });
        let mut each = pin!(each.buffer_unordered(AT_ONCE));
        let mut told = pin!(stop.told());
        // A signal is heard from the first time on that it is waited for.
        let is_told = poll_fn(|context| Poll::Ready(told.as_mut().poll(context).is_ready()));
        if is_told.await {
            return Err(CliError::Stopped);
        }
        let mut progress = Progress::start("plates", count, desk.json);
        loop {
            let done = tokio::select! {
                done = each.next() => done,
                // Those that are under way stop before their next plate, and leave nothing behind.
                () = &mut told => return Err(CliError::Stopped),
            };
            match done {
                Some(part) => progress.moved(plates_of(part?)),
                None => return Ok(()),
            }
        }
    }

    /// What lies in the folder now, written there as well.
    fn manifest(&self, desk: &Desk, order: &Order, made_with: &Value) -> Result<Value, CliError> {
        let mut files = Vec::new();
        let mut missing = Vec::new();
        for part in 1..=order.parts() {
            let name = order.file_name(part);
            let path = self.out.join(&name);
            if !path.exists() {
                missing.push(part);
                continue;
            }
            let refused = |error| CliError::File(path.display().to_string(), error);
            let file = fs::read(&path).map_err(refused)?;
            let numbers = plates::numbers(order.batch.count, part).unwrap_or(0..=0);
            files.push(json!({
                "part": part, "file": name, "first": numbers.start(), "last": numbers.end(),
                "bytes": file.len(), "sha256": sha256_hex(&file),
            }));
        }
        let mut manifest = json!({
            "batch": order.batch.id, "plates": order.batch.count, "parts": order.parts(),
            "format": self.format, "template": self.template, "lang": self.lang,
            "claims": !self.without_claims, "made_with": made_with, "missing": missing,
            "files": files,
        });
        let path = self.out.join(order.manifest_name());
        write_manifest(&path, &manifest)?;
        if let Some(fields) = manifest.as_object_mut() {
            fields.insert("manifest".to_owned(), json!(path));
            // People read the file.
            if !desk.json {
                fields.insert("files".to_owned(), json!(files.len()));
            }
        }
        Ok(manifest)
    }
}

fn write_manifest(path: &Path, manifest: &Value) -> Result<(), CliError> {
    let refused = |error| CliError::File(path.display().to_string(), error);
    keep(path, format!("{manifest:#}\n").as_bytes(), false).map_err(refused)
}

/// What is in every part besides its plates. The batch has its key for good.
fn made_with(app: &App, order: &Order) -> Result<Value, CliError> {
    let fonts = if order.wish.format == PlateFormat::Csv {
        None
    } else {
        let files = app.fonts.files().map_err(FlowError::from)?;
        let sums = [&files.regular, &files.bold].map(|font| sha256_hex(&font.bytes));
        Some(sums)
    };
    Ok(json!({"address": app.origin.to_string(), "test": order.wish.is_test, "fonts": fonts}))
}

/// Gives a file its name when it is whole and on the disk; a secret one is nobody else's to read.
fn keep(path: &Path, bytes: &[u8], is_secret: bool) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.unfinished"));
    let written =
        write_through(&unfinished, bytes, is_secret).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // There may be no room for it; what is left of it helps nobody.
        drop(fs::remove_file(&unfinished));
    }
    written
}

fn write_through(path: &Path, bytes: &[u8], is_secret: bool) -> io::Result<()> {
    // One that a power cut left may be anybody's to read.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl FromStr for Parts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let part = |text: &str| text.parse::<u32>().ok().filter(|part| *part > 0);
        match (part(from), part(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self(from..=to)),
            (_, _) => Err("must be a part or a range of parts, such as 12 or 3-7".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_or_a_range_from_one() {
        assert_eq!("12".parse(), Ok(Parts(12..=12)));
        assert_eq!("3-7".parse(), Ok(Parts(3..=7)));
        for wrong in [
            "",
            "0",
            "0-3",
            "7-3",
            "3-",
            "-3",
            "a",
            "1-2-3",
            "99999999999",
        ] {
            assert!(wrong.parse::<Parts>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_kept_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.pdf");
        keep(&path, b"whole", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Claim secrets are in it, whatever the umask.
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        let taken = folder.path().join("taken.pdf");
        fs::create_dir(&taken).unwrap();
        assert!(keep(&taken, b"whole", true).is_err());
        let names = fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 2);
    }
}
