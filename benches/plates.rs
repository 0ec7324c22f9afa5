//! How many blank plates a second are made ready for a printing house, and in how much memory, beside
//! what cannot be left out: encoding their symbols with the `qrcode` crate and nothing else.
//!
//! ```text
//! cargo bench --bench plates                       10,000 plates
//! cargo bench --bench plates -- --plates 100000    … a whole batch
//! ```
//!
//! Two parts at a time, as the command prints them, each written to a file. Where the machine is busy
//! with something else, the processor's seconds tell more than those that passed: half of them, on
//! two cores, and the ratio is of these. Needs a font with Chinese.
//! Peak memory is what the process took at most (Linux: `VmHWM`) beyond what it had before.
#![expect(
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot be made stops, and ratios are fractions"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use tongma::app::{FontFiles, FontShelf};
use tongma::clock::{Stopwatch, thread_time};
use tongma::print::plates::{self, PlateFormat, PlateTemplate, PlateWish};
use tongma::print::{Blank, Fonts, PrintLang};
use tongma::qr::symbol::{Level, Symbol};

/// What two cores should do: 10,000 plates in 20 seconds.
const GOAL: f64 = 500.0;
/// Parts that are made at once.
const AT_ONCE: usize = 2;

/// What `cargo bench` passes on.
#[derive(Debug, Parser)]
struct Asked {
    /// How many plates.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    plates: u32,
    /// Cargo says so.
    #[arg(long)]
    bench: bool,
}

/// What was measured of one kind of print.
struct Row {
    name: String,
    seconds: f64,
    cpu_seconds: f64,
    peak_mib: f64,
    bytes: u64,
}

fn main() {
    let asked = Asked::parse();
    let files = FontShelf::of_system().files();
    let files = files.expect("a font with Chinese");
    let folder = tempfile::tempdir().expect("a folder");
    println!(
        "{:<20} {:>8} {:>8} {:>9} {:>7} {:>9} {:>12}  goal {GOAL:.0} plates a second of PDF",
        "", "seconds", "of cpu", "plates/s", "ratio", "peak MiB", "bytes/plate"
    );
    let alone = measured("qrcode alone".to_owned(), asked.plates, &|blanks, _| {
        for blank in blanks {
            black_box(Symbol::new(&blank.text, Level::M).expect("a symbol"));
        }
        0
    });
    show(&alone, &alone, asked.plates);
    for (format, template) in [
        (PlateFormat::Pdf, PlateTemplate::Sticker60),
        (PlateFormat::Pdf, PlateTemplate::StandA6),
        (PlateFormat::Svg, PlateTemplate::Sticker60),
        (PlateFormat::Png, PlateTemplate::Sticker60),
        (PlateFormat::Csv, PlateTemplate::Sticker60),
    ] {
        let wish = wish(format, template);
        let row = measured(
            format!("{format} {template}"),
            asked.plates,
            &|blanks, part| written(blanks, &wish, &files, &folder.path().join(part.to_string())),
        );
        show(&row, &alone, asked.plates);
    }
}

fn show(row: &Row, alone: &Row, plates: u32) {
    let rate = f64::from(plates) / row.seconds;
    let verdict = match row.name.starts_with("pdf") {
        true if rate >= GOAL => "met",
        true => "MISSED",
        false => "",
    };
    println!(
        "{:<20} {:>8.2} {:>8.2} {rate:>9.0} {:>7.3} {:>9.1} {:>12}  {verdict}",
        row.name,
        row.seconds,
        row.cpu_seconds,
        alone.cpu_seconds / row.cpu_seconds,
        row.peak_mib,
        row.bytes / u64::from(plates),
    );
}

/// All parts, some at once; `work` answers how many bytes a part has.
fn measured(name: String, plates: u32, work: &(dyn Fn(&[Blank], u32) -> u64 + Sync)) -> Row {
    let next = AtomicU32::new(1);
    let bytes = AtomicU64::new(0);
    let cpu_us = AtomicU64::new(0);
    let before = forget_peak();
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let part = next.fetch_add(1, Ordering::Relaxed);
                    let Some(numbers) = plates::numbers(plates, part) else {
                        break;
                    };
                    let blanks: Vec<Blank> = numbers.map(blank).collect();
                    bytes.fetch_add(work(&blanks, part), Ordering::Relaxed);
                }
                let used = u64::try_from(thread_time().as_micros()).expect("a time");
                cpu_us.fetch_add(used, Ordering::Relaxed);
            });
        }
    });
    Row {
        name,
        seconds: watch.elapsed().as_secs_f64(),
        cpu_seconds: Duration::from_micros(cpu_us.into_inner()).as_secs_f64(),
        peak_mib: (kib("VmHWM") - before) / 1_024.0,
        bytes: bytes.into_inner(),
    }
}

fn written(blanks: &[Blank], wish: &PlateWish, files: &FontFiles, path: &Path) -> u64 {
    let fonts = Fonts::open(&files.regular, &files.bold).expect("fonts");
    let part = plates::write(blanks, wish, "bat_1", &fonts, &|| false);
    let part = part.expect("a part");
    std::fs::write(path, &part).expect("a file");
    u64::try_from(part.len()).expect("a length")
}

fn wish(format: PlateFormat, template: PlateTemplate) -> PlateWish {
    PlateWish {
        format,
        template,
        lang: PrintLang::Zh,
        dpi: 300,
        pixels_max: u64::MAX,
        claims: true,
        host: "pay.example.com".to_owned(),
        bind_url: "https://pay.example.com/plates/bind".to_owned(),
        is_test: false,
    }
}

/// A plate whose text is as long as that of a usual host, and no two alike.
fn blank(number: u32) -> Blank {
    let mut state = number.wrapping_mul(0x9e37_79b1).max(1);
    let mut letters = |count: usize| -> String {
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            char::from_digit(10 + state % 26, 36).expect("a letter")
        };
        let text: String = (0..count).map(letter).collect();
        text.to_ascii_uppercase()
    };
    Blank {
        number,
        text: format!("HTTPS://PAY.EXAMPLE.COM/Q/{}", letters(136)),
        short_id: format!("{}-{}", letters(4), letters(4)),
        claim: format!("{}-{}", letters(5), letters(5)),
    }
}

/// Has the kernel begin a new peak, and tells what there is now.
fn forget_peak() -> f64 {
    // Where that is not allowed, peaks are those of all rows before as well.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    kib("VmRSS")
}

/// What the kernel says of this process, in KiB; nothing where there is no such kernel.
fn kib(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().nth(1));
    number.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}
