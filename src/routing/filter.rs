//! Whether a candidate may be used; the first rule that says no is the reason.

use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, CodeClass, PaymentAccount,
    PaymentAccountState,
};
use crate::money::Amount;
use crate::routing::collect::Offer;
use crate::routing::{DayRule, Facts, Reason, Scan};

/// Why a candidate will not do, and the limit where one is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Barrier {
    pub(super) reason: Reason,
    pub(super) limit: Option<Amount>,
}

impl From<Reason> for Barrier {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            limit: None,
        }
    }
}

/// All rules, from what never changes during a payment to what does. The limits come last: whoever
/// meets one would have a route for less.
pub(super) fn check(offer: &Offer<'_>, scan: &Scan, facts: &Facts) -> Result<(), Barrier> {
    class_allowed(scan, facts)?;
    if offer.is_beside(scan) {
        return Err(Reason::CodeAccount.into());
    }
    payer_not_stopped(offer, scan, facts)?;
    acceptance_open(offer.acceptance, scan)?;
    if let Some(agreement) = offer.agreement {
        agreement_in_force(agreement, scan)?;
    }
    let account = offer.account.ok_or(Reason::AccountMissing)?;
    account_usable(account, scan)?;
    if facts.unhealthy.contains(&offer.acceptance.institution) {
        return Err(Reason::InstitutionUnavailable.into());
    }
    within_limits(offer, scan, facts)
}

fn class_allowed(scan: &Scan, facts: &Facts) -> Result<(), Reason> {
    match scan.class {
        CodeClass::Personal if !facts.personal_codes => Err(Reason::ClassNotAllowed),
        CodeClass::Personal | CodeClass::Business => Ok(()),
    }
}

/// A merchant who stopped taking an institution does not take it by a detour either.
fn payer_not_stopped(offer: &Offer<'_>, scan: &Scan, facts: &Facts) -> Result<(), Reason> {
    if offer.agreement.is_none() {
        return Ok(());
    }
    let of_payer = facts
        .acceptances
        .iter()
        .filter(|a| a.institution == scan.payer);
    of_payer
        .map(|acceptance| acceptance.state)
        .try_for_each(|state| match state {
            AcceptanceState::Suspended => Err(Reason::PayerSuspended),
            AcceptanceState::Closed => Err(Reason::PayerClosed),
            AcceptanceState::Invited | AcceptanceState::Applied | AcceptanceState::Enabled => {
                Ok(())
            }
        })
}

fn acceptance_open(acceptance: &Acceptance, scan: &Scan) -> Result<(), Reason> {
    match acceptance.state {
        AcceptanceState::Invited | AcceptanceState::Applied => {
            return Err(Reason::AcceptanceNotEnabled);
        }
        AcceptanceState::Suspended => return Err(Reason::AcceptanceSuspended),
        AcceptanceState::Closed => return Err(Reason::AcceptanceClosed),
        AcceptanceState::Enabled => {}
    }
    let consented = acceptance.consent_at.is_some_and(|at| at <= scan.now);
    if acceptance.platform.is_some() && !consented {
        return Err(Reason::ConsentMissing);
    }
    if acceptance.opens_at.is_some_and(|at| scan.now < at) {
        return Err(Reason::NotOpenYet);
    }
    Ok(())
}

fn agreement_in_force(agreement: &Agreement, scan: &Scan) -> Result<(), Reason> {
    match agreement.state {
        AgreementState::Suspended => return Err(Reason::AgreementSuspended),
        AgreementState::Ended => return Err(Reason::AgreementEnded),
        AgreementState::Active => {}
    }
    if scan.now < agreement.starts_at {
        return Err(Reason::AgreementNotStarted);
    }
    if agreement.ends_at.is_some_and(|end| end <= scan.now) {
        return Err(Reason::AgreementEnded);
    }
    if !agreement.ways.covers(scan.way) {
        return Err(Reason::WayNotAgreed);
    }
    if agreement.currency != scan.currency {
        return Err(Reason::CurrencyMismatch);
    }
    Ok(())
}

fn account_usable(account: &PaymentAccount, scan: &Scan) -> Result<(), Reason> {
    match account.state {
        PaymentAccountState::Closed => return Err(Reason::AccountClosed),
        PaymentAccountState::Open => {}
    }
    let asked = scan.amount.map_or(scan.currency, Amount::currency);
    if account.currency != scan.currency || asked != scan.currency {
        return Err(Reason::CurrencyMismatch);
    }
    Ok(())
}

fn within_limits(offer: &Offer<'_>, scan: &Scan, facts: &Facts) -> Result<(), Barrier> {
    let agreed = offer
        .agreement
        .and_then(|agreement| agreement.payment_limit);
    each_payment(scan, agreed, Reason::AgreementLimit)?;
    each_payment(scan, offer.acceptance.payment_limit, Reason::PaymentLimit)?;
    let payee = &offer.acceptance.institution;
    facts
        .day_limits(payee, scan.static_code)
        .chain(facts.day_limits_of_payers(&scan.payer, payee, scan.currency))
        .try_for_each(|(rule, limit)| each_day(scan, limit, rule))
}

fn each_payment(scan: &Scan, limit: Option<Amount>, past: Reason) -> Result<(), Barrier> {
    match (limit, scan.amount) {
        (Some(limit), _) if limit.currency() != scan.currency => {
            Err(Reason::CurrencyMismatch.into())
        }
        (Some(limit), Some(amount)) if amount.minor() > limit.minor() => {
            Err(past.with_limit(limit))
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// Before the amount is known, only a payer who has nothing left is refused.
fn each_day(scan: &Scan, limit: Amount, rule: DayRule) -> Result<(), Barrier> {
    let spent = scan.spent_today.map_or_else(
        || Amount::zero(limit.currency()),
        |spent| spent.towards(rule),
    );
    if limit.currency() != scan.currency || spent.currency() != limit.currency() {
        // The rule for static codes is written in one currency and says nothing about others.
        return match rule {
            DayRule::StaticCodes => Ok(()),
            DayRule::Acceptance => Err(Reason::CurrencyMismatch.into()),
        };
    }
    let asked = scan.amount.map_or(1, Amount::minor);
    match spent.minor().checked_add(asked) {
        Some(sum) if sum <= limit.minor() => Ok(()),
        Some(_) | None => Err(rule.past().with_limit(limit)),
    }
}

impl Reason {
    fn with_limit(self, limit: Amount) -> Barrier {
        Barrier {
            reason: self,
            limit: Some(limit),
        }
    }
}
