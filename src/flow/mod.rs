//! What can be done with tongma, one file a use case.
//!
//! A flow takes the [`App`](crate::app::App) and what was asked, already parsed; it opens the
//! transactions, calls the pure parts, and never has a transaction open while an institution is
//! called: it writes the intent, commits, calls, and writes the result. State, books, event and
//! outbox row change in one transaction.

pub mod adopt;
mod again;
pub mod audit;
pub mod authenticate;
pub mod change_code;
pub mod check_sign;
pub mod close;
pub mod confirm;
pub mod decode;
pub mod expire;
pub mod idempotent;
mod in_emv;
pub mod institution_keys;
pub mod issue;
pub mod key_log;
pub mod keys;
mod open_code;
pub mod pair;
pub mod payment;
pub mod plates;
pub mod print;
pub mod print_plates;
pub mod quota;
mod read_text;
pub mod receipt;
pub mod report;
pub mod resolve;
mod routes;
pub mod scan_log;
mod settle;
pub mod sign_up;
pub mod silence;
pub mod start;
mod tell;
pub mod verify;

use crate::app::{KeyRingError, NoFonts};
use crate::clock::Timestamp;
use crate::code::adopt::NotAdoptable;
use crate::code::run::RunError;
use crate::crypto::jws::JwsError;
use crate::crypto::sealing::SealError;
use crate::db::DbError;
use crate::flow::authenticate::AuthError;
use crate::flow::idempotent::IdempotencyError;
use crate::flow::institution_keys::KeyRefused;
use crate::id::MerchantId;
use crate::merchant::plate::ShortId;
use crate::merchant::{CodeStop, Name, Quota};
use crate::money::{Amount, MoneyError};
use crate::payment::AttestedError;
use crate::payment::ledger::LedgerError;
use crate::print::PrintError;
use crate::qr::read::PictureError;
use crate::routing::{Decision, Reason};

pub use routes::RouteView;

/// Why something was not done. What the API answers to each is decided in `http::problem`, once.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// There is no such thing, or it is another merchant's: the caller cannot tell which.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The text is not one of our codes.
    #[error("not a code of this server: {0}")]
    CodeMalformed(#[from] RunError),
    /// A text that somebody else issued cannot be adopted.
    #[error("cannot be adopted: {}", .0.told())]
    NotAdoptable(NotAdoptable),
    /// A genuine code of another institution that stands for nobody here.
    #[error("nobody has adopted this code")]
    NotAdopted,
    /// Another merchant holds the code.
    #[error("another merchant has adopted this code")]
    CodeTaken,
    /// A genuine plate that no shop is paid by.
    #[error("plate {short_id} is bound to no shop yet")]
    PlateUnbound {
        /// What is printed on it.
        short_id: ShortId,
    },
    /// A genuine plate that was ended.
    #[error("plate {short_id} was ended and will never be paid again")]
    PlateVoid {
        /// What is printed on it.
        short_id: ShortId,
    },
    /// A batch whose making was cut off.
    #[error("{made} of its {count} plates are made: finish it first")]
    BatchUnfinished {
        /// How many are there.
        made: u32,
        /// How many were ordered.
        count: u32,
    },
    /// Not the secret that is printed on the plate.
    #[error("not this plate's claim secret; {left} more wrong ones lock it")]
    ClaimInvalid {
        /// How many more wrong ones lock it; none, and it is locked.
        left: u32,
    },
    /// Too many wrong secrets.
    #[error("too many wrong claim secrets: this plate is locked until {until}")]
    PlateLocked {
        /// Until when.
        until: Timestamp,
        /// For how long from now.
        seconds: u32,
    },
    /// One merchant asks for one code too often.
    #[error("a code may be asked for {limit} times a day")]
    TooManyAdoptions {
        /// How often it may.
        limit: i64,
    },
    /// A picture shows several codes, and nobody said which.
    #[error("the picture shows more than one code")]
    PictureAmbiguous,
    /// It looks like our code, but we did not sign it as it stands.
    #[error("the code's signature does not hold")]
    CodeSignatureInvalid,
    /// The code is suspended, revoked, or past its time.
    #[error("the code is no longer payable: {0}")]
    CodeStopped(CodeStop),
    /// No way from this payer to this merchant; the decision says why.
    #[error("no route: {}", .0.reason)]
    NoRoute(Box<Decision>),
    /// One field of the request cannot be accepted.
    #[error("{pointer}: {detail}")]
    Field {
        /// JSON pointer to it.
        pointer: &'static str,
        /// The problem code.
        code: &'static str,
        /// What is wrong, and what the limit is.
        detail: String,
    },
    /// More than a rule allows.
    #[error("more than {rule} allows ({limit})")]
    LimitExceeded {
        /// The rule.
        rule: Reason,
        /// What it allows.
        limit: Amount,
    },
    /// A merchant has as many of something as it may have.
    #[error("a merchant may have {limit} {quota} at most")]
    QuotaExceeded {
        /// Of what.
        quota: Quota,
        /// How many.
        limit: i64,
    },
    /// The payer institution's number was used for something else.
    #[error("this payer_reference was used with other facts")]
    ReferenceConflict,
    /// Another attempt holds the payment.
    #[error("the payment is held by another attempt")]
    PaymentHeld,
    /// The state does not allow it.
    #[error("{what} is {now}, which rules out: {change}")]
    State {
        /// The thing.
        what: &'static str,
        /// Where it stands.
        now: &'static str,
        /// What was asked.
        change: &'static str,
    },
    /// The payee institution does not answer; nothing is lost, the same call may be made again.
    #[error("the payee institution does not answer")]
    PayeeUnavailable,
    /// The payee institution will not open the order.
    #[error("the payee institution refused the order: {0}")]
    PayeeRefused(String),
    /// The signed text is not what it should be.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The signed statement makes no sense.
    #[error(transparent)]
    Attested(#[from] AttestedError),
    /// A key that others share cannot prove who said it.
    #[error("a shared secret cannot attest that money came")]
    ConfirmForbidden,
    /// The same money under the same number, with other facts.
    #[error("this payee_reference was confirmed with other facts")]
    TransactionConflict,
    /// A name that payers could take for another merchant's.
    #[error("this name looks like that of {like}, {name}; it is held for review")]
    NameHeld {
        /// The other merchant.
        like: MerchantId,
        /// What it is called.
        name: Name,
    },
    /// A key of an institution.
    #[error(transparent)]
    Key(#[from] KeyRefused),
    /// Browsers that are not identified start too often from one address.
    #[error("{0}")]
    TooManyStarts(StartsBound),
    /// Who is calling.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The Idempotency-Key.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The sign.
    #[error(transparent)]
    Print(#[from] PrintError),
    /// Nothing to write it with.
    #[error(transparent)]
    NoFonts(#[from] NoFonts),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Our own keys.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// Our own seals.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Sums that cannot be.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What bounds the starts of browsers that are not identified, at one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartsBound {
    /// An order's payment is begun a few times, and then never again from there.
    #[error("this payment has been begun too often from this address; only a new payment helps")]
    InAll,
    /// A printed code has only so many payments open at once.
    #[error("too many payments of this code are open from this address")]
    AtOnce {
        /// After which one of them has ended.
        seconds: u32,
    },
}

impl FlowError {
    /// A field that cannot be accepted.
    pub fn field(pointer: &'static str, code: &'static str, detail: impl ToString) -> Self {
        Self::Field {
            pointer,
            code,
            detail: detail.to_string(),
        }
    }

    /// An amount that cannot be accepted.
    pub fn amount(pointer: &'static str, why: &MoneyError) -> Self {
        Self::field(pointer, "amount-invalid", why)
    }
}

impl From<crate::payment::Refused> for FlowError {
    fn from(refused: crate::payment::Refused) -> Self {
        Self::State {
            what: "payment",
            now: refused.now,
            change: refused.change,
        }
    }
}

impl From<crate::merchant::Refused> for FlowError {
    fn from(refused: crate::merchant::Refused) -> Self {
        Self::State {
            what: refused.what,
            now: refused.now,
            change: refused.event,
        }
    }
}

impl From<CodeStop> for FlowError {
    fn from(stop: CodeStop) -> Self {
        Self::CodeStopped(stop)
    }
}
