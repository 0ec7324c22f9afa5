//! The quick writing of a payment's plain beginning, held against the pure state machines on both
//! databases: what those allow is written whole, what they refuse leaves no trace.

use futures_util::future::join_all;

use tongma::clock::Timestamp;
use tongma::db;
use tongma::db::books::DaySums;
use tongma::db::hot::{self, Begun, Day, Ground, HandedOver};
use tongma::entropy::Entropy;
use tongma::id::{AttemptId, CodeId, EventId, MerchantId, PaymentAccountId, PaymentId};
use tongma::merchant::PrintedCode;
use tongma::payment::event::EventData;
use tongma::payment::{
    Attempt, AttemptChange, AttemptState, Change, OrderNumber, Payment, PaymentWay, RouteKind,
    State,
};

use crate::db::begin::inside_a_transaction;
use crate::db::states::{EVERY_STATE, put_attempt, put_payment};
use crate::support::beside::{number, run};
use crate::support::books::must_add_up;
use crate::support::shop::{Shop, account_of, hex};
use crate::support::{Backend, on_both, on_postgres};

/// In the order of the machine's states.
const CODE_STATES: [&str; 3] = ["active", "suspended", "revoked"];

/// Every state of a payment, with every state of an attempt at it that came before, or with none.
async fn every_state_is_held_as_the_machines_hold_it(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut held = Vec::new();
    for payment_state in EVERY_STATE {
        let before: Vec<Option<AttemptState>> =
            AttemptState::ALL.iter().copied().map(Some).collect();
        for attempt_state in before.into_iter().chain([None]) {
            let (sold, code) = shop.sells(1200).await;
            let mut holder = AttemptId::new(sold.created_at, &*shop.app.entropy);
            if let Some(state) = attempt_state {
                let earlier = shop.starts("jd_pay", &code, 1200).await.unwrap();
                put_attempt(&shop, &earlier.attempt, state).await;
                holder = earlier.attempt;
            }
            put_payment(&shop, &sold.id, payment_state, &holder).await;
            let payment = shop.payment(&sold.id).await;
            let attempt = attempt(&shop, &payment).await;
            let by = Change::Held {
                attempt: attempt.id.clone(),
            };
            let machine = payment.clone().after(by);
            let holds = attempt_state.is_some_and(AttemptState::holds);
            let mut begun = begun(&shop, &code, &payment, attempt).await;
            begun.is_new = false;
            let before = rows(&shop).await;

            let is_done = hot::begin(&shop.app.db, begun.clone()).await.unwrap();

            let what = format!("{payment_state}, {attempt_state:?}");
            assert_eq!(is_done, machine.is_ok() && !holds, "{what}");
            if is_done {
                held.push(what.clone());
                assert_eq!(
                    stored(&shop, &begun).await,
                    Some((machine.unwrap(), begun.attempt)),
                    "{what}"
                );
            } else {
                assert_eq!(rows(&shop).await, before, "{what}");
                assert_eq!(shop.payment(&sold.id).await, payment, "{what}");
            }
        }
    }
    let allowed = [
        "created, Some(Paid)",
        "created, Some(Failed)",
        "created, Some(Closed)",
        "created, None",
    ];
    assert_eq!(held, allowed);
}
on_both![every_state_is_held_as_the_machines_hold_it];

async fn a_payment_of_its_own_is_written_whole(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let payment = shop.unsold(1200);
    let attempt = attempt(&shop, &payment).await;
    let handed_over = Attempt {
        handover: Some("{\"kind\":\"redirect\",\"url\":\"https://x/\\\"钱\\\"\"}".to_owned()),
        ..attempt
            .clone()
            .after(AttemptChange::HandedOver, attempt.started_at)
            .unwrap()
    };
    for (attempt, payment) in [(attempt, payment), (handed_over, shop.unsold(900))] {
        let payment = Payment {
            code: Some(sticker.id.clone()),
            ..payment
        };
        let attempt = Attempt {
            id: AttemptId::new(shop.app.clock.now(), &*shop.app.entropy),
            payment: payment.id.clone(),
            order_number: OrderNumber::new(shop.app.entropy.bytes()),
            payer_reference: payment.id.to_string(),
            amount: payment.amount,
            ..attempt
        };
        let begun = begun(&shop, &sticker, &payment, attempt).await;
        assert!(hot::begin(&shop.app.db, begun.clone()).await.unwrap());
        let expected = (begun.payment.clone(), begun.attempt.clone());
        assert_eq!(stored(&shop, &begun).await, Some(expected));
    }
    assert_eq!(rows(&shop).await, [2, 2, 2, 2, 0]);
}
on_both![a_payment_of_its_own_is_written_whole];

/// A group may wait for the one writer, and a server for a connection.
async fn t053_what_is_over_when_its_turn_comes_is_not_begun(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let now = shop.app.clock.now();
    let before = rows(&shop).await;
    for (ends_in, begins) in [(0, false), (1, true)] {
        let mut one = fresh(&shop, &sticker).await;
        one.ground.code_ends = Some(Timestamp::from_millis(now.millis() + ends_in));
        let done = hot::begin(&shop.app.db, one).await.unwrap();
        assert_eq!(done, begins, "{ends_in} ms");
        assert_eq!(rows(&shop).await != before, begins, "{ends_in} ms");
    }
}
on_both![t053_what_is_over_when_its_turn_comes_is_not_begun];

/// What it was decided on: the code, its version, the rules, the number, the payment, the day.
async fn what_was_changed_meanwhile_is_not_begun(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let sound = fresh(&shop, &sticker).await;
    assert!(hot::begin(&shop.app.db, sound.clone()).await.unwrap());
    let mut wrong: Vec<(&str, Begun)> = Vec::new();
    let mut one = fresh(&shop, &sticker).await;
    one.ground.code_version += 1;
    wrong.push(("the code's version", one));
    let mut one = fresh(&shop, &sticker).await;
    one.ground.code = CodeId::new(one.at, &*shop.app.entropy);
    wrong.push(("the code", one));
    for ahead in [-1, 1] {
        let mut one = fresh(&shop, &sticker).await;
        one.ground.rules += ahead;
        wrong.push(("the rules", one));
    }
    let mut one = fresh(&shop, &sticker).await;
    one.attempt.payer_reference = sound.attempt.payer_reference.clone();
    wrong.push(("the number", one));
    let mut one = fresh(&shop, &sticker).await;
    one.is_new = false;
    wrong.push(("a payment that is not there", one));
    let (sold, code) = shop.sells(1200).await;
    let mut one = begun(&shop, &code, &sold, attempt(&shop, &sold).await).await;
    (one.is_new, one.payment.version) = (false, one.payment.version + 1);
    wrong.push(("the payment's version", one.clone()));
    one.day = Some(day(0, 0));
    wrong.push(("the payment's version, on a day that is right", one));
    for (spent, by_static_codes) in [(1, 0), (0, 1)] {
        let mut one = fresh(&shop, &sticker).await;
        one.day = Some(day(spent, by_static_codes));
        wrong.push(("the payer's day", one));
    }

    let before = rows(&shop).await;
    for (what, begun) in wrong {
        assert!(!hot::begin(&shop.app.db, begun).await.unwrap(), "{what}");
        assert_eq!(rows(&shop).await, before, "{what}");
    }
    must_add_up(&shop.database).await;
}
on_both![what_was_changed_meanwhile_is_not_begun];

async fn a_code_that_was_stopped_begins_nothing(backend: Backend) {
    let shop = Shop::open(backend).await;
    for state in CODE_STATES {
        let sticker = shop.sticker().await;
        // By hand, so that only the state can say it.
        let sql = format!(
            "UPDATE codes SET state = '{state}' WHERE id = '{}'",
            sticker.id
        );
        run(&shop.database, &sql).await;
        let begun = fresh(&shop, &sticker).await;
        let is_done = hot::begin(&shop.app.db, begun).await.unwrap();
        assert_eq!(is_done, state == "active", "{state}");
    }
}
on_both![a_code_that_was_stopped_begins_nothing];

/// Whoever changes what routes rest on is heard by the next writing, by hand as well.
async fn every_change_of_a_rule_is_counted_and_nothing_else_is(backend: Backend) {
    let shop = Shop::open(backend).await;
    let before = rules(&shop).await;
    let sticker = shop.sticker().await;
    shop.sells(900).await;
    shop.starts("jd_pay", &sticker, 1200).await.unwrap();
    for sql in [
        "UPDATE merchants SET next_event = next_event",
        "UPDATE stores SET name = 'Elsewhere'",
    ] {
        run(&shop.database, sql).await;
    }
    assert_eq!(rules(&shop).await, before);

    shop.neighbour().await;
    assert!(rules(&shop).await > before, "one more merchant's accounts");
    let changes = [
        "UPDATE codes SET expires_ms = 1",
        "UPDATE merchants SET preference = 'alipay'",
        "UPDATE institutions SET base_url = NULL WHERE id = 'hebao'",
        "UPDATE payment_accounts SET state = 'closed'",
        "UPDATE acceptances SET day_limit_minor = 5",
        "DELETE FROM acceptances",
        "UPDATE agreements SET state = 'ended'",
    ];
    for sql in changes {
        let before = rules(&shop).await;
        run(&shop.database, sql).await;
        assert!(rules(&shop).await > before, "{sql}");
    }
}
on_both![every_change_of_a_rule_is_counted_and_nothing_else_is];

/// Of one crowd: those that are sound, two twins of each, one under a stale rule, and one whose
/// merchant does not exist, which no database takes.
async fn one_that_cannot_be_begun_harms_no_other(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let mut crowd = Vec::new();
    for _ in 0..12 {
        let sound = fresh(&shop, &sticker).await;
        let mut twin = fresh(&shop, &sticker).await;
        twin.attempt.payer_reference = sound.attempt.payer_reference.clone();
        let mut stale = fresh(&shop, &sticker).await;
        stale.ground.rules -= 1;
        let mut broken = fresh(&shop, &sticker).await;
        broken.payment.merchant = MerchantId::new(broken.at, &*shop.app.entropy);
        crowd.extend([sound, stale, broken, twin]);
    }

    let done = join_all(
        crowd
            .into_iter()
            .map(|begun| hot::begin(&shop.app.db, begun)),
    )
    .await;

    for four in done.chunks(4) {
        let [one, stale, broken, twin] = four else {
            panic!("four of each");
        };
        let (one, twin) = (one.as_ref().unwrap(), twin.as_ref().unwrap());
        assert!(*one != *twin, "one of two under one number");
        assert!(!stale.as_ref().unwrap());
        assert!(!matches!(broken, Ok(true)), "{broken:?}");
    }
    assert_eq!(rows(&shop).await, [12, 12, 12, 12, 0]);
    must_add_up(&shop.database).await;
}
on_both![one_that_cannot_be_begun_harms_no_other];

/// Twenty at once who all saw the same day: it is counted once for each that was begun.
async fn a_day_is_counted_as_often_as_it_was_begun(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let mut crowd = Vec::new();
    for _ in 0..20 {
        let mut one = fresh(&shop, &sticker).await;
        one.day = Some(day(0, 0));
        one.attempt.payer_ref_hash = Some([9; 32]);
        crowd.push(one);
    }
    let done = join_all(
        crowd
            .into_iter()
            .map(|begun| hot::begin(&shop.app.db, begun)),
    )
    .await;
    let begun = done
        .into_iter()
        .filter(|done| *done.as_ref().unwrap())
        .count();
    assert_eq!(begun, 1);
    for sum in ["spent_minor", "static_minor"] {
        let counted = format!("SELECT CAST(SUM({sum}) AS BIGINT) FROM payer_days");
        assert_eq!(number(&shop.database, &counted).await, 1200, "{sum}");
    }
    must_add_up(&shop.database).await;
}
on_both![a_day_is_counted_as_often_as_it_was_begun];

async fn every_attempt_is_handed_over_as_the_machine_does_it(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let mut moved = Vec::new();
    for state in AttemptState::ALL {
        for stale in [0, 1] {
            let mut begun = fresh(&shop, &sticker).await;
            assert!(hot::begin(&shop.app.db, begun.clone()).await.unwrap());
            put_attempt(&shop, &begun.attempt.id, *state).await;
            begun.attempt.state = *state;
            let machine = begun
                .attempt
                .clone()
                .after(AttemptChange::HandedOver, begun.at);
            let handed = HandedOver {
                attempt: begun.attempt.id.clone(),
                version: begun.attempt.version + 1 + stale,
                handover: "{\"a\":\"钱\"}".to_owned(),
            };

            let is_done = hot::hand_over(&shop.app.db, handed.clone()).await.unwrap();

            assert_eq!(is_done, machine.is_ok() && stale == 0, "{state} {stale}");
            let expected = if is_done {
                moved.push(*state);
                Attempt {
                    handover: Some(handed.handover),
                    ..machine.unwrap()
                }
            } else {
                begun.attempt.clone()
            };
            assert_eq!(
                stored(&shop, &begun).await.unwrap().1,
                expected,
                "{state} {stale}"
            );
        }
    }
    assert_eq!(moved, [AttemptState::Started]);
}
on_both![every_attempt_is_handed_over_as_the_machine_does_it];

/// What is acknowledged must not end with a transaction that somebody left open.
async fn nothing_is_begun_that_would_not_stay() {
    let shop = Shop::open(Backend::Postgres).await;
    let sticker = shop.sticker().await;
    let inside = inside_a_transaction(&shop).await;
    let (sold, code) = shop.sells(1200).await;
    let mut at_a_payment = begun(&shop, &code, &sold, attempt(&shop, &sold).await).await;
    (at_a_payment.is_new, at_a_payment.day) = (false, Some(day(0, 0)));
    for begun in [fresh(&shop, &sticker).await, at_a_payment] {
        let handed = HandedOver {
            attempt: begun.attempt.id.clone(),
            version: begun.attempt.version + 1,
            handover: "{}".to_owned(),
        };
        let before = rows(&shop).await;
        assert!(!hot::begin(&inside, begun.clone()).await.unwrap());
        assert_eq!(rows(&shop).await, before);
        assert!(hot::begin(&shop.app.db, begun).await.unwrap());
        assert!(!hot::hand_over(&inside, handed.clone()).await.unwrap());
        assert!(hot::hand_over(&shop.app.db, handed).await.unwrap());
    }
}
on_postgres![nothing_is_begun_that_would_not_stay];

/// Sound, at a printed code.
async fn fresh(shop: &Shop, sticker: &PrintedCode) -> Begun {
    let payment = Payment {
        code: Some(sticker.id.clone()),
        ..shop.unsold(1200)
    };
    let attempt = attempt(shop, &payment).await;
    begun(shop, sticker, &payment, attempt).await
}

async fn begun(shop: &Shop, code: &PrintedCode, payment: &Payment, attempt: Attempt) -> Begun {
    let by = Change::Held {
        attempt: attempt.id.clone(),
    };
    // As if it were free, where it is not.
    let free = Payment {
        state: State::Created,
        ..payment.clone()
    };
    let payment = free.after(by).unwrap();
    let ground = Ground {
        code: code.id.clone(),
        code_version: code.version,
        code_ends: code.expires_at,
        rules: rules(shop).await,
    };
    Begun {
        told: EventData::of(&payment).with_attempt(&attempt),
        event: EventId::new(attempt.started_at, &*shop.app.entropy),
        at: attempt.started_at,
        is_new: true,
        day: None,
        ground,
        attempt,
        payment,
    }
}

/// An attempt of interop, so that everything is written that can be.
async fn attempt(shop: &Shop, payment: &Payment) -> Attempt {
    let (now, entropy): (Timestamp, &dyn Entropy) = (shop.app.clock.now(), &*shop.app.entropy);
    Attempt {
        id: AttemptId::new(now, entropy),
        payment: payment.id.clone(),
        merchant: payment.merchant.clone(),
        order_number: OrderNumber::new(entropy.bytes()),
        payer: "jd_pay".parse().unwrap(),
        payee: "wechat_pay".parse().unwrap(),
        account: account(shop).await,
        account_reference: account_of("wechat_pay").parse().unwrap(),
        route_kind: RouteKind::Interop,
        route_reason: "interop".to_owned(),
        agreement: None,
        clearing: Some("netsunion".to_owned()),
        attester: Some("alipay".parse().unwrap()),
        way: PaymentWay::Page,
        payer_reference: format!("REF \"{}\" 钱", hex(&entropy.bytes::<8>())),
        request_digest: entropy.bytes(),
        payer_ref_hash: None,
        source_hash: None,
        amount: payment.amount,
        state: AttemptState::Started,
        handover: None,
        version: 1,
        pay_before: Timestamp::from_millis(now.millis() + 1),
        close_at: Timestamp::from_millis(now.millis() + 2),
        reported_at: None,
        next_query_at: Timestamp::from_millis(now.millis() + 3),
        queries: 0,
        started_at: now,
        decided_at: None,
    }
}

async fn account(shop: &Shop) -> PaymentAccountId {
    let mut tx = shop.app.db.read().await.unwrap();
    let accounts = db::accounts::of_merchant(&mut tx, &shop.merchant.id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ours = accounts
        .into_iter()
        .find(|one| one.institution.as_str() == "wechat_pay");
    ours.unwrap().id
}

fn day(all: i64, by_static_codes: i64) -> Day {
    Day {
        payer_ref_hash: [9; 32],
        day: "2026-11-21".to_owned(),
        spent: DaySums {
            all,
            by_static_codes,
        },
        static_code: true,
    }
}

async fn rules(shop: &Shop) -> i64 {
    let mut tx = shop.app.db.read().await.unwrap();
    let version = db::rules::version(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    version
}

async fn stored(shop: &Shop, begun: &Begun) -> Option<(Payment, Attempt)> {
    let mut tx = shop.app.db.read().await.unwrap();
    let attempt = db::attempts::find(&mut tx, &begun.attempt.id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let payment: PaymentId = begun.payment.id.clone();
    Some((shop.payment(&payment).await, attempt?))
}

/// How many rows stand in what a beginning adds to.
async fn rows(shop: &Shop) -> [i64; 5] {
    let mut counts = [0; 5];
    for (count, table) in
        counts
            .iter_mut()
            .zip(["payments", "attempts", "events", "outbox", "payer_days"])
    {
        *count = number(&shop.database, &format!("SELECT COUNT(*) FROM {table}")).await;
    }
    counts
}
