//! Reads what an institution attested against what was agreed: the one place that decides whether
//! money settles a payment or is an exception.

use crate::payment::{Attempt, AttemptState, Attested, Payment, ResultStatus, State};
use crate::word::words;

words! {
    /// Why money that came does not settle what it was meant for.
    ExceptionCode {
        /// Another amount than the order's.
        AmountMismatch = "amount-mismatch",
        /// Another currency than the order's.
        CurrencyMismatch = "currency-mismatch",
        /// Into another account than the order's.
        PayeeMismatch = "payee-mismatch",
        /// For an order that nobody knows.
        Unmatched = "unmatched",
        /// After the payment had ended.
        Late = "late",
        /// The payment had been paid before.
        Duplicate = "duplicate",
    }
}

/// What follows from a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The payment is paid by this attempt.
    Pay,
    /// The attempt ends this way and lets its payment go.
    Release(AttemptState),
    /// Nothing that is not known: acknowledged, and nothing changes.
    Known,
    /// The money is real and kept as an exception; the order stays as it is.
    Exception(ExceptionCode),
}

/// What follows from `result`, a statement by an institution that may attest this attempt, seen
/// for the first time under its `payee_reference`.
pub fn judge(attempt: &Attempt, payment: &Payment, result: &Attested) -> Verdict {
    match result.status {
        ResultStatus::Failed | ResultStatus::Closed if !attempt.state.holds() => Verdict::Known,
        ResultStatus::Failed => Verdict::Release(AttemptState::Failed),
        ResultStatus::Closed => Verdict::Release(AttemptState::Closed),
        ResultStatus::Paid => judge_money(attempt, payment, result),
    }
}

fn judge_money(attempt: &Attempt, payment: &Payment, result: &Attested) -> Verdict {
    if result.account != attempt.account_reference.as_str() {
        return Verdict::Exception(ExceptionCode::PayeeMismatch);
    }
    if result.amount.currency() != attempt.amount.currency() {
        return Verdict::Exception(ExceptionCode::CurrencyMismatch);
    }
    if result.amount != attempt.amount {
        return Verdict::Exception(ExceptionCode::AmountMismatch);
    }
    match &payment.state {
        State::Waiting { attempt: holder } if *holder == attempt.id && attempt.state.holds() => {
            if came_in_time(attempt, payment, result) {
                Verdict::Pay
            } else {
                Verdict::Exception(ExceptionCode::Late)
            }
        }
        State::Paid { .. } | State::PartlyRefunded { .. } | State::Refunded { .. } => {
            Verdict::Exception(ExceptionCode::Duplicate)
        }
        // Held by another attempt, or free again: this attempt had ended before its money came.
        State::Waiting { .. } | State::Created | State::Closed | State::Expired => {
            Verdict::Exception(ExceptionCode::Late)
        }
    }
}

/// Fairness goes by the moment at which the payer paid, not at which we heard of it. An attempt
/// that began in time may be paid until its own end.
fn came_in_time(attempt: &Attempt, payment: &Payment, result: &Attested) -> bool {
    payment
        .expires_at
        .is_none_or(|end| result.paid_at <= end.max(attempt.pay_before))
}
