//! From what is kept to what pages show.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use maud::Markup;

use super::answer::{self, Camera};
use super::code_view::{Money, Payee, StopView, stop};
use super::lang::Lang;
use super::layout::Shell;
use super::tag::Tag;
use super::words::Refusal;
use crate::app::App;
use crate::flow::resolve::{Named, Seen};
use crate::id::CodeId;
use crate::merchant::plate::ShortId;
use crate::merchant::{Counter, Merchant, Store};
use crate::money::Amount;
use crate::word::Mode;

/// A page for payers.
pub(super) fn payer_page(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    title: &str,
    scripts: &'static [&'static str],
    content: &Markup,
) -> HttpResponse {
    let lang = Lang::of(req);
    let here = if req.method().is_safe() {
        req.path()
    } else {
        page_of_form(req.path())
    };
    let shell = Shell {
        lang,
        title,
        here,
        form: &[],
        kind: "payer",
        scripts,
        is_test: app.mode == Mode::Test,
    };
    answer::page(status, lang, Camera::Off, shell.wrap(content))
}

/// A page for payers that answers a form, and that the same form brings again in the other language.
pub(super) fn answer_page(
    req: &HttpRequest,
    app: &App,
    form: &[(&'static str, &str)],
    title: &str,
    scripts: &'static [&'static str],
    content: &Markup,
) -> HttpResponse {
    let lang = Lang::of(req);
    let shell = Shell {
        lang,
        title,
        here: req.path(),
        form,
        kind: "payer",
        scripts,
        is_test: app.mode == Mode::Test,
    };
    answer::page(StatusCode::OK, lang, Camera::Off, shell.wrap(content))
}

/// Where the page with the form that is sent to `path` is. Of a code's, as that page's neighbour: what
/// is refused is not repeated.
fn page_of_form(path: &str) -> &str {
    if path.starts_with("/counter/") {
        return "/counter";
    }
    if path.starts_with("/plates/") {
        return "/plates/bind";
    }
    if path.ends_with("/start") {
        "start"
    } else {
        ""
    }
}

/// A refusal as a page.
pub(super) fn refused(
    req: &HttpRequest,
    app: &App,
    refusal: Refusal,
    payee: Option<Payee>,
    instead: Vec<Tag>,
) -> HttpResponse {
    let lang = Lang::of(req);
    let title = lang.of_two(refusal.title.0, refusal.title.1);
    let (status, retry_after) = (refusal.status(), refusal.retry_after);
    let view = StopView {
        payee,
        title: refusal.title,
        detail: refusal.detail,
        onward: refusal.onward,
        instead,
    };
    let mut page = payer_page(req, app, status, title, &[], &stop(lang, &view));
    if let Some(seconds) = retry_after {
        page.headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}

/// Who is paid by a code.
pub(super) fn payee_of(seen: &Seen) -> Payee {
    Payee {
        description: seen.payment.as_ref().and_then(|p| p.description.clone()),
        short_id: on_the_sign(&seen.code.id, seen.plate.as_ref()),
        ..payee(&seen.merchant, &seen.store, seen.counter.as_ref())
    }
}

/// Whose code it is, where it cannot be paid.
pub(super) fn payee_named(named: &Named) -> Payee {
    Payee {
        short_id: on_the_sign(&named.code, named.plate.as_ref()),
        ..payee(&named.merchant, &named.store, named.counter.as_ref())
    }
}

/// What is printed below the symbol: the plate's short id, or the end of the code's.
fn on_the_sign(code: &CodeId, plate: Option<&ShortId>) -> String {
    plate.map_or_else(|| code.short(), ShortId::to_string)
}

/// Who is paid.
pub(super) fn payee(merchant: &Merchant, store: &Store, counter: Option<&Counter>) -> Payee {
    Payee {
        merchant: merchant.name.to_string(),
        store: store.name.to_string(),
        counter: counter.map(|counter| counter.name.to_string()),
        short_id: String::new(),
        description: None,
    }
}

/// An amount for eyes.
pub(super) fn money(amount: Amount) -> Money {
    Money {
        decimal: amount.decimal(),
        currency: amount.currency().code().to_owned(),
    }
}
