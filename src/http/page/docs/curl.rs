//! How an operation is called from a shell, made from its schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::reader::{Caller, Operation, resolved, text};

/// The command, to be copied. `$TONGMA` is this server, `$TONGMA_KEY` an API key; signed requests go
/// by the script `sign.sh`.
pub(super) fn command(operation: Operation) -> String {
    let mut body = operation.body();
    let json = body.find(|(media, _)| *media == "application/json");
    let media = json.or_else(|| operation.body().next());
    let data = media.filter(|_| !operation.may_have_no_body());
    let url = format!("\"$TONGMA{}\"", path(operation));
    let (caller, _) = operation.caller();
    if caller == Caller::Signature {
        return match data {
            Some(("application/json", schema)) => {
                format!("./sign.sh {} {url} '{}'", operation.method, example(schema))
            }
            Some((media, _)) => format!(
                "./sign.sh {} {url} \"$(cat statement.jws)\" {media}",
                operation.method
            ),
            None => format!("./sign.sh {} {url}", operation.method),
        };
    }
    let mut command = format!("curl -X {} {url}", operation.method);
    if caller == Caller::Key {
        command.push_str(" \\\n  -H \"Authorization: Bearer $TONGMA_KEY\"");
    }
    if operation
        .parameters()
        .any(|p| text(p, "name") == "Idempotency-Key")
    {
        command.push_str(" \\\n  -H \"Idempotency-Key: $(uuidgen)\"");
    }
    if let Some((media, schema)) = data {
        let _ = write!(
            command,
            " \\\n  -H \"Content-Type: {media}\" \\\n  -d '{}'",
            example(schema)
        );
    }
    command
}

/// The path with examples in its places.
fn path(operation: Operation) -> String {
    let mut path = operation.path.to_owned();
    for parameter in operation.parameters() {
        if let Some(schema) = parameter.get("schema") {
            let place = format!("{{{}}}", text(parameter, "name"));
            let value = example(schema);
            path = path.replace(&place, value.as_str().unwrap_or_default());
        }
    }
    path
}

/// A value that fits a schema: what it needs and no more.
fn example(schema: &'static Value) -> Value {
    let (found, _) = resolved(schema);
    let given = found
        .get("example")
        .or_else(|| schema.get("example"))
        .or_else(|| found.pointer("/examples/0"))
        .or_else(|| found.pointer("/enum/0"));
    if let Some(given) = given {
        return given.clone();
    }
    if let Some(first) = found.pointer("/oneOf/0") {
        return example(first);
    }
    if let Some(properties) = found.get("properties").and_then(Value::as_object) {
        let required = found.get("required").and_then(Value::as_array);
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        let fields = names.filter_map(|name| {
            let field = properties.get(name)?;
            Some((name.to_owned(), example(field)))
        });
        return Value::Object(fields.collect::<Map<_, _>>());
    }
    match text(found, "type") {
        "integer" => found.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        "boolean" => false.into(),
        _ => from_pattern(text(found, "pattern")).into(),
    }
}

/// What an id looks like: its prefix and zeros. Other texts are an ellipsis.
fn from_pattern(pattern: &str) -> String {
    let body = pattern.trim_start_matches('^').trim_end_matches('$');
    let Some((prefix, rest)) = body.split_once('[') else {
        return "…".to_owned();
    };
    let count = rest
        .rsplit_once('{')
        .map(|(_, count)| count.trim_end_matches('}'));
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(1);
    format!("{prefix}{}", "0".repeat(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::docs::reader;

    fn of(name: &str) -> String {
        command(reader::operation(name).unwrap())
    }

    #[test]
    fn a_merchants_call_has_its_key_and_an_example_of_every_needed_field() {
        let made = of("createPayment");
        for part in [
            "curl -X POST \"$TONGMA/v1/payments\"",
            "Authorization: Bearer $TONGMA_KEY",
            "Idempotency-Key: $(uuidgen)",
            "\"amount_minor\":1250",
            "\"currency\":\"CNY\"",
            "\"store\":\"sto_00000000000000000000000000\"",
        ] {
            assert!(made.contains(part), "{part} is not in {made}");
        }
        assert!(!made.contains("expires_in_seconds"), "{made}");
    }

    #[test]
    fn a_wallets_call_is_signed() {
        assert!(of("resolve").starts_with("./sign.sh POST \"$TONGMA/wallet/v1/resolve\" '{"));
        let zeros = "0".repeat(32);
        let expected = format!("./sign.sh GET \"$TONGMA/wallet/v1/orders/{zeros}\"");
        assert_eq!(of("getOrder"), expected);
        assert!(of("confirmOrder").ends_with("application/jose"));
    }

    #[test]
    fn no_place_in_a_path_stays_open() {
        for operation in reader::operations() {
            let made = command(operation);
            assert!(
                !made.lines().next().unwrap().contains('{') || made.contains('\''),
                "{made}"
            );
        }
    }
}
