//! `/v1/plate-batches/{id}/parts/{part}`: blank plates as files for a printing house.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::get;
use actix_web::http::header::{self, CONTENT_DISPOSITION};
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::flow::plates::look_at_batch;
use crate::flow::print_plates::{self, Asked, Order};
use crate::http::api::answer::{Picture, Refusals, tagged};
use crate::http::auth::{Caller, WriteCodes};
use crate::http::extract::{Id, Query};
use crate::http::problem::Problem;
use crate::id::PlateBatchId;
use crate::misread::within;
use crate::print::plates::{PlateFormat, PlateTemplate};
use crate::print::{PrintLang, png};

/// How to print a part.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartQuery {
    /// In which form: `pdf` where nothing is said, sheets of A4 with cut marks; `png` and `svg` are a
    /// ZIP of pictures without claim secrets; `csv` is for whoever lays plates out.
    format: Option<PlateFormat>,
    /// On what; `sticker-60` where nothing is said.
    template: Option<PlateTemplate>,
    /// In which language; `zh` where nothing is said.
    lang: Option<PrintLang>,
    /// Dots an inch, PNG only; 300 where nothing is said. All pictures of a part together have 250
    /// million pixels at most, which is 300 dots an inch of 480 small stickers: larger ones are for
    /// `tongma plate print`.
    #[param(minimum = 72, maximum = 1200)]
    #[serde(default, deserialize_with = "within::<_, _, 72, 1200>")]
    dpi: Option<u32>,
    /// Whether claim secrets are in the file: on a strip below each sticker, on a list behind the
    /// sheets of what has no strip, in a column of the CSV. True where nothing is said.
    claims: Option<bool>,
}

/// Some seconds of a processor: who asks for a part waits for it.
const PIXELS_MAX: u64 = 250_000_000;
/// There are secrets in it.
const KEPT: &str = "private, no-store";

/// One part of a batch as a file: 480 plates, the last part what is left. The same each time, byte for
/// byte, so an interrupted print goes on with the parts that are missing. Whoever has a claim secret
/// binds its plate, so this takes the right to issue codes.
#[utoipa::path(tag = "codes", operation_id = "printPlates",
    params(("id" = PlateBatchId, Path), ("part" = u32, Path, minimum = 1, description = "from 1"),
        PartQuery, ("If-None-Match" = Option<String>, Header, description = "what was printed before")),
    responses((status = 200,
        headers(("ETag" = String, description = "for `If-None-Match`")),
        content((Picture = "application/pdf"), (Picture = "application/zip"),
            (String = "text/csv"))),
        (status = 304, description = "as in If-None-Match"), Refusals),
    security(("api_key" = ["codes:write"])))]
#[get("/v1/plate-batches/{id}/parts/{part}")]
pub(crate) async fn print(
    app: Data<App>,
    caller: Caller<WriteCodes>,
    id: Id<PlateBatchId>,
    query: Query<PartQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.read()?;
    let merchant = &caller.principal.merchant;
    let (batch, _) = look_at_batch(&app, Some(merchant), &id.read()?).await?;
    let part = request.match_info().get("part");
    // One spelling for each: `01` is no part.
    let number = part.and_then(|text| text.parse::<u32>().ok());
    let part = number.filter(|number| part == Some(number.to_string().as_str()));
    let part = part.unwrap_or(0);
    let asked = Asked {
        format: query.format.unwrap_or(PlateFormat::Pdf),
        template: query.template.unwrap_or(PlateTemplate::Sticker60),
        lang: query.lang.unwrap_or(PrintLang::Zh),
        dpi: query.dpi.unwrap_or(png::DPI),
        pixels_max: PIXELS_MAX,
        claims: query.claims.unwrap_or(true),
    };
    let order = Order::new(&app, batch, asked)?;
    let printed = print_plates::part(&app, &order, part).await?;
    let mut answer = tagged(&request, asked.format.media_type(), KEPT, printed.file);
    let name = format!("attachment; filename=\"{}\"", printed.name);
    if let Ok(name) = header::HeaderValue::from_str(&name) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(answer)
}
