//! A merchant takes an institution: from the invitation to the day it ends.

use crate::clock::Timestamp;
use crate::id::{AcceptanceId, MerchantId};
use crate::merchant::{InstitutionId, Label, Refused};
use crate::money::Amount;
use crate::word::words;

words! {
    /// How far a merchant is with an institution.
    AcceptanceState {
        /// Somebody asked the merchant to take it.
        Invited = "invited",
        /// The merchant asked the institution.
        Applied = "applied",
        /// Payable, from `opens_at` on.
        Enabled = "enabled",
        /// Not payable until it is resumed.
        Suspended = "suspended",
        /// Over for good.
        Closed = "closed",
    }

    /// How well the institution protects payments by codes, as the People's Bank of China classes
    /// it (银发〔2017〕296号). What its payers may pay in a day by printed codes follows from it.
    ProtectionClass {
        /// Certificates or signatures: as much as was agreed, which is the acceptance's day limit.
        A = "a",
        /// Two factors.
        B = "b",
        /// Fewer.
        C = "c",
        /// A printed code, nothing else.
        D = "d",
    }

    /// What moves an acceptance.
    AcceptanceEvent {
        /// The merchant asks the institution.
        Apply = "apply",
        /// The institution agrees.
        Enable = "enable",
        /// Stop for now.
        Suspend = "suspend",
        /// Go on after a stop.
        Resume = "resume",
        /// End it.
        Close = "close",
    }
}

/// This merchant takes this institution. There is at most one for each pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Ours.
    pub id: AcceptanceId,
    /// Who takes it.
    pub merchant: MerchantId,
    /// What is taken.
    pub institution: InstitutionId,
    /// How far it is.
    pub state: AcceptanceState,
    /// The platform that rolls it out, if one does.
    pub platform: Option<Label>,
    /// Which wave of the roll-out.
    pub cohort: Option<Label>,
    /// Not payable before; at once if absent.
    pub opens_at: Option<Timestamp>,
    /// When the merchant agreed; what a platform rolls out does not open without it.
    pub consent_at: Option<Timestamp>,
    /// The most that one payment may be.
    pub payment_limit: Option<Amount>,
    /// The most that one payer may pay this merchant in one day, by codes of every kind. What static
    /// codes may take is another sum with another limit.
    pub day_limit: Option<Amount>,
    /// How well payments by printed codes are protected.
    pub protection: ProtectionClass,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// What one payer may pay in a day by printed codes of one merchant, by class. Class A has no row:
/// its limit is agreed for each acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaticLimits {
    /// Class B.
    pub b: Amount,
    /// Class C.
    pub c: Amount,
    /// Class D.
    pub d: Amount,
}

impl StaticLimits {
    /// The limit of a class.
    pub const fn of(&self, class: ProtectionClass) -> Option<Amount> {
        match class {
            ProtectionClass::A => None,
            ProtectionClass::B => Some(self.b),
            ProtectionClass::C => Some(self.c),
            ProtectionClass::D => Some(self.d),
        }
    }
}

impl AcceptanceState {
    /// Every move there is; the same move twice is refused, so that a caller learns of a race.
    pub fn apply(self, event: AcceptanceEvent) -> Result<Self, Refused> {
        use AcceptanceEvent::{Apply, Close, Enable, Resume, Suspend};
        match self {
            Self::Invited => match event {
                Apply => Ok(Self::Applied),
                Close => Ok(Self::Closed),
                Enable | Suspend | Resume => Err(self.refuses(event)),
            },
            Self::Applied => match event {
                Enable => Ok(Self::Enabled),
                Close => Ok(Self::Closed),
                Apply | Suspend | Resume => Err(self.refuses(event)),
            },
            Self::Enabled => match event {
                Suspend => Ok(Self::Suspended),
                Close => Ok(Self::Closed),
                Apply | Enable | Resume => Err(self.refuses(event)),
            },
            Self::Suspended => match event {
                Resume => Ok(Self::Enabled),
                Close => Ok(Self::Closed),
                Apply | Enable | Suspend => Err(self.refuses(event)),
            },
            Self::Closed => match event {
                Apply | Enable | Suspend | Resume | Close => Err(self.refuses(event)),
            },
        }
    }

    const fn refuses(self, event: AcceptanceEvent) -> Refused {
        Refused {
            what: "acceptance",
            now: self.as_str(),
            event: event.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        use AcceptanceEvent as E;
        use AcceptanceState as S;
        let moves = [
            (S::Invited, E::Apply, S::Applied),
            (S::Invited, E::Close, S::Closed),
            (S::Applied, E::Enable, S::Enabled),
            (S::Applied, E::Close, S::Closed),
            (S::Enabled, E::Suspend, S::Suspended),
            (S::Enabled, E::Close, S::Closed),
            (S::Suspended, E::Resume, S::Enabled),
            (S::Suspended, E::Close, S::Closed),
        ];
        for state in S::ALL {
            for event in E::ALL {
                let to = moves
                    .iter()
                    .find(|m| (m.0, m.1) == (*state, *event))
                    .map(|m| m.2);
                assert_eq!(state.apply(*event).ok(), to, "{state} {event}");
            }
        }
    }
}
