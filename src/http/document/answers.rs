//! What the attributes of the handlers leave out because it is the same everywhere: refusals,
//! headers, bodies that may be missing, and how operations lead to each other.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Required, Response};

use super::refusals;

/// Where the answer of one operation leads: operation, status, next operation, its parameter, and
/// the member of the answer that holds it.
const LINKS: &[(&str, &str, &str, &str, &str)] = &[
    ("createPayment", "201", "getPayment", "id", "id"),
    ("createPayment", "201", "cancelPayment", "id", "id"),
    ("issueCode", "201", "getCode", "id", "id"),
    ("issueCode", "201", "getCodePng", "id", "id"),
    ("issueCode", "201", "printCode", "id", "id"),
    ("issueCode", "201", "suspendCode", "id", "id"),
    ("issueCode", "201", "resumeCode", "id", "id"),
    ("issueCode", "201", "revokeCode", "id", "id"),
    ("startAttempt", "201", "getAttempt", "id", "attempt"),
    ("startAttempt", "201", "reportAttempt", "id", "attempt"),
    (
        "startAttempt",
        "201",
        "confirmOrder",
        "order_number",
        "order_number",
    ),
];

/// Completes the operations of a path.
pub(super) fn complete(item: &mut PathItem) {
    if let Some(get) = &mut item.get {
        complete_one(get, false);
    }
    if let Some(post) = &mut item.post {
        complete_one(post, true);
    }
}

fn complete_one(operation: &mut Operation, takes_body: bool) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            parameter.schema = parameter.schema.take().map(never_null);
        }
    }
    let refusals = refusals::of(operation, takes_body);
    if takes_body && operation.request_body.is_none() {
        operation.request_body = Some(RefOr::T(empty_body()));
    }
    let is_once = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(p) if p.name == "Idempotency-Key"));
    let answers = &mut operation.responses.responses;
    for (status, listed) in refusals {
        let answer = refusals::answer(&listed);
        answers.insert(status.to_string(), RefOr::T(answer));
    }
    for (status, answer) in answers.iter_mut() {
        if let RefOr::T(answer) = answer {
            // OpenAPI wants a sentence about every answer; where the operation has said it all,
            // this one.
            if answer.description.is_empty() {
                "done as asked".clone_into(&mut answer.description);
            }
            add_headers(status, is_once, answer);
        }
    }
    let name = operation.operation_id.clone().unwrap_or_default();
    for (_, status, to, parameter, from) in LINKS.iter().filter(|(of, ..)| *of == name) {
        if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(*status) {
            let value = format!("$response.body#/{from}");
            let link = Link::builder()
                .operation_id(*to)
                .parameter(*parameter, value)
                .build();
            answer.links.insert((*to).to_owned(), RefOr::T(link));
        }
    }
}

/// A place in a path, a query or a header is there or it is not; it cannot be null.
fn never_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            if let SchemaType::Array(types) = &object.schema_type {
                let left: Vec<Type> = types
                    .iter()
                    .filter(|t| **t != Type::Null)
                    .cloned()
                    .collect();
                object.schema_type = match left.as_slice() {
                    [one] => SchemaType::Type(one.clone()),
                    _ => SchemaType::Array(left),
                };
            }
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            let is_null = |item: &RefOr<Schema>| {
                matches!(item, RefOr::T(Schema::Object(object))
                    if object.schema_type == SchemaType::Type(Type::Null))
            };
            let left: Vec<_> = one_of.items.iter().filter(|item| !is_null(item)).collect();
            match left.as_slice() {
                [one] => (*one).clone(),
                _ => RefOr::T(Schema::OneOf(one_of)),
            }
        }
        other @ (RefOr::Ref(_) | RefOr::T(_)) => other,
    }
}

/// A body that may be missing, and has no field where it is there.
fn empty_body() -> RequestBody {
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Nothing"))))
        .build();
    RequestBodyBuilder::new()
        .description(Some("Nothing, or an object without a field."))
        .content("application/json", content)
        .required(Some(Required::False))
        .build()
}

/// The headers of an answer with this status.
pub(super) fn add_headers(status: &str, is_once: bool, answer: &mut Response) {
    let mut add = |name: &str, kind: Type, about: &str| {
        answer
            .headers
            .entry(name.to_owned())
            .or_insert_with(|| RefOr::T(header(kind, about)));
    };
    add(
        "Request-Id",
        Type::String,
        "what to quote when asking for help",
    );
    match status {
        "201" if is_once => {
            add("Location", Type::String, "where it is found");
            add(
                "Idempotent-Replayed",
                Type::String,
                "`true` where this is the first answer once more",
            );
        }
        "401" => add("WWW-Authenticate", Type::String, "what is needed"),
        "409" | "429" | "503" | "default" => add(
            "Retry-After",
            Type::Integer,
            "after how many seconds the same request is worth another try, where it is",
        ),
        _ => {}
    }
    if status == "429" {
        add(
            "RateLimit-Policy",
            Type::String,
            "what may be asked: `\"api-key\";q=6000;w=60` is 6000 calls in 60 seconds",
        );
        add(
            "RateLimit",
            Type::String,
            "what is left of it, and for how many seconds: `\"api-key\";r=12;t=40`",
        );
    }
}

fn header(kind: Type, about: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind).build()))
        .description(Some(about))
        .build()
}

/// The one answer that every operation can give.
pub(super) fn anywhere() -> Response {
    let mut answer = refusals::answer(refusals::ANYWHERE);
    answer.description = format!(
        "Refused for a reason that has nothing to do with this operation; `code` says why\n\n{}",
        answer.description
    );
    add_headers("default", false, &mut answer);
    answer
}
