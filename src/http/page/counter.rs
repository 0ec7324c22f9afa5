//! `/counter`: pairing, the page that stays open, the check of receipts.

use actix_web::cookie::SameSite;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, Camera};
use super::call::OwnCall;
use super::code::source;
use super::counter_view::{CounterView, counter, pair};
use super::lang::Lang;
use super::layout::Shell;
use super::show::refused;
use super::words::Refusal;
use super::{cookie, same_site, verdict};
use crate::app::{App, Rate};
use crate::db::{self, DbError, outbox};
use crate::flow::FlowError;
use crate::flow::authenticate::{self, AuthError, Device};
use crate::flow::pair::{self as pairing, SESSION_LIFETIME};
use crate::flow::receipt::{self, Presented};
use crate::http::problem::{Problem, kinds, may_try};
use crate::id::MerchantId;
use crate::word::Mode;

/// `GET /counter`
pub(super) async fn show(req: HttpRequest, app: Data<App>) -> HttpResponse {
    let view = match device(&req, &app).await {
        Ok(device) => view(&app, &device).await.map_err(FlowError::Db),
        Err(FlowError::Auth(_)) => return pair_page(&req, &app, StatusCode::OK, None),
        Err(error) => Err(error),
    };
    let lang = Lang::of(&req);
    match view {
        Ok(Some(view)) => {
            let shell = Shell {
                lang,
                title: lang.of_two("收银台", "Counter"),
                here: "/counter",
                form: &[],
                kind: "counter",
                scripts: &[
                    "chime.js",
                    "voice.js",
                    "line.js",
                    "takings.js",
                    "camera.js",
                    "counter.js",
                    "question.js",
                    "check.js",
                    "sign.js",
                ],
                is_test: app.mode == Mode::Test,
            };
            let page = shell.wrap(&counter(lang, &view));
            answer::page(StatusCode::OK, lang, Camera::Needed, page)
        }
        Ok(None) => pair_page(&req, &app, StatusCode::OK, None),
        Err(error) => refused(&req, &app, Refusal::from_flow(error), None, Vec::new()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PairForm {
    code: String,
}

/// `POST /counter/pair`
pub(super) async fn enter(
    req: HttpRequest,
    app: Data<App>,
    form: Result<Form<PairForm>, actix_web::Error>,
) -> HttpResponse {
    if !same_site::is_own(&req, &app) {
        return refused(&req, &app, Refusal::of(&kinds::CSRF), None, Vec::new());
    }
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => return refused(&req, &app, Refusal::of_form(&error), None, Vec::new()),
    };
    if let Err(many) = may_try(&app, Rate::Pairings, &source(&req, &app)) {
        return refused(&req, &app, Refusal::of(many.kind()), None, Vec::new());
    }
    match pairing::pair(&app, &form.code).await {
        Ok((token, _)) => {
            // Whatever session this browser had before ends: a new one was not fixed by anybody.
            if let Ok(before) = device(&req, &app).await {
                let _ = pairing::leave(&app, &before).await;
            }
            let age = i64::try_from(SESSION_LIFETIME.as_secs()).unwrap_or(0);
            let cookie = cookie::make(
                &app,
                cookie::COUNTER,
                token.expose().to_owned(),
                SameSite::Strict,
                Duration::seconds(age),
            );
            see_counter(&req, Some(cookie))
        }
        Err(FlowError::Auth(AuthError::PairingInvalid)) => pair_page(
            &req,
            &app,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some((
                "配对码不对、已用过或已过期。",
                "The code is wrong, used or too old.",
            )),
        ),
        Err(error) => refused(&req, &app, Refusal::from_flow(error), None, Vec::new()),
    }
}

/// `POST /counter/leave`
pub(super) async fn leave(req: HttpRequest, app: Data<App>) -> HttpResponse {
    if !same_site::is_own(&req, &app) {
        return refused(&req, &app, Refusal::of(&kinds::CSRF), None, Vec::new());
    }
    match device(&req, &app).await {
        Ok(device) => {
            if let Err(error) = pairing::leave(&app, &device).await {
                return refused(&req, &app, Refusal::from_flow(error), None, Vec::new());
            }
        }
        Err(FlowError::Auth(_)) => {}
        Err(error) => {
            return refused(&req, &app, Refusal::from_flow(error), None, Vec::new());
        }
    }
    let gone = cookie::make(
        &app,
        cookie::COUNTER,
        String::new(),
        SameSite::Strict,
        Duration::ZERO,
    );
    see_counter(&req, Some(gone))
}

/// `GET /counter/session`: whether this device is still let in, for the page's script.
pub(super) async fn session(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    device(&req, &app).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the payer shows: one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyCall {
    #[serde(default)]
    receipt: Option<String>,
    #[serde(default)]
    number: Option<String>,
}

/// `POST /counter/verify`
pub(super) async fn verify(
    req: HttpRequest,
    app: Data<App>,
    call: OwnCall<VerifyCall>,
) -> Result<HttpResponse, Problem> {
    let device = device(&req, &app).await?;
    may_try(&app, Rate::Receipts, device.session.as_str())?;
    let presented = match call.read()? {
        VerifyCall {
            receipt: Some(text),
            number: None,
        } => Presented::Token(text),
        VerifyCall {
            receipt: None,
            number: Some(number),
        } => Presented::Number(number),
        VerifyCall { .. } => {
            let why = "send either receipt or number";
            return Err(Problem::field(&kinds::FIELD_INVALID, "", why));
        }
    };
    let lang = Lang::of(&req);
    if let Some((title, detail)) = verdict::no_receipt(&app, &presented, lang).await {
        return Ok(HttpResponse::Ok().json(json!({
            "verdict": "unsure",
            "title": title,
            "detail": detail,
        })));
    }
    let (checked, zone) = check(&app, &device, presented).await?;
    let (title, detail) = verdict::words(&checked, &zone, lang);
    Ok(HttpResponse::Ok().json(json!({
        "verdict": checked.verdict,
        "title": title,
        "detail": detail,
    })))
}

/// The device that this request comes from.
pub(crate) async fn device(req: &HttpRequest, app: &App) -> Result<Device, FlowError> {
    let cookie = req.cookie(&cookie::name(app, cookie::COUNTER));
    let token = cookie.ok_or(AuthError::SessionInvalid)?;
    authenticate::device(app, token.value()).await
}

/// The time zone of a merchant; UTC for one that is gone.
pub(super) async fn zone(app: &App, merchant: &MerchantId) -> Result<String, DbError> {
    let mut tx = app.db.read().await?;
    let merchant = db::merchants::find(&mut tx, merchant).await?;
    tx.rollback().await?;
    Ok(merchant.map_or_else(String::new, |found| found.time_zone.to_string()))
}

async fn check(
    app: &App,
    device: &Device,
    presented: Presented,
) -> Result<(receipt::Checked, String), FlowError> {
    let mut tx = app.db.read().await?;
    let counter = db::counters::find(&mut tx, &device.merchant, &device.counter).await?;
    tx.rollback().await?;
    let place = counter.map_or_else(String::new, |counter| counter.name.to_string());
    let store = Some(&device.store);
    let checked = receipt::verify(app, &device.merchant, store, &place, presented).await?;
    Ok((checked, zone(app, &device.merchant).await?))
}

async fn view(app: &App, device: &Device) -> Result<Option<CounterView>, DbError> {
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let merchant = db::merchants::find(&mut tx, &device.merchant).await?;
    let store = db::stores::find(&mut tx, &device.merchant, &device.store).await?;
    let counter = db::counters::find(&mut tx, &device.merchant, &device.counter).await?;
    let (Some(merchant), Some(store), Some(counter)) = (merchant, store, counter) else {
        return Ok(None);
    };
    let zone = merchant.time_zone.as_str();
    let day = now.day_in(zone);
    let after = outbox::behind(&mut tx, &merchant.id, now.day_start_in(zone)).await?;
    let last = outbox::last(&mut tx, &merchant.id).await?;
    let taken = db::receipts::taken(&mut tx, &store.id, &day).await?;
    tx.rollback().await?;
    Ok(Some(CounterView {
        merchant: merchant.name.to_string(),
        store: store.name.to_string(),
        counter: counter.name.to_string(),
        currency: merchant.currency,
        day,
        time: now.time_in(zone),
        taken,
        after,
        last,
    }))
}

fn pair_page(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    refused: Option<(&'static str, &'static str)>,
) -> HttpResponse {
    let lang = Lang::of(req);
    let shell = Shell {
        lang,
        title: lang.of_two("连接收银台", "Connect this counter"),
        here: "/counter",
        form: &[],
        kind: "counter",
        scripts: &[],
        is_test: app.mode == Mode::Test,
    };
    let page = shell.wrap(&pair(lang, refused));
    answer::page(status, lang, Camera::Off, page)
}

/// Back to the counter's page, by a fixed address: nothing of the request goes into it.
fn see_counter(
    req: &HttpRequest,
    cookie: Option<actix_web::cookie::Cookie<'static>>,
) -> HttpResponse {
    let place = match Lang::asked(req.query_string()) {
        Some(Lang::Zh) => "/counter?lang=zh",
        Some(Lang::En) => "/counter?lang=en",
        None => "/counter",
    };
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, place));
    answer.insert_header(("cache-control", "no-store"));
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer.finish()
}
