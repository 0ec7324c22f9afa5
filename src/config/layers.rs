//! Four layers of settings, one over the other, and who had the last word on each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

use crate::config::{ConfigError, DEFAULT};

/// Where settings come from, besides the default.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file that was named.
    pub file: Option<PathBuf>,
    /// The variables of the process; those that do not begin with `TONGMA_` are passed over.
    pub variables: Vec<(String, String)>,
    /// Flags: names with dots, and values as text.
    pub flags: Vec<(String, String)>,
}

/// A setting as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, with dots.
    pub name: String,
    /// Its value as text; of a secret only that there is one.
    pub value: String,
    /// `default`, the file, the variable, or `flag`.
    pub from: String,
}

const PREFIX: &str = "TONGMA_";
/// Variables of ours that are no settings: the name of the file, and what tests run on.
const NOT_SETTINGS: &[&str] = &["TONGMA_CONFIG", "TONGMA_TEST_POSTGRES"];
/// Settings that may hold a password.
const SECRETS: &[&str] = &["database.url"];

/// Settings whose keys are the operator's own.
const TABLES: &[&str] = &["wallets.user_agent_marks"];

/// Names of settings, with their values and where these came from.
type Leaves = BTreeMap<String, (Value, String)>;

/// All layers in one table.
pub(super) fn merge(sources: &Sources) -> Result<(Table, Vec<Setting>), ConfigError> {
    let mut leaves = Leaves::new();
    let defaults: Table = DEFAULT.parse().map_err(|error: toml::de::Error| {
        ConfigError::Value(format!("config.default.toml: {error}"))
    })?;
    collect(&defaults, "", "default", &mut leaves);
    if let Some(path) = &sources.file {
        let place = path.display().to_string();
        let mut given = Leaves::new();
        collect(&read(path)?, "", &place, &mut given);
        for (name, (value, from)) in given {
            put(&mut leaves, &name, value, from)?;
        }
    }
    let by_variable: BTreeMap<String, String> = leaves
        .keys()
        .map(|name| (variable(name), name.clone()))
        .collect();
    for (name, text) in &sources.variables {
        if !name.starts_with(PREFIX) || NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        let unknown = || ConfigError::Unknown {
            name: name.clone(),
            place: "the environment".to_owned(),
        };
        let setting = by_variable.get(name).ok_or_else(unknown)?;
        put_text(&mut leaves, setting, text, name)?;
    }
    for (name, text) in &sources.flags {
        put_text(&mut leaves, name, text, "flag")?;
    }
    let settings = leaves
        .iter()
        .map(|(name, (value, from))| shown(name, value, from))
        .collect();
    Ok((table(leaves), settings))
}

fn read(path: &PathBuf) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.clone(),
        source,
    })?;
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::Syntax {
            path: path.clone(),
            message: error.to_string().trim().replace('\n', " "),
        })
}

fn collect(table: &Table, above: &str, from: &str, leaves: &mut Leaves) {
    for (key, value) in table {
        let name = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        match value {
            Value::Table(inner) if !TABLES.contains(&name.as_str()) => {
                collect(inner, &name, from, leaves);
            }
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => {
                leaves.insert(name, (value.clone(), from.to_owned()));
            }
        }
    }
}

/// Lays a value over what is known; there is nothing to lay an unknown one over.
fn put(leaves: &mut Leaves, name: &str, value: Value, from: String) -> Result<(), ConfigError> {
    match leaves.get_mut(name) {
        Some(below) => {
            *below = (value, from);
            Ok(())
        }
        None => Err(ConfigError::Unknown {
            name: name.to_owned(),
            place: from,
        }),
    }
}

/// As `put`, for a value that came as text: it becomes what the default is.
fn put_text(leaves: &mut Leaves, name: &str, text: &str, from: &str) -> Result<(), ConfigError> {
    let wrong = |what| ConfigError::Value(format!("{name} must be {what}, found {text:?}"));
    let value = match leaves.get(name) {
        Some((Value::Integer(_), _)) => {
            Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?)
        }
        Some((Value::Boolean(_), _)) => {
            Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?)
        }
        Some((Value::Table(_), _)) => Value::Table(
            inline(text).ok_or_else(|| wrong("a table such as { name = [\"text\"] }"))?,
        ),
        Some((Value::Array(_), _)) => {
            Value::Array(list(text).ok_or_else(|| wrong("a list such as [\"10.0.0.0/8\"]"))?)
        }
        Some(_) | None => Value::String(text.to_owned()),
    };
    put(leaves, name, value, from.to_owned())
}

/// A table as it stands on one line.
fn inline(text: &str) -> Option<Table> {
    let whole: Table = format!("table = {text}").parse().ok()?;
    match (whole.len(), whole.get("table")) {
        (1, Some(Value::Table(table))) => Some(table.clone()),
        _ => None,
    }
}

/// A list as it stands on one line.
fn list(text: &str) -> Option<Vec<Value>> {
    let whole: Table = format!("list = {text}").parse().ok()?;
    match (whole.len(), whole.get("list")) {
        (1, Some(Value::Array(list))) => Some(list.clone()),
        _ => None,
    }
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_ascii_uppercase())
}

fn shown(name: &str, value: &Value, from: &str) -> Setting {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Table(table) => serde_json::to_string(table).unwrap_or_default(),
        Value::Array(list) => serde_json::to_string(list).unwrap_or_default(),
        Value::Float(_) | Value::Datetime(_) => String::new(),
    };
    let secret = SECRETS.contains(&name) && !text.is_empty();
    Setting {
        name: name.to_owned(),
        value: if secret { "(secret)".to_owned() } else { text },
        from: from.to_owned(),
    }
}

fn table(leaves: Leaves) -> Table {
    let mut whole = Table::new();
    for (name, (value, _)) in leaves {
        match name.split_once('.') {
            None => {
                whole.insert(name, value);
            }
            Some((section, key)) => {
                let entry = whole
                    .entry(section)
                    .or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(inner) = entry {
                    inner.insert(key.to_owned(), value);
                }
            }
        }
    }
    whole
}
