//! `/v1/receipts/verify`, `/v1/decode`, `/v1/routes/dry-run`: questions that change no money.

use actix_web::dev::Payload;
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, HttpRequest, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Rate};
use crate::code::{DecodeAnswer, PictureAnswer};
use crate::flow::check_sign::CheckedSign;
use crate::flow::receipt::{self, Checked, Presented};
use crate::flow::{self, FlowError, resolve};
use crate::http::api::answer::{Picture, Refusals};
use crate::http::auth::{Asked, ReadCodes, ReadPayments, VerifyReceipts, reader};
use crate::http::extract::{JSON_MAX, media_type, read_body};
use crate::http::json;
use crate::http::problem::{Problem, kinds, may_try};
use crate::id::{CodeId, CounterId, StoreId};
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

/// What staff scanned on their wall.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignBody {
    /// What the symbol says.
    text: String,
    /// In which store it hangs.
    store: Option<StoreId>,
    /// At which till.
    counter: Option<CounterId>,
}

/// A payer that might scan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "cod_00000000000000000000000000", "payer_institution": "any_pay"}))]
pub(crate) struct DryRunBody {
    /// Which code: its id, or …
    code: Option<CodeId>,
    /// … what it says, be it ours or one that the merchant has adopted.
    text: Option<String>,
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
        Sent::Text(text) => Decoded::Text(flow::decode::text(&app, &text).await?),
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
                    json::read_any_text(&raw).map(|body: TextBody| Self::Text(body.text))
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

/// Says whether a sign on the wall is the merchant's own: genuine, bound to this store and till, since
/// when, and when somebody paid by it last. About others' signs it says only that they are.
#[utoipa::path(tag = "codes", operation_id = "checkSign", request_body = SignBody,
    responses((status = 200, body = CheckedSign), Refusals),
    security(("api_key" = ["codes:read"])))]
#[post("/v1/signs/check")]
pub(crate) async fn check_sign(
    app: Data<App>,
    asked: Asked<ReadCodes, SignBody>,
) -> Result<Json<CheckedSign>, Problem> {
    let (merchant, body) = (&asked.caller.principal.merchant, asked.body);
    let place = (body.store.as_ref(), body.counter.as_ref());
    let checked = flow::check_sign::check(&app, merchant, place, &body.text).await?;
    Ok(Json(checked))
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
    let code = match (&body.code, &body.text) {
        (Some(id), None) => resolve::code_of(&app, merchant, id).await?,
        (None, Some(text)) => resolve::code_with(&app, merchant, text).await?,
        (None, None) => {
            let why = "send code or text";
            return Err(Problem::field(&kinds::FIELD_MISSING, "/code", why));
        }
        (Some(_), Some(_)) => {
            let why = "send either code or text";
            return Err(Problem::field(&kinds::FIELD_INVALID, "/text", why));
        }
    };
    let currency = body.currency.unwrap_or(code.currency);
    let amount = body
        .amount_minor
        .map(|minor| Amount::positive(minor, currency))
        .transpose()
        .map_err(|why| FlowError::amount("/amount_minor", &why))?;
    let decision = resolve::dry_run(&app, code, &body.payer_institution, currency, amount).await?;
    Ok(Json(decision))
}
