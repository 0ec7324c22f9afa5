//! How many codes are read in photographs, and how fast, beside zxing-cpp with all its flags.
//!
//!     cargo bench --bench photos                     pictures drawn from seed 1, which the reader was
//!                                                    tuned on
//!     cargo bench --bench photos -- --seed 20261201  … from another
//!     cargo bench --bench photos -- --folder FOLDER  one's own, with their `expected.json`
//!
//! Needs the peers that `tests/run` installs. Both are timed alike: the thread's processor time from
//! a file in memory to its texts, unpacking and all; theirs is unpacked by Pillow. Each picture is
//! read once.
#![expect(
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a program for people at their own desk"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use serde::Deserialize;
use tongma::clock::thread_time;
use tongma::qr::read;

/// What `cargo bench` passes on.
#[derive(Debug, Parser)]
struct Asked {
    /// Pictures and their expected.json.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// What the pictures are drawn from, where no folder is given.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many pictures of each class are drawn.
    #[arg(long, default_value_t = 20)]
    each: u32,
    /// Cargo says so.
    #[arg(long)]
    bench: bool,
}

#[derive(Debug, Deserialize)]
struct Expected {
    file: String,
    class: String,
    texts: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Theirs {
    file: String,
    texts: Vec<String>,
    ms: f64,
}

#[derive(Debug, Default)]
struct Row {
    codes: usize,
    ours: usize,
    theirs: usize,
    wrong: usize,
    ours_ms: Vec<f64>,
    theirs_ms: Vec<f64>,
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.codes += other.codes;
        self.ours += other.ours;
        self.theirs += other.theirs;
        self.wrong += other.wrong;
        self.ours_ms.extend(&other.ours_ms);
        self.theirs_ms.extend(&other.theirs_ms);
    }

    fn print(&self, name: &str) {
        let [median, theirs] = [&self.ours_ms, &self.theirs_ms].map(|times| middle(times));
        let worst = self.ours_ms.iter().copied().fold(0.0, f64::max);
        let Self {
            codes,
            ours,
            theirs: theirs_read,
            wrong,
            ..
        } = self;
        println!(
            "{name:14} {codes:6} {ours:6} {theirs_read:6} {wrong:6} {median:9.1} {worst:9.1} {theirs:9.1}"
        );
    }
}

fn middle(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn main() {
    let asked = Asked::parse();
    let folder = asked.folder.clone().unwrap_or_else(|| drawn(&asked));
    let expected: Vec<Expected> = parsed(&std::fs::read(folder.join("expected.json")).unwrap());
    let theirs = theirs(&folder);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for picture in &expected {
        let file = std::fs::read(folder.join(&picture.file)).unwrap();
        let before = thread_time();
        let is_late = || thread_time().saturating_sub(before) > read::CPU_MAX;
        let found = read::read(&file, &is_late).unwrap_or_default();
        let elapsed = thread_time().saturating_sub(before);
        let ours: Vec<String> = found.into_iter().map(|found| found.text).collect();
        let peer = &theirs[&picture.file];
        let row = rows.entry(&picture.class).or_default();
        let read_by = |texts: &[String]| picture.texts.iter().filter(|t| texts.contains(t)).count();
        row.codes += picture.texts.len();
        row.ours += read_by(&ours);
        row.theirs += read_by(&peer.texts);
        row.wrong += ours.iter().filter(|t| !picture.texts.contains(t)).count();
        row.ours_ms.push(elapsed.as_secs_f64() * 1_000.0);
        row.theirs_ms.push(peer.ms);
    }
    println!("Processor time of one thread, from a file in memory to its texts.");
    println!(
        "{:14} {:>6} {:>6} {:>6} {:>6} {:>9} {:>9} {:>9}",
        "class", "codes", "ours", "zxing", "wrong", "median ms", "worst ms", "zxing ms"
    );
    let mut all = Row::default();
    for (class, row) in &rows {
        row.print(class);
        all.add(row);
    }
    all.print("all");
    println!(
        "read {:.3} of what zxing-cpp reads (goal 1.05), in {:.2} of its median time (goal 2)",
        ratio(all.ours, all.theirs),
        middle(&all.ours_ms) / middle(&all.theirs_ms).max(f64::EPSILON)
    );
}

fn ratio(ours: usize, theirs: usize) -> f64 {
    let [ours, theirs] = [ours, theirs].map(|count| f64::from(u32::try_from(count).unwrap()));
    ours / theirs.max(1.0)
}

fn parsed<T: serde::de::DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).unwrap()
}

fn peer() -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new(root.join("tests/.peers/venv/bin/python"));
    python.arg(root.join("tests/peers/photos.py"));
    python
}

fn drawn(asked: &Asked) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("photos");
    let mut python = peer();
    python.arg("make").arg(&folder);
    python.args(["--seed", &asked.seed.to_string()]);
    python.args(["--each", &asked.each.to_string()]);
    assert!(python.status().unwrap().success());
    folder
}

fn theirs(folder: &Path) -> BTreeMap<String, Theirs> {
    let answered = peer().arg("read").arg(folder).output().unwrap();
    assert!(answered.status.success());
    let lines = answered.stdout.split(|byte| *byte == b'\n');
    let read = lines.filter(|line| !line.is_empty()).map(parsed::<Theirs>);
    read.map(|theirs| (theirs.file.clone(), theirs)).collect()
}
