//! `/phone`: a page that plays a payer's wallet. It asks the simulated institution's own app
//! backend, which speaks to us like any wallet's; here is only what draws. Test mode only.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{self, Camera};
use super::call::OwnCall;
use super::code::simulator;
use super::lang::Lang;
use super::layout::Shell;
use super::pay::{SheetAnswer, stage_word};
use super::pay_view::{spaced, unfit_words};
use super::phone_view::phone;
use super::show::refused;
use super::tag::Tag;
use super::words::{Refusal, titles};
use super::{picture, same_site};
use crate::app::{App, outside};
use crate::flow;
use crate::http::extract::read_body;
use crate::http::problem::{Problem, kinds};
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::payment::{AttemptState, ExceptionCode};
use crate::qr::read::PICTURE_BYTES_MAX;
use crate::wallet::WireRequest;
use crate::wallet::client::Call;
use crate::word::Mode;

/// What the page's address may say.
#[derive(Debug, Deserialize)]
pub(super) struct PhoneQuery {
    wallet: Option<String>,
}

/// `GET /phone`
pub(super) async fn show(
    req: HttpRequest,
    app: Data<App>,
    query: Option<Query<PhoneQuery>>,
) -> HttpResponse {
    if app.mode != Mode::Test {
        return refused(&req, &app, Refusal::of(&kinds::NOT_FOUND), None, Vec::new());
    }
    let lang = Lang::of(&req);
    let chosen = query.and_then(|query| query.into_inner().wallet);
    let shell = Shell {
        lang,
        title: lang.of_two("模拟手机", "Simulated phone"),
        here: "/phone",
        form: &[],
        kind: "phone-page",
        scripts: &["camera.js", "phone.js"],
        is_test: true,
    };
    let content = phone(lang, &Tag::all(), chosen.as_deref());
    answer::page(StatusCode::OK, lang, Camera::Needed, shell.wrap(&content))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanCall {
    wallet: InstitutionId,
    text: String,
    lang: Lang,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayCall {
    wallet: InstitutionId,
    text: String,
    /// Major units, where the payer enters them.
    amount: Option<String>,
    answer: SheetAnswer,
    lang: Lang,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttemptCall {
    wallet: InstitutionId,
    attempt: String,
    lang: Lang,
}

/// What tongma's resolution says, as the app passes it on.
#[derive(Debug, Deserialize)]
struct Bill {
    payee: BillPayee,
    amount_minor: Option<i64>,
    currency: Currency,
    route: BillRoute,
}

#[derive(Debug, Deserialize)]
struct BillPayee {
    merchant: String,
    store: String,
    counter: Option<String>,
}

#[derive(Debug, Deserialize)]
struct BillRoute {
    kind: String,
    payee_institution: InstitutionId,
}

#[derive(Debug, Deserialize)]
struct Begun {
    attempt: String,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    state: AttemptState,
    amount_minor: i64,
    currency: Currency,
    receipt: Option<String>,
    receipt_number: Option<String>,
    exception: Option<Unfit>,
}

/// Money that came otherwise than agreed.
#[derive(Debug, Deserialize)]
struct Unfit {
    code: ExceptionCode,
    amount_minor: i64,
    currency: Currency,
}

/// `POST /phone/scan`
pub(super) async fn scan(app: Data<App>, call: OwnCall<ScanCall>) -> Result<HttpResponse, Problem> {
    let call = call.read()?;
    let lang = call.lang;
    let bill = ask_bill(&app, &call.wallet, &call.text, lang).await?;
    let amount = bill
        .amount_minor
        .and_then(|minor| Amount::new(minor, bill.currency).ok());
    let wallet = Tag::of(&call.wallet);
    Ok(HttpResponse::Ok().json(json!({
        "wallet": { "id": wallet.id, "name": wallet.name(lang) },
        "payee": bill.payee.merchant,
        "where": match &bill.payee.counter {
            Some(counter) => format!("{} · {counter}", bill.payee.store),
            None => bill.payee.store.clone(),
        },
        "amount": amount.map(Amount::decimal),
        "currency": bill.currency,
        "route": route_words(&bill.route, lang),
    })))
}

/// `POST /phone/pay`
pub(super) async fn pay(app: Data<App>, call: OwnCall<PayCall>) -> Result<HttpResponse, Problem> {
    let call = call.read()?;
    let lang = call.lang;
    let bill = ask_bill(&app, &call.wallet, &call.text, lang).await?;
    let typed = call.amount.as_deref();
    let amount = match bill.amount_minor {
        Some(minor) => Amount::positive(minor, bill.currency),
        None => Amount::from_decimal(typed.unwrap_or_default(), bill.currency),
    };
    let amount = match (amount, call.answer) {
        (Ok(amount), SheetAnswer::Pay | SheetAnswer::Decline) => amount,
        // Who leaves before there is an amount has begun nothing.
        (Err(_), SheetAnswer::Decline) => {
            return Ok(HttpResponse::Ok().json(json!({ "attempt": null })));
        }
        (Err(_), SheetAnswer::Pay) => {
            let detail = lang.of_two("金额不对。", "This is not an amount.");
            return Err(Problem::because(&kinds::AMOUNT_INVALID, detail));
        }
    };
    let start = json!({
        "text": call.text,
        "amount_minor": amount.minor(),
        "currency": amount.currency(),
    });
    let begun: Begun = to_app(&app, &call.wallet, "/app/start", &start, lang).await?;
    let pay = json!({ "attempt": begun.attempt, "decline": call.answer == SheetAnswer::Decline });
    to_app::<Value>(&app, &call.wallet, "/app/pay", &pay, lang).await?;
    Ok(HttpResponse::Ok().json(json!({ "attempt": begun.attempt })))
}

/// `POST /phone/attempt`
pub(super) async fn attempt(
    app: Data<App>,
    call: OwnCall<AttemptCall>,
) -> Result<HttpResponse, Problem> {
    let call = call.read()?;
    let is_name = call
        .attempt
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name {
        return Err(Problem::new(&kinds::ATTEMPT_NOT_FOUND));
    }
    let request = WireRequest::get(format!("/app/attempts/{}", call.attempt));
    let lang = call.lang;
    let found: Outcome = send(&app, &call.wallet, request, lang).await?;
    let amount = Amount::new(found.amount_minor, found.currency).map(Amount::decimal);
    let receipt = found.receipt.map(|text| {
        json!({
            "number": found.receipt_number.as_deref().map(spaced),
            "picture": picture::data_url(&text),
            "text": text,
        })
    });
    let unfit = found.exception.as_ref().map(|unfit| {
        let came = Amount::new(unfit.amount_minor, unfit.currency).map(Amount::decimal);
        json!({
            "amount": came.unwrap_or_default(),
            "currency": unfit.currency,
            "why": unfit_words(lang, unfit.code),
        })
    });
    // Until it is paid, that money is all there is to say.
    let state = match (found.state, &unfit) {
        (AttemptState::Paid, _) | (_, None) => stage_word(found.state),
        (_, Some(_)) => "unfit",
    };
    Ok(HttpResponse::Ok().json(json!({
        "state": state,
        "unfit": unfit,
        "amount": amount.unwrap_or_default(),
        "currency": found.currency,
        "receipt": receipt,
    })))
}

/// `POST /phone/decode`: the texts in a picture. A counter's device has `/v1/decode`; a simulated
/// phone is no device of anybody.
pub(super) async fn decode(
    req: HttpRequest,
    app: Data<App>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    if app.mode != Mode::Test {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    same_site::must_be_own(&req, &app)?;
    let picture = read_body(req.headers(), payload.into_inner(), PICTURE_BYTES_MAX).await?;
    Ok(HttpResponse::Ok().json(flow::decode::picture(&app, picture.to_vec()).await?))
}

async fn ask_bill(
    app: &App,
    wallet: &InstitutionId,
    text: &str,
    lang: Lang,
) -> Result<Bill, Problem> {
    to_app(app, wallet, "/app/scan", &json!({ "text": text }), lang).await
}

async fn to_app<T: DeserializeOwned>(
    app: &App,
    wallet: &InstitutionId,
    path: &str,
    body: &Value,
    lang: Lang,
) -> Result<T, Problem> {
    let request = WireRequest::post_json(path.to_owned(), body);
    send(app, wallet, request, lang).await
}

async fn send<T: DeserializeOwned>(
    app: &App,
    wallet: &InstitutionId,
    request: WireRequest,
    lang: Lang,
) -> Result<T, Problem> {
    let Some(base_url) = simulator(app, wallet).await else {
        return Err(Problem::new(&kinds::NOT_FOUND));
    };
    let call = Call {
        request,
        headers: Vec::new(),
    };
    let sent = outside(app.wallets.call(&base_url, &call, None)).await;
    let Ok(answer) = sent else {
        return Err(Problem::new(&kinds::PAYEE_UNAVAILABLE));
    };
    if !answer.reply.is_ok() {
        return Err(passed_on(&answer.reply.body, lang));
    }
    serde_json::from_slice(&answer.reply.body).map_err(|_| Problem::new(&kinds::PAYEE_UNAVAILABLE))
}

/// What the app refuses, in its own words where we have none.
fn passed_on(body: &[u8], lang: Lang) -> Problem {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| {
        problem
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let detail = titles(text("code")).map(|(zh, en)| lang.of_two(zh, en));
    let kind = kinds::by_code(text("code")).unwrap_or(&kinds::PAYEE_REFUSED);
    Problem::because(kind, detail.unwrap_or(text("detail")))
}

fn route_words(route: &BillRoute, lang: Lang) -> String {
    let payee = Tag::of(&route.payee_institution);
    let payee = payee.name(lang);
    if route.kind == "direct" {
        return match lang {
            Lang::Zh => "直接付到商户在该机构的账户".to_owned(),
            Lang::En => "Straight into the shop’s account there".to_owned(),
        };
    }
    match lang {
        Lang::Zh => format!("通过互联互通付到商户的{payee}账户"),
        Lang::En => format!("By interconnection, into the shop’s {payee} account"),
    }
}
