//! From what is kept to what the router needs, and from its decision to what callers see.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::app::{App, Opened};
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::id::PaymentAccountId;
use crate::merchant::{CodeClass, InstitutionId, InstitutionState, Merchant, PaymentAccount, Way};
use crate::money::{Amount, Currency};
use crate::payment::{Attempt, PaymentWay, RouteKind};
use crate::routing::{Decision, Facts, Route, Scan, Spent, route};

/// The route that a payment takes, as the payer's institution sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RouteView {
    /// Direct or interop.
    pub kind: RouteKind,
    /// Where the money goes.
    pub payee_institution: InstitutionId,
    /// The account there, masked.
    pub payment_account: String,
    /// Through which clearing channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clearing: Option<String>,
    /// Why this route.
    pub reason: String,
}

impl RouteView {
    /// The route that an attempt took.
    pub fn of(attempt: &Attempt) -> Self {
        Self {
            kind: attempt.route_kind,
            payee_institution: attempt.payee.clone(),
            payment_account: attempt.account_reference.masked(),
            clearing: attempt.clearing.clone(),
            reason: attempt.route_reason.clone(),
        }
    }
}

/// One scan, as a flow knows it.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) payer: &'a InstitutionId,
    pub(super) door: PaymentWay,
    pub(super) static_code: bool,
    pub(super) class: CodeClass,
    /// The one account that the code pays into.
    pub(super) only: Option<&'a PaymentAccountId>,
    pub(super) amount: Option<Amount>,
    pub(super) currency: Currency,
    pub(super) spent_today: Option<Spent>,
}

impl<'a> Asked<'a> {
    /// Whether this payer can pay a code, where the payer's day is not known.
    pub(super) fn about(
        opened: &'a Opened,
        payer: &'a InstitutionId,
        door: PaymentWay,
        amount: Option<Amount>,
    ) -> Self {
        Self {
            payer,
            door,
            static_code: opened.code.kind == CodeKind::Static,
            class: opened.code.class,
            only: opened.code.account.as_ref(),
            amount,
            currency: opened.code.currency,
            spent_today: None,
        }
    }
}

/// What the router decided, with the account that it chose.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) route: Route,
    pub(super) account: PaymentAccount,
    pub(super) decision: Decision,
    pub(super) facts: Facts,
}

/// Decides where this payer's money would go.
pub(super) async fn decide(
    app: &App,
    tx: &mut Tx,
    merchant: &Merchant,
    asked: &Asked<'_>,
) -> Result<(Decision, Facts), FlowError> {
    let facts = facts(app, tx, merchant, (asked.payer, asked.door)).await?;
    Ok((route(&scan(asked, tx.now()), &facts), facts))
}

/// What the router knows of a merchant, for payers of an institution who come in by this door.
pub(super) async fn facts(
    app: &App,
    tx: &mut Tx,
    merchant: &Merchant,
    caller: (&InstitutionId, PaymentWay),
) -> Result<Facts, FlowError> {
    let accounts = db::accounts::of_merchant(tx, &merchant.id).await?;
    Ok(Facts {
        unhealthy: unavailable(tx, &accounts, caller).await?,
        merchant: merchant.clone(),
        acceptances: db::acceptances::of_merchant(tx, &merchant.id).await?,
        agreements: db::agreements::leading_to(tx, &merchant.id).await?,
        accounts,
        static_limits: Some(app.limits.static_limits),
        personal_codes: app.limits.personal_codes,
    })
}

/// What the router is asked.
pub(super) fn scan(asked: &Asked<'_>, now: Timestamp) -> Scan {
    Scan {
        payer: asked.payer.clone(),
        way: Way::MerchantPresented,
        static_code: asked.static_code,
        class: asked.class,
        only: asked.only.cloned(),
        amount: asked.amount,
        currency: asked.currency,
        spent_today: asked.spent_today,
        now,
    }
}

/// As [`decide`], refusing where there is no route.
pub(super) async fn must(
    app: &App,
    tx: &mut Tx,
    merchant: &Merchant,
    asked: &Asked<'_>,
) -> Result<Routed, FlowError> {
    let (decision, facts) = decide(app, tx, merchant, asked).await?;
    let chosen = chosen(&decision, &facts);
    count(app, &decision, chosen.as_ref().map(|(route, _)| route));
    match chosen {
        Some((route, account)) => Ok(Routed {
            route,
            account,
            decision,
            facts,
        }),
        None => Err(FlowError::NoRoute(Box::new(decision))),
    }
}

/// The route that was decided on, with its account.
pub(super) fn chosen(decision: &Decision, facts: &Facts) -> Option<(Route, PaymentAccount)> {
    let route = decision.chosen.clone()?;
    let account = facts
        .accounts
        .iter()
        .find(|account| account.id == route.account)?
        .clone();
    Some((route, account))
}

/// Counts a decision.
pub(super) fn count(app: &App, decision: &Decision, route: Option<&Route>) {
    let kind = route.map_or("none", |route| route.kind.as_str());
    app.metrics.decided(kind, decision.reason.as_str());
}

/// Payee institutions that cannot open an order now: suspended, or without an address although one
/// is needed. A wallet that calls us for its own account needs none: our answer is the order.
async fn unavailable(
    tx: &mut Tx,
    accounts: &[PaymentAccount],
    (payer, door): (&InstitutionId, PaymentWay),
) -> Result<BTreeSet<InstitutionId>, FlowError> {
    let mut found = BTreeSet::new();
    for account in accounts {
        let own = door == PaymentWay::Api && *payer == account.institution;
        let known = db::institutions::find(tx, &account.institution).await?;
        let usable = known.is_some_and(|institution| {
            institution.state == InstitutionState::Active && (own || institution.base_url.is_some())
        });
        if !usable {
            found.insert(account.institution.clone());
        }
    }
    Ok(found)
}
