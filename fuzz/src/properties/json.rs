//! JSON bodies: what is taken is one plain object, and what is refused is refused where it is wrong.

use serde_json::{Map, Value};
use tongma::http::bodies::{self, JsonBody};

use super::{is_code, owned};

/// The longest refusal for each byte of a body, and on top: serde's sentence quotes a name once, and
/// JSON may need six bytes for one of it; the pointer to it as well.
const REFUSAL_BYTES_MAX: (usize, usize) = (14, 1_024);

/// The first byte chooses the operation, the rest is its body.
pub fn check(data: &[u8]) -> bool {
    let Some((choice, body)) = data.split_first() else {
        return false;
    };
    let operation = &bodies::ALL[usize::from(*choice) % bodies::ALL.len()];
    let verdict = operation.read(body);
    assert_eq!(verdict, operation.read(body), "the verdict is stable");
    match &verdict {
        Ok(()) => is_one_plain_object(operation, body),
        Err(problem) => points_into(body, problem),
    }
    verdict.is_ok()
}

fn is_one_plain_object(operation: &JsonBody, body: &[u8]) {
    if body.is_empty() {
        return;
    }
    let members: Map<String, Value> = serde_json::from_slice(body).expect("a JSON object");
    // Written anew, the names are there once; so they were before, and the meaning is the same.
    let again = serde_json::to_vec(&members).expect("JSON");
    assert_eq!(operation.read(&again), Ok(()));
    let text = String::from_utf8_lossy(&again);
    // A text that is only asked about may hold any character.
    let may_hold_nul = |name: &str| operation.operation == "decode" && name == "text";
    let has_nul = |(name, value): (&String, &Value)| {
        name.contains('\0') || holds_nul(value) && !may_hold_nul(name)
    };
    assert!(!members.iter().any(has_nul), "no U+0000 passes");

    let mut more = members.clone();
    more.insert("no such field".to_owned(), Value::Null);
    let unknown = operation.read(&serde_json::to_vec(&more).expect("JSON"));
    let unknown = unknown.expect_err("an unknown field is refused");
    assert_eq!(unknown["code"], "field-unknown");
    assert_eq!(unknown["errors"][0]["pointer"], "/no such field");

    if let Some((name, _)) = members.iter().next() {
        let name = Value::from(name.as_str());
        let twice = format!("{{{name}:0,{}", text.strip_prefix('{').unwrap_or_default());
        let twice = operation
            .read(twice.as_bytes())
            .expect_err("a key stands once");
        assert_eq!(twice["code"], "json-duplicate-key");
    }
}

/// In the text itself: a backslash that is escaped, before `u0000`, is none.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn points_into(body: &[u8], problem: &Value) {
    let code = problem["code"].as_str().expect("a code");
    assert!(is_code(code), "{code}");
    assert!(
        matches!(problem["status"].as_u64(), Some(400 | 422)),
        "{problem}"
    );
    let (each, on_top) = REFUSAL_BYTES_MAX;
    assert!(
        problem.to_string().len() <= body.len() * each + on_top,
        "{problem}"
    );

    let errors = problem["errors"].as_array();
    let Some(pointer) = errors.and_then(|errors| errors.first()?["pointer"].as_str()) else {
        return;
    };
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let (parent, _) = pointer.rsplit_once('/').unwrap_or_default();
    let is_there = value.pointer(pointer).is_some();
    let may_be_missing = code == "field-missing" && value.pointer(parent).is_some();
    let is_empty = body.is_empty() && parent.is_empty();
    assert!(is_there || may_be_missing || is_empty, "{problem}");
}

/// A body of each operation that is taken, by name.
const TAKEN: &[(&str, &str)] = &[
    (
        "resolve",
        r#"{"text":"HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ"}"#,
    ),
    (
        "startAttempt",
        r#"{"text":"x","payment":"pay_00000000000000000000000000","amount_minor":1250,
            "currency":"CNY","payer_reference":"r1","payer_ref":null}"#,
    ),
    (
        "reportAttempt",
        r#"{"status":"paid","payer_reference":"r1"}"#,
    ),
    (
        "createPayment",
        r#"{"amount_minor":9007199254740991,"currency":"CNY","store":"sto_00000000000000000000000000",
            "counter":null,"reference":"A-1","description":"面","expires_in_seconds":60}"#,
    ),
    ("cancelPayment", "{}"),
    (
        "issueCode",
        r#"{"kind":"fixed","store":"sto_00000000000000000000000000","amount_minor":1,
            "currency":"JPY","compact":true,"expires_at":"2026-11-25T00:00:00Z"}"#,
    ),
    ("verifyReceipt", r#"{"number":"123456"}"#),
    ("decode", r#"{"text":"\u8001\ud83c\udf5c"}"#),
    (
        "dryRun",
        r#"{"code":"cod_00000000000000000000000000","payer_institution":"demo_bank"}"#,
    ),
];

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (choice, operation) in bodies::ALL.iter().enumerate() {
        let taken = TAKEN
            .iter()
            .filter(|(name, _)| *name == operation.operation);
        let bodies = taken
            .map(|(_, body)| *body)
            .chain(["", "{\"a\":[{\"b/c~\":1}]}", "[1]"]);
        for body in bodies {
            let choice = u8::try_from(choice).expect("fewer than 256");
            seeds.push([&[choice], body.as_bytes()].concat());
        }
    }
    seeds
}

pub fn words() -> Vec<String> {
    let mut words = owned(&[
        "null",
        "true",
        "1.0",
        "1e3",
        "-1",
        "9007199254740992",
        "18446744073709551616",
        "\\u0000",
        "\\ud800",
        "\"\":",
        "{}",
        "[]",
        "\\\"",
        "\n",
        "\"CNY\"",
        "\"cny\"",
        "\u{feff}",
    ]);
    for (_, body) in TAKEN {
        let members: Map<String, Value> = serde_json::from_str(body).expect("an object");
        words.extend(members.keys().map(|name| format!("\"{name}\":")));
    }
    words.sort();
    words.dedup();
    words
}
