//! `tongma decode`: what is this code?

mod plain;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::thread_time;
use crate::code::{self, DecodeAnswer, DecodeContext, SignatureVerdict, TEXT_BYTES_MAX};
use crate::qr::read::{self, Codes, PICTURE_BYTES_MAX};

/// What to decode; exactly one of text, picture and lines.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("source").required(true).multiple(false)))]
pub struct DecodeArgs {
    /// The text of a code
    #[arg(group = "source")]
    text: Option<String>,
    /// A PNG, JPEG or WebP picture with codes in it
    #[arg(long, value_name = "FILE", group = "source")]
    picture: Option<PathBuf>,
    /// Read one JSON string a line from standard input, write one JSON object a line
    #[arg(long, group = "source")]
    lines: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}
/// A text in JSON may spell every byte as six, and ends in a line break.
const LINE_BYTES_MAX: usize = TEXT_BYTES_MAX * 6 + 16;

/// Lines that are read and answers that are written at once.
const BUFFER_BYTES: usize = 64 * 1024;

const NEGATIVE: u8 = 1;
const USAGE: u8 = 2;

/// Answers on standard output: 0 for a code that was read, 1 for a refused one, 2 for a file that
/// cannot be opened. With `--lines` every line has its own answer and the end of input is 0.
pub fn run(args: &DecodeArgs, context: &DecodeContext<'_>) -> ExitCode {
    let mut out = io::stdout().lock();
    let done = if args.lines {
        let mut input = BufReader::with_capacity(BUFFER_BYTES, io::stdin().lock());
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, &mut out);
        lines(&mut input, &mut out, context).map(|()| ExitCode::SUCCESS)
    } else if let Some(path) = &args.picture {
        picture(path, args.json, &mut out, context)
    } else {
        text(
            args.text.as_deref().unwrap_or_default(),
            args.json,
            &mut out,
            context,
        )
    };
    done.unwrap_or_else(|error| {
        // Whoever reads our output may have seen enough; that is no failure.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return ExitCode::SUCCESS;
        }
        complain(&error.to_string());
        ExitCode::from(USAGE)
    })
}

fn text(
    text: &str,
    as_json: bool,
    out: &mut impl Write,
    context: &DecodeContext<'_>,
) -> io::Result<ExitCode> {
    let answer = code::decode(text, context);
    if as_json {
        write_json(out, &answer)?;
    } else {
        plain::write(out, &answer)?;
    }
    Ok(exit(is_good(&answer)))
}

fn picture(
    path: &Path,
    as_json: bool,
    out: &mut impl Write,
    context: &DecodeContext<'_>,
) -> io::Result<ExitCode> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    // One byte more than is taken, so that a longer file is seen to be longer.
    let limit = u64::try_from(PICTURE_BYTES_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut file = Vec::new();
    std::fs::File::open(path)
        .and_then(|f| f.take(limit).read_to_end(&mut file))
        .map_err(named)?;

    let before = thread_time();
    let is_late = || thread_time().saturating_sub(before) > read::CPU_MAX;
    let Codes { found, was_cut } = match read::codes(&file, &is_late) {
        Ok(codes) => codes,
        Err(error) => {
            if as_json {
                write_json(out, &refusal(error.code(), &error.to_string()))?;
            } else {
                writeln!(out, "refused: {error} ({})", error.code())?;
            }
            return Ok(ExitCode::from(NEGATIVE));
        }
    };
    let found = found.into_iter().map(|found| (found.text, found.position));
    let answer = code::decode_all(found, was_cut, context);
    if as_json {
        write_json(out, &answer)?;
    } else {
        for placed in &answer.codes {
            plain::write(out, &placed.answer)?;
        }
        if answer.cut {
            writeln!(out, "the time was up: there may be more codes in it")?;
        }
    }
    Ok(exit(
        answer.codes.iter().all(|placed| is_good(&placed.answer)),
    ))
}

/// Answers line by line. Answers wait for each other while more lines are at hand, and leave before
/// the next one is waited for, so that a program can hold a conversation.
fn lines(
    input: &mut BufReader<impl Read>,
    out: &mut impl Write,
    context: &DecodeContext<'_>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return out.flush();
        }
        if line.len() >= LINE_BYTES_MAX && !line.ends_with(b"\n") {
            skip_line(input)?;
            write_json(
                out,
                &refusal("too-long", &format!("line exceeds {LINE_BYTES_MAX} bytes")),
            )?;
        } else {
            match serde_json::from_slice::<String>(&line) {
                Ok(text) => write_json(out, &code::decode(&text, context))?,
                // What serde says of it may repeat it, and it may be a payer's number.
                Err(error) => {
                    let message = format!("not one JSON string (column {})", error.column());
                    write_json(out, &refusal("not-a-json-string", &message))?;
                }
            }
        }
        if !input.buffer().contains(&b'\n') {
            out.flush()?;
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let held = input.fill_buf()?;
        let end = held.iter().position(|b| *b == b'\n');
        let (length, is_end) = (held.len(), end.is_some() || held.is_empty());
        input.consume(end.map_or(length, |at| at.saturating_add(1)));
        if is_end {
            return Ok(());
        }
    }
}

fn write_json(out: &mut impl Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    writeln!(out)
}

fn is_good(answer: &DecodeAnswer) -> bool {
    match answer {
        DecodeAnswer::Read(reading) => reading.signature != Some(SignatureVerdict::Invalid),
        DecodeAnswer::Refused(_) => false,
    }
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEGATIVE)
    }
}

fn refusal(code: &str, message: &str) -> Value {
    json!({"ok": false, "error": {"code": code, "message": message, "object": null, "offset": null}})
}

fn complain(message: &str) {
    // Nobody is left to be told when standard error is closed, too.
    let _ = writeln!(io::stderr(), "tongma decode: {message}");
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use clap::Parser;

    use super::*;
    use crate::code::native::Natives;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DecodeArgs,
    }

    fn with_context<T>(work: impl FnOnce(&DecodeContext<'_>) -> T) -> T {
        let natives = Natives::new([], |_| None).unwrap();
        let verify = |_: &code::run::Parsed| SignatureVerdict::UnknownKey;
        work(&DecodeContext {
            natives: &natives,
            own_origins: &[],
            verify: &verify,
            allow_http: false,
        })
    }

    fn answers(input: &str) -> Vec<Value> {
        let mut out = Vec::new();
        with_context(|context| lines(&mut BufReader::new(input.as_bytes()), &mut out, context))
            .unwrap();
        String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }

    #[test]
    fn each_line_gets_its_answer_in_the_same_order() {
        let long = format!("{:?}", "7".repeat(60_000));
        let input = format!("\"https://a.example\"\n\nnot json\n{long}\n\"\\ud800\"\n\"SPC\"");
        let formats: Vec<Value> = answers(&input)
            .into_iter()
            .map(|answer| {
                answer
                    .get("format")
                    .unwrap_or(&answer["error"]["code"])
                    .clone()
            })
            .collect();
        let bad = "not-a-json-string";
        assert_eq!(formats, ["link", bad, bad, "too-long", bad, "other"]);
    }

    #[test]
    fn what_is_no_string_is_not_repeated() {
        let told =
            answers("106258562632154710\n[\"106258562632154710\"]\n\"106258562632154710\" x");
        assert_eq!(told.len(), 3);
        for answer in told {
            assert_eq!(answer["error"]["code"], "not-a-json-string");
            assert!(!answer.to_string().contains("6258562632"), "{answer}");
        }
    }

    /// A partner who says the next line only after the answer to the one before.
    struct Partner<'a> {
        lines: Vec<&'static str>,
        answers: &'a RefCell<Vec<u8>>,
        said: usize,
    }

    impl Read for Partner<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let answers = self.answers.borrow();
            assert_eq!(count(&answers), self.said);
            let Some(line) = self.lines.get(self.said) else {
                return Ok(0);
            };
            self.said += 1;
            buffer[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }

    fn count(answers: &[u8]) -> usize {
        String::from_utf8_lossy(answers).lines().count()
    }

    struct Heard<'a>(&'a RefCell<Vec<u8>>);

    impl Write for Heard<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_conversation_is_answered_line_by_line() {
        let answers = RefCell::new(Vec::new());
        let partner = Partner {
            lines: vec!["\"a\"\n", "\"b\"\n", "\"c\"\n"],
            answers: &answers,
            said: 0,
        };
        let mut out = BufWriter::new(Heard(&answers));
        with_context(|context| lines(&mut BufReader::new(partner), &mut out, context)).unwrap();
        assert_eq!(count(&answers.borrow()), 3);
    }

    #[test]
    fn a_picture_is_answered_code_by_code_and_a_bad_one_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let symbol = crate::qr::symbol::Symbol::new("SPC", crate::qr::symbol::Level::M).unwrap();
        let path = folder.path().join("code.png");
        let picture_of =
            crate::qr::png::render(&symbol, crate::qr::symbol::QuietZone::default(), 4);
        std::fs::write(&path, picture_of.unwrap()).unwrap();
        let mut out = Vec::new();
        let code = with_context(|context| picture(&path, true, &mut out, context)).unwrap();
        let answer: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(code, ExitCode::SUCCESS);
        assert_eq!(answer["codes"][0]["format"], "other");
        assert_eq!(answer["codes"][0]["position"][0], json!([16, 16]));

        std::fs::write(&path, "<svg/>").unwrap();
        let mut out = Vec::new();
        let code = with_context(|context| picture(&path, true, &mut out, context)).unwrap();
        let answer: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(code, ExitCode::from(NEGATIVE));
        assert_eq!(answer["error"]["code"], "picture-unsupported");
    }

    #[test]
    fn one_source_is_needed_and_only_one_is_taken() {
        assert!(Line::try_parse_from(["decode", "SPC", "--json"]).is_ok());
        assert!(Line::try_parse_from(["decode", "--lines"]).is_ok());
        for words in [
            &["decode"][..],
            &["decode", "SPC", "--lines"],
            &["decode", "--picture"],
        ] {
            assert!(Line::try_parse_from(words).is_err(), "{words:?}");
        }
    }
}
