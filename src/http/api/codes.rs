//! `/v1/codes`: what is printed or shown.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::db;
use crate::flow::issue::{NewCode, NewForm};
use crate::flow::{self, FlowError, idempotent};
use crate::http::api::answer::{Picture, Refusals, once, reading, tagged, to_the_end};
use crate::http::api::list::{LIMIT_MAX, Listed, Place};
use crate::http::auth::{Asked, Caller, Order, ReadCodes, WriteCodes};
use crate::http::extract::{Id, IdempotencyKey, Nothing, Query};
use crate::http::problem::{Problem, kinds};
use crate::id::{AdoptionId, CodeId, CounterId, PaymentId, StoreId};
use crate::merchant::{CodeClass, CodeEvent, CodeForm, CodeState, NetworkAccount, PrintedCode};
use crate::misread::within;
use crate::money::{Amount, Currency};
use crate::qr::symbol::{Level, QuietZone, Symbol, SymbolError};
use crate::qr::{png, svg};

/// A code that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeView {
    id: CodeId,
    kind: CodeKind,
    class: CodeClass,
    state: CodeState,
    /// How the text is written.
    form: CodeForm,
    /// What the symbol says.
    text: String,
    store: StoreId,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<CounterId>,
    /// The amount in it, of a fixed code.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    currency: Currency,
    /// Without key id and signature.
    compact: bool,
    /// The payment it is for, of an order code.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<PrintedCode> for CodeView {
    fn from(code: PrintedCode) -> Self {
        let form = code.form();
        Self {
            id: code.id,
            kind: code.kind,
            class: code.class,
            state: code.state,
            form,
            text: code.text,
            store: code.store,
            counter: code.counter,
            amount_minor: code.amount.map(Amount::minor),
            currency: code.currency,
            compact: code.key_id.is_none(),
            payment: code.payment,
            expires_at: code.expires_at,
            created_at: code.created_at,
        }
    }
}

/// A code that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCodeBody {
    /// `static` (the payer enters the amount) or `fixed`. Order codes come with payments.
    kind: CodeKind,
    /// `business` where nothing is said. A personal code is paid only where the operator allows it.
    class: Option<CodeClass>,
    store: StoreId,
    counter: Option<CounterId>,
    /// Of a fixed code: its amount in minor units.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1250)]
    amount_minor: Option<i64>,
    /// The merchant's own where nothing is said; another one needs an open payment account in it.
    currency: Option<Currency>,
    /// Smaller, without key id and signature: nobody can check it without asking this server.
    #[serde(default)]
    compact: bool,
    /// How the text is written; `url` where nothing is said. One of the form `emv` is longer and always
    /// signed, and readers of EMV's format all over the world take it apart.
    form: Option<CodeForm>,
    /// Of the form `emv`: the merchant's accounts in other networks, which stand beside ours, as SGQR
    /// has them. What is paid through these networks goes past this server and is not shown at the
    /// counter.
    #[serde(default)]
    network_accounts: Vec<NetworkAccount>,
    /// Of the form `emv`: codes of an EMV network that the merchant has adopted, whose accounts stand
    /// in the new one as well.
    #[serde(default)]
    adopted: Vec<AdoptionId>,
    expires_at: Option<Timestamp>,
}

/// Which codes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodesQuery {
    /// Of this kind only.
    kind: Option<CodeKind>,
    /// How many, 1 to 100; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "within::<_, _, 1, LIMIT_MAX>")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How to draw a symbol.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SymbolQuery {
    /// How much may be dirty or torn: L, M, Q or H; M where nothing is said.
    level: Option<Level>,
    /// The white frame in modules, 0 to 16; 4 where nothing is said.
    #[param(maximum = 16)]
    #[serde(default, deserialize_with = "within::<_, _, 0, 16>")]
    quiet: Option<u8>,
    /// Pixels a module, PNG only; 8 where nothing is said.
    #[param(minimum = 1, maximum = 32)]
    #[serde(default, deserialize_with = "within::<_, _, 1, SCALE_MAX>")]
    scale: Option<u32>,
}

/// Issues a code.
#[utoipa::path(tag = "codes", operation_id = "issueCode", request_body = NewCodeBody,
    params(("Idempotency-Key" = IdempotencyKey, Header, description = "one request, one effect")),
    responses((status = 201, body = CodeView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/codes")]
pub(crate) async fn issue(
    app: Data<App>,
    order: Order<WriteCodes, NewCodeBody>,
) -> Result<HttpResponse, Problem> {
    let (claim, principal, body) = order.claim(201);
    let done = to_the_end(async move {
        idempotent::once(&app, claim, async |tx| {
            let merchant = db::merchants::find(tx, &principal.merchant)
                .await?
                .ok_or(FlowError::NotFound("merchant"))?;
            let currency = body.currency.unwrap_or(merchant.currency);
            let form =
                NewForm::asked(body.form, body.compact, body.network_accounts, body.adopted)?;
            let new = NewCode {
                merchant: merchant.id,
                amount: fixed_amount(body.kind, body.amount_minor, currency)?,
                store: body.store,
                counter: body.counter,
                kind: body.kind,
                class: body.class.unwrap_or(CodeClass::Business),
                currency,
                form,
                expires_at: body.expires_at,
                payment: None,
            };
            flow::issue::issue(&app, tx, new).await.map(CodeView::from)
        })
        .await
    })
    .await?;
    Ok(once(done, "/v1/codes"))
}

fn fixed_amount(
    kind: CodeKind,
    minor: Option<i64>,
    currency: Currency,
) -> Result<Option<Amount>, FlowError> {
    let amount = "/amount_minor";
    match (kind, minor) {
        (CodeKind::Static, None) => Ok(None),
        (CodeKind::Static, Some(_)) => Err(FlowError::field(
            amount,
            "field-invalid",
            "a static code has no amount",
        )),
        (CodeKind::Fixed, Some(minor)) => Amount::positive(minor, currency)
            .map(Some)
            .map_err(|why| FlowError::amount(amount, &why)),
        (CodeKind::Fixed, None) => Err(FlowError::field(
            amount,
            "field-missing",
            "a fixed code needs its amount",
        )),
        (CodeKind::Order | CodeKind::Plate, _) => Err(FlowError::field(
            "/kind",
            "field-invalid",
            "must be static or fixed; order codes come with payments",
        )),
    }
}

/// The merchant's codes, newest first.
#[utoipa::path(tag = "codes", operation_id = "listCodes", params(CodesQuery),
    responses((status = 200, body = Listed<CodeView>), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/codes")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    query: Query<CodesQuery>,
) -> Result<Json<Listed<CodeView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let kind = query.kind.map(CodeKind::as_str);
    let name = format!("codes {}", kind.unwrap_or_default());
    let place = Place::read(&app, merchant, &name, query.limit, query.cursor.as_deref())?;
    let (before, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        db::codes::list(tx, merchant, before.as_ref(), kind, limit).await
    })
    .await?;
    Ok(Json(place.page(
        &app,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )))
}

/// One code.
#[utoipa::path(tag = "codes", operation_id = "getCode", params(("id" = CodeId, Path)),
    responses((status = 200, body = CodeView), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/codes/{id}")]
pub(crate) async fn find(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<CodeId>,
) -> Result<Json<CodeView>, Problem> {
    Ok(Json(own(&app, &caller, id).await?.into()))
}

/// Stops a code for now; its open orders are closed.
#[utoipa::path(tag = "codes", operation_id = "suspendCode", params(("id" = CodeId, Path)),
    responses((status = 200, body = CodeView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/codes/{id}/suspend")]
pub(crate) async fn suspend(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<CodeId>,
) -> Result<Json<CodeView>, Problem> {
    change(&app, &asked, id, CodeEvent::Suspend).await
}

/// Lets a stopped code go on.
#[utoipa::path(tag = "codes", operation_id = "resumeCode", params(("id" = CodeId, Path)),
    responses((status = 200, body = CodeView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/codes/{id}/resume")]
pub(crate) async fn resume(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<CodeId>,
) -> Result<Json<CodeView>, Problem> {
    change(&app, &asked, id, CodeEvent::Resume).await
}

/// Ends a code for good; its open orders are closed.
#[utoipa::path(tag = "codes", operation_id = "revokeCode", params(("id" = CodeId, Path)),
    responses((status = 200, body = CodeView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/codes/{id}/revoke")]
pub(crate) async fn revoke(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<CodeId>,
) -> Result<Json<CodeView>, Problem> {
    change(&app, &asked, id, CodeEvent::Revoke).await
}

/// The symbol as a PNG of two colours.
#[utoipa::path(tag = "codes", operation_id = "getCodePng",
    params(("id" = CodeId, Path), SymbolQuery,
        ("If-None-Match" = Option<String>, Header, description = "what was drawn before")),
    responses((status = 200, content_type = "image/png", body = Picture,
        headers(("ETag" = String, description = "for `If-None-Match`"))),
        (status = 304, description = "as in If-None-Match"), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/codes/{id}/symbol.png")]
pub(crate) async fn symbol_png(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<CodeId>,
    query: Query<SymbolQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let code = own(&app, &caller, id).await?;
    picture(&request, "image/png", &code, &query.read()?, png::render)
}

/// The symbol as SVG.
#[utoipa::path(tag = "codes", operation_id = "getCodeSvg",
    params(("id" = CodeId, Path), SymbolQuery,
        ("If-None-Match" = Option<String>, Header, description = "what was drawn before")),
    responses((status = 200, content_type = "image/svg+xml", body = String,
        headers(("ETag" = String, description = "for `If-None-Match`"))),
        (status = 304, description = "as in If-None-Match"), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/codes/{id}/symbol.svg")]
pub(crate) async fn symbol_svg(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<CodeId>,
    query: Query<SymbolQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let code = own(&app, &caller, id).await?;
    picture(
        &request,
        "image/svg+xml",
        &code,
        &query.read()?,
        |symbol, quiet, _| Ok(svg::render(symbol, quiet).into_bytes()),
    )
}

pub(super) async fn own(
    app: &App,
    caller: &Caller<ReadCodes>,
    id: Id<CodeId>,
) -> Result<PrintedCode, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(app, async |tx| db::codes::find_of(tx, merchant, &id).await).await?;
    found.ok_or_else(|| Problem::not_found("code"))
}

async fn change(
    app: &App,
    asked: &Asked<WriteCodes, Nothing>,
    id: Id<CodeId>,
    event: CodeEvent,
) -> Result<Json<CodeView>, Problem> {
    let merchant = &asked.caller.principal.merchant;
    let code = flow::change_code::change(app, merchant, &id.read()?, event).await?;
    Ok(Json(code.into()))
}

/// Modules of eight pixels print sharply on a sheet.
const SCALE: u32 = 8;
/// The largest symbol that a text of ours needs, in the widest frame, is no larger picture than is
/// drawn. Posters take the SVG.
const SCALE_MAX: i64 = 32;

fn picture(
    request: &HttpRequest,
    media_type: &'static str,
    code: &PrintedCode,
    query: &SymbolQuery,
    draw: impl FnOnce(&Symbol, QuietZone, u32) -> Result<Vec<u8>, SymbolError>,
) -> Result<HttpResponse, Problem> {
    let refused = |why: SymbolError| Problem::because(&kinds::QUERY_INVALID, why);
    let level = query.level.unwrap_or_default();
    let quiet = match query.quiet {
        Some(modules) => QuietZone::try_from(modules).map_err(refused)?,
        None => QuietZone::default(),
    };
    let scale = query.scale.unwrap_or(SCALE);
    let symbol = Symbol::new(&code.text, level).map_err(refused)?;
    let file = draw(&symbol, quiet, scale).map_err(refused)?;
    // A code's text never changes; only who holds the key may see it here.
    let forever = "private, max-age=31536000, immutable";
    Ok(tagged(request, media_type, forever, file))
}
