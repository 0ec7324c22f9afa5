//! `/wallet/v1`: what payment institutions call, signed.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Timestamp;
use crate::flow::confirm::Outcome;
use crate::flow::report::{AttemptView, OrderView};
use crate::flow::start::{StartOrder, Started};
use crate::flow::{self, FlowError, RouteView};
use crate::http::api::answer::Refusals;
use crate::http::auth::{Changes, Reads, Wallet};
use crate::http::extract::Id;
use crate::http::problem::{Problem, refused_code};
use crate::id::{AdoptionId, AttemptId, PaymentId};
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::payment::adoption::{AdoptionState, NoProof};
use crate::payment::{ExceptionCode, OrderNumber, PaymentWay};
use crate::wallet::Handover;

/// A scanned text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveBody {
    text: String,
}

/// A payment that a payer is about to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    /// The scanned text.
    text: String,
    /// The payment that the payer saw.
    payment: Option<PaymentId>,
    /// What the payer agreed to.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1250)]
    amount_minor: i64,
    currency: Currency,
    /// The institution's own number: the same number with the same facts has the same answer.
    #[schema(min_length = 1, max_length = 128)]
    payer_reference: String,
    /// What the institution calls the payer; kept as a keyed hash only.
    #[schema(min_length = 1, max_length = 128)]
    payer_ref: Option<String>,
}

/// How to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedView {
    attempt: AttemptId,
    payment: PaymentId,
    order_number: OrderNumber,
    amount_minor: i64,
    currency: Currency,
    /// When the order is closed if nobody has paid.
    pay_before: Timestamp,
    handover: Handover,
    route: RouteView,
}

impl From<Started> for StartedView {
    fn from(started: Started) -> Self {
        Self {
            attempt: started.attempt,
            payment: started.payment,
            order_number: started.order_number,
            amount_minor: started.amount.minor(),
            currency: started.amount.currency(),
            pay_before: started.pay_before,
            handover: started.handover,
            route: started.route,
        }
    }
}

/// What the payer's institution believes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportBody {
    status: ReportedStatus,
    payer_reference: String,
}

/// How it went on the payer's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportedStatus {
    /// The payer has paid.
    Paid,
    /// The payer could not, or would not.
    Failed,
    /// The order was closed.
    Closed,
}

impl ReportedStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

/// What became of the payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfirmedView {
    payment: PaymentId,
    #[schema(example = "paid")]
    state: &'static str,
}

/// The statement was about the proof of an adoption.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdoptedView {
    adoption: AdoptionId,
    /// Always `proven`.
    #[schema(example = "proven")]
    state: &'static str,
}

/// Either.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Settled {
    /// An order of a payer's.
    Payment(ConfirmedView),
    /// An order that was opened with `code_text`.
    Adoption(AdoptedView),
}

/// The statement was about the proof of an adoption, and proves nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoProofAnswer {
    /// Always `no-proof`.
    #[schema(example = "no-proof")]
    outcome: &'static str,
    code: NoProof,
}

/// Either.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Noted {
    /// The money is kept.
    Exception(ExceptionAnswer),
    /// The money is the merchant's, and none of ours.
    NoProof(NoProofAnswer),
}

/// The money is real, but outside the plan: it is kept and will go back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionAnswer {
    /// Always `exception`.
    #[schema(example = "exception")]
    outcome: &'static str,
    code: ExceptionCode,
}

/// Says who would be paid, how much, and by which route; a signed statement. Takes nothing.
#[utoipa::path(tag = "wallet", operation_id = "resolve", request_body = ResolveBody,
    responses((status = 200, content_type = "application/jose", body = String,
        description = "tongma-resolution+jwt"), Refusals),
    security(("http_signature" = [])))]
#[post("/wallet/v1/resolve")]
pub(crate) async fn resolve(
    app: Data<App>,
    wallet: Wallet<Reads>,
) -> Result<HttpResponse, Problem> {
    let body: ResolveBody = wallet.json()?;
    let institution = &wallet.caller.institution;
    let statement = flow::resolve::resolve(&app, institution, &body.text)
        .await
        .map_err(|error| refused(&app, institution, error))?;
    Ok(HttpResponse::Ok()
        .content_type("application/jose")
        .body(statement))
}

/// Starts a payment: opens an order at the payee institution and says how to hand over.
#[utoipa::path(tag = "wallet", operation_id = "startAttempt", request_body = StartBody,
    responses((status = 201, body = StartedView), Refusals),
    security(("http_signature" = [])))]
#[post("/wallet/v1/attempts")]
pub(crate) async fn start(
    app: Data<App>,
    wallet: Wallet<Changes>,
) -> Result<HttpResponse, Problem> {
    let body: StartBody = wallet.json()?;
    let amount = Amount::positive(body.amount_minor, body.currency)
        .map_err(|why| Problem::money("/amount_minor", &why))?;
    let order = StartOrder {
        text: body.text,
        payer: wallet.caller.institution,
        way: PaymentWay::Api,
        payment: body.payment,
        amount: Some(amount),
        payer_reference: body.payer_reference,
        payer_ref: body.payer_ref,
        source: None,
    };
    let institution = order.payer.clone();
    let started = flow::start::start(&app, order)
        .await
        .map_err(|error| refused(&app, &institution, error))?;
    Ok(HttpResponse::Created().json(StartedView::from(started)))
}

/// The state of an attempt, and the receipt once it is paid; for the institution that started it.
#[utoipa::path(tag = "wallet", operation_id = "getAttempt", params(("id" = AttemptId, Path)),
    responses((status = 200, body = AttemptView), Refusals),
    security(("http_signature" = [])))]
#[get("/wallet/v1/attempts/{id}")]
pub(crate) async fn find_attempt(
    app: Data<App>,
    wallet: Wallet<Reads>,
    id: Id<AttemptId>,
) -> Result<Json<AttemptView>, Problem> {
    let institution = &wallet.caller.institution;
    Ok(Json(
        flow::report::attempt(&app, institution, &id.read()?).await?,
    ))
}

/// The payer institution says how it went on its side. Proves nothing: the payee institution is
/// asked.
#[utoipa::path(tag = "wallet", operation_id = "reportAttempt", params(("id" = AttemptId, Path)),
    request_body = ReportBody,
    responses((status = 202, description = "noted"), Refusals),
    security(("http_signature" = [])))]
#[post("/wallet/v1/attempts/{id}/report")]
pub(crate) async fn report(
    app: Data<App>,
    wallet: Wallet<Changes>,
    id: Id<AttemptId>,
) -> Result<HttpResponse, Problem> {
    let body: ReportBody = wallet.json()?;
    let (institution, id) = (&wallet.caller.institution, id.read()?);
    let status = body.status.as_str();
    flow::report::report(&app, institution, &id, status, &body.payer_reference).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// The state of an order; for the institution that holds the account.
#[utoipa::path(tag = "wallet", operation_id = "getOrder",
    params(("order_number" = OrderNumber, Path)),
    responses((status = 200, body = OrderView), Refusals),
    security(("http_signature" = [])))]
#[get("/wallet/v1/orders/{order_number}")]
pub(crate) async fn find_order(
    app: Data<App>,
    wallet: Wallet<Reads>,
    order_number: Id<OrderNumber>,
) -> Result<Json<OrderView>, Problem> {
    let institution = &wallet.caller.institution;
    Ok(Json(
        flow::report::order(&app, institution, &order_number.read()?).await?,
    ))
}

/// The payee institution attests what became of an order, by a `tongma-result+jwt`.
#[utoipa::path(tag = "wallet", operation_id = "confirmOrder",
    params(("order_number" = OrderNumber, Path)),
    request_body(content = String, content_type = "application/jose"),
    responses((status = 200, body = Settled),
        (status = 202, body = Noted, description = "kept as an exception, or no proof"), Refusals),
    security(("http_signature" = [])))]
#[post("/wallet/v1/orders/{order_number}/confirm")]
pub(crate) async fn confirm(
    app: Data<App>,
    wallet: Wallet<Changes>,
    order_number: Id<OrderNumber>,
) -> Result<HttpResponse, Problem> {
    wallet.caller.must_attest()?;
    let statement = wallet.statement()?;
    let (institution, order) = (&wallet.caller.institution, order_number.read()?);
    match flow::confirm::confirm(&app, institution, &order, statement).await? {
        Outcome::Settled { payment, state } => {
            let settled = Settled::Payment(ConfirmedView { payment, state });
            Ok(HttpResponse::Ok().json(settled))
        }
        Outcome::Adopted(adoption) => {
            let state = AdoptionState::Proven.as_str();
            let settled = Settled::Adoption(AdoptedView { adoption, state });
            Ok(HttpResponse::Ok().json(settled))
        }
        Outcome::Exception(code) => {
            let outcome = "exception";
            let noted = Noted::Exception(ExceptionAnswer { outcome, code });
            Ok(HttpResponse::Accepted().json(noted))
        }
        Outcome::NoProof(code) => {
            let outcome = "no-proof";
            let noted = Noted::NoProof(NoProofAnswer { outcome, code });
            Ok(HttpResponse::Accepted().json(noted))
        }
    }
}

fn refused(app: &App, institution: &InstitutionId, error: FlowError) -> Problem {
    refused_code(app, institution.as_str(), error).map_or_else(|many| many, Problem::from)
}
