//! `/v1/plates` and `/v1/plate-bindings`: signs that were printed blank come to shops, move, and leave
//! them.

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, Rate};
use crate::clock::Timestamp;
use crate::crypto::claim::ClaimSecret;
use crate::db;
use crate::db::plates::{Hanging, Wanted};
use crate::flow::authenticate::Principal;
use crate::flow::idempotent;
use crate::flow::plates::{self, Hand, PlateName, Shown};
use crate::http::api::answer::{Refusals, once, reading, to_the_end};
use crate::http::api::list::{LIMIT_MAX, Listed, Place};
use crate::http::auth::{Asked, Caller, Order, ReadCodes, WriteCodes};
use crate::http::extract::{Id, IdempotencyKey, Nothing, Query};
use crate::http::problem::{Problem, kinds, may_try};
use crate::id::{CodeId, CounterId, PlateBatchId, PlateId, StoreId};
use crate::merchant::plate::{Plate, PlateDeed, PlateLine, PlateState, ShortId, Spot};
use crate::misread::within;

/// A plate, and where it hangs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HangingPlate {
    id: PlateId,
    /// What people know it by; it is printed on it.
    plate: ShortId,
    batch: PlateBatchId,
    /// Which of its batch.
    number: u32,
    state: PlateState,
    /// In which store it hangs.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreId>,
    /// At which till.
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<CounterId>,
    /// The code behind it: payments name this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeId>,
    /// Until when no claim secret is looked at, after too many wrong ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<Timestamp>,
}

/// A plate, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlateView {
    #[serde(flatten)]
    plate: HangingPlate,
    /// What became of it while it was this merchant's, newest first, 100 lines at most.
    log: Vec<PlateLineView>,
}

/// What became of a plate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlateLineView {
    what: PlateDeed,
    at: Timestamp,
    /// Who did it: an API key, a device, the operator, or the code that was revoked by itself.
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<CounterId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeId>,
}

impl HangingPlate {
    fn new(plate: Plate, place: Option<(StoreId, Option<CounterId>)>) -> Self {
        let (store, counter) = place.map_or((None, None), |(store, till)| (Some(store), till));
        Self {
            state: plate.state(),
            code: plate.code().cloned(),
            store,
            counter,
            id: plate.id,
            plate: plate.short_id,
            batch: plate.batch,
            number: plate.number,
            locked_until: plate.locked_until,
        }
    }
}

impl From<Hanging> for HangingPlate {
    fn from(Hanging { plate, spot }: Hanging) -> Self {
        Self::new(plate, spot.map(|spot| (spot.store, spot.counter)))
    }
}

impl From<Shown> for PlateView {
    fn from(Shown { plate, code, lines }: Shown) -> Self {
        let place = code.map(|code| (code.store, code.counter));
        Self {
            plate: HangingPlate::new(plate, place),
            log: lines.into_iter().map(PlateLineView::from).collect(),
        }
    }
}

impl From<PlateLine> for PlateLineView {
    fn from(line: PlateLine) -> Self {
        Self {
            what: line.what,
            at: line.at,
            actor: line.actor,
            store: line.store,
            counter: line.counter,
            code: line.code,
        }
    }
}

/// A plate that is to hang in a shop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plate": "7F3K-2QZD", "claim_secret": "ABCDE-FGHJK",
    "store": "sto_00000000000000000000000000"}))]
pub(crate) struct BindBody {
    /// What its symbol says. Send either this or `plate`.
    text: Option<String>,
    /// The short id that is printed on it.
    plate: Option<ShortId>,
    /// The secret that is printed beside it.
    #[schema(value_type = String, example = "ABCDE-FGHJK",
        pattern = "^[0-9A-HJKMNP-TV-Z]{5}-?[0-9A-HJKMNP-TV-Z]{5}$")]
    claim_secret: ClaimSecret,
    /// In which store it hangs.
    store: StoreId,
    /// At which till.
    counter: Option<CounterId>,
}

/// Where a bound plate is to hang from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RebindBody {
    /// In which store; where it hangs now where nothing is said.
    store: Option<StoreId>,
    /// At which till; at none in particular where nothing is said.
    counter: Option<CounterId>,
}

/// Binds a blank plate to a store or till: whoever scans it pays there from now on. Five wrong
/// secrets lock a plate for a minute, and each lock is twice as long as the one before.
#[utoipa::path(tag = "codes", operation_id = "bindPlate", request_body = BindBody,
    params(("Idempotency-Key" = IdempotencyKey, Header, description = "one request, one effect")),
    responses((status = 201, body = PlateView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/plate-bindings")]
pub(crate) async fn bind(
    app: Data<App>,
    order: Order<WriteCodes, BindBody>,
) -> Result<HttpResponse, Problem> {
    let (claim, principal, body) = order.claim(201);
    let name = name(body.text, body.plate)?;
    may_try(&app, Rate::Claims, principal.key.as_str())?;
    let spot = Spot {
        merchant: principal.merchant.clone(),
        store: body.store,
        counter: body.counter,
    };
    let secret = body.claim_secret;
    let done = to_the_end(async move {
        let hand = hand(&principal);
        let prove = async || {
            let plate = plates::find(&app, hand, &name).await?;
            plates::prove(&app, hand, &plate.id, &secret).await?;
            Ok(plate.id)
        };
        idempotent::once_after(&app, claim, prove, async |tx, id| {
            let bound = plates::bind(&app, tx, hand, &id, &spot).await?;
            Ok(PlateView::from(bound))
        })
        .await
    })
    .await?;
    Ok(once(done, "/v1/plates"))
}

/// Which plates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlatesQuery {
    /// In this state only.
    state: Option<PlateState>,
    /// Of this batch only.
    batch: Option<PlateBatchId>,
    /// Of those that hang in this store only.
    store: Option<StoreId>,
    /// Of those that hang at this till only.
    counter: Option<CounterId>,
    /// How many, 1 to 100; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "within::<_, _, 1, LIMIT_MAX>")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The plates that the merchant holds: those of its batches, and those of the operator's that it has
/// bound. The newest batch comes first, and its plates in the order of their numbers.
#[utoipa::path(tag = "codes", operation_id = "listPlates", params(PlatesQuery),
    responses((status = 200, body = Listed<HangingPlate>), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/plates")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    query: Query<PlatesQuery>,
) -> Result<Json<Listed<HangingPlate>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let wanted = Wanted {
        state: query.state,
        batch: query.batch,
        store: query.store,
        counter: query.counter,
    };
    let name = format!("plates {wanted:?}");
    let place = Place::read(&app, merchant, &name, query.limit, query.cursor.as_deref())?;
    let (after, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        db::plates::held(tx, merchant, &wanted, after.as_ref(), limit).await
    })
    .await?;
    let name = |row: &Hanging| row.plate.id.to_string();
    Ok(Json(place.page(&app, rows, name, Into::into)))
}

/// One plate that is this merchant's, or was its last, with its log.
#[utoipa::path(tag = "codes", operation_id = "getPlate", params(("id" = PlateId, Path)),
    responses((status = 200, body = PlateView), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/plates/{id}")]
pub(crate) async fn find(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<PlateId>,
) -> Result<Json<PlateView>, Problem> {
    let shown = plates::look(&app, hand(&caller.principal), &id.read()?).await?;
    Ok(Json(shown.into()))
}

/// Moves a bound plate to another store or till of the same merchant. What is being paid by it where it
/// hung is closed.
#[utoipa::path(tag = "codes", operation_id = "rebindPlate", params(("id" = PlateId, Path)),
    request_body = RebindBody,
    responses((status = 200, body = PlateView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/plates/{id}/rebind")]
pub(crate) async fn rebind(
    app: Data<App>,
    asked: Asked<WriteCodes, RebindBody>,
    id: Id<PlateId>,
) -> Result<Json<PlateView>, Problem> {
    let (hand, body) = (hand(&asked.caller.principal), asked.body);
    let moved = plates::rebind(&app, hand, &id.read()?, body.store, body.counter).await?;
    Ok(Json(moved.into()))
}

/// Takes a plate away from its shop: payers are told that it is not bound, until somebody binds it
/// again. What is being paid by it is closed.
#[utoipa::path(tag = "codes", operation_id = "unbindPlate", params(("id" = PlateId, Path)),
    responses((status = 200, body = PlateView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/plates/{id}/unbind")]
pub(crate) async fn unbind(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<PlateId>,
) -> Result<Json<PlateView>, Problem> {
    let gone = plates::unbind(&app, hand(&asked.caller.principal), &id.read()?).await?;
    Ok(Json(gone.into()))
}

/// Ends a plate for good: lost, broken or stolen. What is being paid by it is closed.
#[utoipa::path(tag = "codes", operation_id = "voidPlate", params(("id" = PlateId, Path)),
    responses((status = 200, body = PlateView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/plates/{id}/void")]
pub(crate) async fn void(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<PlateId>,
) -> Result<Json<PlateView>, Problem> {
    let over = plates::void(&app, hand(&asked.caller.principal), &id.read()?).await?;
    Ok(Json(over.into()))
}

fn hand(principal: &Principal) -> Hand<'_> {
    Hand {
        merchant: Some(&principal.merchant),
        actor: principal.key.as_str(),
    }
}

fn name(text: Option<String>, plate: Option<ShortId>) -> Result<PlateName, Problem> {
    match (text, plate) {
        (Some(text), None) => Ok(PlateName::Text(text)),
        (None, Some(short_id)) => Ok(PlateName::Short(short_id)),
        (None, None) => {
            let why = "send what the plate's symbol says, or `plate`";
            Err(Problem::field(&kinds::FIELD_MISSING, "/text", why))
        }
        (Some(_), Some(_)) => {
            let why = "send either text or plate";
            Err(Problem::field(&kinds::FIELD_INVALID, "/plate", why))
        }
    }
}
