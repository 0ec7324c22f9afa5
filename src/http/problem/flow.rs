//! Which problem an error of a use case is: one match, so that a new error cannot be forgotten.

use crate::crypto::http_signature::{SignatureError, WINDOW};
use crate::crypto::jws::JwsError;
use crate::db::DbError;
use crate::flow::authenticate::AuthError;
use crate::flow::idempotent::IdempotencyError;
use crate::flow::institution_keys::KeyRefused;
use crate::flow::{FlowError, StartsBound};
use crate::http::json;
use crate::http::problem::{Challenge, Kind, Problem, kinds};
use crate::merchant::CodeStop;
use crate::money::MoneyError;
use crate::payment::AttestedError;
use crate::print::PrintError;

/// Seconds after which a busy database is worth another try.
const BUSY_SECONDS: u32 = 1;
/// Seconds after which an institution that did not answer is worth another try.
const PAYEE_SECONDS: u32 = 5;
/// Seconds after which a code may be asked for again: asking is counted by the day.
const ADOPTIONS_SECONDS: u32 = 86_400;

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::NotFound(what) => Self::not_found(what),
            FlowError::CodeMalformed(why) => Self::because(&kinds::PAYLOAD_INVALID, why),
            FlowError::NotAdoptable(why) => {
                Self::because(&kinds::CODE_NOT_ADOPTABLE, why.told()).with("reason", why)
            }
            // The same as for a code of ours that does not exist.
            FlowError::NotAdopted => Self::new(&kinds::CODE_NOT_FOUND),
            FlowError::CodeTaken => Self::new(&kinds::CODE_TAKEN),
            FlowError::PlateUnbound { ref short_id } => {
                Self::because(&kinds::PLATE_UNBOUND, &error).with("plate", short_id)
            }
            FlowError::PlateVoid { ref short_id } => {
                Self::because(&kinds::PLATE_VOID, &error).with("plate", short_id)
            }
            FlowError::BatchUnfinished { made, .. } => {
                Self::because(&kinds::PLATE_BATCH_UNFINISHED, &error).with("made", made)
            }
            FlowError::ClaimInvalid { left } => {
                Self::field(&kinds::CLAIM_INVALID, "/claim_secret", &error).with("tries_left", left)
            }
            FlowError::PlateLocked { until, seconds } => {
                Self::because(&kinds::PLATE_LOCKED, &error)
                    .with("until", until)
                    .retry_after(seconds)
            }
            FlowError::TooManyAdoptions { .. } => {
                Self::because(&kinds::TOO_MANY_ADOPTIONS, &error).retry_after(ADOPTIONS_SECONDS)
            }
            FlowError::PictureAmbiguous => Self::new(&kinds::PICTURE_AMBIGUOUS),
            FlowError::CodeSignatureInvalid => Self::new(&kinds::CODE_SIGNATURE_INVALID),
            FlowError::CodeStopped(CodeStop::Expired) => Self::new(&kinds::CODE_EXPIRED),
            FlowError::CodeStopped(CodeStop::Revoked) => Self::new(&kinds::CODE_REVOKED),
            FlowError::CodeStopped(CodeStop::Suspended) => Self::new(&kinds::CODE_SUSPENDED),
            // The candidates name the merchant's accounts and agreements: only the merchant's own
            // dry run shows them.
            FlowError::NoRoute(decision) => Self::because(&kinds::NO_ROUTE, decision.reason)
                .with("reason", decision.reason)
                .with("alternatives", &decision.alternatives),
            FlowError::Field {
                pointer,
                code,
                detail,
            } => {
                let kind = kinds::by_code(code).unwrap_or(&kinds::FIELD_INVALID);
                Self::field(kind, pointer, detail)
            }
            FlowError::LimitExceeded { rule, limit } => Self::new(&kinds::LIMIT_EXCEEDED)
                .with("rule", rule.as_str())
                .with("reason", rule)
                .with("limit_minor", limit.minor())
                .with("currency", limit.currency()),
            FlowError::QuotaExceeded { quota, limit } => {
                Self::because(&kinds::QUOTA_EXCEEDED, &error)
                    .with("quota", quota)
                    .with("limit", limit)
            }
            FlowError::ReferenceConflict => Self::new(&kinds::REFERENCE_CONFLICT),
            FlowError::PaymentHeld => Self::new(&kinds::PAYMENT_HELD),
            FlowError::State { .. } => Self::because(&kinds::STATE_CONFLICT, error),
            FlowError::PayeeUnavailable => {
                Self::new(&kinds::PAYEE_UNAVAILABLE).retry_after(PAYEE_SECONDS)
            }
            FlowError::PayeeRefused(why) => Self::because(&kinds::PAYEE_REFUSED, why),
            FlowError::Jws(error) => error.into(),
            FlowError::Attested(error) => error.into(),
            FlowError::ConfirmForbidden => Self::new(&kinds::HMAC_CANNOT_CONFIRM),
            FlowError::TransactionConflict => Self::new(&kinds::TRANSACTION_CONFLICT),
            FlowError::TooManyStarts(bound) => {
                let problem = Self::because(&kinds::TOO_MANY_STARTS, &error);
                match bound {
                    StartsBound::InAll => problem,
                    StartsBound::AtOnce { seconds } => problem.retry_after(seconds),
                }
            }
            FlowError::Auth(error) => error.into(),
            FlowError::Idempotency(error) => error.into(),
            FlowError::Key(refused) => refused.into(),
            // Whose name it looks like is for the operator to know.
            FlowError::NameHeld { .. } => Self::new(&kinds::NAME_HELD),
            FlowError::Picture(error) => {
                let kind = kinds::by_code(error.code()).unwrap_or(&kinds::PICTURE_BROKEN);
                Self::because(kind, error)
            }
            FlowError::Print(error) => error.into(),
            FlowError::NoFonts(missing) => {
                Self::because(&kinds::FONT_MISSING, &missing).with("package", missing.package)
            }
            FlowError::Db(error) => error.into(),
            FlowError::Keys(_) | FlowError::Ledger(_) | FlowError::Seal(_) => Self::ours(&error),
        }
    }
}

impl From<PrintError> for Problem {
    fn from(error: PrintError) -> Self {
        match &error {
            PrintError::TooSmall { works, side_mm, .. } => {
                Self::because(&kinds::PRINT_TOO_SMALL, &error)
                    .with("works", works)
                    .with("side_mm", side_mm)
            }
            PrintError::Contrast { .. } => Self::because(&kinds::CONTRAST_TOO_LOW, error),
            PrintError::Unreadable => Self::new(&kinds::PRINT_UNREADABLE),
            PrintError::NoGlyph(_) => Self::because(&kinds::GLYPH_MISSING, error),
            PrintError::Logo(why) => FlowError::Picture(*why).into(),
            PrintError::TooManyPixels { .. }
            | PrintError::DpiTooLow { .. }
            | PrintError::Colour
            | PrintError::NoColour(_)
            | PrintError::LogoLevel
            | PrintError::NoSheet(_)
            | PrintError::Pieces
            | PrintError::OnePage { .. }
            | PrintError::Symbol(_) => Self::because(&kinds::QUERY_INVALID, error),
            PrintError::Stopped => Self::overloaded(),
            PrintError::NoFont | PrintError::Writer(_) => Self::ours(&error),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(_) | DbError::Crossed(_) => {
                tracing::warn!(%error, "the database is busy or away");
                Self::busy()
            }
            DbError::Unaudited(cause) => {
                let below = std::error::Error::source(&*cause).map(ToString::to_string);
                tracing::error!(error = %cause, cause = below, "the audit log cannot be written");
                Self::new(&kinds::AUDIT_UNAVAILABLE).retry_after(PAYEE_SECONDS)
            }
            DbError::Conflict { .. } => Self::new(&kinds::STATE_CONFLICT),
            DbError::Inconsistent { .. } | DbError::Failed(_) => Self::ours(&error),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let told = |kind, challenge| Self::because(kind, &error).challenge(challenge);
        match &error {
            AuthError::Signature(error) => error.clone().into(),
            AuthError::KeyMissing => told(&kinds::API_KEY_MISSING, Challenge::Bearer),
            AuthError::KeyInvalid => told(&kinds::API_KEY_INVALID, Challenge::Bearer),
            AuthError::KeyMisplaced(_) => told(&kinds::API_KEY_MISPLACED, Challenge::Bearer),
            AuthError::WrongTokenType { expected } => {
                let challenge = if expected.contains("signature") {
                    Challenge::Signature
                } else {
                    Challenge::Bearer
                };
                told(&kinds::WRONG_TOKEN_TYPE, challenge)
            }
            AuthError::Scope(scope) => Self::because(&kinds::SCOPE, &error).with("scope", scope),
            AuthError::SessionInvalid => told(&kinds::SESSION_INVALID, Challenge::Session),
            AuthError::PairingInvalid => told(&kinds::PAIRING_INVALID, Challenge::Session),
            AuthError::Csrf => Self::because(&kinds::CSRF, error),
        }
    }
}

impl From<SignatureError> for Problem {
    fn from(error: SignatureError) -> Self {
        let kind = match error {
            SignatureError::Missing => &kinds::SIGNATURE_MISSING,
            SignatureError::DigestMismatch => &kinds::DIGEST_MISMATCH,
            SignatureError::Invalid | SignatureError::Ambiguous => &kinds::SIGNATURE_INVALID,
            SignatureError::Insufficient(_) | SignatureError::Unsupported(_) => {
                &kinds::SIGNATURE_INSUFFICIENT
            }
            SignatureError::ClockSkew => &kinds::CLOCK_SKEW,
            SignatureError::NonceSyntax => &kinds::NONCE_SYNTAX,
            SignatureError::NonceReused => &kinds::NONCE_REUSED,
            SignatureError::DigestAlgorithm => &kinds::DIGEST_ALGORITHM,
            SignatureError::HeaderTooLarge(_) => &kinds::HEADER_TOO_LARGE,
            SignatureError::Malformed(_) => &kinds::MALFORMED,
        };
        let problem = Self::because(kind, error);
        let problem = if kind == &kinds::CLOCK_SKEW {
            problem.with("window_seconds", WINDOW.as_secs())
        } else {
            problem
        };
        if kind.status == kinds::SIGNATURE_INVALID.status {
            problem.challenge(Challenge::Signature)
        } else {
            problem
        }
    }
}

impl From<JwsError> for Problem {
    fn from(error: JwsError) -> Self {
        let kind = match error {
            // A second spelling of a statement is refused like a wrong signature: there is one.
            JwsError::Malformed(_) | JwsError::Header(_) | JwsError::SignatureInvalid => {
                &kinds::SIGNATURE_INVALID
            }
            JwsError::AlgNotAllowed => &kinds::ALG_NOT_ALLOWED,
            JwsError::WrongTokenType { .. } => &kinds::WRONG_TOKEN_TYPE,
            JwsError::Expired(_) => &kinds::EXPIRED,
            JwsError::NotYetValid(_) => &kinds::CLOCK_SKEW,
            // Whoever signed is known: this is no question of who they are.
            JwsError::Claims { pointer, why } => {
                return Self::field(&kinds::FIELD_INVALID, pointer, json::in_json_words(&why));
            }
        };
        Self::because(kind, error).challenge(Challenge::Signature)
    }
}

impl From<AttestedError> for Problem {
    fn from(error: AttestedError) -> Self {
        match &error {
            AttestedError::WalletMismatch { field } => {
                Self::field(&kinds::WALLET_MISMATCH, format!("/{field}"), &error)
            }
            AttestedError::Amount { field, why } => {
                Self::field(money(why), format!("/{}", field.replace('.', "/")), &error)
            }
            AttestedError::AmountsInconsistent => {
                Self::field(&kinds::AMOUNTS_INCONSISTENT, "/amount_minor", &error)
            }
            AttestedError::TimeInvalid => Self::field(&kinds::TIME_INVALID, "/paid_at", &error),
            AttestedError::Text { field, .. } => {
                let pointer = format!("/{}", field.replace('.', "/"));
                Self::field(&kinds::FIELD_INVALID, pointer, &error)
            }
            AttestedError::Status => Self::field(&kinds::FIELD_INVALID, "/status", &error),
        }
    }
}

impl From<IdempotencyError> for Problem {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Missing => Self::because(&kinds::IDEMPOTENCY_KEY_MISSING, error)
                .with_header(
                    actix_web::http::header::LINK,
                    "</problems/idempotency-key-missing>; rel=\"help\"",
                ),
            IdempotencyError::Malformed => Self::because(&kinds::IDEMPOTENCY_KEY_INVALID, error),
            IdempotencyError::Reused => Self::because(&kinds::IDEMPOTENCY_KEY_REUSED, error),
            IdempotencyError::InFlight => {
                Self::because(&kinds::IDEMPOTENCY_IN_FLIGHT, error).retry_after(BUSY_SECONDS)
            }
        }
    }
}

impl From<KeyRefused> for Problem {
    fn from(refused: KeyRefused) -> Self {
        match &refused {
            KeyRefused::Weak(why) => Self::because(&kinds::KEY_WEAK, why),
            KeyRefused::Named => Self::field(&kinds::FIELD_INVALID, "/key_id", refused),
            KeyRefused::Times => Self::field(&kinds::FIELD_INVALID, "/not_after", refused),
            KeyRefused::Taken(_) | KeyRefused::Over(..) => {
                Self::because(&kinds::STATE_CONFLICT, refused)
            }
        }
    }
}

impl Problem {
    /// A fault of ours: logged in full, told without a reason.
    pub(crate) fn ours(error: &dyn std::error::Error) -> Self {
        let cause = error.source().map(ToString::to_string);
        tracing::error!(%error, cause, "a request failed by a fault of ours");
        Self::new(&kinds::INTERNAL)
    }

    /// Whoever reads the numbers must say the token.
    pub(crate) fn metrics_token() -> Self {
        Self::new(&kinds::METRICS_TOKEN_INVALID).challenge(Challenge::Bearer)
    }

    /// Ask another instance.
    pub(crate) fn draining() -> Self {
        Self::new(&kinds::DRAINING).retry_after(BUSY_SECONDS)
    }

    /// The database does not answer in time.
    pub(crate) fn busy() -> Self {
        Self::new(&kinds::BUSY).retry_after(BUSY_SECONDS)
    }

    /// Not now.
    pub(crate) fn overloaded() -> Self {
        Self::new(&kinds::OVERLOADED).retry_after(BUSY_SECONDS)
    }

    /// As many live feeds as one reader or source may have.
    pub(crate) fn too_many_streams() -> Self {
        Self::new(&kinds::TOO_MANY_STREAMS).retry_after(PAYEE_SECONDS)
    }

    /// An amount or currency that cannot be.
    pub(crate) fn money(pointer: &'static str, why: &MoneyError) -> Self {
        Self::field(money(why), pointer, why)
    }
}

fn money(why: &MoneyError) -> &'static Kind {
    match why {
        MoneyError::Currency(_) | MoneyError::Mixed(..) => &kinds::CURRENCY_INVALID,
        MoneyError::Range { .. } | MoneyError::TooMuch { .. } | MoneyError::Decimal { .. } => {
            &kinds::AMOUNT_INVALID
        }
    }
}
