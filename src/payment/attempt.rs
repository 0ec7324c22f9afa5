//! One payer institution's try to pay a payment, into one payment account, under one order number.

use crate::clock::Timestamp;
use crate::id::{AgreementId, AttemptId, MerchantId, PaymentAccountId, PaymentId};
use crate::merchant::{AccountReference, InstitutionId};
use crate::money::Amount;
use crate::payment::{OrderNumber, Refused};
use crate::word::words;

words! {
    /// Whether payer and payee institution are the same.
    RouteKind {
        /// They are.
        Direct = "direct",
        /// They are not; an agreement joins them.
        Interop = "interop",
    }

    /// Through which door an attempt came in.
    PaymentWay {
        /// The wallet's backend called the signed API.
        Api = "api",
        /// The code's page was open in the wallet's browser.
        Page = "page",
    }

    /// Where an attempt stands.
    AttemptState {
        /// Written down; the payee institution may or may not know of it yet.
        Started = "started",
        /// The order is open there and was handed over to the payer's wallet.
        Waiting = "waiting",
        /// The payee institution attested the money.
        Paid = "paid",
        /// The payee institution said that it failed.
        Failed = "failed",
        /// The payee institution closed the order unpaid.
        Closed = "closed",
    }
}

/// What can happen to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptChange {
    /// The order is open and the payer has it.
    HandedOver,
    /// The money is attested.
    Paid,
    /// Attested: no money, and none will come.
    Failed,
    /// Attested: closed unpaid.
    Closed,
}

impl AttemptState {
    /// Whether it still holds its payment: nobody has said how it ended.
    pub fn holds(self) -> bool {
        match self {
            Self::Started | Self::Waiting => true,
            Self::Paid | Self::Failed | Self::Closed => false,
        }
    }

    /// The state after `change`; an attempt that ended stays as it ended.
    pub fn apply(self, change: AttemptChange) -> Result<Self, Refused> {
        match (self, change) {
            (Self::Started, AttemptChange::HandedOver) => Ok(Self::Waiting),
            (Self::Started | Self::Waiting, AttemptChange::Paid) => Ok(Self::Paid),
            (Self::Started | Self::Waiting, AttemptChange::Failed) => Ok(Self::Failed),
            (Self::Started | Self::Waiting, AttemptChange::Closed) => Ok(Self::Closed),
            (Self::Waiting, AttemptChange::HandedOver)
            | (
                Self::Paid | Self::Failed | Self::Closed,
                AttemptChange::HandedOver
                | AttemptChange::Paid
                | AttemptChange::Failed
                | AttemptChange::Closed,
            ) => Err(Refused {
                now: self.as_str(),
                change: change.name(),
            }),
        }
    }
}

impl AttemptChange {
    fn name(self) -> &'static str {
        match self {
            Self::HandedOver => "handed over",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

/// One try to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// What it tries to pay.
    pub payment: PaymentId,
    /// Whose payment that is.
    pub merchant: MerchantId,
    /// Its number at every institution.
    pub order_number: OrderNumber,
    /// Whose app scanned.
    pub payer: InstitutionId,
    /// Where the payment account is; it alone, or the attester, says that money came.
    pub payee: InstitutionId,
    /// Into which account.
    pub account: PaymentAccountId,
    /// That account's number at the institution, as it stood at the start.
    pub account_reference: AccountReference,
    /// Direct or interop.
    pub route_kind: RouteKind,
    /// Why this route was taken.
    pub route_reason: String,
    /// The agreement that allows interop.
    pub agreement: Option<AgreementId>,
    /// Through which clearing channel.
    pub clearing: Option<String>,
    /// A clearing institution that may attest beside the payee institution.
    pub attester: Option<InstitutionId>,
    /// The door it came in by.
    pub way: PaymentWay,
    /// The payer institution's own number for it.
    pub payer_reference: String,
    /// SHA-256 over the facts of the request, so that a repeat can be told from a conflict.
    pub request_digest: [u8; 32],
    /// Who pays, as a keyed hash of what the institution calls that person: the amount counts to
    /// that payer's day, and is given back there when the attempt comes to nothing.
    pub payer_ref_hash: Option<[u8; 32]>,
    /// Where an unidentified browser's start came from, as a keyed hash.
    pub source_hash: Option<[u8; 32]>,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub state: AttemptState,
    /// How the payer's wallet gets at the order, as JSON, once it is open.
    pub handover: Option<String>,
    /// Changes so far; guards every update.
    pub version: i64,
    /// Until when the payer was told to pay.
    pub pay_before: Timestamp,
    /// When the order is closed at the institution if nobody has paid: `pay_before`, or earlier
    /// where the merchant cancelled the payment or took the code out of use.
    pub close_at: Timestamp,
    /// When the payer institution claimed success; proves nothing.
    pub reported_at: Option<Timestamp>,
    /// When the institution is asked next.
    pub next_query_at: Timestamp,
    /// How often it was asked.
    pub queries: i64,
    /// When it was written down.
    pub started_at: Timestamp,
    /// When its end was learnt.
    pub decided_at: Option<Timestamp>,
}

impl Attempt {
    /// Whether this institution may say what became of the order.
    pub fn is_attested_by(&self, institution: &InstitutionId) -> bool {
        &self.payee == institution || self.attester.as_ref() == Some(institution)
    }

    /// The attempt after `change`, one version on.
    pub fn after(self, change: AttemptChange, now: Timestamp) -> Result<Self, Refused> {
        let state = self.state.apply(change)?;
        let decided_at = if state.holds() {
            self.decided_at
        } else {
            Some(now)
        };
        Ok(Self {
            state,
            decided_at,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_ends_once() {
        use AttemptChange::{Closed, Failed, HandedOver, Paid};
        let rows = [
            (
                AttemptState::Started,
                ["waiting", "paid", "failed", "closed"],
            ),
            (AttemptState::Waiting, ["-", "paid", "failed", "closed"]),
            (AttemptState::Paid, ["-"; 4]),
            (AttemptState::Failed, ["-"; 4]),
            (AttemptState::Closed, ["-"; 4]),
        ];
        for (state, expected) in rows {
            let found = [HandedOver, Paid, Failed, Closed]
                .map(|change| state.apply(change).map_or("-", AttemptState::as_str));
            assert_eq!(found, expected, "{state}");
        }
    }
}
