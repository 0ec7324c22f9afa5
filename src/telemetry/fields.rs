//! The names of fields in a line of the log.

/// Every field that a line may have, and what it says. A name that stands here is kept; new ones may
/// come.
///
/// | field | what it says |
/// |---|---|
/// | `at` | when it was written: RFC 3339, UTC. In every line |
/// | `level` | `error`, `warn`, `info`, `debug` or `trace`. In every line |
/// | `target` | which part of the program speaks. In every line |
/// | `message` | what happened, in English. In every line |
/// | `request_id` | the request, as in its answer's `Request-Id`. In every line about a request |
/// | `trace_id` | the trace, 32 hex digits (W3C). In every line about a request or a follow-up |
/// | `span_id` | our part of that trace, 16 hex digits. Where `trace_id` is |
/// | `method` | the request's method. In every line about a request |
/// | `path` | the request's path, without what may be secret. In every line about a request |
/// | `status` | the HTTP status that was answered |
/// | `elapsed_ms` | how long that took |
/// | `error` | what went wrong, in words |
/// | `cause` | what lies below the error |
/// | `place` | the place in the source where a thread panicked |
/// | `institution` | a payment institution |
/// | `payer` | the payer's institution |
/// | `payee` | the institution that holds the account |
/// | `merchant` | a merchant's id |
/// | `payment` | a payment's id |
/// | `attempt` | an attempt's id |
/// | `order_number` | an attempt's number at the institutions |
/// | `api_key` | an API key's id, which opens nothing |
/// | `key_id` | an institution's key, by its public name |
/// | `mode` | `test` or `live` |
/// | `file` | a file of ours |
/// | `lost` | how many scans were not written |
/// | `audit_number` | the place of a line in the audit log |
/// | `audit_link` | what ties that line to all before it, in hex |
/// | `plate` | a plate's id |
/// | `action` | what the audit log says was done |
/// | `library` | the fields of a line that a library wrote, under the library's own names |
/// | `shortened` | true where the line would have been longer than 4 KB |
pub const FIELDS: &[&str] = &[
    "at",
    "level",
    "target",
    "message",
    "request_id",
    "trace_id",
    "span_id",
    "method",
    "path",
    "status",
    "elapsed_ms",
    "error",
    "cause",
    "place",
    "institution",
    "payer",
    "payee",
    "merchant",
    "payment",
    "attempt",
    "order_number",
    "api_key",
    "key_id",
    "mode",
    "file",
    "lost",
    "audit_number",
    "audit_link",
    "plate",
    "action",
    "library",
    "shortened",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_people_read_is_the_list_that_programs_check() {
        let rows = include_str!("fields.rs").lines();
        let named: Vec<&str> = rows
            .filter_map(|line| line.strip_prefix("/// | `")?.split('`').next())
            .collect();
        assert_eq!(named, FIELDS);
    }
}
