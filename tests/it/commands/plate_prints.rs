//! What an operator prints for a printing house, is interrupted in, and goes on with.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::{Desk, said};
use crate::support::paper::all_drawn;
use crate::support::{Backend, on_both, read_symbols, rows};

fn print<'a>(batch: &'a str, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let words = ["plate", "print", batch, "--out", out.to_str().unwrap()];
    [&words[..], more].concat()
}

/// The names in a folder, those that are hidden as well.
fn names(folder: &Path) -> Vec<String> {
    let found = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What it said about its progress.
fn steps(output: &Output) -> Vec<Value> {
    let said = said(output);
    let lines = said.lines().filter(|line| line.contains("\"percent\""));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn a_batch_is_printed_into_a_folder_and_goes_on_where_it_was(backend: Backend) {
    let desk = Desk::new(backend).await;
    let batch = desk.makes(&["plate", "create", "1000"]);
    let out = desk.home.path().join("print");
    let words = print(&batch, &out, &["--format", "csv"]);

    let some = desk.does(&print(&batch, &out, &["--format", "csv", "--parts", "2-3"]));
    assert_eq!(some["missing"], json!([1]));
    let second = format!("{batch}-2-of-3.csv");
    let kept = std::fs::read(out.join(&second)).unwrap();
    let output = desk.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // Of 1000 plates, 480 were missing.
    let told = steps(&output);
    let last = told.last().unwrap();
    assert_eq!((&last["all"], &last["percent"]), (&json!(480), &json!(100)));
    let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&manifest["plates"], &manifest["parts"]),
        (&json!(1000), &json!(3))
    );
    assert_eq!(manifest["missing"], json!([]));

    // One that was lost is made again, the same as it was.
    std::fs::remove_file(out.join(&second)).unwrap();
    let again = desk.does(&words);
    assert_eq!(again, manifest);
    assert!(std::fs::read(out.join(&second)).unwrap() == kept);
    assert!(steps(&desk.command(&words).output().unwrap()).is_empty());
    let files = manifest["files"].as_array().unwrap();
    for file in files {
        let name = out.join(file["file"].as_str().unwrap());
        let sum = Command::new("sha256sum").arg(&name).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert_eq!(sum.split_whitespace().next(), file["sha256"].as_str());
        let found = rows(&std::fs::read(&name).unwrap());
        assert_eq!(found[0]["number"], file["first"].to_string());
        assert_eq!(found.last().unwrap()["number"], file["last"].to_string());
    }
    let written = std::fs::read(manifest["manifest"].as_str().unwrap()).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["files"], manifest["files"]);
    assert_eq!(names(&out).len(), 4);

    desk.refuses(&print(&batch, &out, &["--parts", "3-4"]), 2, "1 to 3");
    desk.refuses(&print(&batch, &out, &["--parts", "0"]), 2, "3-7");
    let roll = ["--template", "receipt-58"];
    desk.refuses(&print(&batch, &out, &roll), 2, "stand-a6");
    let nobody = "bat_00000000000000000000000000";
    desk.refuses(&print(nobody, &out, &[]), 1, nobody);
}

async fn parts_of_two_addresses_are_not_taken_for_one_print(backend: Backend) {
    let desk = Desk::new(backend).await;
    let batch = desk.makes(&["plate", "create", "500"]);
    let out = desk.home.path().join("print");
    let first = ["--format", "csv", "--parts", "1"];
    let wrong = [&first[..], &["--set", "public_url=https://old.example"]].concat();
    let told = desk.does(&print(&batch, &out, &wrong));
    assert_eq!(told["made_with"]["address"], "https://old.example");
    let right = ["--format", "csv", "--set", "public_url=https://pay.example"];
    let words = print(&batch, &out, &right);
    desk.refuses(&words, 1, "https://old.example");
    // Nor where nobody knows what its parts were made with.
    std::fs::remove_file(told["manifest"].as_str().unwrap()).unwrap();
    desk.refuses(&words, 1, "take those parts away");
    std::fs::remove_file(out.join(format!("{batch}-1-of-2.csv"))).unwrap();
    let told = desk.does(&words);
    assert_eq!(told["missing"], json!([]));
    for file in told["files"].as_array().unwrap() {
        let table = std::fs::read(out.join(file["file"].as_str().unwrap())).unwrap();
        let text = rows(&table)[0]["text"]
            .as_str()
            .unwrap()
            .to_ascii_lowercase();
        assert!(text.starts_with("https://pay.example/"), "{text}");
    }
}

async fn a_file_of_each_form_has_its_plates(backend: Backend) {
    let desk = Desk::new(backend).await;
    let batch = desk.makes(&["plate", "create", "13"]);
    let out = desk.home.path().join("print");
    let table = desk.does(&print(&batch, &out, &["--format", "csv"]));
    let file = |manifest: &Value| {
        let name = manifest["files"][0]["file"].as_str().unwrap();
        std::fs::read(out.join(name)).unwrap()
    };
    let table = rows(&file(&table));
    let mut texts: Vec<&str> = table
        .iter()
        .map(|row| row["text"].as_str().unwrap())
        .collect();
    texts.sort_unstable();
    let pdf = desk.does(&print(&batch, &out, &["--lang", "en", "--without-claims"]));
    let mut read = read_symbols(&all_drawn(&file(&pdf), 200)).concat();
    read.sort();
    assert_eq!(read, texts);
    assert_eq!(pdf["claims"], false);
    for format in ["png", "svg"] {
        desk.does(&print(&batch, &out, &["--format", format, "--dpi", "150"]));
    }
    let endings = [
        "-150dpi-1-of-1.png.zip",
        "-1-of-1.svg.zip",
        "-en-no-claims-1-of-1.pdf",
        "-1-of-1.csv",
    ];
    let found = names(&out);
    assert_eq!(found.len(), 2 * endings.len(), "{found:?}");
    for ending in endings {
        assert!(found.iter().any(|name| name.ends_with(ending)), "{found:?}");
    }
}

on_both![
    a_batch_is_printed_into_a_folder_and_goes_on_where_it_was,
    parts_of_two_addresses_are_not_taken_for_one_print,
    a_file_of_each_form_has_its_plates,
];

/// Ten parts of large pictures, of which none is whole at once.
#[tokio::test]
async fn a_print_that_is_interrupted_leaves_whole_files_only() {
    let desk = Desk::new(Backend::Sqlite).await;
    let batch = desk.makes(&["plate", "create", "4800"]);
    let out = desk.home.path().join("print");
    let table = print(&batch, &out, &["--format", "csv", "--parts", "1"]);
    desk.does(&table);
    let before = names(&out);
    let words = print(&batch, &out, &["--format", "png", "--dpi", "1000"]);
    let mut child = desk
        .command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut begun = String::new();
    // It says that it begins when it hears signals.
    told.read_line(&mut begun).unwrap();
    assert!(begun.contains("\"all\":4800"), "{begun}");
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "INT", &id]).status();
    assert!(sent.unwrap().success());
    let mut said = String::new();
    told.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("goes on with what is missing"), "{said}");
    assert!(output.stdout.is_empty());
    // What it was to be made with is known all the same.
    let mut left = names(&out);
    left.retain(|name| !name.ends_with("-1000dpi.png.manifest.json"));
    assert_eq!(left, before);
}
