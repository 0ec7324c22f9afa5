//! The quick writings of a payment's plain end, held against the pure state machines on both
//! databases: what those allow is written whole, what they refuse leaves no trace.

use futures_util::future::join_all;

use tongma::clock::Timestamp;
use tongma::db;
use tongma::db::hot::{self, Named, Paid};
use tongma::entropy::Entropy;
use tongma::flow::start::Started;
use tongma::id::{AttemptId, EntryId, EventId, MerchantId, PaymentId, ReceiptId, ResultId};
use tongma::payment::event::EventData;
use tongma::payment::receipt::{LIFETIME, Receipt};
use tongma::payment::{
    Attempt, AttemptChange, AttemptState, Attested, Change, Payment, ResultStatus, ledger,
};

use crate::db::begin::inside_a_transaction;
use crate::db::states::{EVERY_STATE, put_attempt, put_payment};
use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::shop::{Shop, hex};
use crate::support::{Backend, on_both, on_postgres};

async fn every_state_is_moved_as_the_machines_move_it(backend: Backend) {
    let shop = Shop::open(backend).await;
    let stranger = AttemptId::new(shop.app.clock.now(), &*shop.app.entropy);
    let mut moved = Vec::new();
    for payment_state in EVERY_STATE {
        for attempt_state in AttemptState::ALL {
            for is_held_by_another in [false, true] {
                let begun = begin(&shop).await;
                let holder = if is_held_by_another {
                    &stranger
                } else {
                    &begun.attempt
                };
                put_payment(&shop, &begun.payment, payment_state, holder).await;
                put_attempt(&shop, &begun.attempt, *attempt_state).await;
                let paid = read(&shop, &begun).await;
                let (payment, attempt) = (paid.payment.clone(), paid.attempt.clone());
                let by = Change::Paid {
                    attempt: attempt.id.clone(),
                    at: paid.result.paid_at,
                };
                let machines = (
                    payment.clone().after(by),
                    attempt.clone().after(AttemptChange::Paid, paid.at),
                );
                let before = rows(&shop).await;

                let is_done = hot::pay(&shop.app.db, paid).await.unwrap();

                let what = format!("{payment_state}, {attempt_state}, {is_held_by_another}");
                let is_allowed = machines.0.is_ok() && machines.1.is_ok();
                assert_eq!(is_done, is_allowed, "{what}");
                let expected = if let (Ok(payment), Ok(attempt)) = machines {
                    moved.push(what.clone());
                    (payment, attempt)
                } else {
                    assert_eq!(rows(&shop).await, before, "{what}");
                    (payment, attempt)
                };
                assert_eq!(stored(&shop, &begun).await, expected, "{what}");
            }
        }
    }
    let allowed = ["waiting, started, false", "waiting, waiting, false"];
    assert_eq!(moved, allowed);
}
on_both![every_state_is_moved_as_the_machines_move_it];

async fn what_was_changed_meanwhile_is_not_paid(backend: Backend) {
    let shop = Shop::open(backend).await;
    let begun = begin(&shop).await;
    let paid = read(&shop, &begun).await;
    let older = |payment: i64, attempt: i64| {
        let mut paid = paid.clone();
        paid.payment.version -= payment;
        paid.attempt.version -= attempt;
        paid
    };
    let before = rows(&shop).await;
    for stale in [older(1, 0), older(0, 1)] {
        assert!(!hot::pay(&shop.app.db, stale).await.unwrap());
        assert_eq!(rows(&shop).await, before);
    }
    assert!(hot::pay(&shop.app.db, paid.clone()).await.unwrap());
    assert!(!hot::pay(&shop.app.db, paid).await.unwrap());
    must_add_up(&shop.database).await;
}
on_both![what_was_changed_meanwhile_is_not_paid];

/// What is acknowledged must not end with a transaction that somebody left open.
async fn nothing_is_paid_that_would_not_stay() {
    let shop = Shop::open(Backend::Postgres).await;
    let inside = inside_a_transaction(&shop).await;
    let begun = begin(&shop).await;
    let paid = read(&shop, &begun).await;
    let before = (rows(&shop).await, stored(&shop, &begun).await);
    assert!(!hot::pay(&inside, paid.clone()).await.unwrap());
    assert_eq!((rows(&shop).await, stored(&shop, &begun).await), before);
    assert!(hot::pay(&shop.app.db, paid).await.unwrap());
}
on_postgres![nothing_is_paid_that_would_not_stay];

async fn a_number_that_is_taken_pays_nothing(backend: Backend) {
    let shop = Shop::open(backend).await;
    let first = read(&shop, &begin(&shop).await).await;
    assert!(hot::pay(&shop.app.db, first.clone()).await.unwrap());
    let mut same_money = read(&shop, &begin(&shop).await).await;
    same_money.result.payee_reference = first.result.payee_reference.clone();
    let mut same_digits = read(&shop, &begin(&shop).await).await;
    same_digits.receipt.number = first.receipt.number.clone();

    let before = rows(&shop).await;
    for taken in [same_money, same_digits] {
        assert!(!hot::pay(&shop.app.db, taken).await.unwrap());
        assert_eq!(rows(&shop).await, before);
    }
    must_add_up(&shop.database).await;
}
on_both![a_number_that_is_taken_pays_nothing];

/// Of one crowd: those that are sound, two twins of each, one under a stale version, and one whose
/// merchant does not exist, which no database takes.
async fn one_that_cannot_be_written_harms_no_other(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut crowd = Vec::new();
    for _ in 0..12 {
        let sound = read(&shop, &begin(&shop).await).await;
        let mut stale = read(&shop, &begin(&shop).await).await;
        stale.payment.version += 1;
        let mut broken = read(&shop, &begin(&shop).await).await;
        broken.payment.merchant = MerchantId::new(broken.at, &*shop.app.entropy);
        crowd.extend([sound.clone(), stale, broken, sound]);
    }

    let done = join_all(crowd.into_iter().map(|paid| hot::pay(&shop.app.db, paid))).await;

    for four in done.chunks(4) {
        let [one, stale, broken, twin] = four else {
            panic!("four of each");
        };
        let (one, twin) = (one.as_ref().unwrap(), twin.as_ref().unwrap());
        assert!(*one != *twin, "one of two twins");
        assert!(!stale.as_ref().unwrap());
        assert!(!matches!(broken, Ok(true)), "{broken:?}");
    }
    let paid = "SELECT COUNT(*) FROM payments WHERE state = 'paid'";
    assert_eq!(number(&shop.database, paid).await, 12);
    must_add_up(&shop.database).await;
}
on_both![one_that_cannot_be_written_harms_no_other];

async fn an_order_or_key_that_is_not_there_is_not_found(backend: Backend) {
    let shop = Shop::open(backend).await;
    let begun = begin(&shop).await;
    let named = named(&shop, &begun);
    let other_order = Named {
        order: hex(&[7; 16]).parse().unwrap(),
        ..named.clone()
    };
    let other_key = Named {
        institution: "alipay".parse().unwrap(),
        ..named.clone()
    };
    let asked = [other_order, named, other_key];
    let found = join_all(asked.map(|named| hot::find(&shop.app.db, named))).await;
    let found: Vec<bool> = found
        .into_iter()
        .map(|found| found.unwrap().is_some())
        .collect();
    assert_eq!(found, [false, true, false]);
}
on_both![an_order_or_key_that_is_not_there_is_not_found];

/// An interop payment, so that everything is written that can be.
async fn begin(shop: &Shop) -> Started {
    let sticker = shop.sticker().await;
    shop.starts("jd_pay", &sticker, 1200).await.unwrap()
}

fn named(shop: &Shop, begun: &Started) -> Named {
    Named {
        order: begun.order_number.clone(),
        institution: "wechat_pay".parse().unwrap(),
        key: shop.keys["wechat_pay"].key_id().to_string(),
    }
}

/// What is there, and what would follow if the payment were paid.
async fn read(shop: &Shop, begun: &Started) -> Paid {
    let found = hot::find(&shop.app.db, named(shop, begun)).await;
    let found = found.unwrap().unwrap();
    assert_eq!(
        (&found.payment, &found.attempt),
        (&stored(shop, begun).await.0, &stored(shop, begun).await.1),
        "what is found quickly is what is stored"
    );
    let (attempt, payment, at) = (found.attempt, found.payment, found.now);
    let entropy: &dyn Entropy = &*shop.app.entropy;
    let result = attested(&attempt, at, entropy);
    let entries = ledger::paid(&payment.merchant, &attempt.account, found.fee, &result).unwrap();
    assert_eq!(entries.len(), 2, "a fee is kept");
    let number = format!("{:06}", u32::from_be_bytes(entropy.bytes()) % 1_000_000);
    Paid {
        result_id: ResultId::new(at, entropy),
        entries: entries
            .into_iter()
            .map(|posting| (EntryId::new(at, entropy), posting))
            .collect(),
        day: at.day_in(&found.time_zone),
        receipt: receipt(&payment, number, at, entropy),
        event: EventId::new(at, entropy),
        told: EventData::of(&payment).with_attempt(&attempt),
        at,
        attempt,
        payment,
        result,
    }
}

fn attested(attempt: &Attempt, at: Timestamp, entropy: &dyn Entropy) -> Attested {
    Attested {
        institution: attempt.payee.clone(),
        order_number: attempt.order_number.clone(),
        account: attempt.account_reference.to_string(),
        amount: attempt.amount,
        payer_amount: attempt.amount,
        discounts: Vec::new(),
        payee_reference: hex(&entropy.bytes::<8>()),
        status: ResultStatus::Paid,
        paid_at: at,
        code_sha256: None,
        jws: "a statement, with \"quotes\" and 钱".to_owned(),
    }
}

fn receipt(payment: &Payment, number: String, at: Timestamp, entropy: &dyn Entropy) -> Receipt {
    Receipt {
        id: ReceiptId::new(at, entropy),
        payment: payment.id.clone(),
        store: payment.store.clone(),
        number,
        jws: "a receipt".to_owned(),
        issued_at: at,
        expires_at: at.plus(LIFETIME),
        shown_at: None,
        shown_where: None,
    }
}

async fn stored(shop: &Shop, begun: &Started) -> (Payment, Attempt) {
    let mut tx = shop.app.db.read().await.unwrap();
    let attempt = db::attempts::find(&mut tx, &begun.attempt).await.unwrap();
    tx.commit().await.unwrap();
    let payment: PaymentId = begun.payment.clone();
    (shop.payment(&payment).await, attempt.unwrap())
}

/// How many rows stand in what a paid payment adds to.
async fn rows(shop: &Shop) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "results",
        "ledger_entries",
        "positions",
        "receipts",
        "events",
        "outbox",
    ] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        counts.push(number(&shop.database, &count).await);
    }
    counts
}
