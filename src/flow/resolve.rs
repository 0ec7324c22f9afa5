//! What a scanned text stands for: told to a wallet under our signature, or to a page. Takes
//! nothing and holds nothing.

use serde::Serialize;

use crate::app::{App, Opened, Reading, Resolution};
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::crypto::digest::sha256_hex;
use crate::crypto::jwk::KeyUse;
use crate::crypto::jws;
use crate::db::codes::Scan;
use crate::db::{self, Tx};
use crate::flow::routes::{Asked, Routed, decide, must, scan};
use crate::flow::{FlowError, RouteView, open_code};
use crate::id::{CodeId, MerchantId, ScanId};
use crate::merchant::plate::ShortId;
use crate::merchant::{Counter, InstitutionId, Merchant, PrintedCode, Store};
use crate::money::{Amount, Currency, MINOR_MAX};
use crate::payment::{Payment, PaymentWay, State};
use crate::routing::{self, Decision, Facts};

/// How long a wallet may rely on a resolution; it is shown to the payer at once.
const LIFETIME_SECONDS: i64 = 60;

#[derive(Serialize)]
struct Claims<'a> {
    iss: String,
    aud: &'a InstitutionId,
    iat: i64,
    exp: i64,
    text_sha256: String,
    kind: CodeKind,
    payee: Payee<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_bounds: Option<Bounds>,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<&'a crate::id::PaymentId>,
    route: RouteView,
}

#[derive(Serialize)]
struct Payee<'a> {
    merchant: &'a str,
    store: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<&'a str>,
    mcc: &'a str,
    city: &'a str,
}

#[derive(Serialize)]
struct Bounds {
    min: i64,
    max: i64,
}

/// What a page shows of a code.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The code.
    pub code: PrintedCode,
    /// Who is paid.
    pub merchant: Merchant,
    /// In which shop.
    pub store: Store,
    /// At which till.
    pub counter: Option<Counter>,
    /// What an order code asks for.
    pub payment: Option<Payment>,
    /// How much, where that is fixed.
    pub amount: Option<Amount>,
    /// Where this payer's money would go; absent where the payer is not known.
    pub decision: Option<Decision>,
    /// The institutions that would work.
    pub works_with: Vec<InstitutionId>,
    /// What is printed on the plate before it.
    pub plate: Option<ShortId>,
    /// When it was looked up, by the clock that all instances share.
    pub at: Timestamp,
}

/// Who stands behind a code, whether or not it can still be paid.
#[derive(Debug, Clone)]
pub struct Named {
    /// The code's id.
    pub code: CodeId,
    /// Who is paid.
    pub merchant: Merchant,
    /// In which shop.
    pub store: Store,
    /// At which till.
    pub counter: Option<Counter>,
    /// What is printed on the plate before it.
    pub plate: Option<ShortId>,
}

/// `resolve` of the wallet API: a signed statement of who is paid, how much, and by which route.
pub async fn resolve(app: &App, payer: &InstitutionId, text: &str) -> Result<String, FlowError> {
    let stated = told(app, payer, text).await;
    app.metrics.resolved(&outcome(stated.as_ref().err()));
    stated
}

async fn told(app: &App, payer: &InstitutionId, text: &str) -> Result<String, FlowError> {
    let name = format!("{payer} {text}");
    let told = &app.recent.resolutions;
    if let Some((same, now)) = told.find(&name, &app.db, &app.clock) {
        note(app, (&same.code, &same.merchant), Some(payer), now, None);
        return Ok(same.statement.clone());
    }
    let reading = Reading::begin(&app.db, &app.clock);
    let scanned = open_code::read(app, text).await?;
    let mut tx = app.db.read().await?;
    let opened = open_code::find(&mut tx, &scanned).await?;
    let routed = route(app, &mut tx, payer, &opened).await;
    let now = tx.now();
    tx.commit().await?;
    let code = &opened.code;
    let refused = routed.as_ref().err();
    note(app, (&code.id, &code.merchant), Some(payer), now, refused);
    let routed = routed?;
    let statement = state(app, payer, text, &opened, &routed, now)?;
    // A payment can be taken or end at any moment; a sticker stays as it is.
    if opened.payment.is_none() {
        let end = code
            .expires_at
            .into_iter()
            .chain(routed.facts.next_change(now));
        let resolution = Resolution {
            statement: statement.clone(),
            code: code.id.clone(),
            merchant: code.merchant.clone(),
        };
        told.keep(&name, resolution, reading, now, end.min());
    }
    Ok(statement)
}

fn state(
    app: &App,
    payer: &InstitutionId,
    text: &str,
    opened: &Opened,
    routed: &Routed,
    now: Timestamp,
) -> Result<String, FlowError> {
    let Routed {
        route,
        account,
        decision,
        facts,
    } = routed;
    let amount = price(opened);
    let is_static = opened.code.kind == CodeKind::Static;
    let most = facts.most(route, is_static, opened.code.currency);
    let claims = Claims {
        iss: app.origin.to_string(),
        aud: payer,
        iat: now.seconds(),
        exp: now.seconds().saturating_add(LIFETIME_SECONDS),
        text_sha256: sha256_hex(text.as_bytes()),
        kind: opened.code.kind,
        payee: Payee {
            merchant: opened.merchant.name.as_str(),
            store: opened.store.name.as_str(),
            counter: opened.counter.as_ref().map(|counter| counter.name.as_str()),
            mcc: opened.merchant.mcc.as_str(),
            city: opened.merchant.city.as_str(),
        },
        amount_minor: amount.map(Amount::minor),
        amount_bounds: amount.is_none().then(|| Bounds {
            min: 1,
            max: most.map_or(MINOR_MAX, Amount::minor),
        }),
        currency: opened.code.currency,
        payment: opened.payment.as_ref().map(|payment| &payment.id),
        route: RouteView {
            kind: route.kind,
            payee_institution: route.payee.clone(),
            payment_account: account.masked(),
            clearing: route.clearing.as_ref().map(ToString::to_string),
            reason: decision.reason.to_string(),
        },
    };
    let key = app.keys.signing(KeyUse::Resolution, now)?;
    Ok(jws::sign(&key, jws::RESOLUTION, &claims))
}

/// What the page behind a code shows, whichever browser opens it.
pub async fn look(app: &App, text: &str, payer: Option<&InstitutionId>) -> Result<Seen, FlowError> {
    let scanned = open_code::read(app, text).await?;
    let mut tx = app.db.read().await?;
    let opened = open_code::find(&mut tx, &scanned).await?;
    let now = tx.now();
    let still = payable(now, &opened);
    let code = (&opened.code.id, &opened.code.merchant);
    note(app, code, payer, now, still.as_ref().err());
    still?;
    let seen = explain(app, &mut tx, opened, payer, PaymentWay::Page).await?;
    tx.commit().await?;
    Ok(seen)
}

/// Whose code it is, for a page that says why it cannot be paid; nobody's where it is not genuine.
pub async fn name_of(app: &App, text: &str) -> Result<Named, FlowError> {
    let scanned = open_code::read(app, text).await?;
    let mut tx = app.db.read().await?;
    let opened = open_code::find(&mut tx, &scanned).await?;
    tx.commit().await?;
    Ok(Named {
        code: opened.code.id,
        merchant: opened.merchant,
        store: opened.store,
        counter: opened.counter,
        plate: opened.plate,
    })
}

/// The merchant's own question: what would happen if this payer scanned this code, and asked for
/// this amount or for any in this currency?
pub async fn dry_run(
    app: &App,
    code: PrintedCode,
    payer: &InstitutionId,
    currency: Currency,
    amount: Option<Amount>,
) -> Result<Decision, FlowError> {
    let mut tx = app.db.read().await?;
    let opened = open_code::open(&mut tx, code).await?;
    // Another currency than the code's is refused whatever the amount, so the least stands for all.
    let foreign = (currency != opened.code.currency)
        .then(|| amount.map_or_else(|| Amount::positive(1, currency), Ok))
        .transpose()
        .map_err(|why| FlowError::amount("/amount_minor", &why))?;
    let asked = Asked::about(
        &opened,
        payer,
        PaymentWay::Api,
        foreign.or(price(&opened)).or(amount),
    );
    let (decision, _) = decide(app, &mut tx, &opened.merchant, &asked).await?;
    tx.commit().await?;
    Ok(decision)
}

async fn route(
    app: &App,
    tx: &mut Tx,
    payer: &InstitutionId,
    opened: &Opened,
) -> Result<Routed, FlowError> {
    payable(tx.now(), opened)?;
    let asked = Asked::about(opened, payer, PaymentWay::Api, price(opened));
    must(app, tx, &opened.merchant, &asked).await
}

async fn explain(
    app: &App,
    tx: &mut Tx,
    opened: Opened,
    payer: Option<&InstitutionId>,
    door: PaymentWay,
) -> Result<Seen, FlowError> {
    // Any institution will do to ask who would work; one that nobody has heard of is not asked for.
    let nobody: InstitutionId = opened_by_nobody();
    let amount = price(&opened);
    let asked = Asked::about(&opened, payer.unwrap_or(&nobody), door, amount);
    let (decision, facts) = decide(app, tx, &opened.merchant, &asked).await?;
    Ok(Seen {
        works_with: payers(tx, &asked, &facts),
        decision: payer.map(|_| decision),
        amount,
        code: opened.code,
        merchant: opened.merchant,
        store: opened.store,
        counter: opened.counter,
        payment: opened.payment,
        plate: opened.plate,
        at: tx.now(),
    })
}

/// The institutions whose payers can pay this code.
pub(super) async fn works_with(
    app: &App,
    tx: &mut Tx,
    opened: &Opened,
) -> Result<Vec<InstitutionId>, FlowError> {
    let nobody = opened_by_nobody();
    let asked = Asked::about(opened, &nobody, PaymentWay::Page, price(opened));
    let (_, facts) = decide(app, tx, &opened.merchant, &asked).await?;
    Ok(payers(tx, &asked, &facts))
}

fn payers(tx: &Tx, asked: &Asked<'_>, facts: &Facts) -> Vec<InstitutionId> {
    let scan = scan(asked, tx.now());
    routing::payers(&scan, facts)
}

#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn opened_by_nobody() -> InstitutionId {
    "nobody".parse().expect("the shape of an institution id")
}

/// The amount that the code or its payment fixes.
pub(super) fn price(opened: &Opened) -> Option<Amount> {
    opened
        .payment
        .as_ref()
        .map_or(opened.code.amount, |payment| Some(payment.amount))
}

/// Whether the code, and the payment behind an order code, can still be paid.
pub(super) fn payable(now: Timestamp, opened: &Opened) -> Result<(), FlowError> {
    opened.code.payable_at(now)?;
    match opened.payment.as_ref().map(|payment| &payment.state) {
        None | Some(State::Created | State::Waiting { .. }) => Ok(()),
        Some(State::Expired) => Err(FlowError::CodeStopped(crate::merchant::CodeStop::Expired)),
        Some(
            state @ (State::Paid { .. }
            | State::PartlyRefunded { .. }
            | State::Refunded { .. }
            | State::Closed),
        ) => Err(FlowError::State {
            what: "payment",
            now: state.name(),
            change: "paid",
        }),
    }
}

fn note(
    app: &App,
    (code, merchant): (&CodeId, &MerchantId),
    payer: Option<&InstitutionId>,
    now: Timestamp,
    refused: Option<&FlowError>,
) {
    let noted = app.scans.note(Scan {
        id: ScanId::new(now, &*app.entropy),
        code: code.clone(),
        merchant: merchant.clone(),
        institution: payer.cloned(),
        outcome: outcome(refused),
        at: now,
    });
    if !noted {
        app.metrics.scans_dropped(1);
    }
}

/// What a scan came to, in one of a few words.
fn outcome(refused: Option<&FlowError>) -> String {
    match refused {
        None => "routed".to_owned(),
        Some(FlowError::NoRoute(decision)) => decision.reason.to_string(),
        Some(FlowError::CodeStopped(stop)) => stop.to_string(),
        Some(FlowError::CodeMalformed(_)) => "malformed".to_owned(),
        Some(FlowError::CodeSignatureInvalid) => "forged".to_owned(),
        Some(FlowError::NotFound(_) | FlowError::NotAdopted) => "unknown".to_owned(),
        Some(FlowError::PlateUnbound { .. }) => "plate-unbound".to_owned(),
        Some(FlowError::PlateVoid { .. }) => "plate-void".to_owned(),
        Some(_) => "refused".to_owned(),
    }
}

/// The merchant's code with this id.
pub async fn code_of(
    app: &App,
    merchant: &MerchantId,
    id: &CodeId,
) -> Result<PrintedCode, FlowError> {
    let mut tx = app.db.read().await?;
    let code = db::codes::find_of(&mut tx, merchant, id).await?;
    tx.commit().await?;
    code.ok_or(FlowError::NotFound("code"))
}

/// The merchant's code with this text, which may be another institution's that it has adopted.
pub async fn code_with(
    app: &App,
    merchant: &MerchantId,
    text: &str,
) -> Result<PrintedCode, FlowError> {
    let scanned = open_code::read(app, text).await?;
    let mut tx = app.db.read().await?;
    let opened = open_code::find(&mut tx, &scanned).await?;
    tx.commit().await?;
    if opened.code.merchant != *merchant {
        return Err(FlowError::NotFound("code"));
    }
    Ok(opened.code)
}
