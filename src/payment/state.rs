//! The payment's states, with what each one knows, and every move between them.

use crate::clock::Timestamp;
use crate::id::AttemptId;

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nobody is paying it.
    Created,
    /// This attempt holds it.
    Waiting {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The payee institution said that the money came.
    Paid {
        /// By which attempt.
        attempt: AttemptId,
        /// When, by the institution's word.
        at: Timestamp,
    },
    /// Some of it went back.
    PartlyRefunded {
        /// By which attempt it had been paid.
        attempt: AttemptId,
        /// When it had been paid.
        at: Timestamp,
    },
    /// All of it went back.
    Refunded {
        /// By which attempt it had been paid.
        attempt: AttemptId,
        /// When it had been paid.
        at: Timestamp,
    },
    /// The merchant cancelled it.
    Closed,
    /// Its time ran out unpaid.
    Expired,
}

/// What can happen to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An attempt takes it.
    Held {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The attempt failed or was closed; the next may try.
    Released {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The payee institution attests the money.
    Paid {
        /// The attempt.
        attempt: AttemptId,
        /// When.
        at: Timestamp,
    },
    /// The merchant takes it back.
    Cancelled,
    /// Its time ran out.
    Expired,
    /// Money went back.
    Refunded {
        /// All of it.
        whole: bool,
    },
}

/// A move that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {now} cannot be {change}")]
pub struct Refused {
    /// The state's name.
    pub now: &'static str,
    /// What was asked of it.
    pub change: &'static str,
}

impl State {
    /// The state after `change`.
    pub fn apply(self, change: Change) -> Result<Self, Refused> {
        let refused = Refused {
            now: self.name(),
            change: change.name(),
        };
        match self {
            Self::Created => match change {
                Change::Held { attempt } => Ok(Self::Waiting { attempt }),
                Change::Cancelled => Ok(Self::Closed),
                Change::Expired => Ok(Self::Expired),
                Change::Released { .. } | Change::Paid { .. } | Change::Refunded { .. } => {
                    Err(refused)
                }
            },
            Self::Waiting { attempt: holder } => match change {
                Change::Released { attempt } if attempt == holder => Ok(Self::Created),
                Change::Paid { attempt, at } if attempt == holder => Ok(Self::Paid { attempt, at }),
                // The institution's order outlives any timer of ours: neither the merchant nor the
                // clock ends a payment that somebody may be paying.
                Change::Held { .. }
                | Change::Released { .. }
                | Change::Paid { .. }
                | Change::Cancelled
                | Change::Expired
                | Change::Refunded { .. } => Err(refused),
            },
            Self::Paid { attempt, at } | Self::PartlyRefunded { attempt, at } => match change {
                Change::Refunded { whole: false } => Ok(Self::PartlyRefunded { attempt, at }),
                Change::Refunded { whole: true } => Ok(Self::Refunded { attempt, at }),
                Change::Held { .. }
                | Change::Released { .. }
                | Change::Paid { .. }
                | Change::Cancelled
                | Change::Expired => Err(refused),
            },
            Self::Refunded { .. } | Self::Closed | Self::Expired => Err(refused),
        }
    }

    /// The state as stored and as the API names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Waiting { .. } => "waiting",
            Self::Paid { .. } => "paid",
            Self::PartlyRefunded { .. } => "partly_refunded",
            Self::Refunded { .. } => "refunded",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }

    /// The attempt that holds or paid it.
    pub fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Self::Waiting { attempt }
            | Self::Paid { attempt, .. }
            | Self::PartlyRefunded { attempt, .. }
            | Self::Refunded { attempt, .. } => Some(attempt),
            Self::Created | Self::Closed | Self::Expired => None,
        }
    }

    /// When it was paid, if it was.
    pub fn paid_at(&self) -> Option<Timestamp> {
        match self {
            Self::Paid { at, .. } | Self::PartlyRefunded { at, .. } | Self::Refunded { at, .. } => {
                Some(*at)
            }
            Self::Created | Self::Waiting { .. } | Self::Closed | Self::Expired => None,
        }
    }

    /// Whether money came for it, whatever happened since.
    pub fn was_paid(&self) -> bool {
        self.paid_at().is_some()
    }
}

impl Change {
    /// The change as messages name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Released { .. } => "released",
            Self::Paid { .. } => "paid",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunded { .. } => "refunded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(n: u8) -> AttemptId {
        format!("att_{n:026}").parse().unwrap()
    }

    fn states() -> Vec<State> {
        let (a, at) = (attempt(1), Timestamp::from_seconds(1_790_000_000));
        vec![
            State::Created,
            State::Waiting { attempt: a.clone() },
            State::Paid {
                attempt: a.clone(),
                at,
            },
            State::PartlyRefunded {
                attempt: a.clone(),
                at,
            },
            State::Refunded { attempt: a, at },
            State::Closed,
            State::Expired,
        ]
    }

    fn changes() -> Vec<Change> {
        let at = Timestamp::from_seconds(1_790_000_100);
        vec![
            Change::Held {
                attempt: attempt(1),
            },
            Change::Released {
                attempt: attempt(1),
            },
            Change::Released {
                attempt: attempt(2),
            },
            Change::Paid {
                attempt: attempt(1),
                at,
            },
            Change::Paid {
                attempt: attempt(2),
                at,
            },
            Change::Cancelled,
            Change::Expired,
            Change::Refunded { whole: false },
            Change::Refunded { whole: true },
        ]
    }

    /// Every pair, so that a new state or change cannot fall through unseen; `-` is refused.
    #[test]
    fn every_pair_of_state_and_change_is_decided() {
        let expected = [
            "waiting         -       - -    - closed expired -               -       ",
            "-               created - paid - -      -       -               -       ",
            "-               -       - -    - -      -       partly_refunded refunded",
            "-               -       - -    - -      -       partly_refunded refunded",
            "-               -       - -    - -      -       -               -       ",
            "-               -       - -    - -      -       -               -       ",
            "-               -       - -    - -      -       -               -       ",
        ];
        for (state, row) in states().into_iter().zip(expected) {
            let found: Vec<&str> = changes()
                .into_iter()
                .map(|change| state.clone().apply(change).map_or("-", |next| next.name()))
                .collect();
            assert_eq!(
                found,
                row.split_whitespace().collect::<Vec<_>>(),
                "{}",
                state.name()
            );
        }
    }

    proptest::proptest! {
        /// Whatever happens in whatever order: once paid, always paid, by the one attempt that
        /// held the payment at that moment.
        #[test]
        fn a_payment_is_paid_at_most_once(order in proptest::collection::vec(0_usize..9, 0..40)) {
            let mut state = State::Created;
            let mut payer = None;
            for pick in order {
                let change = changes().swap_remove(pick);
                let holder = state.attempt().cloned();
                if let Ok(next) = state.clone().apply(change) {
                    if next.was_paid() && payer.is_none() {
                        proptest::prop_assert_eq!(holder.as_ref(), next.attempt());
                        payer = holder;
                    }
                    state = next;
                }
                if payer.is_some() {
                    proptest::prop_assert!(state.was_paid());
                    proptest::prop_assert_eq!(payer.as_ref(), state.attempt());
                }
            }
        }
    }
}
