//! Reads our files, and takes Rust apart into code, strings and comments: enough to judge by, not a
//! parser.

use std::path::{Path, PathBuf};

/// One file of the project.
pub(super) struct File {
    /// From the project's root, with `/`.
    pub(super) path: String,
    /// As it stands.
    pub(super) text: String,
    /// Without comments and with strings emptied; same lines. Empty unless it is Rust.
    pub(super) code: String,
    /// What the string literals hold, with their lines.
    pub(super) strings: Vec<(usize, String)>,
    /// The line on which the unit tests begin.
    pub(super) tests_from: usize,
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) line: usize,
    pub(super) what: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let parts = if path.rsplit('.').next() == Some("rs") {
            take_apart(text)
        } else {
            Parts::default()
        };
        let tests_from = unit_tests_begin(&parts.code);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: parts.code,
            strings: parts.strings,
            tests_from,
        }
    }

    /// Whether it lies in this folder, or is this file.
    pub(super) fn is_in(&self, place: &str) -> bool {
        match self.path.strip_prefix(place) {
            Some(rest) => rest.is_empty() || place.ends_with('/') || rest.starts_with('/'),
            None => false,
        }
    }

    /// The module below `src` that it belongs to: `db` for `src/db/open.rs`.
    pub(super) fn module(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        Some(rest.split('/').next()?.trim_end_matches(".rs"))
    }

    /// The lines of code, unit tests included.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// The lines of code that are part of the program.
    pub(super) fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(line, _)| *line < self.tests_from)
    }

    /// The strings that are part of the program.
    pub(super) fn product_strings(&self) -> impl Iterator<Item = (usize, &str)> {
        let all = self
            .strings
            .iter()
            .map(|(line, text)| (*line, text.as_str()));
        all.filter(|(line, _)| *line < self.tests_from)
    }
}

/// All files of ours that carry text: sources, tests, pages, migrations.
pub(super) fn ours() -> Vec<File> {
    // As cargo says when it runs the tests; as it said when it built them otherwise.
    let root = std::env::var("CARGO_MANIFEST_DIR");
    let root = PathBuf::from(root.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned()));
    let mut paths = Vec::new();
    for place in [
        "src",
        "tests",
        "static",
        "migrations",
        "benches",
        "fuzz",
        ".ci",
    ] {
        walk(&root.join(place), &mut paths);
    }
    for name in [
        "README.md",
        "build.rs",
        "Cargo.toml",
        "clippy.toml",
        "deny.toml",
        "Containerfile",
    ] {
        paths.push(root.join(name));
    }
    paths.sort();
    let relative = |path: &Path| {
        path.strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    // Pictures and fonts are no text of ours; a folder that does not exist yet holds nothing.
    let read = |path: PathBuf| Some((relative(&path), std::fs::read_to_string(&path).ok()?));
    let mut files: Vec<_> = paths
        .into_iter()
        .filter_map(read)
        .map(|(path, text)| File::new(&path, &text))
        .collect();
    mark_test_files(&mut files);
    files
}

/// Files behind `#[cfg(test)] mod name;` are tests from their first line.
fn mark_test_files(files: &mut [File]) {
    let modules: Vec<String> = files.iter().flat_map(test_modules).collect();
    for file in files {
        let module = file.path.trim_end_matches(".rs");
        let below = |test: &String| module == test || module.starts_with(&format!("{test}/"));
        if modules.iter().any(below) {
            file.tests_from = 0;
        }
    }
}

/// The modules that a file declares for tests only, as paths without `.rs`.
fn test_modules(file: &File) -> Vec<String> {
    let path = file.path.trim_end_matches(".rs");
    let folder = ["/mod", "/lib", "/main"]
        .iter()
        .find_map(|end| path.strip_suffix(end));
    let folder = folder.unwrap_or(path);
    let lines: Vec<_> = file.code.lines().map(str::trim).collect();
    let declared = lines
        .windows(2)
        .filter(|two| two[0] == "#[cfg(test)]")
        .filter_map(|two| {
            let name = two[1].strip_prefix("mod ")?.strip_suffix(';')?;
            Some(format!("{folder}/{name}"))
        });
    declared.collect()
}

/// Whether `word` stands in `text` as a word of its own.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let open_start = word.starts_with(|c: char| !part_of_word(c));
        let open_end = word.ends_with(|c: char| !part_of_word(c));
        (open_start || !before.is_some_and(part_of_word))
            && (open_end || !after.is_some_and(part_of_word))
    })
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if matches!(
            name,
            ".peers"
                | "node_modules"
                | "__pycache__"
                | "package-lock.json"
                | "Cargo.lock"
                | "target"
                | "corpus"
                | "artifacts"
                | "regressions"
        ) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The line of the `#[cfg(test)]` that stands before a module written out in the file.
fn unit_tests_begin(code: &str) -> usize {
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    let opens = |line: &str| is_module_line(line) && line.ends_with('{');
    let begin = (0..lines.len()).find(|at| {
        let behind = lines[*at..]
            .iter()
            .skip(1)
            .find(|line| !line.starts_with("#["));
        lines[*at] == "#[cfg(test)]" && behind.is_some_and(|line| opens(line))
    });
    begin.map_or(usize::MAX, |index| index + 1)
}

/// `mod name`, whoever may see it.
fn is_module_line(line: &str) -> bool {
    let bare = line
        .strip_prefix("pub(")
        .and_then(|rest| rest.split_once(") "));
    bare.map_or(line, |(_, rest)| rest).starts_with("mod ")
}

#[derive(Default)]
struct Parts {
    code: String,
    strings: Vec<(usize, String)>,
}

fn take_apart(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let taken =
            if let Some(Piece { length, string }) = piece(rest, parts.code.chars().next_back()) {
                if let Some(string) = string {
                    parts.strings.push((line, string));
                    parts.code.push_str("\"\"");
                }
                let lines = rest[..length].matches('\n').count();
                parts.code.push_str(&"\n".repeat(lines));
                length
            } else {
                parts.code.push(first);
                first.len_utf8()
            };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    parts
}

/// A comment, a string or a character at the beginning of a text.
struct Piece {
    length: usize,
    string: Option<String>,
}

fn piece(rest: &str, before: Option<char>) -> Option<Piece> {
    if rest.starts_with("//") {
        return Some(Piece {
            length: rest.find('\n').unwrap_or(rest.len()),
            string: None,
        });
    }
    if rest.starts_with("/*") {
        return Some(Piece {
            length: block_comment(rest),
            string: None,
        });
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(hashes) = rest
        .strip_prefix('r')
        .filter(|_| !in_word || before == Some('b'))
    {
        let count = hashes.len() - hashes.trim_start_matches('#').len();
        if let Some(body) = hashes[count..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(count));
            let length = body.find(&end).unwrap_or(body.len());
            let whole = (2 + count + length + end.len()).min(rest.len());
            return Some(Piece {
                length: whole,
                string: Some(body[..length].to_owned()),
            });
        }
    }
    if let Some(body) = rest.strip_prefix('"') {
        let length = unescaped(body, '"');
        let whole = (length + 2).min(rest.len());
        return Some(Piece {
            length: whole,
            string: Some(body[..length].to_owned()),
        });
    }
    // 'a' and '\n' are characters; 'a without the second quote is a lifetime.
    let body = rest.strip_prefix('\'')?;
    let length = if body.starts_with('\\') {
        unescaped(body, '\'')
    } else {
        body.chars().next()?.len_utf8()
    };
    let is_closed = body
        .get(length..)
        .is_some_and(|tail| tail.starts_with('\''));
    is_closed.then(|| Piece {
        length: length + 2,
        string: Some(body[..length].to_owned()),
    })
}

/// How far it is to the closing quote.
fn unescaped(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    body.len()
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[test]
fn code_strings_and_comments_are_told_apart() {
    let text = "let a = \"one // no \\\" end\"; // two\nlet b = r#\"thr\"ee\"#; /* fo /* u */ r */ f::<'a>('\"', b\"five\")\n#[cfg(test)]\npub(super) mod tests {\n}\n";
    let file = File::new("src/x.rs", text);
    assert_eq!(
        file.code,
        "let a = \"\"; \nlet b = \"\";  f::<'a>(\"\", b\"\")\n#[cfg(test)]\npub(super) mod tests {\n}\n"
    );
    let strings: Vec<_> = file
        .strings
        .iter()
        .map(|(line, s)| (*line, s.as_str()))
        .collect();
    assert_eq!(
        strings,
        [
            (1, "one // no \\\" end"),
            (2, "thr\"ee"),
            (2, "\""),
            (2, "five")
        ]
    );
    assert_eq!(file.tests_from, 3);
}

#[test]
fn a_file_that_is_declared_for_tests_is_a_test() {
    let mut files = [
        File::new("src/qr/mod.rs", "mod png;\n#[cfg(test)]\nmod photos;\n"),
        File::new("src/qr/photos.rs", "fn f() {}"),
        File::new("src/qr/png.rs", "fn f() {}"),
    ];
    mark_test_files(&mut files);
    assert_eq!(files.map(|file| file.tests_from == 0), [false, true, false]);
}

#[test]
fn a_word_is_not_found_inside_another() {
    assert!(has_word("pays by wo_pay.", "wo_pay"));
    assert!(!has_word("two_payments", "wo_pay"));
    assert!(has_word("f(tokio::spawn)", "tokio::"));
}
