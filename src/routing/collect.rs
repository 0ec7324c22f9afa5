//! Everything that could be a route, whether it may be used or not.

use crate::id::{AcceptanceId, AgreementId, PaymentAccountId};
use crate::merchant::{Acceptance, Agreement, InstitutionId, PaymentAccount};
use crate::routing::{Candidate, Facts, RouteKind, Scan, Verdict};

/// An acceptance with an account under it and, for interop, the agreement that leads there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer<'a> {
    pub(super) acceptance: &'a Acceptance,
    pub(super) agreement: Option<&'a Agreement>,
    pub(super) account: Option<&'a PaymentAccount>,
}

/// What candidates are ordered by. The institution comes before the ids, which are made by chance:
/// two servers that were set up alike route alike.
type Rank = (
    usize,
    RouteKind,
    InstitutionId,
    Option<AgreementId>,
    AcceptanceId,
    Option<PaymentAccountId>,
);

/// All candidates for payers of one institution, in no particular order.
pub(super) fn offers<'a>(payer: &InstitutionId, facts: &'a Facts) -> Vec<Offer<'a>> {
    let accepting = |institution: &InstitutionId| {
        let institution = institution.clone();
        facts
            .acceptances
            .iter()
            .filter(move |acceptance| acceptance.institution == institution)
    };
    let direct = accepting(payer).map(|acceptance| (acceptance, None));
    // An agreement of an institution with itself would be a direct route by another name.
    let agreed = facts
        .agreements
        .iter()
        .filter(|a| a.payer == *payer && a.payee != *payer);
    let interop = agreed.flat_map(|agreement| {
        accepting(&agreement.payee).map(move |acceptance| (acceptance, Some(agreement)))
    });
    direct
        .chain(interop)
        .flat_map(|(acceptance, agreement)| {
            accounts(acceptance, facts)
                .into_iter()
                .map(move |account| Offer {
                    acceptance,
                    agreement,
                    account,
                })
        })
        .collect()
}

/// Where an institution stands in the merchant's preference; those not named come last.
pub(super) fn place(institution: &InstitutionId, facts: &Facts) -> usize {
    let named = facts
        .merchant
        .preference
        .iter()
        .position(|preferred| preferred == institution);
    named.unwrap_or(usize::MAX)
}

/// The accounts under an acceptance; one empty place where there is none, so that the candidate is
/// still seen and explained.
fn accounts<'a>(acceptance: &Acceptance, facts: &'a Facts) -> Vec<Option<&'a PaymentAccount>> {
    let there = facts
        .accounts
        .iter()
        .filter(|a| a.institution == acceptance.institution);
    let found: Vec<_> = there.map(Some).collect();
    if found.is_empty() { vec![None] } else { found }
}

impl Offer<'_> {
    pub(super) fn rank(&self, facts: &Facts) -> Rank {
        (
            place(&self.acceptance.institution, facts),
            self.kind(),
            self.acceptance.institution.clone(),
            self.agreement.map(|agreement| agreement.id.clone()),
            self.acceptance.id.clone(),
            self.account.map(|account| account.id.clone()),
        )
    }

    pub(super) fn candidate(&self, payer: &InstitutionId, verdict: Verdict) -> Candidate {
        Candidate {
            kind: self.kind(),
            payer: payer.clone(),
            payee: self.acceptance.institution.clone(),
            account: self.account.map(|account| account.id.clone()),
            agreement: self.agreement.map(|agreement| agreement.id.clone()),
            clearing: self.agreement.map(|agreement| agreement.clearing.clone()),
            attester: self
                .agreement
                .and_then(|agreement| agreement.attester.clone()),
            verdict,
        }
    }

    /// Whether the code pays into one account, and this is another.
    pub(super) fn is_beside(&self, scan: &Scan) -> bool {
        let account = self.account.map(|account| &account.id);
        scan.only.is_some() && account != scan.only.as_ref()
    }

    fn kind(&self) -> RouteKind {
        if self.agreement.is_some() {
            RouteKind::Interop
        } else {
            RouteKind::Direct
        }
    }
}
