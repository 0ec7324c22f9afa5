//! `/Q/{run}`: what opens when a printed code is scanned. A code in EMV's form opens nothing by itself;
//! its page is at `/Q/emv-` and the whole text in base64url, for whoever links to it.
//!
//! Opening takes nothing and stores nothing, however often and by whomever. The `User-Agent`
//! chooses the page and nothing else; the price is the code's or, where it has none, what the payer
//! entered, and is checked again when the payment starts.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::code_view::{ChooseView, PayView, Payee, Price, RouteWords, choose, grouped, pay};
use super::cookie::Payer;
use super::lang::Lang;
use super::pay_view::{HandoverView, handover};
use super::show::{answer_page, money, payee_named, payee_of, payer_page, refused};
use super::tag::Tag;
use super::words::Refusal;
use super::{picture, same_site, token};
use crate::app::App;
use crate::code::emv_form;
use crate::db::{self, DbError};
use crate::flow::FlowError;
use crate::flow::resolve::{self, Seen};
use crate::flow::start::{self, StartOrder, Started};
use crate::http::problem::{kinds, refused_code};
use crate::http::source;
use crate::merchant::{InstitutionId, InstitutionState};
use crate::money::{Amount, MoneyError};
use crate::payment::{Attempt, PaymentWay};
use crate::routing::Decision;
use crate::wallet::{self, Handover};
use crate::word::Mode;

/// What the form sends. Nothing else is taken: a page that was changed on its way must not even
/// seem to have a say about the price.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartForm {
    token: String,
    #[serde(default)]
    amount: Option<String>,
}

/// A payer in front of a code that can be paid.
struct Ready {
    payer: InstitutionId,
    seen: Seen,
    route: RouteWords,
}

/// `GET /Q/{run}`
pub(super) async fn show(req: HttpRequest, app: Data<App>, run: Path<String>) -> HttpResponse {
    match ready(&req, &app, &run).await {
        Ok(ready) => {
            let asked = ask(&ready.seen, String::new(), None);
            pay_page(&req, &app, &run, &ready, asked, StatusCode::OK)
        }
        Err(answer) => answer,
    }
}

/// `GET /Q/{run}/start`: back to the code's page, where the payer can begin again.
pub(super) async fn back(req: HttpRequest, run: Path<String>) -> HttpResponse {
    let place = match Lang::asked(req.query_string()) {
        Some(lang) => format!("{}?lang={}", page_of(&run), lang.word()),
        None => page_of(&run),
    };
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, place));
    answer.insert_header((CACHE_CONTROL, "no-store"));
    answer.finish()
}

/// `POST /Q/{run}/start`
pub(super) async fn begin(
    req: HttpRequest,
    app: Data<App>,
    run: Path<String>,
    form: Result<Form<StartForm>, actix_web::Error>,
) -> HttpResponse {
    if !same_site::is_own(&req, &app) {
        return refused(&req, &app, Refusal::of(&kinds::CSRF), None, Vec::new());
    }
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => return refused(&req, &app, Refusal::of_form(&error), None, Vec::new()),
    };
    let ready = match ready(&req, &app, &run).await {
        Ok(ready) => ready,
        // Paid or out of use meanwhile, perhaps by this very form.
        Err(answer) => match sent_before(&req, &app, &run, &form).await {
            Some(before) => return see_state(&req, &app, &before),
            None => return answer,
        },
    };
    let invalid = || {
        let refusal = Refusal::of(&kinds::FIELD_INVALID).with_way(page_of(&run), OPEN_AGAIN);
        refused(&req, &app, refusal, None, Vec::new())
    };
    let Some(payer_reference) = token::open(&app, &run, &form.token, ready.seen.at) else {
        return invalid();
    };
    let amount = match (ready.seen.amount, &form.amount) {
        (Some(_), None) => None,
        (None, Some(typed)) => match Amount::from_decimal(typed, ready.seen.code.currency) {
            Ok(amount) => Some(amount),
            Err(why) => {
                let price = ask(&ready.seen, typed.clone(), Some(&why));
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return pay_page(&req, &app, &run, &ready, price, status);
            }
        },
        (Some(_), Some(_)) | (None, None) => return invalid(),
    };
    let order = StartOrder {
        text: text_of(&app, &run),
        payer: ready.payer.clone(),
        way: PaymentWay::Page,
        payment: None,
        amount,
        payer_reference: payer_reference.clone(),
        payer_ref: None,
        source: Some(source(&req, &app)),
    };
    let outcome = start::start(&app, order).await;
    if let Ok(started) = &outcome
        && started.is_new
    {
        return hand_over(&req, &app, &ready, &form, started).await;
    }
    // The form was sent before: what became of that is told by the page that knows it.
    let before = match begun_before(&app, &ready.payer, &payer_reference).await {
        Ok(before) => before,
        Err(error) => {
            let refusal = Refusal::from_flow(error.into());
            return refused(&req, &app, refusal, None, Vec::new());
        }
    };
    match (outcome, before) {
        (Ok(started), Some(before)) if before.state.holds() => {
            hand_over(&req, &app, &ready, &form, &started).await
        }
        (
            Ok(_)
            | Err(FlowError::State {
                what: "attempt", ..
            }),
            Some(before),
        ) => see_state(&req, &app, &before),
        (Ok(started), None) => hand_over(&req, &app, &ready, &form, &started).await,
        (Err(error), _) => not_started(&req, &app, &run, &ready, &form, error),
    }
}

/// The attempt that this form began, of a code that cannot be paid now.
async fn sent_before(req: &HttpRequest, app: &App, run: &str, form: &StartForm) -> Option<Attempt> {
    let reference = token::open(app, run, &form.token, app.clock.now())?;
    let before = begun_before(app, &payer(req, app)?, &reference).await;
    before.ok().flatten()
}

/// The attempt that the same form began.
async fn begun_before(
    app: &App,
    payer: &InstitutionId,
    reference: &str,
) -> Result<Option<Attempt>, DbError> {
    let mut tx = app.db.read().await?;
    let found = db::attempts::by_reference(&mut tx, payer, reference).await?;
    tx.rollback().await?;
    Ok(found)
}

/// On to the page that says how it went.
fn see_state(req: &HttpRequest, app: &App, attempt: &Attempt) -> HttpResponse {
    let place = format!("/pay/{}?lang={}", attempt.id, Lang::of(req).word());
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, place));
    answer.insert_header((CACHE_CONTROL, "no-store"));
    // Whoever holds the form's token is the browser that began it, also where the answer that brought
    // the cookie was lost.
    if let Some(cookie) = Payer::read(req, app).with(app, &attempt.id) {
        answer.cookie(cookie);
    }
    answer.finish()
}

/// What a link to the code's page says.
const OPEN_AGAIN: (&str, &str) = ("重新打开付款页", "Open the code’s page again");

fn page_of(run: &str) -> String {
    format!("/Q/{run}")
}

/// The code as it stands on the wall. One in EMV's form stands in the address as a whole.
fn text_of(app: &App, run: &str) -> String {
    if let Some(text) = emv_form::from_address(run) {
        return text;
    }
    format!("{}/Q/{run}", app.origin.to_string().to_ascii_uppercase())
}

/// A text behind the `#` of an address, as scripts read it there. Ours needs no escapes in one form; the
/// other may hold any letter.
fn in_fragment(text: &str) -> String {
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace('+', "%20")
}

/// Everything short of paying: another page if this payer cannot pay this code.
async fn ready(req: &HttpRequest, app: &App, run: &str) -> Result<Ready, HttpResponse> {
    let payer = payer(req, app);
    let text = text_of(app, run);
    let seen = match resolve::look(app, &text, payer.as_ref()).await {
        Ok(seen) => seen,
        Err(error) => {
            let payee = stopped_payee(app, &text, &error).await;
            let refusal = match refused_code(app, &source(req, app), error) {
                Ok(error) => Refusal::from_flow(error),
                Err(many) => Refusal::of(many.kind()),
            };
            return Err(refused(req, app, refusal, payee, Vec::new()));
        }
    };
    let Some(payer) = payer else {
        return Err(choose_page(req, app, run, &seen));
    };
    let Some(decision) = &seen.decision else {
        return Err(choose_page(req, app, run, &seen));
    };
    let Some(route) = &decision.chosen else {
        let instead = Tag::sorted(&seen.works_with);
        return Err(no_route(req, app, &seen, decision, instead));
    };
    let route = RouteWords {
        payer: Tag::of(&route.payer),
        payee: Tag::of(&route.payee),
    };
    Ok(Ready { payer, seen, route })
}

/// Whose sign it is, of a code that was genuine and is out of use.
async fn stopped_payee(app: &App, text: &str, error: &FlowError) -> Option<Payee> {
    if !matches!(error, FlowError::CodeStopped(_)) {
        return None;
    }
    let named = resolve::name_of(app, text).await.ok()?;
    Some(payee_named(&named))
}

/// Whose browser this is, as far as it says so itself.
fn payer(req: &HttpRequest, app: &App) -> Option<InstitutionId> {
    let user_agent = req.headers().get(USER_AGENT)?;
    let user_agent = String::from_utf8_lossy(user_agent.as_bytes());
    wallet::user_agent::identify_with(&user_agent, &app.user_agent_marks)
}

fn ask(seen: &Seen, typed: String, refused: Option<&MoneyError>) -> Price {
    match seen.amount {
        Some(amount) => Price::Known(money(amount)),
        None => Price::Asked {
            currency: seen.code.currency.code().to_owned(),
            typed,
            refused: refused.map(|why| amount_words(why, seen.code.currency.decimals())),
        },
    }
}

fn amount_words(why: &MoneyError, decimals: u32) -> (String, String) {
    match why {
        MoneyError::Decimal { .. } if decimals == 0 => (
            "请输入整数金额。".to_owned(),
            "Type a whole amount.".to_owned(),
        ),
        MoneyError::Decimal { .. } => (
            format!("请输入数字，最多 {decimals} 位小数。"),
            format!("Type digits, with at most {decimals} decimals."),
        ),
        MoneyError::Range { .. } => (
            "金额必须大于零。".to_owned(),
            "The amount must be more than zero.".to_owned(),
        ),
        MoneyError::TooMuch { most } => {
            let most = grouped(&most.decimal());
            (
                format!("金额最多 {most}。"),
                format!("The amount is at most {most}."),
            )
        }
        MoneyError::Currency(_) | MoneyError::Mixed(..) => (
            "币种不符。".to_owned(),
            "The currency does not fit.".to_owned(),
        ),
    }
}

fn pay_page(
    req: &HttpRequest,
    app: &App,
    run: &str,
    ready: &Ready,
    price: Price,
    status: StatusCode,
) -> HttpResponse {
    let lang = Lang::of(req);
    let Some(token) = token::seal(app, run, ready.seen.at) else {
        return refused(req, app, Refusal::of(&kinds::INTERNAL), None, Vec::new());
    };
    let view = PayView {
        path: page_of(run),
        payee: payee_of(&ready.seen),
        price,
        route: ready.route.clone(),
        token,
    };
    let title = format!(
        "{} · {}",
        lang.of_two("付款", "Pay"),
        ready.seen.merchant.name
    );
    payer_page(req, app, status, &title, &["code.js"], &pay(lang, &view))
}

fn choose_page(req: &HttpRequest, app: &App, run: &str, seen: &Seen) -> HttpResponse {
    let lang = Lang::of(req);
    let view = ChooseView {
        payee: payee_of(seen),
        money: seen.amount.map(money),
        wallets: Tag::sorted(&seen.works_with),
        text: in_fragment(&text_of(app, run)),
        is_test: app.mode == Mode::Test,
    };
    // A form can come here only when the browser changed its mind about what it is.
    let status = if req.method().is_safe() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let title = seen.merchant.name.as_str();
    payer_page(req, app, status, title, &[], &choose(lang, &view))
}

/// Where an unidentified browser is.
pub(super) fn source(req: &HttpRequest, app: &App) -> String {
    let peer = req.peer_addr().map(|peer| peer.ip());
    source::of(peer, req.headers(), &app.proxies)
}

async fn hand_over(
    req: &HttpRequest,
    app: &App,
    ready: &Ready,
    form: &StartForm,
    started: &Started,
) -> HttpResponse {
    let lang = Lang::of(req);
    let json = serde_json::to_string(&started.handover).unwrap_or_default();
    let redirect = match &started.handover {
        Handover::Redirect { url } => Some(url.clone()),
        Handover::InAppParams { .. }
        | Handover::PayeeCodeText { .. }
        | Handover::ClearingReference { .. } => None,
    };
    let picture = match &started.handover {
        Handover::PayeeCodeText { text } => Some(picture::data_url(text)),
        Handover::InAppParams { .. }
        | Handover::Redirect { .. }
        | Handover::ClearingReference { .. } => None,
    };
    let picture = picture.filter(|url| !url.is_empty());
    let is_simulated = simulator(app, &ready.payer).await.is_some() && redirect.is_none();
    let view = HandoverView {
        attempt: started.attempt.to_string(),
        payee: payee_of(&ready.seen),
        money: money(started.amount),
        wallet: Tag::of(&ready.payer),
        handover: json,
        redirect,
        picture,
        is_simulated,
    };
    let title = ready.seen.merchant.name.as_str();
    let content = handover(lang, &view);
    // Sent again in the other language it begins nothing new: it is the same form.
    let amount = form.amount.as_deref().map(|typed| ("amount", typed));
    let again: Vec<_> = [("token", form.token.as_str())]
        .into_iter()
        .chain(amount)
        .collect();
    let mut page = answer_page(req, app, &again, title, &["bridge.js"], &content);
    let cookie = Payer::read(req, app).with(app, &started.attempt);
    if let Some(cookie) = cookie
        && page.add_cookie(&cookie).is_ok()
    {
        return page;
    }
    refused(req, app, Refusal::of(&kinds::INTERNAL), None, Vec::new())
}

fn not_started(
    req: &HttpRequest,
    app: &App,
    run: &str,
    ready: &Ready,
    form: &StartForm,
    error: FlowError,
) -> HttpResponse {
    if let FlowError::NoRoute(decision) = &error {
        let instead = Tag::sorted(&decision.alternatives);
        return no_route(req, app, &ready.seen, decision, instead);
    }
    let is_too_much = matches!(error, FlowError::LimitExceeded { .. });
    let is_conflict = matches!(error, FlowError::ReferenceConflict);
    let mut refusal = Refusal::from_flow(error);
    if is_conflict {
        refusal = refusal.with_way(page_of(run), OPEN_AGAIN);
    }
    // A payer who asked for too much can ask for less on the same page.
    if let (true, Some(typed)) = (is_too_much, &form.amount) {
        let status = refusal.status();
        let price = Price::Asked {
            currency: ready.seen.code.currency.code().to_owned(),
            typed: typed.clone(),
            refused: Some(refusal.detail),
        };
        return pay_page(req, app, run, ready, price, status);
    }
    let payee = Some(payee_of(&ready.seen));
    refused(req, app, refusal, payee, Vec::new())
}

/// Why this wallet cannot pay here, and which could.
fn no_route(
    req: &HttpRequest,
    app: &App,
    seen: &Seen,
    decision: &Decision,
    instead: Vec<Tag>,
) -> HttpResponse {
    let told = decision.reason.told();
    let mut refusal = Refusal::of(&kinds::NO_ROUTE);
    refusal.detail = (told.zh.to_owned(), told.en.to_owned());
    refused(req, app, refusal, Some(payee_of(seen)), instead)
}

/// Where the simulated app of an institution is reached, in test mode.
pub(super) async fn simulator(app: &App, id: &InstitutionId) -> Option<String> {
    if app.mode != Mode::Test {
        return None;
    }
    let mut tx = app.db.read().await.ok()?;
    let found = db::institutions::find(&mut tx, id).await.ok()?;
    tx.rollback().await.ok()?;
    let institution = found.filter(|found| found.state == InstitutionState::Active)?;
    institution.base_url
}
