//! How much a payer may pay: the rules of a day, and how a limit that was met is told.

use serde::Serialize;
use utoipa::ToSchema;

use crate::merchant::{AcceptanceState, InstitutionId};
use crate::money::{Amount, Currency};
use crate::routing::{Facts, Reason, Route};

/// A limit, and the rule that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "LimitView")]
pub struct Limit {
    /// Which rule.
    pub rule: Reason,
    /// What it allows.
    pub amount: Amount,
}

/// A limit as others read it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
struct LimitView {
    /// Which rule.
    rule: Reason,
    /// What it allows.
    #[schema(example = 50_000)]
    limit_minor: i64,
    currency: Currency,
}

/// A rule of what one payer may pay in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRule {
    /// An acceptance's, for payments by codes of every kind.
    Acceptance,
    /// That of static codes, for nothing else.
    StaticCodes,
}

impl DayRule {
    /// How a payment that is past it is refused.
    pub const fn past(self) -> Reason {
        match self {
            Self::Acceptance => Reason::DayLimit,
            Self::StaticCodes => Reason::StaticDayLimit,
        }
    }
}

impl Facts {
    /// What one payer may pay in a day where `payee` holds the account, with the rule for each.
    pub fn day_limits(
        &self,
        payee: &InstitutionId,
        static_code: bool,
    ) -> impl Iterator<Item = (DayRule, Amount)> {
        let taking = self.acceptances.iter().filter(|acceptance| {
            acceptance.state == AcceptanceState::Enabled && acceptance.institution == *payee
        });
        taking.flat_map(move |acceptance| {
            let of_static = self
                .static_limits
                .and_then(|limits| limits.of(acceptance.protection))
                .filter(|_| static_code);
            let of_day = acceptance.day_limit;
            of_day
                .map(|limit| (DayRule::Acceptance, limit))
                .into_iter()
                .chain(of_static.map(|limit| (DayRule::StaticCodes, limit)))
        })
    }

    /// What the merchant takes in a day of a payer of `payer`, where `payee` holds the account: a
    /// limit on an institution's payers binds the payments that come by a detour too. One that is
    /// written in another currency says nothing about these.
    pub fn day_limits_of_payers(
        &self,
        payer: &InstitutionId,
        payee: &InstitutionId,
        currency: Currency,
    ) -> impl Iterator<Item = (DayRule, Amount)> {
        let own = self.acceptances.iter().filter(move |acceptance| {
            acceptance.state == AcceptanceState::Enabled
                && acceptance.institution == *payer
                && payer != payee
        });
        own.filter_map(|acceptance| acceptance.day_limit)
            .filter(move |limit| limit.currency() == currency)
            .map(|limit| (DayRule::Acceptance, limit))
    }
}

impl Facts {
    /// The most that one payment in `currency` may be on this route, where anything bounds it. A
    /// rule that is written in another currency says nothing.
    pub fn most(&self, route: &Route, static_code: bool, currency: Currency) -> Option<Amount> {
        let accepted = self
            .acceptances
            .iter()
            .filter(|acceptance| acceptance.institution == route.payee)
            .filter_map(|acceptance| acceptance.payment_limit);
        let agreed = self
            .agreements
            .iter()
            .filter(|agreement| route.agreement.as_ref() == Some(&agreement.id))
            .filter_map(|agreement| agreement.payment_limit);
        self.day_limits(&route.payee, static_code)
            .chain(self.day_limits_of_payers(&route.payer, &route.payee, currency))
            .map(|(_, limit)| limit)
            .chain(accepted)
            .chain(agreed)
            .filter(|limit| limit.currency() == currency)
            .min_by_key(|limit| limit.minor())
    }
}

impl From<Limit> for LimitView {
    fn from(limit: Limit) -> Self {
        Self {
            rule: limit.rule,
            limit_minor: limit.amount.minor(),
            currency: limit.amount.currency(),
        }
    }
}

impl utoipa::PartialSchema for Limit {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <LimitView as utoipa::PartialSchema>::schema()
    }
}

impl ToSchema for Limit {}
