//! What a client hears when something is refused: `application/problem+json` (RFC 9457).
//!
//! The only place where our API's error status codes stand: [`kinds`] gives each problem its
//! status, [`flow`] says which problem an error of a use case is. A problem never carries a stack,
//! an SQL text or a host name; what is our own fault is logged and answered without a reason.

pub(crate) mod advice;
mod flow;
pub(crate) mod kinds;
mod often;

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::crypto::http_signature::accept_signature;
use crate::telemetry::trace;

pub(crate) use kinds::Kind;
pub(crate) use often::{Counted, may_call, may_try, refused_code};

/// The media type of every problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A language in which titles are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Why a request was refused.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: &'static Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One field that was refused.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FieldError {
    /// JSON pointer to the field.
    #[schema(example = "/amount_minor")]
    pub(crate) pointer: String,
    /// What is wrong with it, in English.
    pub(crate) detail: String,
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/payment-not-found")]
    type_: String,
    /// What went wrong, in the language of `Accept-Language` (zh or en).
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What programs look at: never translated, never changed.
    #[schema(example = "payment-not-found")]
    code: &'a str,
    /// More about this one case, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// What to quote when asking for help; also in the header `Request-Id`.
    request_id: &'a str,
    /// The trace that the request was a part of, 32 hex digits (W3C Trace Context).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: Option<String>,
    /// The fields that were refused.
    #[serde(skip_serializing_if = "slice_is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    #[schema(ignore)]
    more: &'a Map<String, Value>,
}

/// The code of the problem that an answer carries, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) &'static str);

/// How a 401 says what is needed.
#[derive(Debug, Clone, Copy)]
enum Challenge {
    Bearer,
    Signature,
    Session,
}

impl Problem {
    /// Nothing but its kind.
    pub(crate) fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
        }
    }

    /// With one sentence about this case.
    pub(crate) fn because(kind: &'static Kind, detail: impl ToString) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..Self::new(kind)
        }
    }

    /// About one field of the body.
    pub(crate) fn field(
        kind: &'static Kind,
        pointer: impl Into<String>,
        detail: impl ToString,
    ) -> Self {
        let error = FieldError {
            pointer: pointer.into(),
            detail: detail.to_string(),
        };
        Self {
            errors: vec![error],
            ..Self::new(kind)
        }
    }

    /// Nothing of this kind here: the same for a thing that never was, one of somebody else, and a
    /// name that cannot be one.
    pub(crate) fn not_found(what: &str) -> Self {
        let code = format!("{what}-not-found");
        Self::new(kinds::by_code(&code).unwrap_or(&kinds::NOT_FOUND))
    }

    /// The same once more, for the frame that renders what a handler only named.
    pub(crate) fn again(&self) -> Self {
        Self {
            kind: self.kind,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            more: self.more.clone(),
            headers: self.headers.clone(),
        }
    }

    /// Where the first refused field is.
    #[cfg(test)]
    pub(crate) fn pointer(&self) -> &str {
        self.errors.first().map_or("", |error| &error.pointer)
    }

    /// What it is.
    pub(crate) fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// What goes into the head of the answer besides.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// With a header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.more.insert(name.to_owned(), value);
        }
        self
    }

    fn retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, &seconds.to_string())
    }

    fn challenge(self, challenge: Challenge) -> Self {
        let problem = self.with_header(header::WWW_AUTHENTICATE, challenge.scheme());
        match challenge {
            Challenge::Signature => problem.with_header(
                HeaderName::from_static("accept-signature"),
                &accept_signature(),
            ),
            Challenge::Bearer | Challenge::Session => problem,
        }
    }

    /// The body of the answer.
    pub(crate) fn document(&self, language: Language, request_id: &str) -> Value {
        serde_json::to_value(self.body(language, request_id)).unwrap_or_default()
    }

    fn body<'a>(&'a self, language: Language, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            type_: self.kind.path(),
            title: self.kind.title(language),
            status: self.kind.status,
            code: self.kind.code,
            detail: self.detail.as_deref(),
            request_id,
            trace_id: trace::current().map(|trace| trace.trace_id()),
            errors: &self.errors,
            more: &self.more,
        }
    }

    /// The whole answer.
    pub(crate) fn render(&self, language: Language, request_id: &str) -> HttpResponse<BoxBody> {
        let body = self.body(language, request_id);
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type(MEDIA_TYPE);
        answer.insert_header((header::CONTENT_LANGUAGE, language.tag()));
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.append_header((header::VARY, "accept-language"));
        for header in &self.headers {
            answer.append_header(header.clone());
        }
        let mut answer = answer.body(serde_json::to_string(&body).unwrap_or_default());
        answer.extensions_mut().insert(Refused(self.kind.code));
        answer
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail.as_deref().unwrap_or(self.kind.en))
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Only seen where the frame around all routes is not: it renders again, with the request's
    /// name and language.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.render(Language::En, "")
    }
}

impl Kind {
    /// Where it is explained.
    pub(crate) fn path(&self) -> String {
        format!("/problems/{}", self.code)
    }

    /// The title in a language.
    pub(crate) const fn title(&self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

impl Challenge {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer realm=\"tongma\"",
            Self::Signature => "Signature realm=\"tongma\"",
            Self::Session => "Session realm=\"tongma\"",
        }
    }
}

impl Language {
    /// The language that a client asks for most; English where it asks for neither.
    pub(crate) fn asked(accept: Option<&HeaderValue>) -> Self {
        let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut best = (Self::En, 0_u32);
        for range in accept.split(',').take(16) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or("").trim().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, thousandths);
            let language = match tag.split('-').next() {
                Some("zh") => Self::Zh,
                Some("en") => Self::En,
                Some(_) | None => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// The tag in `Content-Language`.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// `0.8` as 800; what cannot be read counts as nothing.
fn thousandths(q: &str) -> u32 {
    let (whole, part) = q.trim().split_once('.').unwrap_or((q.trim(), ""));
    if part.len() > 3 {
        return 0;
    }
    format!("{whole}{part:0<3}")
        .parse()
        .map_or(0, |q: u32| q.min(1000))
}

fn slice_is_empty(errors: &&[FieldError]) -> bool {
    errors.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::KeyError;
    use crate::flow::FlowError;
    use crate::flow::institution_keys::KeyRefused;

    #[test]
    fn the_language_is_the_one_asked_for_most() {
        let asked = |text| Language::asked(Some(&HeaderValue::from_static(text)));
        assert_eq!(asked("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        assert_eq!(asked("en-GB, zh;q=0.5"), Language::En);
        assert_eq!(asked("fr, zh;q=0.3, en;q=0.2"), Language::Zh);
        assert_eq!(asked("fr"), Language::En);
        assert_eq!(asked(";;q=,zh;q=0"), Language::En);
        assert_eq!(Language::asked(None), Language::En);
    }

    #[test]
    fn a_weak_key_and_a_borrowed_name_have_problems_of_their_own() {
        let told = |error: FlowError| {
            let kind = Problem::from(error).kind();
            (kind.status, kind.code)
        };
        let weak = KeyRefused::Weak(KeyError::WeakPoint);
        assert_eq!(told(weak.into()), (422, "key-weak"));
        let taken = KeyRefused::Taken("k".to_owned());
        assert_eq!(told(taken.into()), (409, "state-conflict"));
        assert_eq!(told(KeyRefused::Named.into()), (422, "field-invalid"));
        let held = FlowError::NameHeld {
            like: "mer_00000000000000000000000000".parse().unwrap(),
            name: "老王面馆".parse().unwrap(),
        };
        assert_eq!(told(held), (409, "name-held"));
    }

    #[test]
    fn an_unknown_thing_has_a_problem_of_its_own() {
        assert_eq!(Problem::not_found("payment").kind.code, "payment-not-found");
        assert_eq!(Problem::not_found("unicorn").kind.code, "not-found");
    }
}
