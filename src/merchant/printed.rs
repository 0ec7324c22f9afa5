//! A code that was issued: on the wall, on a screen, or for one payment.

use crate::clock::Timestamp;
use crate::code::emv_form;
use crate::code::origin::Origin;
use crate::code::run::{CodeKind, RandomId};
use crate::id::{CodeId, CounterId, MerchantId, PaymentAccountId, PaymentId, StoreId};
use crate::merchant::Refused;
use crate::money::{Amount, Currency};
use crate::word::words;

words! {
    /// Whether a code may be paid.
    CodeState {
        /// In use, until it expires.
        Active = "active",
        /// Not payable until it is resumed.
        Suspended = "suspended",
        /// Over for good.
        Revoked = "revoked",
    }

    /// How a code is written.
    CodeForm {
        /// An address that any phone opens; the smallest symbol.
        Url = "url",
        /// EMV's list of objects, which readers all over the world take apart, and which has room for
        /// accounts in other networks.
        Emv = "emv",
    }

    /// For what a code may be used.
    CodeClass {
        /// A merchant's code, for trade.
        Business = "business",
        /// A person's code. 银发〔2021〕259号 keeps these out of trade; whether they are paid at
        /// all is the operator's policy.
        Personal = "personal",
    }

    /// What moves a code.
    CodeEvent {
        /// Stop for now.
        Suspend = "suspend",
        /// Go on after a stop.
        Resume = "resume",
        /// End it.
        Revoke = "revoke",
    }

    /// Why a code cannot be paid now.
    CodeStop {
        /// Stopped for now.
        Suspended = "code-suspended",
        /// Ended.
        Revoked = "code-revoked",
        /// Its time is over.
        Expired = "code-expired",
    }
}

/// A code that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedCode {
    /// Ours.
    pub id: CodeId,
    /// Who is paid.
    pub merchant: MerchantId,
    /// In which store it hangs.
    pub store: StoreId,
    /// At which till, if at one.
    pub counter: Option<CounterId>,
    /// What it is for.
    pub kind: CodeKind,
    /// For what it may be used.
    pub class: CodeClass,
    /// The random bits that name it.
    pub random: RandomId,
    /// Whose signature it bears: the key's thumbprint; none in the compact form.
    pub key_id: Option<String>,
    /// The amount in it, of a fixed or order code.
    pub amount: Option<Amount>,
    /// What it is paid in.
    pub currency: Currency,
    /// The payment it is for, of an order code.
    pub payment: Option<PaymentId>,
    /// The one account that it pays into; any of the merchant's where there is none.
    pub account: Option<PaymentAccountId>,
    /// Whether it may be paid.
    pub state: CodeState,
    /// Not payable from here on.
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// What the symbol says.
    pub text: String,
    /// Counts its changes.
    pub version: i64,
}

impl PrintedCode {
    /// How its text is written.
    pub fn form(&self) -> CodeForm {
        // An address begins with letters, the other with the number of its first object.
        if self.text.starts_with("00") {
            CodeForm::Emv
        } else {
            CodeForm::Url
        }
    }

    /// The address of its page, which a phone's browser opens.
    pub fn page(&self, origin: &Origin) -> String {
        match self.form() {
            CodeForm::Url => self.text.clone(),
            CodeForm::Emv => format!("{origin}/Q/{}", emv_form::in_address(&self.text)),
        }
    }

    /// Whether the code may be paid at `now`, and if not, why.
    pub fn payable_at(&self, now: Timestamp) -> Result<(), CodeStop> {
        match self.state {
            CodeState::Revoked => Err(CodeStop::Revoked),
            CodeState::Suspended => Err(CodeStop::Suspended),
            CodeState::Active if self.expires_at.is_some_and(|end| end <= now) => {
                Err(CodeStop::Expired)
            }
            CodeState::Active => Ok(()),
        }
    }
}

impl CodeState {
    /// Every move there is.
    pub fn apply(self, event: CodeEvent) -> Result<Self, Refused> {
        use CodeEvent::{Resume, Revoke, Suspend};
        match self {
            Self::Active => match event {
                Suspend => Ok(Self::Suspended),
                Revoke => Ok(Self::Revoked),
                Resume => Err(self.refuses(event)),
            },
            Self::Suspended => match event {
                Resume => Ok(Self::Active),
                Revoke => Ok(Self::Revoked),
                Suspend => Err(self.refuses(event)),
            },
            Self::Revoked => match event {
                Suspend | Resume | Revoke => Err(self.refuses(event)),
            },
        }
    }

    const fn refuses(self, event: CodeEvent) -> Refused {
        Refused {
            what: "code",
            now: self.as_str(),
            event: event.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        use CodeEvent as E;
        use CodeState as S;
        let moves = [
            (S::Active, E::Suspend, S::Suspended),
            (S::Active, E::Revoke, S::Revoked),
            (S::Suspended, E::Resume, S::Active),
            (S::Suspended, E::Revoke, S::Revoked),
        ];
        for state in S::ALL {
            for event in E::ALL {
                let to = moves.iter().find(|m| (m.0, m.1) == (*state, *event));
                assert_eq!(state.apply(*event).ok(), to.map(|m| m.2), "{state} {event}");
            }
        }
    }

    #[test]
    fn a_code_is_payable_while_active_and_before_its_end() {
        let at = Timestamp::from_seconds;
        let entropy = SystemEntropy::new();
        let code = PrintedCode {
            id: CodeId::new(at(0), &entropy),
            merchant: MerchantId::new(at(0), &entropy),
            store: StoreId::new(at(0), &entropy),
            counter: None,
            kind: CodeKind::Static,
            class: CodeClass::Business,
            random: RandomId::new([7; 16]),
            key_id: None,
            amount: None,
            currency: Currency::CNY,
            payment: None,
            account: None,
            state: CodeState::Active,
            expires_at: Some(at(100)),
            created_at: at(0),
            text: String::new(),
            version: 0,
        };
        assert_eq!(code.payable_at(at(99)), Ok(()));
        assert_eq!(code.payable_at(at(100)), Err(CodeStop::Expired));
        let suspended = PrintedCode {
            state: CodeState::Suspended,
            ..code
        };
        assert_eq!(suspended.payable_at(at(99)), Err(CodeStop::Suspended));
    }
}
