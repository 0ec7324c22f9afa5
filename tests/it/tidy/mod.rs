//! The rules that the compiler does not know, read from the source text: so the picture of the
//! layers in `lib.rs` stays true. Each rule has a test beside it that feeds it a violation.
#![expect(
    clippy::string_slice,
    reason = "every index was found by a search in the same text"
)]

mod crates;
mod fields;
mod habits;
mod layers;
mod places;
mod source;

use std::fmt::Write as _;

use source::{File, Finding};

#[test]
fn imports_never_run_upwards() {
    keep(layers::imports);
}

#[test]
fn pure_modules_do_no_input_or_output() {
    keep(layers::purity);
}

#[test]
fn sql_stands_in_one_folder() {
    keep(places::sql);
}

#[test]
fn status_codes_stand_in_one_folder() {
    keep(places::status);
}

#[test]
fn sockets_and_write_transactions_have_owners() {
    keep(places::owners);
}

#[test]
fn wallets_are_named_in_their_own_files() {
    keep(places::wallet_names);
}

#[test]
fn lines_of_the_log_have_fields_that_are_promised() {
    keep(fields::unknown);
}

#[test]
fn files_are_short() {
    keep(habits::size);
}

#[test]
fn banned_words_do_not_occur() {
    keep(habits::banned_words);
}

#[test]
fn nothing_is_imported_by_glob() {
    keep(habits::glob_imports);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    keep(|file| habits::machine_paths(file, env!("CARGO_MANIFEST_DIR")));
}

#[test]
fn every_wallet_is_in_the_table() {
    let files = source::ours();
    let table = files.iter().find(|file| file.path == "src/wallet/mod.rs");
    let table = table.map_or("", |file| file.code.as_str());
    keep(|file| habits::in_the_table(file, table));
}

#[test]
fn nothing_that_is_banned_is_linked() {
    let read = |name: &str| {
        std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (lock, deny) = (read("Cargo.lock"), read("deny.toml"));
    assert_eq!(crates::banned(&lock, &deny), Vec::<String>::new());
}

/// Holds one rule against every file of ours.
fn keep(rule: impl Fn(&File) -> Vec<Finding>) {
    let files = source::ours();
    assert!(
        files.iter().any(|file| file.path == "src/lib.rs"),
        "the source is read"
    );
    let mut broken = String::new();
    for file in &files {
        for Finding { line, what } in rule(file) {
            write!(broken, "\n{}:{line}: {what}", file.path).unwrap();
        }
    }
    assert!(broken.is_empty(), "{broken}");
}
