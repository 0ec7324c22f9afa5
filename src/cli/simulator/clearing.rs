//! `/clearing`: money from another institution's payers. A model of the business only; what the
//! real clearing's messages look like is not public.

use actix_web::web::{Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::contract::respond;
use super::{Office, refused};
use crate::clock::Timestamp;
use crate::money::Currency;
use crate::payment::OrderNumber;
use crate::wallet::WireReply;
use crate::wallet::simulator::{Refusal, Transfer};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/clearing/orders/{reference}", web::get().to(expected))
        .route("/clearing/transfers", web::post().to(receive));
}

/// What a reference stands for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Expected {
    pub(super) order_number: OrderNumber,
    pub(super) payee: String,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
}

/// What became of a transfer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Received {
    pub(super) order_number: OrderNumber,
    pub(super) attested_at: Option<Timestamp>,
}

/// `GET /clearing/orders/{reference}`
async fn expected(
    office: Data<Office>,
    request: HttpRequest,
    reference: Path<String>,
) -> HttpResponse {
    if let Err(refusal) = office.only_participant(&request, b"") {
        return refused(&refusal);
    }
    let books = office.books();
    match books.expected(&reference) {
        Ok((order_number, order)) => json(&Expected {
            order_number,
            payee: order.payee.clone(),
            amount_minor: order.amount_minor,
            currency: order.currency,
        }),
        Err(refusal) => refused(&refusal),
    }
}

/// `POST /clearing/transfers`
async fn receive(office: Data<Office>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if let Err(refusal) = office.only_participant(&request, &body) {
        return refused(&refusal);
    }
    let transfer: Transfer = match serde_json::from_slice(&body) {
        Ok(transfer) => transfer,
        Err(error) => return refused(&Refusal::new(400, "malformed", error.to_string())),
    };
    let (now, entropy) = (office.world.clock.now(), office.world.entropy.as_ref());
    let received = office.books().receive(&transfer, now, entropy);
    match received {
        Ok(order_number) => {
            let attested_at = office.confirm(&order_number).await;
            json(&Received {
                order_number,
                attested_at,
            })
        }
        Err(refusal) => refused(&refusal),
    }
}

pub(super) fn json(body: &impl Serialize) -> HttpResponse {
    match serde_json::to_value(body) {
        Ok(body) => respond(&WireReply::json(200, &body)),
        Err(error) => refused(&Refusal::new(500, "unwritable", error.to_string())),
    }
}
