//! Printed pages as others see them: Debian's `poppler-utils` reads our PDF.

use std::path::Path;
use std::process::Command;

/// What `pdfinfo` and `pdffonts` say about a file.
pub(crate) struct Paper {
    /// The first page's width and height in hundredths of a millimetre.
    pub(crate) size: (i64, i64),
    pub(crate) pages: usize,
    /// Whether each font in it is embedded, a subset, and can be copied out as text.
    pub(crate) fonts: Vec<[bool; 3]>,
    /// What can be copied out.
    pub(crate) text: String,
}

/// Has others look at a PDF.
pub(crate) fn look_at(pdf: &[u8]) -> Paper {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("print.pdf");
    std::fs::write(&file, pdf).unwrap();
    let info = said("pdfinfo", &[], &file, &[]);
    let value = |name: &str| {
        let mut lines = info.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found
            .unwrap_or_else(|| panic!("no {name} in {info}"))
            .trim()
    };
    let size = value("Page size").trim_end_matches(" (A4)");
    let (width, height) = size.trim_end_matches(" pts").split_once(" x ").unwrap();
    let fonts = said("pdffonts", &[], &file, &[]);
    let yes = |line: &str| {
        // Name, type and encoding have blanks; from behind: number, generation, uni, sub, emb.
        let words: Vec<&str> = line.split_whitespace().rev().collect();
        [words[4], words[3], words[2]].map(|word| word == "yes")
    };
    Paper {
        size: (hundredths(width), hundredths(height)),
        pages: value("Pages").parse().unwrap(),
        fonts: fonts.lines().skip(2).map(yes).collect(),
        text: said("pdftotext", &["-raw"], &file, &["-"]),
    }
}

/// The first page as a PNG, so many dots an inch.
pub(crate) fn drawn(pdf: &[u8], dpi: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("print.pdf");
    std::fs::write(&file, pdf).unwrap();
    let dpi = dpi.to_string();
    let picture = folder.path().join("page");
    let options = ["-png", "-singlefile", "-r", &dpi];
    said("pdftoppm", &options, &file, &[picture.to_str().unwrap()]);
    std::fs::read(picture.with_extension("png")).unwrap()
}

/// All pages as PNGs, so many dots an inch.
pub(crate) fn all_drawn(pdf: &[u8], dpi: u32) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("print.pdf");
    std::fs::write(&file, pdf).unwrap();
    let dpi = dpi.to_string();
    let picture = folder.path().join("page");
    let options = ["-png", "-gray", "-r", &dpi];
    said("pdftoppm", &options, &file, &[picture.to_str().unwrap()]);
    let found = std::fs::read_dir(folder.path()).unwrap();
    let mut pages: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "png"));
    // Numbers are filled up with zeros.
    pages.sort();
    pages
        .into_iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// What can be copied out of some pages, from 1.
pub(crate) fn text_of(pdf: &[u8], from: usize, to: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("print.pdf");
    std::fs::write(&file, pdf).unwrap();
    let [from, to] = [from, to].map(|page| page.to_string());
    let options = ["-layout", "-f", &from, "-l", &to];
    said("pdftotext", &options, &file, &["-"])
}

/// What stands in a rectangle of the first page, in tenths of a millimetre: a picture of it and what
/// can be copied out.
pub(crate) fn cut_out(pdf: &[u8], [x, y, width, height]: [i64; 4]) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("print.pdf");
    std::fs::write(&file, pdf).unwrap();
    let [x, y, width, height] = [x, y, width, height].map(|tenths| tenths.to_string());
    // At 254 dots an inch, a dot is a tenth of a millimetre.
    let place = [
        "-r", "254", "-f", "1", "-l", "1", "-x", &x, "-y", &y, "-W", &width, "-H", &height,
    ];
    let picture = folder.path().join("piece");
    let drawn = [&["-png", "-singlefile"], &place[..]].concat();
    said("pdftoppm", &drawn, &file, &[picture.to_str().unwrap()]);
    let text = said("pdftotext", &place, &file, &["-"]);
    (std::fs::read(picture.with_extension("png")).unwrap(), text)
}

fn said(program: &str, before: &[&str], file: &Path, behind: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(before).arg(file).args(behind).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{program} does not start ({error}); tests/run installs what is missing")
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Points, 72 to an inch, as hundredths of a millimetre.
fn hundredths(points: &str) -> i64 {
    let (whole, part) = points.split_once('.').unwrap_or((points, ""));
    let thousandths: i64 = format!("{whole}{part:0<3}").parse().unwrap();
    (thousandths * 2_540 + 36_000) / 72_000
}
