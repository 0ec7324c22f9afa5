//! Which problems an operation can answer, status by status: what follows from how it is called,
//! and a row of [`OWN`] for what is its own.
//!
//! The document lists them, so a client knows before the first request what 409, 410 or 422 can
//! mean; a peer that throws thousands of requests at the server fails when it hears another one.

use std::collections::BTreeMap;

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::http::problem::{self, Kind, kinds};

/// The name under which an answer lists the codes of its problems.
pub(crate) const LISTED: &str = "x-problems";

/// What any operation can answer, whatever it is about; listed under `default`.
pub(crate) static ANYWHERE: &[&Kind] = &[
    &kinds::BAD_REQUEST,
    &kinds::HEADER_INVALID,
    &kinds::NOT_FOUND,
    &kinds::REQUEST_TIMEOUT,
    &kinds::URI_TOO_LONG,
    &kinds::HEADER_TOO_LARGE,
    &kinds::INTERNAL,
    &kinds::DRAINING,
    &kinds::BUSY,
    &kinds::AUDIT_UNAVAILABLE,
];

/// What any operation answers to those who ask too often, or when everybody does.
const TOO_MUCH: &[&Kind] = &[&kinds::RATE_LIMITED, &kinds::OVERLOADED];

const API_KEY: &[&Kind] = &[
    &kinds::API_KEY_MISSING,
    &kinds::API_KEY_INVALID,
    &kinds::API_KEY_MISPLACED,
    &kinds::WRONG_TOKEN_TYPE,
];

const SIGNATURE: &[&Kind] = &[
    &kinds::SIGNATURE_MISSING,
    &kinds::SIGNATURE_INVALID,
    &kinds::SIGNATURE_INSUFFICIENT,
    &kinds::DIGEST_MISMATCH,
    &kinds::CLOCK_SKEW,
    &kinds::WRONG_TOKEN_TYPE,
    &kinds::NONCE_SYNTAX,
    &kinds::DIGEST_ALGORITHM,
    &kinds::MALFORMED,
];

const COUNTER: &[&Kind] = &[&kinds::SESSION_INVALID, &kinds::CSRF];

const BODY: &[&Kind] = &[&kinds::BODY_TOO_LARGE, &kinds::MEDIA_TYPE];

const JSON: &[&Kind] = &[
    &kinds::JSON_INVALID,
    &kinds::JSON_DUPLICATE_KEY,
    &kinds::FIELD_INVALID,
    &kinds::FIELD_MISSING,
    &kinds::FIELD_UNKNOWN,
    &kinds::TEXT_INVALID,
];

const MONEY: &[&Kind] = &[&kinds::AMOUNT_INVALID, &kinds::CURRENCY_INVALID];

const ONCE: &[&Kind] = &[
    &kinds::IDEMPOTENCY_KEY_MISSING,
    &kinds::IDEMPOTENCY_KEY_INVALID,
    &kinds::IDEMPOTENCY_IN_FLIGHT,
    &kinds::IDEMPOTENCY_KEY_REUSED,
];

/// Why a scanned text leads nowhere.
const SCANNED: &[&Kind] = &[
    &kinds::CODE_NOT_FOUND,
    &kinds::CODE_EXPIRED,
    &kinds::CODE_REVOKED,
    &kinds::CODE_SUSPENDED,
    &kinds::PLATE_UNBOUND,
    &kinds::PLATE_VOID,
    &kinds::CODE_SIGNATURE_INVALID,
    &kinds::PAYLOAD_INVALID,
    &kinds::NO_ROUTE,
    &kinds::STATE_CONFLICT,
    &kinds::TOO_MANY_MISSES,
];

const PLACE: &[&Kind] = &[
    &kinds::STORE_NOT_FOUND,
    &kinds::COUNTER_NOT_FOUND,
    &kinds::COUNTER_ELSEWHERE,
];

const PICTURE: &[&Kind] = &[
    &kinds::PICTURE_TOO_LARGE,
    &kinds::PICTURE_TOO_MANY_PIXELS,
    &kinds::PICTURE_TOO_MUCH_MEMORY,
    &kinds::PICTURE_UNSUPPORTED,
    &kinds::PICTURE_BROKEN,
    &kinds::PICTURE_TOO_SLOW,
    &kinds::NO_CODE,
];

const STATEMENT: &[&Kind] = &[
    &kinds::ALG_NOT_ALLOWED,
    &kinds::EXPIRED,
    &kinds::HMAC_CANNOT_CONFIRM,
    &kinds::TRANSACTION_CONFLICT,
    &kinds::WALLET_MISMATCH,
    &kinds::AMOUNTS_INCONSISTENT,
    &kinds::TIME_INVALID,
    &kinds::FIELD_INVALID,
];

/// What an operation can answer besides what follows from how it is called.
const OWN: &[(&str, &[&[&Kind]])] = &[
    ("resolve", &[SCANNED]),
    (
        "startAttempt",
        &[
            SCANNED,
            MONEY,
            &[
                &kinds::NONCE_REUSED,
                &kinds::PAYMENT_NOT_FOUND,
                &kinds::REFERENCE_CONFLICT,
                &kinds::PAYMENT_HELD,
                &kinds::PAYEE_REFUSED,
                &kinds::PAYEE_UNAVAILABLE,
                &kinds::LIMIT_EXCEEDED,
                &kinds::AMOUNT_REQUIRED,
                &kinds::AMOUNT_FIXED,
                &kinds::AMOUNT_MISMATCH,
                &kinds::CURRENCY_MISMATCH,
                &kinds::PAYMENT_MISMATCH,
            ],
        ],
    ),
    ("problem", &[&[&kinds::PROBLEM_NOT_FOUND]]),
    ("getAttempt", &[&[&kinds::ATTEMPT_NOT_FOUND]]),
    (
        "reportAttempt",
        &[&[
            &kinds::NONCE_REUSED,
            &kinds::ATTEMPT_NOT_FOUND,
            &kinds::WALLET_MISMATCH,
        ]],
    ),
    ("getOrder", &[&[&kinds::ORDER_NOT_FOUND]]),
    (
        "confirmOrder",
        &[
            STATEMENT,
            MONEY,
            &[
                &kinds::NONCE_REUSED,
                &kinds::ORDER_NOT_FOUND,
                &kinds::STATE_CONFLICT,
            ],
        ],
    ),
    ("getStore", &[&[&kinds::STORE_NOT_FOUND]]),
    ("getCounter", &[&[&kinds::COUNTER_NOT_FOUND]]),
    ("pairDevice", &[&[&kinds::COUNTER_NOT_FOUND]]),
    ("getInstitution", &[&[&kinds::INSTITUTION_NOT_FOUND]]),
    ("getAcceptance", &[&[&kinds::ACCEPTANCE_NOT_FOUND]]),
    ("getAgreement", &[&[&kinds::AGREEMENT_NOT_FOUND]]),
    ("listMerchants", &[&[&kinds::MERCHANT_NOT_FOUND]]),
    ("ownMerchant", &[&[&kinds::MERCHANT_NOT_FOUND]]),
    (
        "issueCode",
        &[
            PLACE,
            MONEY,
            &[
                &kinds::ADOPTION_NOT_FOUND,
                &kinds::TIME_INVALID,
                &kinds::QUOTA_EXCEEDED,
            ],
        ],
    ),
    (
        "adoptCode",
        &[
            PLACE,
            PICTURE,
            &[
                &kinds::ACCOUNT_NOT_FOUND,
                &kinds::MERCHANT_NOT_FOUND,
                &kinds::CODE_NOT_ADOPTABLE,
                &kinds::CODE_TAKEN,
                &kinds::STATE_CONFLICT,
                &kinds::PICTURE_AMBIGUOUS,
                &kinds::QUOTA_EXCEEDED,
                &kinds::TOO_MANY_ADOPTIONS,
            ],
        ],
    ),
    ("getAdoption", &[&[&kinds::ADOPTION_NOT_FOUND]]),
    (
        "endAdoption",
        &[&[&kinds::ADOPTION_NOT_FOUND, &kinds::STATE_CONFLICT]],
    ),
    (
        "createPlateBatch",
        &[&[&kinds::QUOTA_EXCEEDED, &kinds::MERCHANT_NOT_FOUND]],
    ),
    (
        "printPlates",
        &[&[
            &kinds::PLATE_BATCH_NOT_FOUND,
            &kinds::PLATE_PART_NOT_FOUND,
            &kinds::PLATE_BATCH_UNFINISHED,
            &kinds::PRINT_TOO_SMALL,
            &kinds::FONT_MISSING,
            &kinds::GLYPH_MISSING,
        ]],
    ),
    ("getPlateBatch", &[&[&kinds::PLATE_BATCH_NOT_FOUND]]),
    (
        "bindPlate",
        &[
            PLACE,
            CHANGED_PLATE,
            &[
                &kinds::CODE_NOT_FOUND,
                &kinds::CODE_SIGNATURE_INVALID,
                &kinds::PAYLOAD_INVALID,
                &kinds::CLAIM_INVALID,
                &kinds::PLATE_LOCKED,
                &kinds::TOO_MANY_CLAIMS,
                &kinds::MERCHANT_NOT_FOUND,
                &kinds::QUOTA_EXCEEDED,
            ],
        ],
    ),
    ("getPlate", &[&[&kinds::PLATE_NOT_FOUND]]),
    (
        "rebindPlate",
        &[PLACE, CHANGED_PLATE, &[&kinds::QUOTA_EXCEEDED]],
    ),
    ("unbindPlate", &[CHANGED_PLATE]),
    ("voidPlate", &[CHANGED_PLATE]),
    ("followEvents", &[&[&kinds::TOO_MANY_STREAMS]]),
    ("getCode", &[&[&kinds::CODE_NOT_FOUND]]),
    ("getCodePng", &[&[&kinds::CODE_NOT_FOUND]]),
    ("getCodeSvg", &[&[&kinds::CODE_NOT_FOUND]]),
    ("printCode", &[PRINTED]),
    ("printCodeWithLogo", &[PRINTED, LOGO]),
    ("suspendCode", &[CHANGED_CODE]),
    ("resumeCode", &[CHANGED_CODE]),
    ("revokeCode", &[CHANGED_CODE]),
    (
        "createPayment",
        &[
            PLACE,
            MONEY,
            &[
                &kinds::CURRENCY_MISMATCH,
                &kinds::LIFETIME_INVALID,
                &kinds::QUOTA_EXCEEDED,
            ],
        ],
    ),
    ("getPayment", &[&[&kinds::PAYMENT_NOT_FOUND]]),
    (
        "cancelPayment",
        &[&[
            &kinds::PAYMENT_NOT_FOUND,
            &kinds::PAYMENT_HELD,
            &kinds::STATE_CONFLICT,
            &kinds::PAYEE_UNAVAILABLE,
        ]],
    ),
    (
        "verifyReceipt",
        &[&[
            &kinds::STORE_NOT_FOUND,
            &kinds::RECEIPT_NOT_FOUND,
            &kinds::NUMBER_INVALID,
            &kinds::TOO_MANY_CHECKS,
        ]],
    ),
    ("decode", &[PICTURE]),
    (
        "dryRun",
        &[SCANNED, MONEY, &[&kinds::INSTITUTION_NOT_FOUND]],
    ),
];

const PRINTED: &[&Kind] = &[
    &kinds::CODE_NOT_FOUND,
    &kinds::CODE_EXPIRED,
    &kinds::CODE_REVOKED,
    &kinds::CODE_SUSPENDED,
    &kinds::STATE_CONFLICT,
    &kinds::FONT_MISSING,
    &kinds::PRINT_TOO_SMALL,
    &kinds::PRINT_UNREADABLE,
    &kinds::CONTRAST_TOO_LOW,
    &kinds::GLYPH_MISSING,
];

const LOGO: &[&Kind] = &[
    &kinds::PICTURE_TOO_LARGE,
    &kinds::PICTURE_TOO_MANY_PIXELS,
    &kinds::PICTURE_TOO_MUCH_MEMORY,
    &kinds::PICTURE_UNSUPPORTED,
    &kinds::PICTURE_BROKEN,
];

const CHANGED_CODE: &[&Kind] = &[&kinds::CODE_NOT_FOUND, &kinds::STATE_CONFLICT];

const CHANGED_PLATE: &[&Kind] = &[&kinds::PLATE_NOT_FOUND, &kinds::STATE_CONFLICT];

/// The refusals of an operation, each status with the codes that it can carry.
pub(super) fn of(operation: &Operation, takes_body: bool) -> BTreeMap<u16, Vec<&'static Kind>> {
    let mut all: Vec<&'static Kind> = TOO_MUCH.to_vec();
    for (scheme, scopes) in rights(operation) {
        match scheme.as_str() {
            "api_key" => all.extend(API_KEY),
            "http_signature" => all.extend(SIGNATURE),
            _ => all.extend(COUNTER),
        }
        if !scopes.is_empty() {
            all.push(&kinds::SCOPE);
        }
    }
    let media: Vec<&str> = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.keys().map(String::as_str).collect(),
        // The body may be missing, or an object without a field.
        None if takes_body => vec!["application/json"],
        Some(RefOr::Ref(_)) | None => Vec::new(),
    };
    if !media.is_empty() {
        all.extend(BODY);
    }
    if media.contains(&"application/json") {
        all.extend(JSON);
    }
    for (name, place) in parameters(operation) {
        match (name.as_str(), place) {
            ("Idempotency-Key", _) => all.extend(ONCE),
            ("cursor", _) => all.extend([&kinds::CURSOR_INVALID, &kinds::QUERY_INVALID]),
            (_, ParameterIn::Query) => all.push(&kinds::QUERY_INVALID),
            (_, _) => {}
        }
    }
    let name = operation.operation_id.as_deref().unwrap_or_default();
    let own = OWN.iter().filter(|(operation, _)| *operation == name);
    all.extend(own.flat_map(|(_, groups)| groups.iter().copied().flatten()));

    let mut by_status: BTreeMap<u16, Vec<&'static Kind>> = BTreeMap::new();
    for kind in all {
        let listed = by_status.entry(kind.status).or_default();
        if !listed.contains(&kind) {
            listed.push(kind);
        }
    }
    by_status
}

/// An answer that lists what it can be.
pub(super) fn answer(listed: &[&Kind]) -> Response {
    let reasons: Vec<String> = listed
        .iter()
        .map(|kind| format!("* `{}`: {}", kind.code, kind.en))
        .collect();
    let codes: Vec<&str> = listed.iter().map(|kind| kind.code).collect();
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .build();
    let mut answer = ResponseBuilder::new()
        .description(reasons.join("\n"))
        .content(problem::MEDIA_TYPE, content)
        .build();
    answer.extensions = Some(Extensions::from_iter([(LISTED, codes)]));
    answer
}

fn rights(operation: &Operation) -> Vec<(String, Vec<String>)> {
    let all = operation.security.iter().flatten();
    let text = serde_json::to_value(all.collect::<Vec<_>>()).unwrap_or_default();
    let all: Vec<BTreeMap<String, Vec<String>>> = serde_json::from_value(text).unwrap_or_default();
    all.into_iter().flatten().collect()
}

fn parameters(operation: &Operation) -> impl Iterator<Item = (String, ParameterIn)> + '_ {
    let all = operation.parameters.iter().flatten();
    all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some((parameter.name.clone(), parameter.parameter_in.clone())),
        RefOr::Ref(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::openapi;

    /// What only pages and the frame answer, where no document says which path it was.
    const ELSEWHERE: &[&Kind] = &[
        &kinds::METHOD_NOT_ALLOWED,
        &kinds::NOT_ACCEPTABLE,
        &kinds::PAIRING_INVALID,
        &kinds::TOO_MANY_PAIRINGS,
        &kinds::TOO_MANY_STARTS,
        &kinds::KEY_WEAK,
        &kinds::NAME_HELD,
        &kinds::METRICS_TOKEN_INVALID,
    ];

    #[test]
    fn every_row_is_an_operation() {
        let document = openapi();
        let items = document.paths.paths.values();
        let names: BTreeSet<String> = items
            .flat_map(|item| [&item.get, &item.post].into_iter().flatten())
            .filter_map(|operation| operation.operation_id.clone())
            .collect();
        for (name, _) in OWN {
            assert!(names.contains(*name), "{name}");
        }
    }

    #[test]
    fn every_problem_is_listed_somewhere() {
        let text = openapi().to_json().unwrap();
        let own = OWN.iter().flat_map(|(_, groups)| groups.iter().copied());
        for kind in own
            .flatten()
            .chain(ANYWHERE)
            .copied()
            .chain(kinds::ALL.iter().copied())
        {
            let listed = text.contains(&format!("* `{}`", kind.code));
            assert_eq!(listed, !ELSEWHERE.contains(&kind), "{}", kind.code);
        }
    }
}
