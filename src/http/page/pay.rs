//! `/pay/{attempt}`: how it went, for the browser that began it and for no other.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::call::OwnCall;
use super::code::simulator;
use super::cookie::Payer;
use super::lang::Lang;
use super::pay_view::{Arrived, ReceiptView, Stage, StateView, state};
use super::picture;
use super::show::{money, payee, payer_page, refused};
use super::words::Refusal;
use crate::app::{App, outside};
use crate::db::{self, DbError, Tx};
use crate::flow::FlowError;
use crate::http::problem::{Problem, kinds};
use crate::id::{AttemptId, CodeId};
use crate::money::Amount;
use crate::payment::{Attempt, AttemptState};
use crate::wallet::client::Call;
use crate::wallet::{Handover, WireRequest};

/// `GET /pay/{attempt}`
pub(super) async fn show(req: HttpRequest, app: Data<App>, id: Path<String>) -> HttpResponse {
    let lang = Lang::of(&req);
    let found = match own(&req, &app, &id) {
        Some(id) => view(&app, &id).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(view)) => {
            let title = match view.stage {
                Stage::Waiting => lang.of_two("等待付款结果", "Waiting for the result"),
                Stage::Paid(..) => lang.of_two("已付款", "Paid"),
                Stage::Unfit(_) => lang.of_two("钱对不上", "Money that does not fit"),
                Stage::Ended => lang.of_two("没有付款", "Not paid"),
            };
            let content = state(lang, &view);
            payer_page(&req, &app, StatusCode::OK, title, &["pay.js"], &content)
        }
        Ok(None) => refused(
            &req,
            &app,
            Refusal::of(&kinds::ATTEMPT_NOT_FOUND),
            None,
            Vec::new(),
        ),
        Err(error) => {
            let refusal = Refusal::from_flow(error.into());
            refused(&req, &app, refusal, None, Vec::new())
        }
    }
}

/// `GET /pay/{attempt}/state`
pub(super) async fn poll(
    req: HttpRequest,
    app: Data<App>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = match own(&req, &app, &id) {
        Some(id) => find(&app, &id).await.map_err(FlowError::Db)?,
        None => None,
    };
    let (attempt, arrived) = found.ok_or_else(|| Problem::new(&kinds::ATTEMPT_NOT_FOUND))?;
    let word = standing(attempt.state, arrived.as_ref());
    Ok(HttpResponse::Ok().json(json!({ "state": word })))
}

/// What the page's bridge sends to the wallet around it, where that wallet is a simulated one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BridgeCall {
    attempt: String,
    handover: Handover,
    answer: SheetAnswer,
}

/// What the payer tapped in the wallet's sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SheetAnswer {
    Pay,
    Decline,
}

/// `POST /bridge/pay`, test mode only
pub(super) async fn bridge(
    req: HttpRequest,
    app: Data<App>,
    call: OwnCall<BridgeCall>,
) -> Result<HttpResponse, Problem> {
    let call = call.read()?;
    let found = match own(&req, &app, &call.attempt) {
        Some(id) => find(&app, &id).await.map_err(FlowError::Db)?,
        None => None,
    };
    let (attempt, _) = found.ok_or_else(|| Problem::new(&kinds::ATTEMPT_NOT_FOUND))?;
    let base_url = simulator(&app, &attempt.payer).await;
    let base_url = base_url.ok_or_else(|| Problem::new(&kinds::NOT_FOUND))?;
    let body = json!({
        "handover": call.handover,
        "decline": call.answer == SheetAnswer::Decline,
    });
    let call = Call {
        request: WireRequest::post_json("/app/pay".to_owned(), &body),
        headers: Vec::new(),
    };
    let sent = outside(app.wallets.call(&base_url, &call, None)).await;
    match sent.map(|answer| answer.reply.is_ok()) {
        Ok(true) => Ok(HttpResponse::Ok().json(json!({}))),
        Ok(false) => Err(Problem::new(&kinds::PAYEE_REFUSED)),
        Err(_) => Err(Problem::new(&kinds::PAYEE_UNAVAILABLE)),
    }
}

/// The state in the three words that a payer needs.
pub(super) const fn stage_word(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Started | AttemptState::Waiting => "waiting",
        AttemptState::Paid => "paid",
        AttemptState::Failed | AttemptState::Closed => "ended",
    }
}

/// The same where money came that does not fit: until it is paid, that is what there is to say.
fn standing(state: AttemptState, arrived: Option<&Arrived>) -> &'static str {
    match (state, arrived) {
        (AttemptState::Paid, _) | (_, None) => stage_word(state),
        (_, Some(_)) => "unfit",
    }
}

/// The attempt's name, if this browser began it.
fn own(req: &HttpRequest, app: &App, id: &str) -> Option<AttemptId> {
    let id: AttemptId = id.parse().ok()?;
    Payer::read(req, app).began(&id).then_some(id)
}

/// The attempt, and the last money that came for it and does not fit.
async fn find(app: &App, id: &AttemptId) -> Result<Option<(Attempt, Option<Arrived>)>, DbError> {
    let mut tx = app.db.read().await?;
    let Some(attempt) = db::attempts::find(&mut tx, id).await? else {
        return Ok(None);
    };
    let arrived = arrived(&mut tx, &attempt).await?;
    tx.rollback().await?;
    Ok(Some((attempt, arrived)))
}

async fn arrived(tx: &mut Tx, attempt: &Attempt) -> Result<Option<Arrived>, DbError> {
    let kept = db::results::latest_exception(tx, &attempt.order_number).await?;
    Ok(kept.and_then(|kept| {
        let amount = Amount::new(kept.amount_minor, kept.currency.parse().ok()?);
        Some(Arrived {
            why: kept.code.parse().ok()?,
            money: money(amount.ok()?),
        })
    }))
}

async fn view(app: &App, id: &AttemptId) -> Result<Option<StateView>, DbError> {
    let mut tx = app.db.read().await?;
    let Some(attempt) = db::attempts::find(&mut tx, id).await? else {
        return Ok(None);
    };
    let Some(payment) = db::payments::find(&mut tx, &attempt.payment).await? else {
        return Ok(None);
    };
    let Some(merchant) = db::merchants::find(&mut tx, &payment.merchant).await? else {
        return Ok(None);
    };
    let Some(store) = db::stores::find(&mut tx, &payment.merchant, &payment.store).await? else {
        return Ok(None);
    };
    let counter = match &payment.counter {
        Some(id) => db::counters::find(&mut tx, &payment.merchant, id).await?,
        None => None,
    };
    let receipt = match attempt.state {
        AttemptState::Paid => db::receipts::of_payment(&mut tx, &payment.id).await?,
        AttemptState::Started
        | AttemptState::Waiting
        | AttemptState::Failed
        | AttemptState::Closed => None,
    };
    let arrived = arrived(&mut tx, &attempt).await?;
    tx.rollback().await?;

    let zone = merchant.time_zone.as_str();
    let receipt = receipt.map(|receipt| ReceiptView {
        number: receipt.number,
        picture: picture::data_url(&receipt.jws),
        text: receipt.jws,
        until: receipt.expires_at.time_in(zone),
    });
    let word = standing(attempt.state, arrived.as_ref());
    let stage = match (attempt.state, arrived) {
        (AttemptState::Paid, more) => Stage::Paid(receipt, more),
        (_, Some(arrived)) => Stage::Unfit(arrived),
        (AttemptState::Started | AttemptState::Waiting, None) => Stage::Waiting,
        (AttemptState::Failed | AttemptState::Closed, None) => Stage::Ended,
    };
    let mut payee = payee(&merchant, &store, counter.as_ref());
    payee.description = payment.description;
    payee.short_id = payment.code.as_ref().map(CodeId::short).unwrap_or_default();
    Ok(Some(StateView {
        attempt: attempt.id.to_string(),
        payee,
        money: money(attempt.amount),
        stage,
        word,
    }))
}
