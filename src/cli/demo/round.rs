//! One wallet pays one bowl: by its backend, or by the page in its browser.

use std::time::Duration;

use serde_json::{Value, json};

use super::counter::Till;
use super::phone::Browser;
use super::row::{Row, Way};
use crate::clock::Timestamp;
use crate::merchant::InstitutionId;
use crate::money::Amount;
use crate::wallet::client::{Call, SendError};
use crate::wallet::{Client, WireRequest};

/// Everything that stands around a payment.
pub(super) struct Scene {
    pub(super) client: Client,
    /// Where tongma is reached.
    pub(super) tongma: String,
    /// The text that was read from the picture.
    pub(super) code: String,
    pub(super) till: Till,
}

/// One wallet with its phone.
pub(super) struct Payer {
    pub(super) wallet: InstitutionId,
    /// Where its app's backend is reached.
    pub(super) app: String,
    /// What its browser says of itself.
    pub(super) user_agent: String,
}

/// Why a payment did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    /// Somebody did not answer.
    #[error("{0}")]
    Silent(#[from] SendError),
    /// Somebody refused.
    #[error("{what}: {status} {detail}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The status.
        status: u16,
        /// What was said.
        detail: String,
    },
    /// An answer lacks something.
    #[error("{0} is missing")]
    Missing(&'static str),
}

/// How long a payment may take from the attestation to the counter before the row counts as failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// Pays `amount` and tells how it went.
pub(super) async fn pay(scene: &Scene, payer: &Payer, way: Way, amount: Amount) -> Row {
    let mut row = Row::begun(payer.wallet.clone(), way, amount);
    if let Err(stuck) = try_pay(scene, payer, &mut row, amount).await {
        tracing::error!(institution = %payer.wallet, "{} could not pay: {stuck}", payer.wallet);
        row.state = format!("failed: {stuck}");
    }
    row
}

async fn try_pay(scene: &Scene, payer: &Payer, row: &mut Row, amount: Amount) -> Result<(), Stuck> {
    let attested_at = match row.way {
        Way::Api | Way::Adopted => by_api(scene, payer, row, amount).await?,
        Way::Page => by_page(scene, payer, row, amount).await?,
    };
    let at_counter = scene.till.sees(amount.minor(), PATIENCE).await;
    row.ms_to_counter =
        at_counter.and_then(|at| u64::try_from(at.since(attested_at).as_millis()).ok());
    Ok(())
}

/// The wallet's backend resolves and starts, the payer confirms in the app.
async fn by_api(
    scene: &Scene,
    payer: &Payer,
    row: &mut Row,
    amount: Amount,
) -> Result<Timestamp, Stuck> {
    let seen = payer
        .ask(scene, "scan", "/app/scan", &json!({"text": scene.code}))
        .await?;
    row.take_route(&seen);
    let order = json!({
        "text": scene.code,
        "amount_minor": amount.minor(),
        "currency": amount.currency(),
        "payer_ref": format!("demo-payer-of-{}", payer.wallet),
    });
    let started = payer.ask(scene, "start", "/app/start", &order).await?;
    let attempt = text(&started, "attempt").ok_or(Stuck::Missing("attempt"))?;
    row.take_route(&started);
    let paid = payer
        .ask(scene, "pay", "/app/pay", &json!({"attempt": attempt}))
        .await?;
    let told = payer.told(scene, &attempt).await?;
    row.state = text(&told, "state").ok_or(Stuck::Missing("state"))?;
    attested(&paid)
}

/// The code's page opens in the wallet's browser and hands over to the app around it. Which way the money
/// went is what tongma says of the attempt afterwards, not what another door would have answered.
async fn by_page(
    scene: &Scene,
    payer: &Payer,
    row: &mut Row,
    amount: Amount,
) -> Result<Timestamp, Stuck> {
    let mut browser = Browser::new(
        scene.client.clone(),
        &scene.tongma,
        payer.user_agent.clone(),
    );
    let page = browser.open(path_of(&scene.code)).await?;
    let refused = |what, status| Stuck::Refused {
        what,
        status,
        detail: "no form".to_owned(),
    };
    let mut form = page
        .form()
        .ok_or_else(|| refused("the code's page", page.status))?;
    form.set("amount", amount.decimal());
    let page = browser.submit(&form).await?;
    let attempt = page.attribute("data-attempt");
    let attempt = attempt.ok_or_else(|| refused("the page's start", page.status))?;
    let handover = page
        .attribute("data-handover")
        .ok_or(Stuck::Missing("the hand-over"))?;
    let handover: Value =
        serde_json::from_str(&handover).map_err(|_| Stuck::Missing("a readable hand-over"))?;
    let paid = payer
        .ask(scene, "pay", "/app/pay", &json!({"handover": handover}))
        .await?;
    let told = browser.open(&format!("/pay/{attempt}/state")).await?;
    let told: Value = serde_json::from_str(&told.html).unwrap_or_default();
    row.state = text(&told, "state").ok_or(Stuck::Missing("state"))?;
    row.take_route(&payer.told(scene, &attempt).await?);
    attested(&paid)
}

impl Payer {
    /// Asks the backend of the wallet's app.
    async fn ask(
        &self,
        scene: &Scene,
        what: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Stuck> {
        let request = WireRequest::post_json(path.to_owned(), body);
        self.call(scene, what, request).await
    }

    /// What tongma tells the wallet about an attempt.
    async fn told(&self, scene: &Scene, attempt: &str) -> Result<Value, Stuck> {
        self.call(
            scene,
            "look up",
            WireRequest::get(format!("/app/attempts/{attempt}")),
        )
        .await
    }

    async fn call(
        &self,
        scene: &Scene,
        what: &'static str,
        request: WireRequest,
    ) -> Result<Value, Stuck> {
        let call = Call {
            request,
            headers: Vec::new(),
        };
        let reply = scene.client.call(&self.app, &call, None).await?.reply;
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if reply.is_ok() {
            return Ok(body);
        }
        let code = text(&body, "code").unwrap_or_default();
        let detail = format!("{code} {}", text(&body, "detail").unwrap_or_default());
        Err(Stuck::Refused {
            what,
            status: reply.status,
            detail: detail.trim().to_owned(),
        })
    }
}

impl Row {
    fn take_route(&mut self, answer: &Value) {
        let route = answer.get("route").unwrap_or(&Value::Null);
        self.clearing = text(route, "clearing").or_else(|| self.clearing.take());
        self.route = text(route, "kind").or_else(|| self.route.take());
        self.reason = text(route, "reason").or_else(|| self.reason.take());
        self.payee_institution =
            text(route, "payee_institution").or_else(|| self.payee_institution.take());
        self.payment_account =
            text(route, "payment_account").or_else(|| self.payment_account.take());
    }
}

fn attested(paid: &Value) -> Result<Timestamp, Stuck> {
    let at = text(paid, "attested_at").and_then(|at| at.parse().ok());
    at.ok_or(Stuck::Missing("the institution's attestation"))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// The page's path inside the text of a code: what stands behind the host.
fn path_of(code: &str) -> &str {
    let (_, rest) = code.split_once("://").unwrap_or_default();
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::{App as HttpApp, HttpRequest, HttpResponse, HttpServer, web};

    use super::*;
    use crate::clock::Clock;
    use crate::entropy::{Entropy, SystemEntropy};
    use crate::money::Currency;

    /// A tongma and a wallet in one: what the page begins goes another way than what the API would.
    async fn two_ways(request: HttpRequest) -> HttpResponse {
        let html = |text: &str| {
            HttpResponse::Ok()
                .content_type("text/html")
                .body(text.to_owned())
        };
        match request.path() {
            "/Q/A" => html(r#"<form action="/Q/A/start"><input name="token" value="t"></form>"#),
            "/Q/A/start" => html(r#"<main data-attempt="att_1" data-handover="{}"></main>"#),
            "/pay/att_1/state" => HttpResponse::Ok().json(json!({"state": "paid"})),
            "/app/scan" => HttpResponse::Ok().json(json!({"route": {
                "kind": "interop", "reason": "preferred", "payee_institution": "bank_a",
                "payment_account": "****1",
            }})),
            "/app/pay" => HttpResponse::Ok().json(json!({"attested_at": "2026-11-21T04:00:00Z"})),
            "/app/attempts/att_1" => HttpResponse::Ok().json(json!({"route": {
                "kind": "direct", "reason": "own_account", "payee_institution": "bank_b",
                "payment_account": "****2",
            }})),
            other => panic!("nobody asks for {other}"),
        }
    }

    #[actix_web::test]
    async fn a_row_of_the_page_tells_the_way_that_its_own_attempt_went() {
        let served = HttpServer::new(|| HttpApp::new().default_service(web::to(two_ways)));
        let served = served.workers(1).disable_signals().bind(("127.0.0.1", 0));
        let served = served.unwrap();
        let url = format!("http://{}", served.addrs()[0]);
        let server = served.run();
        let handle = server.handle();
        let running = tokio::spawn(server);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let scene = Scene {
            client: Client::new(Clock::System, entropy).unwrap(),
            tongma: url.clone(),
            code: format!("{url}/Q/A"),
            till: Till::alone(),
        };
        let payer = Payer {
            wallet: "bank_x".parse().unwrap(),
            app: url,
            user_agent: "BankX/1".to_owned(),
        };
        let price = Amount::positive(1880, Currency::CNY).unwrap();
        let mut row = Row::begun(payer.wallet.clone(), Way::Page, price);

        by_page(&scene, &payer, &mut row, price).await.unwrap();

        let told = [
            row.route,
            row.reason,
            row.payee_institution,
            row.payment_account,
        ];
        let went = ["direct", "own_account", "bank_b", "****2"];
        assert_eq!(told, went.map(|text| Some(text.to_owned())));
        handle.stop(false).await;
        running.await.unwrap().unwrap();
    }

    #[test]
    fn the_path_is_what_stands_behind_the_host() {
        assert_eq!(path_of("HTTP://127.0.0.1:8700/Q/ABC"), "/Q/ABC");
        assert_eq!(path_of("no code"), "/");
    }
}
