//! Which institutions' payers may pay into accounts at which others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::AgreementId;
use crate::merchant::{InstitutionId, Label, Refused};
use crate::money::{Amount, Currency};
use crate::word::{WordError, words};

words! {
    /// Who shows the code.
    Way {
        /// The payer scans the merchant's code.
        MerchantPresented = "merchant_presented",
        /// The cashier scans the payer's code.
        PayerPresented = "payer_presented",
    }

    /// Whether an agreement is in force.
    AgreementState {
        /// In force, within its dates.
        Active = "active",
        /// Not in force until it is resumed.
        Suspended = "suspended",
        /// Over for good.
        Ended = "ended",
    }

    /// What moves an agreement.
    AgreementEvent {
        /// Stop for now.
        Suspend = "suspend",
        /// Go on after a stop.
        Resume = "resume",
        /// End it.
        End = "end",
    }
}

/// The ways that an agreement covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ways {
    /// The payer scans the merchant's code.
    pub merchant_presented: bool,
    /// The cashier scans the payer's code.
    pub payer_presented: bool,
}

impl Ways {
    /// Whether this way is covered.
    pub const fn covers(self, way: Way) -> bool {
        match way {
            Way::MerchantPresented => self.merchant_presented,
            Way::PayerPresented => self.payer_presented,
        }
    }
}

impl fmt::Display for Ways {
    /// As stored: the words with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let covered = Way::ALL.iter().filter(|way| self.covers(**way));
        f.write_str(
            &covered
                .map(|way| way.as_str())
                .collect::<Vec<_>>()
                .join(","),
        )
    }
}

impl FromStr for Ways {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let ways = text
            .split(',')
            .map(str::parse)
            .collect::<Result<Vec<Way>, _>>()?;
        Ok(Self {
            merchant_presented: ways.contains(&Way::MerchantPresented),
            payer_presented: ways.contains(&Way::PayerPresented),
        })
    }
}

/// Payers of one institution may pay into accounts at another. Directed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Ours.
    pub id: AgreementId,
    /// Whose payers.
    pub payer: InstitutionId,
    /// Whose accounts.
    pub payee: InstitutionId,
    /// By which ways.
    pub ways: Ways,
    /// The channel that clears between the two.
    pub clearing: Label,
    /// A clearing institution that may also say that money came.
    pub attester: Option<InstitutionId>,
    /// In force from here.
    pub starts_at: Timestamp,
    /// In force until here, without end if absent.
    pub ends_at: Option<Timestamp>,
    /// Whether it is in force.
    pub state: AgreementState,
    /// What it clears in.
    pub currency: Currency,
    /// The most that one payment may be.
    pub payment_limit: Option<Amount>,
    /// When it was entered.
    pub created_at: Timestamp,
}

impl AgreementState {
    /// Every move there is.
    pub fn apply(self, event: AgreementEvent) -> Result<Self, Refused> {
        use AgreementEvent::{End, Resume, Suspend};
        match self {
            Self::Active => match event {
                Suspend => Ok(Self::Suspended),
                End => Ok(Self::Ended),
                Resume => Err(self.refuses(event)),
            },
            Self::Suspended => match event {
                Resume => Ok(Self::Active),
                End => Ok(Self::Ended),
                Suspend => Err(self.refuses(event)),
            },
            Self::Ended => match event {
                Suspend | Resume | End => Err(self.refuses(event)),
            },
        }
    }

    const fn refuses(self, event: AgreementEvent) -> Refused {
        Refused {
            what: "agreement",
            now: self.as_str(),
            event: event.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_survive_text_and_none_at_all_is_refused() {
        for text in [
            "merchant_presented",
            "payer_presented",
            "merchant_presented,payer_presented",
        ] {
            assert_eq!(text.parse::<Ways>().unwrap().to_string(), text);
        }
        assert!("".parse::<Ways>().is_err());
    }

    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        use AgreementEvent as E;
        use AgreementState as S;
        let moves = [
            (S::Active, E::Suspend, S::Suspended),
            (S::Active, E::End, S::Ended),
            (S::Suspended, E::Resume, S::Active),
            (S::Suspended, E::End, S::Ended),
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
