//! How answers are shown: JSON for programs, aligned columns for people.

use std::io::{self, Write};

use serde_json::{Map, Value};

const FIRST: &[&str] = &[
    "id",
    "key_id",
    "name",
    "name_zh",
    "institution",
    "kind",
    "state",
];

/// Shows an answer on standard output; whoever stopped reading has seen enough.
pub(crate) fn answer(value: &Value, json: bool) {
    let text = if json {
        format!("{value}\n")
    } else {
        plain(value)
    };
    drop(io::stdout().lock().write_all(text.as_bytes()));
}

/// A list as a table, one thing as a list of its fields.
fn plain(value: &Value) -> String {
    match value {
        Value::Array(rows) => table(rows),
        Value::Object(fields) => {
            let width = fields.keys().map(String::len).max().unwrap_or_default();
            let line = |name: &String| {
                let field = fields.get(name).map(cell).unwrap_or_default();
                format!("{name:width$}  {field}")
            };
            lined(ordered(fields).into_iter().map(line))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            format!("{}\n", cell(value))
        }
    }
}

/// What people look for first stands first; the rest as the alphabet has it.
fn ordered(fields: &Map<String, Value>) -> Vec<&String> {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_by_key(|name| {
        FIRST
            .iter()
            .position(|first| first == name)
            .unwrap_or(usize::MAX)
    });
    names
}

fn lined(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |all, line| all + &line + "\n")
}

fn table(rows: &[Value]) -> String {
    let objects: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let Some(first) = objects.first() else {
        return "none\n".to_owned();
    };
    let mut lines = vec![String::new(); objects.len().saturating_add(1)];
    for name in ordered(first) {
        let cells = objects
            .iter()
            .map(|row| row.get(name).map(cell).unwrap_or_default());
        let column: Vec<String> = std::iter::once((*name).clone()).chain(cells).collect();
        let width = column
            .iter()
            .map(|text| columns(text))
            .max()
            .unwrap_or_default();
        for (line, text) in lines.iter_mut().zip(&column) {
            let gap = width.saturating_sub(columns(text)).saturating_add(2);
            line.push_str(text);
            line.push_str(&" ".repeat(gap));
        }
    }
    lined(lines.iter().map(|line| line.trim_end().to_owned()))
}

/// Chinese characters take two columns of a terminal.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_whose_columns_stand_under_each_other() {
        let rows = json!([{"id": "a", "name": "老王"}, {"id": "bcd", "name": null}]);
        assert_eq!(plain(&rows), "id   name\na    老王\nbcd  -\n");
        assert_eq!(plain(&json!([])), "none\n");
    }

    #[test]
    fn one_thing_is_a_list_of_its_fields() {
        assert_eq!(
            plain(&json!({"id": "a", "ways": ["x", "y"]})),
            "id    a\nways  x,y\n"
        );
    }
}
