//! One step of a payment or an attempt, and what is told of it.

use super::{NOW, ORDER, attempt, attempt_id, cny, institution, payment, seconds_later};
use crate::payment::event::EventData;
use crate::payment::{AttemptChange, AttemptState, Change, OrderNumber, Payment, State};

#[test]
fn a_payment_is_past_from_its_end_on() {
    assert!(!payment().is_past(seconds_later(599)));
    assert!(payment().is_past(seconds_later(600)));
    let endless = Payment {
        expires_at: None,
        ..payment()
    };
    assert!(!endless.is_past(seconds_later(1_000_000)));
}

#[test]
fn a_paid_payment_has_captured_its_price_one_version_on() {
    let attempt = attempt_id("0");
    let paid = payment()
        .after(Change::Paid {
            attempt: attempt.clone(),
            at: NOW,
        })
        .unwrap();
    assert_eq!(
        paid.state,
        State::Paid {
            attempt: attempt.clone(),
            at: NOW
        }
    );
    assert_eq!((paid.captured, paid.version), (cny(10_000), 2));
    let released = payment().after(Change::Released { attempt }).unwrap();
    assert_eq!(released.state, State::Created);
    assert_eq!((released.captured, released.version), (cny(0), 2));
    let refused = payment().after(Change::Cancelled).unwrap_err();
    assert_eq!(refused.now, "waiting");
}

#[test]
fn a_state_knows_by_whom_and_when() {
    let attempt = attempt_id("0");
    let paid = |state: fn(super::AttemptId, super::Timestamp) -> State| state(attempt_id("0"), NOW);
    let waiting = State::Waiting {
        attempt: attempt.clone(),
    };
    assert_eq!(
        (waiting.attempt(), waiting.paid_at()),
        (Some(&attempt), None)
    );
    assert!(!waiting.was_paid());
    for state in [
        paid(|attempt, at| State::Paid { attempt, at }),
        paid(|attempt, at| State::PartlyRefunded { attempt, at }),
        paid(|attempt, at| State::Refunded { attempt, at }),
    ] {
        assert_eq!(
            (state.attempt(), state.paid_at()),
            (Some(&attempt), Some(NOW))
        );
        assert!(state.was_paid());
    }
    for state in [State::Created, State::Closed, State::Expired] {
        assert_eq!((state.attempt(), state.paid_at()), (None, None));
        assert!(!state.was_paid());
    }
}

#[test]
fn what_a_payment_refuses_is_named() {
    let attempt = attempt_id("1");
    for (change, name) in [
        (
            Change::Held {
                attempt: attempt.clone(),
            },
            "held",
        ),
        (
            Change::Released {
                attempt: attempt.clone(),
            },
            "released",
        ),
        (Change::Paid { attempt, at: NOW }, "paid"),
        (Change::Cancelled, "cancelled"),
        (Change::Expired, "expired"),
        (Change::Refunded { whole: true }, "refunded"),
    ] {
        assert_eq!(State::Closed.apply(change).unwrap_err().change, name);
    }
}

#[test]
fn an_attempt_that_ended_says_when() {
    let started = super::Attempt {
        state: AttemptState::Started,
        ..attempt()
    };
    let open = started.after(AttemptChange::HandedOver, NOW).unwrap();
    let found = (open.state, open.decided_at, open.version);
    assert_eq!(found, (AttemptState::Waiting, None, 2));
    let paid = open.after(AttemptChange::Paid, seconds_later(9)).unwrap();
    let found = (paid.state, paid.decided_at, paid.version);
    assert_eq!(found, (AttemptState::Paid, Some(seconds_later(9)), 3));
    let refused = paid.after(AttemptChange::Closed, NOW).unwrap_err();
    assert_eq!((refused.now, refused.change), ("paid", "closed"));
    let refused = attempt().after(AttemptChange::HandedOver, NOW).unwrap_err();
    assert_eq!(refused.change, "handed over");
}

#[test]
fn a_refusal_names_the_change() {
    for (change, name) in [
        (AttemptChange::HandedOver, "handed over"),
        (AttemptChange::Paid, "paid"),
        (AttemptChange::Failed, "failed"),
        (AttemptChange::Closed, "closed"),
    ] {
        assert_eq!(AttemptState::Paid.apply(change).unwrap_err().change, name);
    }
}

#[test]
fn only_the_payee_institution_and_the_attester_attest() {
    for (name, may) in [
        ("payee_bank", true),
        ("clearing_bank", true),
        ("payer_bank", false),
    ] {
        assert_eq!(attempt().is_attested_by(&institution(name)), may, "{name}");
    }
    let alone = super::Attempt {
        attester: None,
        ..attempt()
    };
    assert!(!alone.is_attested_by(&institution("clearing_bank")));
}

#[test]
fn what_is_told_is_of_this_payment_and_this_attempt() {
    let alone = EventData::of(&payment());
    assert_eq!(alone.payment, Some(payment().id));
    assert_eq!(alone.store, Some(payment().store));
    assert_eq!(alone.counter, payment().counter);
    assert_eq!(
        (alone.amount_minor, alone.currency.as_deref()),
        (Some(10_000), Some("CNY"))
    );
    assert_eq!(alone.reference.as_deref(), Some("table 7"));
    assert_eq!(alone.order_number, None);

    let with_attempt = EventData::of(&payment()).with_attempt(&attempt());
    let expected = EventData {
        payer_institution: Some(institution("payer_bank")),
        payee_institution: Some(institution("payee_bank")),
        payment_account: Some("****109".to_owned()),
        order_number: Some(attempt().order_number),
        ..alone
    };
    assert_eq!(with_attempt, expected);
}

#[test]
fn an_order_number_is_thirty_two_hex_digits_in_lower_case() {
    let order: OrderNumber = ORDER.parse().unwrap();
    assert_eq!(order.as_str(), ORDER);
    assert_eq!(order.to_string(), ORDER);
    assert_eq!(String::from(order.clone()), ORDER);
    assert_eq!(OrderNumber::try_from(ORDER.to_owned()), Ok(order));
    let (short, long) = (ORDER.replacen('0', "", 1), format!("{ORDER}0"));
    for wrong in [
        "",
        &short,
        &long,
        &ORDER.to_uppercase(),
        &ORDER.replace('0', "g"),
    ] {
        assert!(wrong.parse::<OrderNumber>().is_err(), "{wrong}");
    }
}
