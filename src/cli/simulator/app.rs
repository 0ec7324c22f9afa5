//! `/app`: the backend of the wallet's own app. Whoever reaches it holds the payer's phone.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::clearing::{Expected, Received, json as answer};
use super::{Office, Participant, refused, tongma};
use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::merchant::AccountReference;
use crate::money::{Amount, Currency};
use crate::payment::OrderNumber;
use crate::wallet::simulator::{Faults, Order, OrderState, Refusal, Transfer};
use crate::wallet::{Handover, WireRequest};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/app", web::get().to(show))
        .route("/app/scan", web::post().to(scan))
        .route("/app/start", web::post().to(start))
        .route("/app/pay", web::post().to(pay))
        .route("/app/code", web::post().to(code))
        .route("/app/pay-code", web::post().to(pay_code))
        .route("/app/attempts/{attempt}", web::get().to(attempt))
        .route("/app/faults", web::post().to(faults));
}

/// A payment that was started from the app here.
#[derive(Debug, Clone)]
pub(super) struct Started {
    payer_reference: String,
    handover: Handover,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    text: String,
    amount_minor: i64,
    currency: Currency,
    #[serde(default)]
    payer_ref: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    /// An attempt that was started here …
    #[serde(default)]
    attempt: Option<String>,
    /// … or what a page handed to the app.
    #[serde(default)]
    handover: Option<Handover>,
    #[serde(default)]
    decline: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    text: String,
    account: AccountReference,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayCode {
    text: String,
    amount_minor: i64,
    currency: Currency,
}

/// What tongma answers to a start, as far as it matters here.
#[derive(Deserialize)]
struct StartAnswer {
    attempt: String,
    order_number: OrderNumber,
    pay_before: Timestamp,
    handover: Handover,
}

/// What the payer sees after paying.
struct Paid {
    order_number: OrderNumber,
    payee: String,
    amount: Amount,
    attested_at: Option<Timestamp>,
}

/// `GET /app`
async fn show(office: Data<Office>) -> HttpResponse {
    let books = office.books();
    answer(&json!({"institution": office.id, "purse_minor": books.purse(), "faults": books.faults}))
}

/// `POST /app/scan`
async fn scan(office: Data<Office>, body: Json<Scan>) -> HttpResponse {
    let now = office.world.clock.now();
    outcome(
        office
            .tongma
            .resolve(&body.text, office.id.as_str(), now)
            .await,
    )
}

/// `POST /app/start`
async fn start(office: Data<Office>, body: Json<Start>) -> HttpResponse {
    outcome(office.start(&body).await)
}

/// `POST /app/pay`
async fn pay(office: Data<Office>, body: Json<Pay>) -> HttpResponse {
    let paid = office.pay(body.into_inner()).await;
    outcome(paid.map(|paid| {
        json!({
            "order_number": paid.order_number,
            "payee": paid.payee,
            "amount_minor": paid.amount.minor(),
            "currency": paid.amount.currency(),
            "attested_at": paid.attested_at,
        })
    }))
}

/// `POST /app/code`: an own code of the institution, for one of the accounts here, hangs on a wall.
async fn code(office: Data<Office>, body: Json<Code>) -> HttpResponse {
    let Code { text, account } = body.into_inner();
    let hung = office.books().hang(text, account);
    outcome(hung.map(|()| json!({})))
}

/// `POST /app/pay-code`: the payer scans such a code and pays, as everybody always could.
async fn pay_code(office: Data<Office>, body: Json<PayCode>) -> HttpResponse {
    outcome(office.pay_code(&body).await)
}

/// `GET /app/attempts/{attempt}`
async fn attempt(office: Data<Office>, attempt: Path<String>) -> HttpResponse {
    outcome(office.tongma.attempt(&attempt).await)
}

/// `POST /app/faults`
async fn faults(office: Data<Office>, body: Json<Faults>) -> HttpResponse {
    office.books().faults = body.into_inner();
    show(office).await
}

impl Office {
    async fn start(&self, asked: &Start) -> Result<Value, Refusal> {
        let payer_reference = hex(&self.world.entropy.bytes::<16>());
        let mut body = json!({
            "text": asked.text,
            "amount_minor": asked.amount_minor,
            "currency": asked.currency,
            "payer_reference": payer_reference,
        });
        if let (Some(payer_ref), Some(fields)) = (&asked.payer_ref, body.as_object_mut()) {
            fields.insert("payer_ref".to_owned(), json!(payer_ref));
        }
        let said = self.tongma.start(&body).await?;
        let StartAnswer {
            attempt,
            order_number,
            pay_before,
            handover,
        } = serde_json::from_value(said.clone())
            .map_err(|error| Refusal::new(502, "tongma-untrusted", error.to_string()))?;
        if let Handover::InAppParams { params } = &handover {
            // Payer and payee are both here: tongma's answer is the order.
            let account = params
                .get("payment_account")
                .and_then(|account| account.parse().ok());
            let mut books = self.books();
            let account = account.or_else(|| books.sole_account().cloned());
            let unknown =
                || Refusal::new(502, "account-unknown", "the order names no account here");
            books.adopt(Order {
                payment_account: account.ok_or_else(unknown)?,
                amount_minor: asked.amount_minor,
                currency: asked.currency,
                payee: params.get("payee").cloned().unwrap_or_default(),
                description: String::new(),
                pay_before,
                notify_url: self.tongma.notify_url(order_number.as_str()),
                payer_institution: Some(self.id.clone()),
                clearing: None,
                code_text: None,
                state: OrderState::Open,
                order_number: order_number.to_string(),
            })?;
        }
        self.started().insert(
            attempt,
            Started {
                payer_reference,
                handover,
            },
        );
        Ok(said)
    }

    async fn pay(self: &Arc<Self>, asked: Pay) -> Result<Paid, Refusal> {
        let started = match &asked.attempt {
            Some(attempt) => Some((attempt.clone(), self.started_as(attempt)?)),
            None => None,
        };
        let handover = asked
            .handover
            .or_else(|| started.as_ref().map(|(_, s)| s.handover.clone()));
        let paid = match handover {
            Some(Handover::InAppParams { params }) => {
                let number = params
                    .get("order_number")
                    .and_then(|number| number.parse().ok());
                self.pay_here(&number.ok_or_else(nothing_to_pay)?, asked.decline)
                    .await?
            }
            Some(Handover::ClearingReference { reference, .. }) => {
                self.pay_elsewhere(&reference, asked.decline).await?
            }
            Some(Handover::Redirect { .. } | Handover::PayeeCodeText { .. }) | None => {
                return Err(nothing_to_pay());
            }
        };
        if let Some((
            attempt,
            Started {
                payer_reference, ..
            },
        )) = started
        {
            let status = if asked.decline { "failed" } else { "paid" };
            let said = json!({"status": status, "payer_reference": payer_reference});
            if let Err(refusal) = self.tongma.report(&attempt, &said).await {
                // Only a courtesy: the payee institution's word is what counts.
                tracing::debug!(%attempt, "tongma refused the report on {attempt}: {refusal}");
            }
        }
        Ok(paid)
    }

    /// Pays a code of this institution's own. Where tongma looks out for that amount, it is told.
    async fn pay_code(self: &Arc<Self>, asked: &PayCode) -> Result<Value, Refusal> {
        let amount = Amount::positive(asked.amount_minor, asked.currency)
            .map_err(|error| Refusal::new(422, "amount-invalid", error.to_string()))?;
        let (now, entropy) = (self.world.clock.now(), self.world.entropy.as_ref());
        let expected = self.books().pay_code(&asked.text, amount, now, entropy)?;
        let attested_at = match &expected {
            Some(number) => self.confirm(number).await,
            None => None,
        };
        Ok(json!({"order_number": expected, "attested_at": attested_at}))
    }

    fn started_as(&self, attempt: &str) -> Result<Started, Refusal> {
        self.started()
            .get(attempt)
            .cloned()
            .ok_or_else(nothing_to_pay)
    }

    /// Pays an order of this institution.
    async fn pay_here(
        self: &Arc<Self>,
        number: &OrderNumber,
        decline: bool,
    ) -> Result<Paid, Refusal> {
        let (now, entropy) = (self.world.clock.now(), self.world.entropy.as_ref());
        let (payee, amount) = {
            let mut books = self.books();
            if decline {
                books.decline(number, entropy)?;
            } else {
                books.pay(number, now, entropy)?;
            }
            let order = books.order(number).ok_or_else(nothing_to_pay)?;
            (
                order.payee.clone(),
                order.amount().ok_or_else(nothing_to_pay)?,
            )
        };
        let attested_at = self.confirm(number).await;
        Ok(Paid {
            order_number: number.clone(),
            payee,
            amount,
            attested_at,
        })
    }

    /// Pays another institution's order through the clearing.
    async fn pay_elsewhere(&self, reference: &str, decline: bool) -> Result<Paid, Refusal> {
        let Participant { url, .. } =
            self.world.clearing.expecting(reference).ok_or_else(|| {
                Refusal::new(422, "reference-unknown", "nobody expects this money")
            })?;
        let asking = WireRequest::get(format!("/clearing/orders/{reference}"));
        let order: Expected = self.ask(&url, &asking).await?;
        let amount = Amount::positive(order.amount_minor, order.currency)
            .map_err(|error| Refusal::new(502, "amount-invalid", error.to_string()))?;
        let transfer = Transfer {
            transfer: hex(&self.world.entropy.bytes::<16>()),
            reference: reference.to_owned(),
            amount_minor: order.amount_minor,
            currency: order.currency,
            payer_institution: self.id.clone(),
            declined: decline,
        };
        if !decline {
            self.books().take(amount)?;
        }
        let sending = WireRequest::post_json("/clearing/transfers".to_owned(), &json!(transfer));
        match self.ask::<Received>(&url, &sending).await {
            Ok(received) => Ok(Paid {
                order_number: received.order_number,
                payee: order.payee,
                amount,
                attested_at: received.attested_at,
            }),
            Err(refusal) => {
                // Only a definite no gives the money back; after silence it may have arrived.
                if !decline && refusal.status < 500 {
                    self.books().give_back(amount);
                }
                Err(refusal)
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        url: &str,
        request: &WireRequest,
    ) -> Result<T, Refusal> {
        let reply = self
            .world
            .client
            .send(url, request, &self.key)
            .await
            .map_err(|error| Refusal::new(502, "clearing-unreachable", error.to_string()))?;
        tongma::read(&reply)
    }
}

fn nothing_to_pay() -> Refusal {
    Refusal::new(
        422,
        "nothing-to-pay",
        "neither an attempt of this app nor a handover for it",
    )
}

fn outcome(outcome: Result<Value, Refusal>) -> HttpResponse {
    match outcome {
        Ok(body) => answer(&body),
        Err(refusal) => refused(&refusal),
    }
}
