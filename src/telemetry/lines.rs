//! One line an event on standard error, whatever is in it.
//!
//! A line is JSON, or text for people. Either way no control character leaves raw, so that nothing
//! that came from outside can break a line, colour a terminal or pretend to be another event; and
//! no line is longer than 4 KB. Fields of the spans around an event (`request_id`) stand beside its
//! own; those that a library gave its event or span stand apart, under `library`, because their
//! names are not ours to promise. Whoever logs never passes a secret: here there is no telling.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::{Clock, Timestamp};
use crate::config::{Log, LogFormat, LogLevel};

/// One line, with what ends it.
const LINE_BYTES_MAX: usize = 4096;
/// One field; four long ones and the rest fit into a line.
const FIELD_BYTES_MAX: usize = 900;
/// What a line keeps however long it is.
const KEPT: &[&str] = &["at", "level", "target", "request_id", "trace_id", "span_id"];

/// Sends everything that is logged from now on to standard error. The first call counts.
pub fn start(log: Log) {
    let lines = Lines {
        log,
        to: Mutex::new(std::io::stderr()),
    };
    // A second call comes from a test or a demo in the same process; its lines go where the first
    // call sent them.
    if tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .is_ok()
    {
        std::panic::set_hook(Box::new(|info| {
            // Only where: what a panic says may hold anything.
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a thread panicked at {place}");
        }));
    }
}

/// Writes a line for each event.
struct Lines<W> {
    log: Log,
    to: Mutex<W>,
}

/// The fields of a span, kept until it closes.
struct Fields(Map<String, Value>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + 'static,
{
    fn enabled(&self, about: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // Libraries tell how they work; that is wanted only when everything is.
        let limit = if is_ours(about) || self.log.level == LogLevel::Trace {
            filter(self.log.level)
        } else {
            filter(self.log.level.min(LogLevel::Warn))
        };
        let wanted = if is_about_strangers(about) {
            filter(self.log.level)
        } else {
            limit
        };
        level(about) <= wanted
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, all: Context<'_, S>) {
        if let Some(span) = all.span(id) {
            let mut fields = Fields(Map::new());
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, all: Context<'_, S>) {
        if let Some(span) = all.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, all: Context<'_, S>) {
        let (mut ours, mut library) = (Map::new(), Map::new());
        let mut add = |about: &Metadata<'_>, fields: Map<String, Value>| {
            let side = if is_ours(about) {
                &mut ours
            } else {
                &mut library
            };
            side.extend(fields);
        };
        for span in all
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                add(span.metadata(), of_span.0.clone());
            }
        }
        let mut own = Fields(Map::new());
        event.record(&mut own);
        let message = own.0.remove("message").unwrap_or_else(|| "".into());
        add(event.metadata(), own.0);
        if !library.is_empty() {
            ours.insert("library".to_owned(), library.into());
        }
        ours.insert("message".to_owned(), message);
        let line = line(self.log.format, Clock::System.now(), event.metadata(), ours);
        if let Ok(mut to) = self.to.lock() {
            // There is nobody to tell that telling failed.
            drop(to.write_all(line.as_bytes()));
        }
    }
}

/// The library that reads what strangers send reports as its own error what is none of ours: a
/// request that is none, a connection that is torn.
fn is_about_strangers(about: &Metadata<'_>) -> bool {
    about.target() == "actix_http::h1::dispatcher"
}

/// How much somebody needs to know of it.
fn level(about: &Metadata<'_>) -> Level {
    if is_about_strangers(about) {
        (*about.level()).max(Level::DEBUG)
    } else {
        *about.level()
    }
}

/// Whether the program itself speaks, or one of its libraries.
fn is_ours(about: &Metadata<'_>) -> bool {
    let behind = about.target().strip_prefix(env!("CARGO_PKG_NAME"));
    behind.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::String(shortened(value, FIELD_BYTES_MAX)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(small) => self.put(field, small.into()),
            Err(_) => self.record_str(field, &value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

fn line(
    format: LogFormat,
    at: Timestamp,
    about: &Metadata<'_>,
    mut fields: Map<String, Value>,
) -> String {
    let message = fields.remove("message").unwrap_or_default();
    let level = level(about);
    let level = level.as_str();
    let mut line = match format {
        LogFormat::Json => {
            let mut whole = Map::new();
            whole.insert("at".to_owned(), at.to_string().into());
            whole.insert("level".to_owned(), level.to_ascii_lowercase().into());
            whole.insert("target".to_owned(), about.target().into());
            whole.insert("message".to_owned(), message);
            // Last to first, so that what belongs to every line cannot be replaced by a field.
            fields.extend(whole);
            json_within(fields)
        }
        LogFormat::Text => {
            let mut text = format!("{at} {level:5} {}", plain(&message));
            for (name, value) in &fields {
                text.extend([" ", name, "=", &plain(value)]);
            }
            shortened(&text, LINE_BYTES_MAX.saturating_sub(4))
        }
    };
    line.push('\n');
    line
}

/// The object as one line of at most 4 KB: whole, or without the longest fields.
fn json_within(mut fields: Map<String, Value>) -> String {
    loop {
        let text = escaped(&Value::Object(fields.clone()).to_string());
        let longest = fields
            .iter()
            .filter(|(name, _)| !KEPT.contains(&name.as_str()))
            .max_by_key(|(name, value)| name.len().saturating_add(value.to_string().len()))
            .map(|(name, _)| name.clone());
        match longest {
            Some(longest) if text.len() >= LINE_BYTES_MAX => {
                fields.remove(&longest);
                fields.insert("shortened".to_owned(), true.into());
            }
            Some(_) | None => return text,
        }
    }
}

/// What JSON may carry raw but a terminal obeys: C1 controls and changes of direction.
fn escaped(json: &str) -> String {
    json.chars()
        .fold(String::with_capacity(json.len()), |mut out, c| {
            if is_obeyed(c) {
                let code = format!("\\u{:04x}", u32::from(c));
                out.push_str(&code);
            } else {
                out.push(c);
            }
            out
        })
}

/// A value for people, with every control character written out.
fn plain(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            if is_obeyed(c) {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
            out
        })
}

fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let (kept, _) = text.split_at(text.floor_char_boundary(bytes));
    format!("{kept}…")
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json_with_the_fields_of_its_spans() {
        let lines = logged(LogFormat::Json, LogLevel::Info, || {
            let span = tracing::info_span!("request", request_id = "req_1");
            span.in_scope(|| tracing::info!(elapsed_ms = 3_u128, "payment {} came", 7));
        });
        let line: Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(line["message"], "payment 7 came");
        assert_eq!(line["request_id"], "req_1");
        assert_eq!(line["elapsed_ms"], 3);
        assert_eq!(line["level"], "info");
    }

    #[test]
    fn nothing_from_outside_breaks_a_line_or_reaches_a_terminal_raw() {
        let evil = "curl\r\n{\"level\":\"error\"}\u{1b}[31m\u{0}\u{9b}\u{202e}";
        for format in [LogFormat::Json, LogFormat::Text] {
            let lines = logged(format, LogLevel::Info, || {
                tracing::info!(agent = evil, "{evil}");
            });
            assert_eq!(lines.matches('\n').count(), 1, "{lines}");
            assert!(lines.ends_with('\n'));
            assert!(!lines.trim_end().contains(is_obeyed), "{lines:?}");
        }
    }

    #[test]
    fn a_field_cannot_pretend_to_be_the_level() {
        let lines = logged(LogFormat::Json, LogLevel::Info, || {
            tracing::info!(level = "error", at = "yesterday", "x");
        });
        let line: Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(line["level"], "info");
        assert_ne!(line["at"], "yesterday");
    }

    #[test]
    fn no_line_is_longer_than_four_kilobytes() {
        let long = "\u{1}面".repeat(300_000);
        for format in [LogFormat::Json, LogFormat::Text] {
            let lines = logged(format, LogLevel::Info, || {
                tracing::info!(
                    a = long,
                    b = long,
                    c = long,
                    d = long,
                    e = long,
                    f = long,
                    "{long}"
                );
            });
            assert!(lines.len() <= LINE_BYTES_MAX, "{}", lines.len());
            assert_eq!(lines.matches('\n').count(), 1);
            let json = format == LogFormat::Json;
            assert_eq!(serde_json::from_str::<Value>(&lines).is_ok(), json);
        }
    }

    #[test]
    fn libraries_are_heard_when_something_is_wrong() {
        let lines = logged(LogFormat::Text, LogLevel::Debug, || {
            tracing::debug!(target: "sqlx::query", "a statement");
            tracing::warn!(target: "sqlx::query", "a slow statement");
            tracing::debug!("ours");
            tracing::trace!("ours, in detail");
        });
        assert_eq!(lines.matches('\n').count(), 2, "{lines}");
        assert!(lines.contains("a slow statement") && lines.contains("ours"));
    }

    /// Anyone can send what is no request; nobody need get up for it.
    #[test]
    fn what_strangers_send_is_no_error_of_ours() {
        let stranger = || tracing::error!(target: "actix_http::h1::dispatcher", "stream error");
        let quiet = logged(LogFormat::Json, LogLevel::Info, || {
            stranger();
            tracing::error!(target: "actix_http::h1::service", "a service that cannot begin");
            tracing::error!("ours");
        });
        assert!(!quiet.contains("stream error"), "{quiet}");
        assert_eq!(quiet.matches("\"level\":\"error\"").count(), 2, "{quiet}");
        let loud = logged(LogFormat::Json, LogLevel::Debug, stranger);
        assert!(loud.contains("\"level\":\"debug\""), "{loud}");
    }

    #[test]
    fn what_a_library_says_stands_apart() {
        let lines = logged(LogFormat::Json, LogLevel::Info, || {
            let ours = tracing::info_span!("request", request_id = "req_1");
            // A span belongs to the one in which it is opened.
            let theirs = ours.in_scope(
                || tracing::warn_span!(target: "hyper::client", "connection", status = 3),
            );
            let within =
                || tracing::warn!(target: "sqlx::query", level = "error", rows = 7, "slow");
            theirs.in_scope(within);
            tracing::warn!(target: "tongmalike", "not ours");
        });
        let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        let apart = serde_json::json!({"status": 3, "level": "error", "rows": 7});
        assert_eq!(line["library"], apart);
        assert_eq!(
            (&line["level"], &line["request_id"]),
            (&"warn".into(), &"req_1".into())
        );
        assert!(line.get("rows").is_none() && line.get("status").is_none());
    }
}

/// What is logged while a story is told.
#[cfg(test)]
pub(crate) use heard::logged;

#[cfg(test)]
mod heard {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    pub(crate) fn logged(format: LogFormat, level: LogLevel, story: impl FnOnce()) -> String {
        let kept = Kept::default();
        let lines = Lines {
            log: Log { level, format },
            to: Mutex::new(kept.clone()),
        };
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, story);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }
}
