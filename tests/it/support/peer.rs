//! What other people wrote: a wallet in Python, and readers of codes and symbols.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::lines::Lines;

/// A payment institution in Python, payer and payee in one. `tests/peers/wallet.py` says what it
/// can be asked; it speaks RFC 9421 with `http-message-signatures` and JWS with `joserfc`.
pub(crate) struct PeerWallet {
    lines: Lines,
    /// Where it listens for tongma.
    pub(crate) base_url: String,
    /// Its public key.
    pub(crate) jwk: Value,
}

impl PeerWallet {
    /// An institution of this name, which finds tongma at `tongma` (empty when it needs none).
    pub(crate) async fn open(institution: &str, tongma: &str) -> Self {
        let lines = Lines::start(python("wallet.py").stderr(Stdio::inherit()));
        let opened = json!({"institution": institution, "tongma": tongma});
        let mut opened = lines.ask("open", opened).await;
        let base_url = opened["base_url"].as_str().unwrap().to_owned();
        Self {
            lines,
            base_url,
            jwk: opened["jwk"].take(),
        }
    }

    /// Has it do one of the methods of `wallet.py`; an exception there fails the test.
    pub(crate) async fn ask(&self, what: &str, arguments: Value) -> Value {
        self.lines.ask(what, arguments).await
    }

    /// The same, where its refusal is what the test is about.
    pub(crate) async fn try_ask(&self, what: &str, arguments: Value) -> Result<Value, String> {
        self.lines.try_ask(what, arguments).await
    }
}

/// What `tests/peers/verify_code.py` says about each text, knowing nothing but the JWKS.
pub(crate) fn verify_codes(jwks: &Value, texts: &[String]) -> Vec<Value> {
    judged("verify_code.py", jwks, texts)
}

/// What other people's parser of EMV's format says of codes in that form, and whether their signature
/// holds against the JWKS.
pub(crate) fn emv_forms(jwks: &Value, texts: &[String]) -> Vec<Value> {
    judged("emv_form.py", jwks, texts)
}

fn judged(script: &str, jwks: &Value, texts: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks.to_string()).unwrap();
    let input = folder.path().join("texts");
    std::fs::write(&input, texts.join("\n")).unwrap();
    let mut command = python(script);
    command
        .arg(&file)
        .stdin(std::fs::File::open(&input).unwrap());
    json_lines(&output_of(&mut command))
}

/// What `openapi-spec-validator` has against a document; nothing when it is clean.
pub(crate) fn openapi_faults(document: &Value) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let mut command = interpreter();
    command.args(["-m", "openapi_spec_validator"]).arg(&file);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (!output.status.success()).then(|| said.concat())
}

/// What `schemathesis` found when it called every operation from this ground
/// (`tests/peers/contract.py`).
pub(crate) fn explore(ground: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ground.json");
    std::fs::write(&file, ground.to_string()).unwrap();
    let said = output_of(python("contract.py").arg(&file));
    serde_json::from_str(&said).unwrap()
}

/// What one of the examples of the documentation prints, and how it ends. `settings` are its
/// variables.
pub(crate) fn example(
    file: &str,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> (Option<i32>, String) {
    let path = tests().join("../static/examples").join(file);
    let mut command = match path.extension().and_then(|kind| kind.to_str()) {
        Some("py") => interpreter(),
        Some(_) | None => Command::new("bash"),
    };
    let output = command
        .arg(&path)
        .args(arguments)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), said.concat())
}

/// The texts that `zxing-cpp` and Debian's `zbarimg` find in a picture, in this order; a
/// symbol that only one of them reads is one that some phone will not read.
pub(crate) fn read_symbol(png: &[u8]) -> [Vec<String>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("symbol.png");
    std::fs::write(&file, png).unwrap();
    let found = json_lines(&output_of(python("read_symbols.py").arg(&file)));
    let codes = found[0]["codes"].as_array().unwrap();
    let zxing = codes
        .iter()
        .map(|code| code["text"].as_str().unwrap().to_owned())
        .collect();
    [zxing, zbar(&file)]
}

/// The texts that `zxing-cpp` finds in each of many pictures.
pub(crate) fn read_symbols(pictures: &[Vec<u8>]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = python("read_symbols.py");
    for (index, picture) in pictures.iter().enumerate() {
        let file = folder.path().join(format!("{index}.png"));
        std::fs::write(&file, picture).unwrap();
        command.arg(file);
    }
    let texts = |found: &Value| {
        let codes = found["codes"].as_array().unwrap().iter();
        codes
            .map(|code| code["text"].as_str().unwrap().to_owned())
            .collect()
    };
    json_lines(&output_of(&mut command))
        .iter()
        .map(texts)
        .collect()
}

/// The files in a ZIP by their names, in its order, as Python's `zipfile` unpacks them.
pub(crate) fn unpacked(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pack.zip");
    std::fs::write(&file, zip).unwrap();
    let mut command = python("read_plates.py");
    command.arg("unpack").arg(&file).arg(folder.path());
    let listed = json_lines(&output_of(&mut command));
    let names = listed
        .iter()
        .map(|line| line["name"].as_str().unwrap().to_owned());
    names
        .map(|name| {
            let bytes = std::fs::read(folder.path().join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

/// The rows of a table by the names in its header, as Python's `csv` reads them.
pub(crate) fn rows(table: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    std::fs::write(&file, table).unwrap();
    json_lines(&output_of(python("read_plates.py").arg("rows").arg(&file)))
}

/// A certificate for `localhost` that nobody else trusts, and its key, as files in this folder.
pub(crate) fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut command = python("certificate.py");
    output_of(command.arg("make").arg(&certificate).arg(&key));
    (certificate, key)
}

/// What a reader gets over TLS who trusts this certificate and no other.
pub(crate) fn get_trusting(certificate: &Path, url: &str) -> Value {
    let mut command = python("certificate.py");
    let answer = output_of(command.arg("get").arg(certificate).arg(url));
    serde_json::from_str(&answer).unwrap()
}

fn zbar(file: &Path) -> Vec<String> {
    let mut command = Command::new("zbarimg");
    // --oneshot would hide a second code; binary mode keeps Chinese as it is.
    command
        .args([
            "--quiet",
            "--raw",
            "-Sdisable",
            "-Sqrcode.enable",
            "-Sbinary",
        ])
        .arg(file);
    let output = command.output().unwrap_or_else(|error| {
        panic!("zbarimg does not start ({error}); tests/run installs what is missing")
    });
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn python(script: &str) -> Command {
    let mut command = interpreter();
    command.arg(tests().join("peers").join(script));
    command
}

fn interpreter() -> Command {
    let mut command = Command::new(tests().join(".peers/venv/bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn tests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn output_of(command: &mut Command) -> String {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| {
            panic!("{command:?} does not start ({error}); tests/run installs what is missing")
        });
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
