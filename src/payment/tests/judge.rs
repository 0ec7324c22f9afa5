//! Which money settles, and what becomes of the rest.

use super::{attempt, attempt_id, payment, result, seconds_later, yen};
use crate::money::Amount;
use crate::payment::{
    Attempt, AttemptState, Attested, ExceptionCode, Payment, ResultStatus, State, Verdict, judge,
};

fn verdict(change: impl FnOnce(&mut Attempt, &mut Payment, &mut Attested)) -> Verdict {
    let (mut attempt, mut payment, mut result) = (attempt(), payment(), result());
    change(&mut attempt, &mut payment, &mut result);
    judge(&attempt, &payment, &result)
}

#[test]
fn money_that_fits_the_order_pays() {
    assert_eq!(verdict(|_, _, _| {}), Verdict::Pay);
    let started = verdict(|attempt, _, _| attempt.state = AttemptState::Started);
    assert_eq!(
        started,
        Verdict::Pay,
        "the notice may come before the order's answer"
    );
}

#[test]
fn money_that_does_not_fit_is_kept_as_what_it_is() {
    let account = verdict(|_, _, result| result.account = "1900000110".to_owned());
    assert_eq!(account, Verdict::Exception(ExceptionCode::PayeeMismatch));
    let currency = verdict(|_, _, result| result.amount = Amount::new(10_000, yen()).unwrap());
    assert_eq!(
        currency,
        Verdict::Exception(ExceptionCode::CurrencyMismatch)
    );
    for minor in [9_999, 10_001] {
        let amount = verdict(|_, _, result| result.amount = super::cny(minor));
        assert_eq!(
            amount,
            Verdict::Exception(ExceptionCode::AmountMismatch),
            "{minor}"
        );
    }
}

#[test]
fn an_order_that_ended_unpaid_lets_its_payment_go_once() {
    for (status, state) in [
        (ResultStatus::Failed, AttemptState::Failed),
        (ResultStatus::Closed, AttemptState::Closed),
    ] {
        let first = verdict(|_, _, result| result.status = status);
        assert_eq!(first, Verdict::Release(state));
        for ended in [
            AttemptState::Paid,
            AttemptState::Failed,
            AttemptState::Closed,
        ] {
            let again = verdict(|attempt, _, result| {
                attempt.state = ended;
                result.status = status;
            });
            assert_eq!(again, Verdict::Known, "{status} after {ended}");
        }
    }
}

#[test]
fn money_for_what_is_settled_or_over_settles_nothing() {
    let (own, at) = (attempt_id("0"), seconds_later(1));
    let other = attempt_id("1");
    let duplicate = ExceptionCode::Duplicate;
    let late = ExceptionCode::Late;
    for (state, code) in [
        (
            State::Paid {
                attempt: own.clone(),
                at,
            },
            duplicate,
        ),
        (
            State::PartlyRefunded {
                attempt: own.clone(),
                at,
            },
            duplicate,
        ),
        (State::Refunded { attempt: own, at }, duplicate),
        (State::Waiting { attempt: other }, late),
        (State::Created, late),
        (State::Closed, late),
        (State::Expired, late),
    ] {
        let found = verdict(|_, payment, _| payment.state = state.clone());
        assert_eq!(found, Verdict::Exception(code), "{state:?}");
    }
    let ended = verdict(|attempt, _, _| attempt.state = AttemptState::Closed);
    assert_eq!(
        ended,
        Verdict::Exception(late),
        "the attempt holds nothing any more"
    );
}

#[test]
fn the_moment_of_paying_decides_what_is_late() {
    let paid_at = |seconds, pay_before| {
        verdict(|attempt, _, result| {
            attempt.pay_before = seconds_later(pay_before);
            result.paid_at = seconds_later(seconds);
        })
    };
    let late = Verdict::Exception(ExceptionCode::Late);
    // The payment can be started for 600 seconds.
    assert_eq!(paid_at(600, 60), Verdict::Pay);
    assert_eq!(paid_at(601, 60), late);
    assert_eq!(
        paid_at(640, 640),
        Verdict::Pay,
        "what began in time may end in its own"
    );
    assert_eq!(paid_at(641, 640), late);
    let endless = verdict(|_, payment, result| {
        payment.expires_at = None;
        result.paid_at = seconds_later(100_000);
    });
    assert_eq!(endless, Verdict::Pay);
}
