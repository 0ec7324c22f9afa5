//! `/v1/codes/{id}/print`: signs that hang on a wall or stand on a counter.

use std::sync::Arc;

use actix_web::http::header::{self, CONTENT_DISPOSITION};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::flow;
use crate::flow::print::Order;
use crate::http::api::answer::{Picture, Refusals, tagged};
use crate::http::api::codes::own;
use crate::http::auth::{Caller, ReadCodes};
use crate::http::extract::{Id, Query, media_type, read_body};
use crate::http::problem::{Problem, kinds};
use crate::id::CodeId;
use crate::misread::within;
use crate::print::{
    Facts, LOGO_BYTES_MAX, Logo, PrintError, PrintFormat, PrintLang, Rgb, Template, Um, Wish, png,
};
use crate::qr::symbol::Level;

/// How to print a code.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PrintQuery {
    /// On what; `stand-a6` where nothing is said.
    template: Option<Template>,
    /// In which form: `pdf` where nothing is said; `json` only measures; `html` needs no font here.
    format: Option<PrintFormat>,
    /// In which language; `zh` where nothing is said.
    lang: Option<PrintLang>,
    /// Dots an inch, PNG only; 300 where nothing is said. 203 are the eight dots a millimetre of
    /// thermal printers.
    #[param(minimum = 72, maximum = 1200)]
    #[serde(default, deserialize_with = "within::<_, _, 72, 1200>")]
    dpi: Option<u32>,
    /// How much may be dirty or torn: L, M, Q or H; M where nothing is said, Q with a logo.
    level: Option<Level>,
    /// The dark colour; `000000` where nothing is said.
    #[param(pattern = "^[0-9A-Fa-f]{6}$")]
    ink: Option<String>,
    /// The light colour; `ffffff` where nothing is said.
    #[param(pattern = "^[0-9A-Fa-f]{6}$")]
    paper: Option<String>,
    /// From how far it must be readable; as the template is meant where nothing is said.
    #[param(minimum = 50, maximum = 20_000)]
    #[serde(default, deserialize_with = "within::<_, _, 50, 20_000>")]
    distance_mm: Option<u32>,
    /// On sheets of A4 with cut marks.
    #[serde(default)]
    sheet: bool,
    /// How many of each on the sheets; one sheet full where nothing is said.
    #[param(minimum = 1, maximum = 500)]
    #[serde(default, deserialize_with = "within::<_, _, 1, 500>")]
    copies: Option<u16>,
    /// More codes of the merchant in the same print: up to 100 ids with commas between.
    #[param(pattern = "^cod_[0-9a-v]{26}(,cod_[0-9a-v]{26})*$")]
    more: Option<String>,
}

/// Codes in one print at most: their ids fill an address.
const CODES_MAX: usize = 100;
/// Names and wallets on a sign may change, so it is asked for again each time.
const KEPT: &str = "private, no-cache";

/// A sign for a code, ready to print. A print that no phone could read is refused.
#[utoipa::path(tag = "codes", operation_id = "printCode",
    params(("id" = CodeId, Path), PrintQuery,
        ("If-None-Match" = Option<String>, Header, description = "what was printed before")),
    responses((status = 200,
        headers(("ETag" = String, description = "for `If-None-Match`")),
        content((Picture = "application/pdf"), (String = "image/svg+xml"),
            (Picture = "image/png"), (String = "text/html"), (Facts = "application/json"))),
        (status = 304, description = "as in If-None-Match"), Refusals),
    security(("api_key" = ["codes:read"])))]
#[get("/v1/codes/{id}/print")]
pub(crate) async fn print(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<CodeId>,
    query: Query<PrintQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let order = order(&caller, id.read()?, query.read()?, None)?;
    answer(&app, &request, order).await
}

/// The same with the merchant's own picture in the middle of the symbol: PNG, JPEG or WebP. It covers
/// at most 5 percent, and the code is read back before it leaves here.
#[utoipa::path(tag = "codes", operation_id = "printCodeWithLogo",
    params(("id" = CodeId, Path), PrintQuery),
    request_body(content((Picture = "image/png"), (Picture = "image/jpeg"), (Picture = "image/webp"))),
    responses((status = 200,
        content((Picture = "application/pdf"), (String = "image/svg+xml"),
            (Picture = "image/png"), (String = "text/html"), (Facts = "application/json"))),
        Refusals),
    security(("api_key" = ["codes:read"])))]
#[post("/v1/codes/{id}/print")]
pub(crate) async fn print_with_logo(
    app: Data<App>,
    caller: Caller<ReadCodes>,
    id: Id<CodeId>,
    query: Query<PrintQuery>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    // What is somebody else's does not exist, whatever is sent about it.
    let id = own(&app, &caller, id).await?.id;
    let query = query.read()?;
    let headers = request.headers();
    let media = media_type(headers)?.unwrap_or_default();
    if !matches!(media.as_str(), "image/png" | "image/jpeg" | "image/webp") {
        let why = "send image/png, image/jpeg or image/webp";
        return Err(Problem::because(&kinds::MEDIA_TYPE, why));
    }
    let file = read_body(headers, payload.into_inner(), LOGO_BYTES_MAX).await?;
    let unpacked = web::block(move || Logo::read(&file)).await;
    let logo = unpacked.map_err(|_| Problem::overloaded())?;
    let logo = logo.map_err(PrintError::Logo)?;
    answer(&app, &request, order(&caller, id, query, Some(logo))?).await
}

async fn answer(app: &App, request: &HttpRequest, order: Order) -> Result<HttpResponse, Problem> {
    let media = match order.format {
        PrintFormat::Pdf => "application/pdf",
        PrintFormat::Svg => "image/svg+xml",
        PrintFormat::Png => "image/png",
        PrintFormat::Html => "text/html; charset=utf-8",
        PrintFormat::Json => "application/json",
    };
    let printed = flow::print::print(app, order).await?;
    let mut answer = tagged(request, media, KEPT, printed.file);
    let name = format!("inline; filename=\"{}\"", printed.name);
    if let Ok(name) = header::HeaderValue::from_str(&name) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(answer)
}

fn order(
    caller: &Caller<ReadCodes>,
    id: CodeId,
    query: PrintQuery,
    logo: Option<Logo>,
) -> Result<Order, Problem> {
    let refused = |why: String| Problem::because(&kinds::QUERY_INVALID, why);
    let mut codes = vec![id];
    for more in query.more.iter().flat_map(|more| more.split(',')) {
        let more = more.parse();
        codes.push(more.map_err(|why| refused(format!("more: {why}")))?);
    }
    if codes.len() > CODES_MAX {
        return Err(refused(format!("more: at most {CODES_MAX} codes a print")));
    }
    let dpi = query.dpi.unwrap_or(png::DPI);
    let distance = query.distance_mm;
    let copies = match (query.sheet, query.copies) {
        (true, None) => Some(0),
        (true, Some(copies)) => Some(copies),
        (false, None) => None,
        (false, Some(_)) => return Err(refused("copies are for sheet=true".to_owned())),
    };
    let colour = |name: &str, text: Option<String>, otherwise: Rgb| match text {
        Some(text) => text
            .parse::<Rgb>()
            .map_err(|why| refused(format!("{name}: {why}"))),
        None => Ok(otherwise),
    };
    Ok(Order {
        merchant: caller.principal.merchant.clone(),
        codes,
        wish: Wish {
            template: query.template.unwrap_or(Template::StandA6),
            lang: query.lang.unwrap_or(PrintLang::Zh),
            level: query.level,
            ink: colour("ink", query.ink, Rgb::BLACK)?,
            paper: colour("paper", query.paper, Rgb::WHITE)?,
            logo: logo.map(Arc::new),
            distance: distance.map(|distance| Um::from(distance) * 1_000),
            copies,
        },
        format: query.format.unwrap_or(PrintFormat::Pdf),
        dpi,
    })
}
