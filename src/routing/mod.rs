//! Which account a scan is paid into, and why.
//!
//! ```text
//! collect   direct: the merchant accepts W; interop: an agreement W → P, and the merchant accepts P
//! filter    states, dates, roll-out, way, account, currency, health, limits
//! order     the merchant's preference, direct first, then id
//! take      the first that is left; if none is, the institutions that would work
//! ```
//!
//! Pure: what it knows is in [`Scan`] and [`Facts`]. One hop at most. Every candidate comes back
//! with its verdict, so that the same answer serves a payment, a refusal and a dry run.

mod collect;
mod filter;
mod limit;
mod reason;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::{AgreementId, PaymentAccountId};
use crate::merchant::{
    Acceptance, Agreement, CodeClass, InstitutionId, Label, Merchant, PaymentAccount, StaticLimits,
    Way,
};
use crate::money::{Amount, Currency};

pub use crate::payment::RouteKind;
pub use limit::{DayRule, Limit};
pub use reason::{Reason, Told};

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Whose app scanned, or whose payer code was scanned.
    pub payer: InstitutionId,
    /// Who shows the code.
    pub way: Way,
    /// Whether the code is one where payers enter the amount.
    pub static_code: bool,
    /// For what the code may be used.
    pub class: CodeClass,
    /// The one account that the code pays into; any of the merchant's where there is none.
    pub only: Option<PaymentAccountId>,
    /// How much, once it is known.
    pub amount: Option<Amount>,
    /// In what.
    pub currency: Currency,
    /// What this payer has paid here today; absent when the payer is not known, and then a limit
    /// for a day is a limit for each payment.
    pub spent_today: Option<Spent>,
    /// When.
    pub now: Timestamp,
}

/// What a payer has paid a merchant today, in two sums, since the limits for a day are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// By codes of every kind: an acceptance's limit is for these.
    pub all: Amount,
    /// Of it, by static codes, which have a limit of their own.
    pub by_static_codes: Amount,
}

impl Spent {
    /// The sum that a rule is about.
    pub const fn towards(self, rule: DayRule) -> Amount {
        match rule {
            DayRule::Acceptance => self.all,
            DayRule::StaticCodes => self.by_static_codes,
        }
    }
}

/// What is known about the merchant that is to be paid.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Who is paid.
    pub merchant: Merchant,
    /// The merchant's payment accounts.
    pub accounts: Vec<PaymentAccount>,
    /// What the merchant accepts.
    pub acceptances: Vec<Acceptance>,
    /// Agreements of any payer institution.
    pub agreements: Vec<Agreement>,
    /// Institutions that do not answer now or are locked out.
    pub unhealthy: BTreeSet<InstitutionId>,
    /// What one payer may pay in a day by static codes, by class of protection.
    pub static_limits: Option<StaticLimits>,
    /// Whether people's own codes may be paid.
    pub personal_codes: bool,
}

impl Facts {
    /// When the next date after `now` comes from which on the same scan may be decided otherwise.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let acceptances = self.acceptances.iter();
        let accepted = acceptances.flat_map(|one| [one.opens_at, one.consent_at]);
        let agreed = self.agreements.iter();
        let agreed = agreed.flat_map(|one| [Some(one.starts_at), one.ends_at]);
        accepted
            .chain(agreed)
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}

/// A way for the money that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Route {
    /// Direct or interop.
    pub kind: RouteKind,
    /// Whose payer.
    pub payer: InstitutionId,
    /// Where the account is.
    pub payee: InstitutionId,
    /// The account.
    pub account: PaymentAccountId,
    /// The agreement that joins the two, of interop.
    pub agreement: Option<AgreementId>,
    /// The channel that clears, of interop.
    pub clearing: Option<Label>,
    /// Who else may say that money came.
    pub attester: Option<InstitutionId>,
}

/// A way for the money that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Candidate {
    /// Direct or interop.
    pub kind: RouteKind,
    /// Whose payer.
    pub payer: InstitutionId,
    /// Where the account would be.
    pub payee: InstitutionId,
    /// The account, if the merchant has one there.
    pub account: Option<PaymentAccountId>,
    /// The agreement that joins the two, of interop.
    pub agreement: Option<AgreementId>,
    /// The channel that clears, of interop.
    pub clearing: Option<Label>,
    /// Who else could say that money came.
    pub attester: Option<InstitutionId>,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "verdict", content = "reason", rename_all = "kebab-case")]
#[schema(as = CandidateVerdict)]
pub enum Verdict {
    /// This is the route.
    Taken,
    /// It would do, but another comes before it.
    Eligible,
    /// It will not do.
    Refused(Reason),
}

/// The route, or why there is none; and every candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decision {
    /// The route, if there is one.
    pub chosen: Option<Route>,
    /// Why, in one word and two languages.
    pub reason: Reason,
    /// The limit without which there would be a route, when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Everything that was looked at, best first.
    pub candidates: Vec<Candidate>,
    /// Institutions that would work, when there is no route.
    pub alternatives: Vec<InstitutionId>,
}

/// Decides.
pub fn route(scan: &Scan, facts: &Facts) -> Decision {
    let (mut candidates, limit) = judged(scan, facts);
    let taken = candidates
        .iter_mut()
        .find(|candidate| candidate.verdict == Verdict::Eligible);
    let chosen = taken.and_then(|candidate| {
        candidate.verdict = Verdict::Taken;
        candidate.route()
    });
    let reason = match (&chosen, candidates.first()) {
        (
            Some(Route {
                kind: RouteKind::Direct,
                ..
            }),
            _,
        ) => Reason::Direct,
        (
            Some(Route {
                kind: RouteKind::Interop,
                ..
            }),
            _,
        ) => Reason::Interop,
        (
            None,
            Some(Candidate {
                verdict: Verdict::Refused(why),
                ..
            }),
        ) => *why,
        (None, Some(_) | None) => Reason::NotAccepted,
    };
    let (limit, alternatives) = if chosen.is_some() {
        (None, Vec::new())
    } else {
        let others = payers(scan, facts).into_iter();
        (limit, others.filter(|other| *other != scan.payer).collect())
    };
    Decision {
        chosen,
        reason,
        limit,
        candidates,
        alternatives,
    }
}

/// Every institution whose payers could pay this, the merchant's preferred ones first; who scanned
/// does not matter.
pub fn payers(scan: &Scan, facts: &Facts) -> Vec<InstitutionId> {
    let accepted = facts
        .acceptances
        .iter()
        .map(|acceptance| &acceptance.institution);
    let agreed = facts.agreements.iter().map(|agreement| &agreement.payer);
    let known: BTreeSet<&InstitutionId> = accepted.chain(agreed).collect();
    let mut found: Vec<InstitutionId> = known
        .into_iter()
        .filter(|payer| {
            let scan = Scan {
                payer: (*payer).clone(),
                spent_today: None,
                ..scan.clone()
            };
            collect::offers(&scan.payer, facts)
                .iter()
                .any(|offer| filter::check(offer, &scan, facts).is_ok())
        })
        .cloned()
        .collect();
    found.sort_by_key(|payer| collect::place(payer, facts));
    found
}

/// Every candidate with its verdict, best first, and the limit that the best of those met which
/// nothing else stands in the way of.
fn judged(scan: &Scan, facts: &Facts) -> (Vec<Candidate>, Option<Limit>) {
    let mut limit = None;
    let mut offers = collect::offers(&scan.payer, facts);
    // What the code cannot pay into comes last: it is not the reason why nothing is left.
    offers.sort_by_cached_key(|offer| (offer.is_beside(scan), offer.rank(facts)));
    let candidates = offers
        .iter()
        .map(|offer| {
            let verdict = match filter::check(offer, scan, facts) {
                Ok(()) => Verdict::Eligible,
                Err(barrier) => {
                    let rule = barrier.reason;
                    limit = limit.or(barrier.limit.map(|amount| Limit { rule, amount }));
                    Verdict::Refused(rule)
                }
            };
            offer.candidate(&scan.payer, verdict)
        })
        .collect();
    (candidates, limit)
}

impl Candidate {
    fn route(&self) -> Option<Route> {
        Some(Route {
            kind: self.kind,
            payer: self.payer.clone(),
            payee: self.payee.clone(),
            account: self.account.clone()?,
            agreement: self.agreement.clone(),
            clearing: self.clearing.clone(),
            attester: self.attester.clone(),
        })
    }
}
