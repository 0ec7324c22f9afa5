//! Whether a candidate may be used; the first rule that says no is the reason.

use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, PaymentAccount, PaymentAccountState,
};
use crate::money::Amount;
use crate::routing::collect::Offer;
use crate::routing::{Facts, Reason, Scan};

/// All rules, from what never changes during a payment to what does.
pub(super) fn check(offer: &Offer<'_>, scan: &Scan, facts: &Facts) -> Result<(), Reason> {
    payer_not_stopped(offer, scan, facts)?;
    acceptance_open(offer.acceptance, scan)?;
    if let Some(agreement) = offer.agreement {
        agreement_in_force(agreement, scan)?;
    }
    let account = offer.account.ok_or(Reason::AccountMissing)?;
    account_usable(account, scan)?;
    if facts.unhealthy.contains(&offer.acceptance.institution) {
        return Err(Reason::InstitutionUnavailable);
    }
    within_limits(offer, scan, facts)
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

fn within_limits(offer: &Offer<'_>, scan: &Scan, facts: &Facts) -> Result<(), Reason> {
    let agreed = offer
        .agreement
        .and_then(|agreement| agreement.payment_limit);
    each_payment(scan, agreed, Reason::AgreementLimit)?;
    each_payment(scan, offer.acceptance.payment_limit, Reason::PaymentLimit)?;
    each_day(scan, offer.acceptance.day_limit, Reason::DayLimit)?;
    // The rule for static codes is written in one currency and says nothing about others.
    let of_static = facts
        .static_day_limit
        .filter(|limit| limit.currency() == scan.currency);
    let of_static = if scan.static_code { of_static } else { None };
    each_day(scan, of_static, Reason::StaticDayLimit)
}

fn each_payment(scan: &Scan, limit: Option<Amount>, past: Reason) -> Result<(), Reason> {
    match (limit, scan.amount) {
        (Some(limit), _) if limit.currency() != scan.currency => Err(Reason::CurrencyMismatch),
        (Some(limit), Some(amount)) if amount.minor() > limit.minor() => Err(past),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// Before the amount is known, only a payer who has nothing left is refused.
fn each_day(scan: &Scan, limit: Option<Amount>, past: Reason) -> Result<(), Reason> {
    let Some(limit) = limit else { return Ok(()) };
    let spent = scan
        .spent_today
        .unwrap_or_else(|| Amount::zero(limit.currency()));
    if limit.currency() != scan.currency || spent.currency() != limit.currency() {
        return Err(Reason::CurrencyMismatch);
    }
    let asked = scan.amount.map_or(1, Amount::minor);
    match spent.minor().checked_add(asked) {
        Some(sum) if sum <= limit.minor() => Ok(()),
        Some(_) | None => Err(past),
    }
}
