//! `/v1/events`: what happened, in the merchant's one order. The live form is `/v1/feed`.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::outbox::{self, Placed};
use crate::http::api::answer::{Refusals, reading};
use crate::http::auth::{Caller, ReadFeed};
use crate::http::extract::Query;
use crate::http::problem::Problem;
use crate::id::EventId;
use crate::misread::within;
use crate::payment::event::{EventData, EventKind};

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The `sequence` of the last event seen; 0 is the beginning.
    #[serde(default, deserialize_with = "within::<_, _, 0, { i64::MAX }>")]
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many, 1 to 100; 100 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "within::<_, _, 1, LIMIT_MAX>")]
    limit: Option<u32>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    id: EventId,
    /// Its place: from 1, rising, without holes.
    sequence: i64,
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: Timestamp,
    #[schema(value_type = EventData)]
    data: Box<RawValue>,
}

/// Events behind a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Events {
    data: Vec<EventView>,
    /// Whether there are more behind these.
    has_more: bool,
    /// What to send as `after` next time.
    next_after: i64,
}

const LIMIT_MAX: i64 = 100;

/// What happened after a place in the merchant's sequence.
#[utoipa::path(tag = "events", operation_id = "listEvents", params(EventsQuery),
    responses((status = 200, body = Events), Refusals),
    security(("api_key" = ["feed:read"])))]
#[get("/v1/events")]
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller<ReadFeed>,
    query: Query<EventsQuery>,
) -> Result<Json<Events>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let (after, limit) = (
        query.after.unwrap_or(0),
        query.limit.map_or(LIMIT_MAX, Into::into),
    );
    let wanted = limit.saturating_add(1);
    let mut rows = reading(&app, async |tx| {
        outbox::after(tx, merchant, after, wanted).await
    })
    .await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > shown;
    rows.truncate(shown);
    let next_after = rows.last().map_or(after, |last| last.sequence);
    let data = rows.into_iter().map(view).collect::<Result<_, _>>()?;
    Ok(Json(Events {
        data,
        has_more,
        next_after,
    }))
}

fn view(row: Placed) -> Result<EventView, Problem> {
    let data = RawValue::from_string(row.data).map_err(|error| Problem::ours(&error))?;
    Ok(EventView {
        id: row.id,
        sequence: row.sequence,
        kind: row.kind,
        timestamp: row.at,
        data,
    })
}
