//! `/v1/merchants`, `/v1/stores`, `/v1/counters`: who sells, where.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, Page};
use crate::flow::pair;
use crate::http::api::answer::{Refusals, reading};
use crate::http::api::list::{ListQuery, Listed, Place};
use crate::http::auth::{Asked, Caller, ReadMerchant, WriteCounters};
use crate::http::extract::{Id, Nothing, Query};
use crate::http::problem::Problem;
use crate::id::{CounterId, StoreId};
use crate::merchant::{Counter, Merchant, Store};

/// A code that lets one device in at a counter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PairingView {
    /// To be typed in at the counter page; shown only here.
    #[schema(example = "7KQM2W9D")]
    code: String,
    /// Until when.
    expires_at: Timestamp,
    /// Where to type it in.
    url: String,
}

/// The merchants that this key can see: its own.
#[utoipa::path(tag = "merchants", operation_id = "listMerchants",
    responses((status = 200, body = Listed<Merchant>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/merchants")]
pub(crate) async fn list_merchants(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
) -> Result<Json<Listed<Merchant>>, Problem> {
    let merchant = own(&app, &caller).await?;
    Ok(Json(Listed {
        data: vec![merchant],
        has_more: false,
        next_cursor: None,
    }))
}

/// The merchant that this key belongs to.
#[utoipa::path(tag = "merchants", operation_id = "ownMerchant",
    responses((status = 200, body = Merchant), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/merchants/me")]
pub(crate) async fn own_merchant(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
) -> Result<Json<Merchant>, Problem> {
    Ok(Json(own(&app, &caller).await?))
}

async fn own(app: &App, caller: &Caller<ReadMerchant>) -> Result<Merchant, Problem> {
    let id = &caller.principal.merchant;
    let found = reading(app, async |tx| db::merchants::find(tx, id).await).await?;
    found.ok_or_else(|| Problem::not_found("merchant"))
}

/// The merchant's stores.
#[utoipa::path(tag = "merchants", operation_id = "listStores", params(ListQuery),
    responses((status = 200, body = Listed<Store>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/stores")]
pub(crate) async fn list_stores(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<Store>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let place = Place::read(
        &app,
        merchant,
        "stores",
        query.limit,
        query.cursor.as_deref(),
    )?;
    let page = Page::new(place.seen.as_deref(), place.wanted());
    let rows = reading(&app, async |tx| db::stores::list(tx, merchant, &page).await).await?;
    Ok(Json(place.page(
        &app,
        rows,
        |row| row.id.to_string(),
        |row| row,
    )))
}

/// One store.
#[utoipa::path(tag = "merchants", operation_id = "getStore", params(("id" = StoreId, Path)),
    responses((status = 200, body = Store), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/stores/{id}")]
pub(crate) async fn find_store(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    id: Id<StoreId>,
) -> Result<Json<Store>, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(&app, async |tx| db::stores::find(tx, merchant, &id).await).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("store"))
}

/// The merchant's counters.
#[utoipa::path(tag = "merchants", operation_id = "listCounters", params(ListQuery),
    responses((status = 200, body = Listed<Counter>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/counters")]
pub(crate) async fn list_counters(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<Counter>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let place = Place::read(
        &app,
        merchant,
        "counters",
        query.limit,
        query.cursor.as_deref(),
    )?;
    let page = Page::new(place.seen.as_deref(), place.wanted());
    let rows = reading(&app, async |tx| {
        db::counters::list(tx, merchant, &page).await
    })
    .await?;
    Ok(Json(place.page(
        &app,
        rows,
        |row| row.id.to_string(),
        |row| row,
    )))
}

/// One counter.
#[utoipa::path(tag = "merchants", operation_id = "getCounter", params(("id" = CounterId, Path)),
    responses((status = 200, body = Counter), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/counters/{id}")]
pub(crate) async fn find_counter(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    id: Id<CounterId>,
) -> Result<Json<Counter>, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(&app, async |tx| db::counters::find(tx, merchant, &id).await).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("counter"))
}

/// Makes a one-time code that lets one device in at a counter. Takes no Idempotency-Key: an answer
/// that is kept would keep the code, and a second code does no harm.
#[utoipa::path(tag = "merchants", operation_id = "pairDevice", params(("id" = CounterId, Path)),
    responses((status = 201, body = PairingView), Refusals),
    security(("api_key" = ["counters:write"])))]
#[post("/v1/counters/{id}/pairings")]
pub(crate) async fn invite(
    app: Data<App>,
    asked: Asked<WriteCounters, Nothing>,
    id: Id<CounterId>,
) -> Result<HttpResponse, Problem> {
    let (principal, id) = (&asked.caller.principal, id.read()?);
    let made = pair::invite(&app, &principal.merchant, &id, principal.key.as_str()).await?;
    Ok(HttpResponse::Created().json(PairingView {
        code: made.code.expose().to_owned(),
        expires_at: made.expires_at,
        url: format!("{}/counter", app.origin),
    }))
}
