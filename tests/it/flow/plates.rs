//! Plates are printed by the thousand, bound where they hang, moved, let go and ended.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use tongma::clock::Clock;
use tongma::crypto::jwk::KeyUse;
use tongma::flow::keys::Rotation;
use tongma::flow::plates::{self, PlateName, Shown};
use tongma::flow::resolve::resolve;
use tongma::flow::{FlowError, change_code, expire, start};
use tongma::merchant::plate::{PlateDeed, PlateState, Spot, TRIES};
use tongma::merchant::{CodeEvent, CodeState, InstitutionId, PrintedCode};
use tongma::print::Blank;

use crate::stories::column;
use crate::support::beside::{number, run};
use crate::support::books::must_add_up;
use crate::support::plates::{
    KEY, batch, binds, bound, hand, id_of, ordered, plate, printed, spot,
};
use crate::support::shop::{self, Shop, order, rotates};
use crate::support::{Backend, on_both};

/// Nobody's secret.
const WRONG: &str = "00000-00000";

fn jd() -> InstitutionId {
    "jd_pay".parse().unwrap()
}

fn is_unbound<T>(told: &Result<T, FlowError>, blank: &Blank) -> bool {
    matches!(told, Err(FlowError::PlateUnbound { short_id }) if short_id.to_string() == blank.short_id)
}

/// The code behind, as it hangs on the wall.
fn wall(shown: &Shown, blank: &Blank) -> PrintedCode {
    PrintedCode {
        text: blank.text.clone(),
        ..shown.code.clone().unwrap()
    }
}

fn deeds(shown: &Shown) -> Vec<PlateDeed> {
    shown.lines.iter().map(|line| line.what).collect()
}

async fn a_plate_is_printed_the_same_each_time(backend: Backend) {
    let shop = Shop::open(backend).await;
    let made = batch(&shop, None, 1_203).await;
    let first = printed(&shop, &made, 2_000).await;
    assert_eq!(first.len(), 1_203);
    let numbers: Vec<u32> = first.iter().map(|blank| blank.number).collect();
    assert_eq!(numbers, (1..=1_203).collect::<Vec<_>>());
    for told in [
        |blank: &Blank| blank.text.clone(),
        |blank: &Blank| blank.short_id.clone(),
        |blank: &Blank| blank.claim.clone(),
    ] {
        let different: BTreeSet<_> = first.iter().map(told).collect();
        assert_eq!(different.len(), first.len());
    }

    // The key that signed them is replaced, on this instance and before another begins.
    let rotation = Rotation {
        key_use: KeyUse::Code,
        institution: None,
        overlap: Duration::ZERO,
    };
    rotates(&shop.app, &rotation).await;
    shop.advance(60);
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, shop.app.clock.clone()).await;
    for app in [&shop.app, &other] {
        let again = plates::blanks(app, &made, 700, 3).await.unwrap();
        assert_eq!(again, first[699..702]);
    }
    // And what bears the old signature is still genuine.
    assert!(is_unbound(
        &resolve(&shop.app, &jd(), &first[0].text).await,
        &first[0]
    ));
    bound(&shop, &first[0]).await;
    resolve(&shop.app, &jd(), &first[0].text).await.unwrap();
}

async fn a_hundred_thousand_plates_are_made_in_one_call(backend: Backend) {
    let shop = Shop::open(backend).await;
    let began = Clock::System.now();
    let made = batch(&shop, None, 100_000).await;
    println!(
        "100,000 plates on {backend:?} in {:?}",
        Clock::System.now().since(began)
    );
    let distinct = "SELECT COUNT(DISTINCT short_id) FROM plates WHERE state = 'blank'";
    assert_eq!(number(&shop.database, distinct).await, 100_000);
    let last = plates::blanks(&shop.app, &made, 99_999, 10).await.unwrap();
    let numbers: Vec<u32> = last.iter().map(|blank| blank.number).collect();
    assert_eq!(numbers, [99_999, 100_000]);
}

async fn payments_get_through_while_a_large_batch_is_made(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let app = shop.app.clone();
    let making =
        tokio::spawn(
            async move { plates::create(&app, ordered(None, 100_000), "cli", |_| {}).await },
        );
    let so_far = async || {
        let made = "SELECT COALESCE(MAX(made), 0) FROM plate_batches";
        number(&shop.database, made).await
    };
    while so_far().await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = shop.starts("jd_pay", &sticker, 100).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    assert_eq!(shop.payment(&started.payment).await.state.name(), "paid");
    let made = so_far().await;
    assert!(made < 100_000, "it waited until all plates were made");
    let whole = making.await.unwrap().unwrap();
    assert_eq!((whole.made, so_far().await), (100_000, 100_000));
    must_add_up(&shop.database).await;
}

async fn a_bound_plate_is_paid_and_an_unbound_one_is_not(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    assert!(is_unbound(
        &resolve(&shop.app, &jd(), &blank.text).await,
        &blank
    ));
    let early = order("jd_pay", &blank.text, 1250, "R0");
    assert!(is_unbound(&start::start(&shop.app, early).await, &blank));

    let shown = bound(&shop, &blank).await;
    assert_eq!(shown.plate.state(), PlateState::Bound);
    resolve(&shop.app, &jd(), &blank.text).await.unwrap();
    let begun = order("jd_pay", &blank.text, 1250, "R1");
    let started = start::start(&shop.app, begun).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let payment = shop.payment(&started.payment).await;
    assert_eq!(payment.state.name(), "paid");
    assert_eq!(payment.code, shown.plate.code().cloned());
    must_add_up(&shop.database).await;

    let open = order("hebao", &blank.text, 300, "R2");
    let open = start::start(&shop.app, open).await.unwrap();
    let hand = hand(&shop.merchant.id);
    let gone = plates::unbind(&shop.app, hand, &shown.plate.id)
        .await
        .unwrap();
    assert_eq!(gone.plate.state(), PlateState::Blank);
    let again = plates::unbind(&shop.app, hand, &shown.plate.id)
        .await
        .unwrap();
    assert_eq!(again, gone, "asked again");
    assert!(is_unbound(
        &resolve(&shop.app, &jd(), &blank.text).await,
        &blank
    ));
    let late = order("jd_pay", &blank.text, 1250, "R3");
    assert!(is_unbound(&start::start(&shop.app, late).await, &blank));
    expire::sweep(&shop.app).await.unwrap();
    let close = format!("/orders/{}/close", open.order_number);
    assert!(shop.payee.calls().iter().any(|(_, path)| *path == close));

    let lines = "SELECT action || ' ' || actor || ' ' || result FROM audit ORDER BY number";
    let by = |what: &str| format!("plate.{what} {KEY} done");
    assert_eq!(
        column(&shop.database, lines).await,
        [
            "plate_batch.create cli done".to_owned(),
            by("bind"),
            by("unbind")
        ]
    );
}

async fn a_plate_moves_to_another_till_and_payments_stay_where_they_were_made(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let shown = bound(&shop, &blank).await;
    let id = &shown.plate.id;
    let before = shop
        .starts("jd_pay", &wall(&shown, &blank), 100)
        .await
        .unwrap();

    let (hand, till) = (hand(&shop.merchant.id), &shop.counters[1].id);
    let store = || Some(shop.store.id.clone());
    let moved = plates::rebind(&shop.app, hand, id, store(), Some(till.clone()))
        .await
        .unwrap();
    let code = moved.code.clone().unwrap();
    assert_eq!(
        (&code.store, code.counter.as_ref()),
        (&shop.store.id, Some(till))
    );
    assert_ne!(Some(&code.id), shown.plate.code());
    assert_eq!(deeds(&moved), [PlateDeed::Rebound, PlateDeed::Bound]);
    let again = plates::rebind(&shop.app, hand, id, store(), Some(till.clone()))
        .await
        .unwrap();
    assert_eq!(again, moved, "asked again");

    let after = shop
        .starts("hebao", &wall(&shown, &blank), 100)
        .await
        .unwrap();
    let made_by = [before.payment, after.payment];
    let codes = [
        shop.payment(&made_by[0]).await.code,
        shop.payment(&made_by[1]).await.code,
    ];
    assert_eq!(codes, [shown.plate.code().cloned(), Some(code.id)]);

    // Of a till in another store nothing comes.
    let (_, elsewhere, tills) = shop.neighbour().await;
    let strange = plates::rebind(&shop.app, hand, id, Some(elsewhere.id), None).await;
    assert!(
        matches!(strange, Err(FlowError::NotFound("store"))),
        "{strange:?}"
    );
    let strange = plates::rebind(&shop.app, hand, id, store(), Some(tills[0].id.clone())).await;
    assert!(
        matches!(strange, Err(FlowError::NotFound("counter"))),
        "{strange:?}"
    );
    assert_eq!(plates::look(&shop.app, hand, id).await.unwrap(), moved);
}

async fn a_void_plate_is_over_for_good(backend: Backend) {
    let shop = Shop::open(backend).await;
    let own = batch(&shop, Some(&shop.merchant.id), 2).await;
    let [first, second] = <[Blank; 2]>::try_from(printed(&shop, &own, 2).await).unwrap();
    let merchant = &shop.merchant.id;
    let shown = bound(&shop, &first).await;
    let blank = id_of(&shop.app, merchant, &second.text).await.unwrap();
    for id in [&shown.plate.id, &blank] {
        let over = plates::void(&shop.app, hand(merchant), id).await.unwrap();
        assert_eq!(over.plate.state(), PlateState::Void);
        assert_eq!(
            plates::void(&shop.app, hand(merchant), id).await.unwrap(),
            over
        );
    }
    for text in [&first, &second] {
        let told = resolve(&shop.app, &jd(), &text.text).await;
        assert!(matches!(told, Err(FlowError::PlateVoid { .. })), "{told:?}");
        let bound = binds(&shop.app, &spot(&shop), &text.text, &text.claim).await;
        assert!(matches!(bound, Err(FlowError::State { .. })), "{bound:?}");
    }
    let codes = "SELECT COUNT(*) FROM codes WHERE state <> 'revoked'";
    assert_eq!(number(&shop.database, codes).await, 0);
    let (batch, in_use) = plates::look_at_batch(&shop.app, Some(merchant), &own.id)
        .await
        .unwrap();
    assert_eq!((batch.count, in_use.bound, in_use.void), (2, 0, 2));
}

async fn a_code_that_is_revoked_by_itself_takes_its_plate_off(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let shown = bound(&shop, &blank).await;
    let (merchant, code) = (&shop.merchant.id, shown.plate.code().unwrap());
    change_code::change(&shop.app, merchant, code, CodeEvent::Suspend)
        .await
        .unwrap();
    let told = resolve(&shop.app, &jd(), &blank.text).await;
    assert!(matches!(told, Err(FlowError::CodeStopped(_))), "{told:?}");
    let ended = change_code::change(&shop.app, merchant, code, CodeEvent::Revoke)
        .await
        .unwrap();
    assert_eq!(ended.state, CodeState::Revoked);
    assert!(is_unbound(
        &resolve(&shop.app, &jd(), &blank.text).await,
        &blank
    ));
    let free = plates::look(&shop.app, hand(merchant), &shown.plate.id)
        .await
        .unwrap();
    assert_eq!(deeds(&free), [PlateDeed::Unbound, PlateDeed::Bound]);
    assert_eq!(free.lines[0].actor, code.as_str());
    bound(&shop, &blank).await;
    resolve(&shop.app, &jd(), &blank.text).await.unwrap();
}

async fn of_many_who_bind_one_plate_one_does(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let (rival, store, _) = shop.neighbour().await;
    let theirs = Spot {
        merchant: rival.id,
        store: store.id,
        counter: None,
    };
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, shop.app.clock.clone()).await;
    let apps = [shop.app.clone(), other];
    let tasks = (0..12).map(|n| {
        let (app, blank) = (apps[n % 2].clone(), blank.clone());
        let spot = if n % 3 == 0 {
            theirs.clone()
        } else {
            spot(&shop)
        };
        tokio::spawn(async move { binds(&app, &spot, &blank.text, &blank.claim).await })
    });
    let mut winners = 0;
    for done in join_all(tasks).await {
        match done.unwrap() {
            Ok(_) => winners += 1,
            Err(FlowError::State { what: "plate", .. } | FlowError::Db(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners, 1);
    for (one, sql) in [
        (1, "SELECT COUNT(*) FROM plates WHERE state = 'bound'"),
        (1, "SELECT COUNT(*) FROM codes"),
        (1, "SELECT COUNT(*) FROM plate_bindings"),
    ] {
        assert_eq!(number(&shop.database, sql).await, one, "{sql}");
    }
}

async fn five_wrong_secrets_lock_a_plate_on_every_instance(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, shop.app.clock.clone()).await;
    let apps = [shop.app.clone(), other];
    // However many guess beside each other, five are looked at.
    let guesses = (0..20).map(|n| {
        let (app, text, spot) = (apps[n % 2].clone(), blank.text.clone(), spot(&shop));
        tokio::spawn(async move { binds(&app, &spot, &text, WRONG).await })
    });
    let mut left = Vec::new();
    for done in join_all(guesses).await {
        match done.unwrap() {
            Err(FlowError::ClaimInvalid { left: more }) => left.push(more),
            Err(FlowError::PlateLocked { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    left.sort_unstable();
    assert_eq!(left, (0..TRIES).collect::<Vec<_>>());
    // The right one is not looked at, either.
    for app in &apps {
        let told = binds(app, &spot(&shop), &blank.text, &blank.claim).await;
        assert!(
            matches!(told, Err(FlowError::PlateLocked { .. })),
            "{told:?}"
        );
    }
    let locked = "SELECT COUNT(*) FROM audit WHERE action = 'plate.lock'";
    assert_eq!(number(&shop.database, locked).await, 1);
    // PostgreSQL's clock cannot be moved, but its row can.
    shop.advance(61);
    run(
        &shop.database,
        "UPDATE plates SET locked_ms = locked_ms - 61000",
    )
    .await;
    bound(&shop, &blank).await;
    assert_eq!(
        number(&shop.database, "SELECT wrong_tries FROM plates").await,
        0
    );
}

async fn anothers_plate_is_not_there(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (rival, store, _) = shop.neighbour().await;
    let own = batch(&shop, Some(&shop.merchant.id), 1).await;
    let blank = printed(&shop, &own, 1).await.remove(0);
    let theirs = Spot {
        merchant: rival.id.clone(),
        store: store.id,
        counter: None,
    };
    // With the secret in hand, even.
    let taken = binds(&shop.app, &theirs, &blank.text, &blank.claim).await;
    assert!(
        matches!(taken, Err(FlowError::NotFound("plate"))),
        "{taken:?}"
    );
    let name = PlateName::Short(blank.short_id.parse().unwrap());
    let taken = plates::find(&shop.app, hand(&rival.id), &name).await;
    assert!(
        matches!(taken, Err(FlowError::NotFound("plate"))),
        "{taken:?}"
    );
    let looked = plates::look_at_batch(&shop.app, Some(&rival.id), &own.id).await;
    assert!(matches!(looked, Err(FlowError::NotFound("plate-batch"))));

    // The operator's plate goes from hand to hand, and each sees its own days.
    let blank = plate(&shop).await;
    let id = bound(&shop, &blank).await.plate.id;
    let refused = plates::look(&shop.app, hand(&rival.id), &id).await;
    assert!(matches!(refused, Err(FlowError::NotFound("plate"))));
    let refused = plates::unbind(&shop.app, hand(&rival.id), &id).await;
    assert!(matches!(refused, Err(FlowError::NotFound("plate"))));
    plates::unbind(&shop.app, hand(&shop.merchant.id), &id)
        .await
        .unwrap();
    let refused = plates::void(&shop.app, hand(&shop.merchant.id), &id).await;
    assert!(
        matches!(refused, Err(FlowError::State { .. })),
        "{refused:?}"
    );
    let now = binds(&shop.app, &theirs, &blank.text, &blank.claim)
        .await
        .unwrap();
    assert_eq!(deeds(&now), [PlateDeed::Bound]);
    let gone = plates::look(&shop.app, hand(&shop.merchant.id), &id).await;
    assert!(matches!(gone, Err(FlowError::NotFound("plate"))));
}

on_both![
    a_plate_is_printed_the_same_each_time,
    a_hundred_thousand_plates_are_made_in_one_call,
    payments_get_through_while_a_large_batch_is_made,
    a_bound_plate_is_paid_and_an_unbound_one_is_not,
    a_plate_moves_to_another_till_and_payments_stay_where_they_were_made,
    a_void_plate_is_over_for_good,
    a_code_that_is_revoked_by_itself_takes_its_plate_off,
    of_many_who_bind_one_plate_one_does,
    five_wrong_secrets_lock_a_plate_on_every_instance,
    anothers_plate_is_not_there,
];
