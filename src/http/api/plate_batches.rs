//! `/v1/plate-batches`: blank plates, made by the thousand.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db;
use crate::db::plate_batches::InUse;
use crate::flow::idempotent::{self, Step};
use crate::flow::plates::{self, NewBatch};
use crate::http::api::answer::{Refusals, once, reading, to_the_end};
use crate::http::api::list::{ListQuery, Listed, Place};
use crate::http::auth::{Caller, Order, ReadCodes, WriteCodes};
use crate::http::extract::{Id, IdempotencyKey, Query};
use crate::http::problem::Problem;
use crate::id::PlateBatchId;
use crate::merchant::Label;
use crate::merchant::plate::PlateBatch;
use crate::print::plates::parts;

/// Plates that were made together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlateBatchView {
    id: PlateBatchId,
    /// What they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Label>,
    /// How many; they are numbered from 1.
    count: u32,
    /// How many of them are made: fewer than `count` while it is being made, or where that was cut off.
    made: u32,
    /// In how many parts it is printed, of 480 plates each.
    parts: u32,
    created_at: Timestamp,
}

/// Plates that were made together, and how many of them are in use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlateBatchInUse {
    #[serde(flatten)]
    batch: PlateBatchView,
    /// How many are not bound to any shop.
    blank: i64,
    /// How many are.
    bound: i64,
    /// How many were ended.
    void: i64,
}

impl From<PlateBatch> for PlateBatchView {
    fn from(batch: PlateBatch) -> Self {
        Self {
            id: batch.id,
            note: batch.note,
            count: batch.count,
            made: batch.made,
            parts: parts(batch.count),
            created_at: batch.created_at,
        }
    }
}

impl PlateBatchInUse {
    fn new(batch: PlateBatch, InUse { bound, void }: InUse) -> Self {
        let used = bound.saturating_add(void);
        Self {
            blank: i64::from(batch.made).saturating_sub(used),
            bound,
            void,
            batch: batch.into(),
        }
    }
}

/// Plates that are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlateBatchBody {
    /// How many, 1 to 100000.
    #[schema(minimum = 1, maximum = 100_000, example = 500)]
    count: u32,
    /// What they are for, in your own words.
    note: Option<Label>,
}

/// Makes a batch of blank plates, which this merchant alone can bind. Print them by their parts. A
/// large batch is made in steps: where that was cut off, the same request under the same key makes what
/// is missing.
#[utoipa::path(tag = "codes", operation_id = "createPlateBatch", request_body = NewPlateBatchBody,
    params(("Idempotency-Key" = IdempotencyKey, Header, description = "one request, one effect")),
    responses((status = 201, body = PlateBatchInUse), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/plate-batches")]
pub(crate) async fn create(
    app: Data<App>,
    order: Order<WriteCodes, NewPlateBatchBody>,
) -> Result<HttpResponse, Problem> {
    let (claim, principal, body) = order.claim(201);
    let done = to_the_end(async move {
        let new = NewBatch {
            merchant: Some(principal.merchant),
            count: body.count,
            note: body.note,
        };
        let actor = principal.key.as_str();
        idempotent::in_steps(&app, claim, async |tx, begun: Option<PlateBatchId>| {
            let batch = match begun {
                None => plates::begin(&app, tx, new.clone(), actor).await?,
                Some(id) => plates::go_on(&app, tx, &id, actor).await?,
            };
            if !batch.is_whole() {
                return Ok(Step::Begun(batch.id));
            }
            let in_use = db::plate_batches::in_use(tx, &batch.id).await?;
            Ok(Step::Done(PlateBatchInUse::new(batch, in_use)))
        })
        .await
    })
    .await?;
    Ok(once(done, "/v1/plate-batches"))
}

/// The merchant's batches of plates, newest first.
#[utoipa::path(tag = "codes", operation_id = "listPlateBatches", params(ListQuery),
    responses((status = 200, body = Listed<PlateBatchView>), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/plate-batches")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<PlateBatchView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let cursor = query.cursor.as_deref();
    let place = Place::read(&app, merchant, "plate-batches", query.limit, cursor)?;
    let (before, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        db::plate_batches::list(tx, Some(merchant), before.as_ref(), limit).await
    })
    .await?;
    let name = |row: &PlateBatch| row.id.to_string();
    Ok(Json(place.page(&app, rows, name, Into::into)))
}

/// One batch of plates, and how much of it is in use.
#[utoipa::path(tag = "codes", operation_id = "getPlateBatch",
    params(("id" = PlateBatchId, Path)),
    responses((status = 200, body = PlateBatchInUse), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/plate-batches/{id}")]
pub(crate) async fn find(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<PlateBatchId>,
) -> Result<Json<PlateBatchInUse>, Problem> {
    let merchant = Some(&caller.principal.merchant);
    let (batch, in_use) = plates::look_at_batch(&app, merchant, &id.read()?).await?;
    Ok(Json(PlateBatchInUse::new(batch, in_use)))
}
