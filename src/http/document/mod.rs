//! The OpenAPI document, made from the routes themselves.

mod answers;
pub(crate) mod refusals;

use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::http::Method;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;

use crate::code::run::CodeKind;
use crate::http::api;
use crate::http::extract::{IdempotencyKey, Nothing};
use crate::http::problem::{FieldError, ProblemBody};
use crate::print::plates::{PlateFormat, PlateTemplate};
use crate::print::{PrintFormat, PrintLang, Template};
use crate::qr::symbol::Level;

/// The document.
pub fn openapi() -> OpenApi {
    let (_, mut document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(base())
        .configure(api::routes)
        .split_for_parts();
    document
        .paths
        .paths
        .values_mut()
        .for_each(answers::complete);
    document
}

/// The methods that a path of the API has; none if it is no path of ours.
pub(crate) fn methods_of(path: &str) -> Vec<Method> {
    static TABLE: LazyLock<Vec<(String, Vec<Method>)>> = LazyLock::new(|| {
        let paths = openapi().paths.paths.into_iter();
        paths.map(|(path, item)| (path, methods(&item))).collect()
    });
    let fits = |template: &str| {
        let (mut left, mut right) = (template.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(named), Some(found)) if named.starts_with('{') && !found.is_empty() => {}
                (Some(named), Some(found)) if named == found => {}
                (Some(_) | None, Some(_) | None) => return false,
            }
        }
    };
    let found = TABLE.iter().filter(|(template, _)| fits(template));
    let mut all: Vec<Method> = found.flat_map(|(_, methods)| methods.clone()).collect();
    all.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    all.dedup();
    all
}

/// The template of a path of the API that has nothing in it to fill in: the path itself. The router
/// would try all templates one after another.
pub(crate) fn literal(path: &str) -> Option<&'static str> {
    static TABLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let paths = openapi().paths.paths.into_keys();
        paths.filter(|path| !path.contains('{')).collect()
    });
    TABLE.get(path).map(String::as_str)
}

fn methods(item: &PathItem) -> Vec<Method> {
    let mut methods = Vec::new();
    if item.get.is_some() {
        methods.extend([Method::GET, Method::HEAD]);
    }
    if item.post.is_some() {
        methods.push(Method::POST);
    }
    methods
}

fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("tongma 通码")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let tags = TAGS.iter().map(|(name, about)| {
        TagBuilder::new()
            .name(*name)
            .description(Some(*about))
            .build()
    });
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags.collect::<Vec<_>>()))
        .components(Some(components()))
        .build()
}

const ABOUT: &str = "One receiving code; every wallet can pay it; the cashier sees the proof.\n\n\
Amounts are integers in minor units with an ISO 4217 currency, times RFC 3339 UTC, ids opaque. \
Every answer has a `Request-Id`; every refusal is `application/problem+json` with a stable `code`, \
explained where its `type` leads; each operation lists the codes of each status (`x-problems`). \
Calls are counted by API key, institution or address: `RateLimit-Policy` and `RateLimit` say where a \
caller stands. 503 `overloaded` means that nothing was begun. Unknown request fields are refused; unknown answer fields must be ignored. \
Lists answer `{data, has_more, next_cursor}`. A request that creates something takes an \
`Idempotency-Key`: the first answer is kept for 30 days and replayed byte for byte with \
`Idempotent-Replayed: true`; the fingerprint is that of the raw body. JSON bodies have at most \
64 KiB, pictures 5 MiB.";

const TAGS: [(&str, &str); 8] = [
    ("payments", "What the merchant is owed"),
    ("codes", "What is printed or shown, and what it says"),
    ("receipts", "What payers show at the counter"),
    ("events", "What happened, in one order"),
    ("merchants", "Merchants, their stores and tills"),
    ("institutions", "Whose payers can pay, and why"),
    (
        "wallet",
        "What payment institutions call, signed (RFC 9421)",
    ),
    ("about", "What anyone may know"),
];

fn components() -> Components {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("tm_test_… or tm_live_…")
        .description(Some("A merchant's API key, with scopes."))
        .build();
    let signature = ApiKeyValue::with_description(
        "Signature-Input",
        "HTTP message signature (RFC 9421) with the institution's registered key, tag \
         \"tongma-wallet\", over @method @authority @path @query and, where there is a body, \
         content-digest content-type; parameters created, nonce, keyid. Nonces are kept and compared \
         only for calls that change state; what only reads may be sent again.",
    );
    let scrape = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The token that the operator chose for reading the numbers.",
        ))
        .build();
    let device = ApiKeyValue::with_description(
        "tongma_counter",
        "A device that was paired with a counter; `__Host-tongma_counter` on https.",
    );
    ComponentsBuilder::new()
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(FieldError::name(), FieldError::schema())
        // Stands in queries only, from where it is pointed at but not brought along.
        .schema(CodeKind::name(), CodeKind::schema())
        .schema(Level::name(), Level::schema())
        .schema(Template::name(), Template::schema())
        .schema(PlateFormat::name(), PlateFormat::schema())
        .schema(PlateTemplate::name(), PlateTemplate::schema())
        .schema(PrintFormat::name(), PrintFormat::schema())
        .schema(PrintLang::name(), PrintLang::schema())
        .schema(IdempotencyKey::name(), IdempotencyKey::schema())
        .schema(Nothing::name(), Nothing::schema())
        .response("Problem", answers::anywhere())
        .security_scheme("api_key", SecurityScheme::Http(key))
        .security_scheme("metrics_token", SecurityScheme::Http(scrape))
        .security_scheme(
            "http_signature",
            SecurityScheme::ApiKey(ApiKey::Header(signature)),
        )
        .security_scheme("counter", SecurityScheme::ApiKey(ApiKey::Cookie(device)))
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own_a_tag_and_a_right() {
        let document = openapi();
        let mut names = BTreeSet::new();
        for (path, item) in &document.paths.paths {
            for operation in [&item.get, &item.post].into_iter().flatten() {
                let name = operation.operation_id.clone().unwrap();
                assert!(names.insert(name.clone()), "{name} stands twice");
                assert_eq!(operation.tags.as_ref().unwrap().len(), 1, "{path}");
                assert!(operation.security.is_some(), "{path} says no right");
                for answer in ["default", "429", "503"] {
                    let answers = &operation.responses.responses;
                    assert!(answers.contains_key(answer), "{path} {answer}");
                }
            }
        }
        assert!(names.len() > 35, "{names:?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = openapi().to_json().unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut count = 0;
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let to = reference.split('"').next().unwrap();
            assert!(document.pointer(to).is_some(), "{to}");
            count += 1;
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn a_path_knows_its_methods() {
        let names = |path| {
            let methods = methods_of(path);
            methods.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names("/v1/payments"), ["GET", "HEAD", "POST"]);
        assert_eq!(names("/v1/payments/pay_1/cancel"), ["POST"]);
        assert!(names("/v1/payments/pay_1/cancel/again").is_empty());
        assert!(names("/v2").is_empty());
    }
}
