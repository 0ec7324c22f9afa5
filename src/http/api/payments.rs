//! `/v1/payments`: what the merchant is owed.

use std::time::Duration;

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::clock::Timestamp;
use crate::code::origin::Origin;
use crate::db;
use crate::flow::payment::{self, NewPayment};
use crate::flow::{FlowError, idempotent};
use crate::http::api::answer::{Refusals, once, reading, to_the_end};
use crate::http::api::list::{LIMIT_MAX, Listed, Place};
use crate::http::auth::{Asked, Caller, Order, ReadPayments, WritePayments};
use crate::http::extract::{Id, IdempotencyKey, Nothing, Query};
use crate::http::problem::Problem;
use crate::id::{AttemptId, CodeId, CounterId, ExceptionId, PaymentId, StoreId};
use crate::merchant::{CodeForm, PrintedCode, TextError, is_invisible};
use crate::misread::within;
use crate::money::{Amount, Currency};
use crate::payment::{Payment, State};
use crate::word::words;

words! {
    /// How far a payment is.
    PaymentState {
        /// Nobody has begun to pay.
        Created = "created",
        /// A payer holds it.
        Waiting = "waiting",
        /// The money is there.
        Paid = "paid",
        /// Some of it went back.
        PartlyRefunded = "partly_refunded",
        /// All of it went back.
        Refunded = "refunded",
        /// The merchant took it back.
        Closed = "closed",
        /// Its time ran out.
        Expired = "expired",
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    id: PaymentId,
    #[schema(value_type = PaymentState)]
    state: &'static str,
    amount_minor: i64,
    currency: Currency,
    captured_minor: i64,
    refunded_minor: i64,
    store: StoreId,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<CounterId>,
    /// The code that was scanned, or is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeId>,
    /// Of a payment with a code of its own: what its symbol says, and the link to open instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout: Option<Checkout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The attempt that holds it, or paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<AttemptId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
}

/// How a payer gets at a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checkout {
    /// For the symbol.
    text: String,
    /// For a button.
    url: String,
}

impl PaymentView {
    fn new(payment: Payment, code: Option<PrintedCode>, origin: &Origin) -> Self {
        let attempt = payment.state.attempt().cloned();
        let paid_at = match &payment.state {
            State::Paid { at, .. }
            | State::PartlyRefunded { at, .. }
            | State::Refunded { at, .. } => Some(*at),
            State::Created | State::Waiting { .. } | State::Closed | State::Expired => None,
        };
        Self {
            id: payment.id,
            state: payment.state.name(),
            amount_minor: payment.amount.minor(),
            currency: payment.amount.currency(),
            captured_minor: payment.captured.minor(),
            refunded_minor: payment.refunded.minor(),
            store: payment.store,
            counter: payment.counter,
            code: payment.code,
            checkout: code.map(|code| Checkout {
                url: code.page(origin),
                text: code.text,
            }),
            reference: payment.reference,
            description: payment.description,
            attempt,
            expires_at: payment.expires_at,
            created_at: payment.created_at,
            paid_at,
        }
    }
}

/// A payment that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPaymentBody {
    /// The full price in minor units.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1250)]
    amount_minor: i64,
    currency: Currency,
    store: StoreId,
    counter: Option<CounterId>,
    /// The merchant's own number for it; at most 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    reference: Option<String>,
    /// Shown to the payer; at most 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    description: Option<String>,
    /// How its code is written; `url` where nothing is said.
    form: Option<CodeForm>,
    /// How long it can be started; at most and unless said otherwise two hours.
    #[schema(minimum = 1, maximum = 7200)]
    expires_in_seconds: Option<u64>,
}

/// Which payments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentsQuery {
    /// In this state only.
    state: Option<PaymentState>,
    /// How many, 1 to 100; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "within::<_, _, 1, LIMIT_MAX>")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Money that arrived outside the plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionView {
    id: ExceptionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentId>,
    /// What is wrong with it.
    #[schema(example = "amount-mismatch")]
    code: String,
    amount_minor: i64,
    currency: String,
    /// `open` until it has gone back.
    state: String,
    created_at: Timestamp,
}

const REFERENCE_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 120;

/// Creates a payment with an order code and a checkout link of its own.
#[utoipa::path(tag = "payments", operation_id = "createPayment", request_body = NewPaymentBody,
    params(("Idempotency-Key" = IdempotencyKey, Header, description = "one request, one effect")),
    responses((status = 201, body = PaymentView), Refusals),
    security(("api_key" = ["payments:write"])))]
#[post("/v1/payments")]
pub(crate) async fn create(
    app: Data<App>,
    order: Order<WritePayments, NewPaymentBody>,
) -> Result<HttpResponse, Problem> {
    let (claim, principal, body) = order.claim(201);
    let done = to_the_end(async move {
        idempotent::once(&app, claim, async |tx| {
            let amount = Amount::positive(body.amount_minor, body.currency)
                .map_err(|why| FlowError::amount("/amount_minor", &why))?;
            let new = NewPayment {
                merchant: principal.merchant,
                store: body.store,
                counter: body.counter,
                amount,
                reference: plain("/reference", body.reference, REFERENCE_MAX)?,
                description: plain("/description", body.description, DESCRIPTION_MAX)?,
                form: body.form.unwrap_or(CodeForm::Url),
                lifetime: body.expires_in_seconds.map(Duration::from_secs),
            };
            let (payment, code) = payment::create(&app, tx, new).await?;
            Ok(PaymentView::new(payment, Some(code), &app.origin))
        })
        .await
    })
    .await?;
    Ok(once(done, "/v1/payments"))
}

/// The merchant's payments, newest first.
#[utoipa::path(tag = "payments", operation_id = "listPayments", params(PaymentsQuery),
    responses((status = 200, body = Listed<PaymentView>), Refusals),
    security(("api_key" = ["payments:read"])))]
#[get("/v1/payments")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadPayments>,
    query: Query<PaymentsQuery>,
) -> Result<Json<Listed<PaymentView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let state = query.state.map(PaymentState::as_str);
    let name = format!("payments {}", state.unwrap_or_default());
    let place = Place::read(&app, merchant, &name, query.limit, query.cursor.as_deref())?;
    let (before, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        let payments = db::payments::list(tx, merchant, before.as_ref(), state, limit).await?;
        let mut rows = Vec::with_capacity(payments.len());
        for payment in payments {
            let code = db::codes::of_payment(tx, &payment.id).await?;
            rows.push((payment, code));
        }
        Ok(rows)
    })
    .await?;
    let name = |(payment, _): &(Payment, Option<PrintedCode>)| payment.id.to_string();
    let view = |(payment, code)| PaymentView::new(payment, code, &app.origin);
    Ok(Json(place.page(&app, rows, name, view)))
}

/// One payment.
#[utoipa::path(tag = "payments", operation_id = "getPayment", params(("id" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), Refusals),
    security(("api_key" = ["payments:read"])))]
#[get("/v1/payments/{id}")]
pub(crate) async fn find(
    app: Data<App>,
    caller: Caller<ReadPayments>,
    id: Id<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(&app, async |tx| {
        let Some(payment) = db::payments::find_of(tx, merchant, &id).await? else {
            return Ok(None);
        };
        let code = db::codes::of_payment(tx, &payment.id).await?;
        Ok(Some(PaymentView::new(payment, code, &app.origin)))
    })
    .await?;
    found.map(Json).ok_or_else(|| Problem::not_found("payment"))
}

/// Takes a payment back; one that a payer holds is closed at the institution first. Asked twice it
/// answers the same, so it takes no Idempotency-Key.
#[utoipa::path(tag = "payments", operation_id = "cancelPayment", params(("id" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), Refusals),
    security(("api_key" = ["payments:write"])))]
#[post("/v1/payments/{id}/cancel")]
pub(crate) async fn cancel(
    app: Data<App>,
    asked: Asked<WritePayments, Nothing>,
    id: Id<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let merchant = &asked.caller.principal.merchant;
    let payment = payment::cancel(&app, merchant, &id.read()?).await?;
    let code = reading(&app, async |tx| {
        db::codes::of_payment(tx, &payment.id).await
    })
    .await?;
    Ok(Json(PaymentView::new(payment, code, &app.origin)))
}

/// Money that arrived outside the plan, newest first.
#[utoipa::path(tag = "payments", operation_id = "listExceptions",
    params(crate::http::api::list::ListQuery),
    responses((status = 200, body = Listed<ExceptionView>), Refusals),
    security(("api_key" = ["payments:read"])))]
#[get("/v1/exceptions")]
pub(crate) async fn list_exceptions(
    app: Data<App>,
    caller: Caller<ReadPayments>,
    query: Query<crate::http::api::list::ListQuery>,
) -> Result<Json<Listed<ExceptionView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let cursor = query.cursor.as_deref();
    let place = Place::read(&app, merchant, "exceptions", query.limit, cursor)?;
    let (before, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        db::results::exceptions(tx, merchant, before.as_ref(), limit).await
    })
    .await?;
    let view = |row: db::results::StoredException| ExceptionView {
        id: row.id,
        payment: row.payment_id,
        code: row.code,
        amount_minor: row.amount_minor,
        currency: row.currency,
        state: row.state,
        created_at: row.created_ms,
    };
    Ok(Json(place.page(&app, rows, |row| row.id.to_string(), view)))
}

/// A text of the merchant's, as it was written; what nobody can see, or turns the writing
/// direction, would say another thing on receipts than in lists.
fn plain(
    pointer: &'static str,
    text: Option<String>,
    limit: usize,
) -> Result<Option<String>, FlowError> {
    let Some(text) = text else { return Ok(None) };
    let count = text.chars().count();
    if let Some(bad) = text.chars().find(|c| is_invisible(*c)) {
        let why = TextError::Invisible(u32::from(bad));
        return Err(FlowError::field(pointer, "text-invalid", why));
    }
    if !(1..=limit).contains(&count) {
        let why = format!("must have 1 to {limit} characters, found {count}");
        return Err(FlowError::field(pointer, "field-invalid", why));
    }
    Ok(Some(text))
}
