//! `/v1/receipts/verify`, `/v1/decode`, `/v1/routes/dry-run`: questions that change no money.

use actix_web::dev::Payload;
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, HttpRequest, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Rate};
use crate::code::{DecodeAnswer, PictureAnswer};
use crate::flow::receipt::{self, Checked, Presented};
use crate::flow::{self, FlowError, resolve};
use crate::http::api::answer::{Picture, Refusals};
use crate::http::auth::{Asked, ReadPayments, VerifyReceipts, reader};
use crate::http::extract::{JSON_MAX, media_type, read_body};
use crate::http::json;
use crate::http::problem::{Problem, kinds, may_try};
use crate::id::{CodeId, StoreId};
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::qr::read::PICTURE_BYTES_MAX;
use crate::routing::Decision;

/// What a payer shows: the signed receipt, or its six digits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "042137", "store": "sto_00000000000000000000000000"}))]
pub(crate) struct ReceiptBody {
    /// The signed receipt.
    receipt: Option<String>,
    /// Its number.
    #[schema(pattern = "^[0-9]{6}$")]
    number: Option<String>,
    /// In which store it is checked.
    store: Option<StoreId>,
}

/// A text to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextBody {
    text: String,
}

/// A payer that might scan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRunBody {
    /// Which code.
    code: CodeId,
    /// Whose app.
    payer_institution: InstitutionId,
    /// What the payer would enter at a static code.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    amount_minor: Option<i64>,
    /// The code's own where nothing is said; another one has no route, with an amount or without.
    currency: Option<Currency>,
}

/// Checks a receipt that a payer shows. The first check counts: the second time the answer is
/// `already-shown`.
#[utoipa::path(tag = "receipts", operation_id = "verifyReceipt", request_body = ReceiptBody,
    responses((status = 200, body = Checked), Refusals),
    security(("api_key" = ["receipts:verify"])))]
#[post("/v1/receipts/verify")]
pub(crate) async fn verify(
    app: Data<App>,
    asked: Asked<VerifyReceipts, ReceiptBody>,
) -> Result<Json<Checked>, Problem> {
    let (principal, body) = (asked.caller.principal, asked.body);
    may_try(&app, Rate::Receipts, principal.key.as_str())?;
    let presented = match (body.receipt, body.number) {
        (Some(text), None) => Presented::Token(text),
        (None, Some(number)) => Presented::Number(number),
        (Some(_), Some(_)) | (None, None) => {
            let why = "send either receipt or number";
            return Err(Problem::field(&kinds::FIELD_INVALID, "/receipt", why));
        }
    };
    let (merchant, store) = (&principal.merchant, body.store.as_ref());
    let checked = receipt::verify(&app, merchant, store, principal.key.as_str(), presented).await?;
    Ok(Json(checked))
}

/// Says what a text is, or what the codes in a picture are. For an API key of any scope, and for a
/// device at a counter.
#[utoipa::path(tag = "codes", operation_id = "decode",
    request_body(content(
        (TextBody = "application/json"),
        (Picture = "image/png"), (Picture = "image/jpeg"), (Picture = "image/webp"),
        (Picture = "application/octet-stream"))),
    responses((status = 200, body = Decoded),
        Refusals),
    security(("api_key" = []), ("counter" = [])))]
#[post("/v1/decode")]
pub(crate) async fn decode(app: Data<App>, sent: Sent) -> Result<Json<Decoded>, Problem> {
    Ok(Json(match sent {
        Sent::Text(text) => Decoded::Text(flow::decode::text(&app, &text)),
        Sent::Picture(file) => Decoded::Picture(flow::decode::picture(&app, file).await?),
    }))
}

/// About the text, or about each code of the picture.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Decoded {
    /// About the text.
    Text(DecodeAnswer),
    /// About each code of the picture.
    Picture(PictureAnswer),
}

/// Something to decode, from somebody who may ask.
pub(crate) enum Sent {
    /// A text.
    Text(String),
    /// A file.
    Picture(Vec<u8>),
}

impl FromRequest for Sent {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            reader(&request).await?;
            let headers = request.headers();
            match media_type(headers)?.as_deref() {
                Some("application/json") => {
                    let raw = read_body(headers, payload, JSON_MAX).await?;
                    json::read(&raw).map(|body: TextBody| Self::Text(body.text))
                }
                Some("image/png" | "image/jpeg" | "image/webp" | "application/octet-stream") => {
                    let raw = read_body(headers, payload, PICTURE_BYTES_MAX).await?;
                    Ok(Self::Picture(raw.to_vec()))
                }
                Some(_) | None => Err(Problem::because(
                    &kinds::MEDIA_TYPE,
                    "send application/json, image/png, image/jpeg or image/webp",
                )),
            }
        })
    }
}

/// Says where the money would go if a payer of an institution scanned a code, and why every other
/// way was not taken. Takes nothing.
#[utoipa::path(tag = "codes", operation_id = "dryRun", request_body = DryRunBody,
    responses((status = 200, body = Decision), Refusals),
    security(("api_key" = ["payments:read"])))]
#[post("/v1/routes/dry-run")]
pub(crate) async fn dry_run(
    app: Data<App>,
    asked: Asked<ReadPayments, DryRunBody>,
) -> Result<Json<Decision>, Problem> {
    let (merchant, body) = (&asked.caller.principal.merchant, asked.body);
    let code = resolve::code_of(&app, merchant, &body.code).await?;
    let currency = body.currency.unwrap_or(code.currency);
    let amount = body
        .amount_minor
        .map(|minor| Amount::positive(minor, currency))
        .transpose()
        .map_err(|why| FlowError::amount("/amount_minor", &why))?;
    let decision = resolve::dry_run(&app, code, &body.payer_institution, currency, amount).await?;
    Ok(Json(decision))
}
