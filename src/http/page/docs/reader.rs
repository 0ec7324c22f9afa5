//! Reads the OpenAPI document as a person would: operation by operation.

use std::sync::LazyLock;

use serde_json::Value;

use crate::http::openapi;

/// The document; it is the same for the life of the program.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(openapi()).unwrap_or_default());

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    /// `GET` or `POST`.
    pub(super) method: &'static str,
    /// With the names of its parameters.
    pub(super) path: &'static str,
    /// As it stands in the document.
    pub(super) item: &'static Value,
}

/// How a caller says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// By an API key.
    Key,
    /// By a signature.
    Signature,
    /// Not at all.
    Anyone,
}

/// Every operation, in the order of the document.
pub(super) fn operations() -> impl Iterator<Item = Operation> {
    let paths = DOCUMENT.get("paths").and_then(Value::as_object);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        ["get", "post"].into_iter().filter_map(move |method| {
            Some(Operation {
                method: if method == "get" { "GET" } else { "POST" },
                path,
                item: item.get(method)?,
            })
        })
    })
}

/// The operation of this name.
pub(super) fn operation(name: &str) -> Option<Operation> {
    operations().find(|operation| operation.name() == name)
}

/// The groups of operations: name, and what they are about.
pub(super) fn tags() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tags = DOCUMENT.get("tags").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .map(|tag| (text(tag, "name"), text(tag, "description")))
}

/// What a reference points at; anything else as it is, with the reference's name.
pub(super) fn resolved(schema: &'static Value) -> (&'static Value, Option<&'static str>) {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
        return (schema, None);
    };
    let pointer = reference.trim_start_matches('#');
    let found = DOCUMENT.pointer(pointer).unwrap_or(&Value::Null);
    (found, reference.rsplit('/').next())
}

/// A member that is a text; empty where it is not there.
pub(super) fn text(value: &'static Value, name: &str) -> &'static str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Operation {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        text(self.item, "operationId")
    }

    /// Its first sentence.
    pub(super) fn summary(self) -> &'static str {
        text(self.item, "summary")
    }

    /// What else there is to say.
    pub(super) fn description(self) -> &'static str {
        text(self.item, "description")
    }

    /// Which group it is in.
    pub(super) fn is_about(self, tag: &str) -> bool {
        let tags = self.item.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|name| name.as_str() == Some(tag)))
    }

    /// How its callers say who they are, and what right an API key needs.
    pub(super) fn caller(self) -> (Caller, Option<&'static str>) {
        let ways = self.item.get("security").and_then(Value::as_array);
        let mut ways = ways.into_iter().flatten();
        ways.find_map(|way| {
            if let Some(scopes) = way.get("api_key") {
                let scope = scopes.get(0).and_then(Value::as_str);
                return Some((Caller::Key, scope));
            }
            let signed = way.get("http_signature").is_some();
            signed.then_some((Caller::Signature, None))
        })
        .unwrap_or((Caller::Anyone, None))
    }

    /// Its parameters.
    pub(super) fn parameters(self) -> impl Iterator<Item = &'static Value> {
        let all = self.item.get("parameters").and_then(Value::as_array);
        all.into_iter().flatten()
    }

    /// Its body: each media type with its schema.
    pub(super) fn body(self) -> impl Iterator<Item = (&'static str, &'static Value)> {
        contents(self.item.get("requestBody"))
    }

    /// Whether it can be called without a body.
    pub(super) fn may_have_no_body(self) -> bool {
        let required = self.item.pointer("/requestBody/required");
        required.and_then(Value::as_bool) != Some(true)
    }

    /// Its answers: status and what is said of it.
    pub(super) fn answers(self) -> impl Iterator<Item = (&'static str, &'static Value)> {
        let all = self.item.get("responses").and_then(Value::as_object);
        let all = all.into_iter().flatten();
        all.map(|(status, answer)| (status.as_str(), resolved(answer).0))
    }
}

/// The media types of a body or an answer, each with its schema.
pub(super) fn contents(
    of: Option<&'static Value>,
) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let content = of.and_then(|of| of.get("content"));
    let all = content.and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(media, content)| Some((media.as_str(), content.get("schema")?)))
}

/// The codes of the problems that an answer lists.
pub(super) fn problems(answer: &'static Value) -> impl Iterator<Item = &'static str> {
    let listed = answer.get(crate::http::document::refusals::LISTED);
    let listed = listed.and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str)
}
