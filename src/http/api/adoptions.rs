//! `/v1/adoptions`: codes that other institutions issued and that hang on the merchant's walls.

use actix_web::dev::Payload;
use actix_web::web::{Bytes, Data, Json};
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::clock::Timestamp;
use crate::db;
use crate::db::idempotency::Slot;
use crate::flow::adopt::{self, NewAdoption};
use crate::flow::authenticate::Principal;
use crate::flow::idempotent::{self, Claim};
use crate::http::api::answer::{Picture, Refusals, once, reading, to_the_end};
use crate::http::api::list::{ListQuery, Listed, Place};
use crate::http::auth::{Asked, Caller, ReadCodes, WriteCodes};
use crate::http::extract::{Id, IdempotencyKey, JSON_MAX, Nothing, Query, media_type, read_body};
use crate::http::json;
use crate::http::problem::{Problem, kinds};
use crate::id::{AdoptionId, CodeId, CounterId, PaymentAccountId, StoreId};
use crate::merchant::InstitutionId;
use crate::money::Currency;
use crate::payment::adoption::{Adoption, AdoptionEnd, AdoptionState, Standing};
use crate::qr::read::PICTURE_BYTES_MAX;

/// An adoption.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdoptionView {
    id: AdoptionId,
    state: AdoptionState,
    /// Whose code it is: an institution, or `emv_mpm`.
    network: String,
    /// The one spelling of what the code says.
    text: String,
    store: StoreId,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<CounterId>,
    /// Into which the proof has to come, and payments go.
    account: PaymentAccountId,
    /// Where the account is.
    institution: InstitutionId,
    /// What is to be paid to the code, once, exactly, as any payer would.
    amount_minor: i64,
    currency: Currency,
    /// Until when.
    pay_before: Timestamp,
    /// Since when the institution looks out for it; pay from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<Timestamp>,
    /// How many statements of the institution may still be no proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u8>,
    /// The code of ours behind it, once it is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeId>,
    /// Why it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<AdoptionEnd>,
    requested_at: Timestamp,
    /// When it was proven, or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Timestamp>,
}

impl From<Adoption> for AdoptionView {
    fn from(adoption: Adoption) -> Self {
        let (tries_left, reason, decided_at) = match &adoption.standing {
            Standing::Requested { tries_left } => (Some(*tries_left), None, None),
            Standing::Proven { at, .. } => (None, None, Some(*at)),
            Standing::Ended { at, why, .. } => (None, Some(*why), Some(*at)),
        };
        Self {
            state: adoption.standing.state(),
            code: adoption.standing.code().cloned(),
            id: adoption.id,
            network: adoption.network,
            text: adoption.text,
            store: adoption.store,
            counter: adoption.counter,
            account: adoption.account,
            institution: adoption.institution,
            amount_minor: adoption.amount.minor(),
            currency: adoption.amount.currency(),
            pay_before: adoption.pay_before,
            opened_at: adoption.opened_at,
            tries_left,
            reason,
            requested_at: adoption.requested_at,
            decided_at,
        }
    }
}

/// A code that is to be adopted, by its text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAdoptionBody {
    /// What the code says.
    #[schema(example = "wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789")]
    text: String,
    /// In which store it hangs.
    store: StoreId,
    /// At which till.
    counter: Option<CounterId>,
    /// The account that it pays into; needed where several fit.
    account: Option<PaymentAccountId>,
}

/// The same besides a picture.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureQuery {
    /// With a picture: in which store the code hangs.
    #[param(required = false)]
    store: Option<StoreId>,
    /// With a picture: at which till.
    counter: Option<CounterId>,
    /// With a picture: the account that it pays into; needed where several fit.
    account: Option<PaymentAccountId>,
}

/// Asks for a code that hangs on the wall: names the amount that proves it. Send its text, or a
/// picture in which it is the one code that can be adopted.
#[utoipa::path(tag = "codes", operation_id = "adoptCode",
    request_body(content(
        (NewAdoptionBody = "application/json"),
        (Picture = "image/png"), (Picture = "image/jpeg"), (Picture = "image/webp"),
        (Picture = "application/octet-stream"))),
    params(PictureQuery,
        ("Idempotency-Key" = IdempotencyKey, Header, description = "one request, one effect")),
    responses((status = 201, body = AdoptionView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/adoptions")]
pub(crate) async fn create(app: Data<App>, sent: Sent) -> Result<HttpResponse, Problem> {
    let bell = app.sweep_bell.clone();
    let done = to_the_end(async move {
        let Sent {
            claim,
            principal,
            wanted,
        } = sent;
        idempotent::once(&app, claim, async |tx| {
            let (text, store, counter, account) = match wanted {
                Wanted::Text(body) => (body.text, body.store, body.counter, body.account),
                Wanted::Picture(text, query, store) => (text, store, query.counter, query.account),
            };
            let new = NewAdoption {
                merchant: principal.merchant.clone(),
                store,
                counter,
                account,
                text,
            };
            let adoption = adopt::request(&app, tx, new, principal.key.as_str()).await?;
            Ok(AdoptionView::from(adoption))
        })
        .await
    })
    .await?;
    // The institution is told at once.
    bell.ring();
    Ok(once(done, "/v1/adoptions"))
}

/// The merchant's adoptions, newest first.
#[utoipa::path(tag = "codes", operation_id = "listAdoptions", params(ListQuery),
    responses((status = 200, body = Listed<AdoptionView>), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/adoptions")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<AdoptionView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let cursor = query.cursor.as_deref();
    let place = Place::read(&app, merchant, "adoptions", query.limit, cursor)?;
    let (before, limit) = (place.seen_id(), i64::from(place.wanted()));
    let rows = reading(&app, async |tx| {
        db::adoptions::list(tx, merchant, before.as_ref(), limit).await
    })
    .await?;
    let name = |row: &Adoption| row.id.to_string();
    Ok(Json(place.page(&app, rows, name, Into::into)))
}

/// One adoption.
#[utoipa::path(tag = "codes", operation_id = "getAdoption", params(("id" = AdoptionId, Path)),
    responses((status = 200, body = AdoptionView), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/adoptions/{id}")]
pub(crate) async fn find(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<AdoptionId>,
) -> Result<Json<AdoptionView>, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(&app, async |tx| {
        db::adoptions::find_of(tx, merchant, &id).await
    })
    .await?;
    let adoption = found.ok_or_else(|| Problem::not_found("adoption"))?;
    Ok(Json(adoption.into()))
}

/// Lets a code go, or gives up asking for it: a scan of it means nothing here from now on, and what
/// was being paid by it is closed. What the institution does with its own code does not change.
#[utoipa::path(tag = "codes", operation_id = "endAdoption", params(("id" = AdoptionId, Path)),
    responses((status = 200, body = AdoptionView), Refusals),
    security(("api_key" = ["codes:write"])))]
#[post("/v1/adoptions/{id}/end")]
pub(crate) async fn end(
    app: Data<App>,
    asked: Asked<WriteCodes, Nothing>,
    id: Id<AdoptionId>,
) -> Result<Json<AdoptionView>, Problem> {
    let principal = &asked.caller.principal;
    let (merchant, actor) = (&principal.merchant, principal.key.as_str());
    let adoption = adopt::end(&app, merchant, &id.read()?, actor).await?;
    Ok(Json(adoption.into()))
}

/// A request for a code, from somebody who may ask.
pub(crate) struct Sent {
    claim: Claim,
    principal: Principal,
    wanted: Wanted,
}

/// What it names the code by.
enum Wanted {
    Text(NewAdoptionBody),
    /// What was read in the picture, and where the code hangs.
    Picture(String, PictureQuery, StoreId),
}

impl FromRequest for Sent {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller: Caller<WriteCodes> = Caller::of(&request).await?;
            let key = IdempotencyKey::read(request.headers()).map_err(Problem::from)?;
            let headers = request.headers();
            let (raw, wanted) = match media_type(headers)?.as_deref() {
                Some("application/json") => {
                    let raw = read_body(headers, payload, JSON_MAX).await?;
                    if !request.query_string().is_empty() {
                        let why =
                            "beside a text the place stands in the body alone: leave the query out";
                        return Err(Problem::field(&kinds::FIELD_INVALID, "", why));
                    }
                    let body = json::read(&raw)?;
                    (raw, Wanted::Text(body))
                }
                Some("image/png" | "image/jpeg" | "image/webp" | "application/octet-stream") => {
                    let raw = read_body(headers, payload, PICTURE_BYTES_MAX).await?;
                    picture(&request, raw).await?
                }
                Some(_) | None => {
                    return Err(Problem::because(
                        &kinds::MEDIA_TYPE,
                        "send application/json, image/png, image/jpeg or image/webp",
                    ));
                }
            };
            let principal = caller.principal;
            let slot = Slot {
                merchant: principal.merchant.clone(),
                principal: principal.key.clone(),
                route: format!("{} {}", request.method(), request.path()),
                key: key.into_string(),
            };
            Ok(Self {
                claim: Claim::new(slot, &raw, 201),
                principal,
                wanted,
            })
        })
    }
}

/// A picture with its parameters, which are as much a part of the request as the picture.
async fn picture(request: &HttpRequest, raw: Bytes) -> Result<(Bytes, Wanted), Problem> {
    let query = Query::<PictureQuery>::extract(request).await?.read()?;
    let missing = || {
        Problem::field(
            &kinds::FIELD_MISSING,
            "/store",
            "say in which store it hangs",
        )
    };
    let store = query.store.clone().ok_or_else(missing)?;
    let app = crate::http::auth::app(request)?;
    let text = adopt::in_picture(&app, raw.to_vec()).await?;
    let whole = [request.query_string().as_bytes(), b"\n", &raw].concat();
    Ok((whole.into(), Wanted::Picture(text, query, store)))
}
