//! Hands that should have nothing of a plate: guesses at what hangs, moves of what was stopped, and
//! another merchant's blank sign on one's own counter.

use tongma::flow::check_sign::{self, SignVerdict};
use tongma::flow::resolve::resolve;
use tongma::flow::{FlowError, change_code, plates};
use tongma::merchant::{CodeEvent, CodeState, CodeStop, InstitutionId};

use crate::support::beside::number;
use crate::support::plates::{batch, binds, bound, hand, id_of, plate, printed, spot};
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

fn jd() -> InstitutionId {
    "jd_pay".parse().unwrap()
}

async fn what_was_stopped_stays_stopped_where_it_is_moved(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let (merchant, shown) = (&shop.merchant.id, bound(&shop, &blank).await);
    let change = async |code, event| {
        change_code::change(&shop.app, merchant, code, event)
            .await
            .unwrap();
    };
    change(shown.plate.code().unwrap(), CodeEvent::Suspend).await;
    let till = Some(shop.counters[1].id.clone());
    let id = &shown.plate.id;
    let moved = plates::rebind(&shop.app, hand(merchant), id, None, till)
        .await
        .unwrap();
    assert_eq!(moved.code.as_ref().unwrap().state, CodeState::Suspended);
    let told = resolve(&shop.app, &jd(), &blank.text).await;
    assert!(
        matches!(told, Err(FlowError::CodeStopped(CodeStop::Suspended))),
        "{told:?}"
    );
    assert_eq!(
        plates::look(&shop.app, hand(merchant), id).await.unwrap(),
        moved
    );
    change(moved.plate.code().unwrap(), CodeEvent::Resume).await;
    resolve(&shop.app, &jd(), &blank.text).await.unwrap();
}

async fn nobody_tries_secrets_on_a_plate_that_hangs(backend: Backend) {
    let shop = Shop::open(backend).await;
    let blank = plate(&shop).await;
    let id = bound(&shop, &blank).await.plate.id;
    // Right or wrong, and however often: the answer is the same, and nothing is locked.
    let guesses = std::iter::repeat_n("00000-00000", 7).chain([blank.claim.as_str()]);
    for secret in guesses {
        let told = binds(&shop.app, &spot(&shop), &blank.text, secret).await;
        let is_bound = matches!(told, Err(FlowError::State { now: "bound", .. }));
        assert!(is_bound, "{told:?}");
    }
    let tried = "SELECT MAX(wrong_tries) FROM plates";
    assert_eq!(number(&shop.database, tried).await, 0);
    let hand = hand(&shop.merchant.id);
    plates::unbind(&shop.app, hand, &id).await.unwrap();
    bound(&shop, &blank).await;
}

async fn anothers_blank_plate_is_a_strangers_sign(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (rival, _, _) = shop.neighbour().await;
    let of = async |owner| {
        let made = batch(&shop, owner, 2).await;
        printed(&shop, &made, 2).await
    };
    let checks = async |text: &str| {
        let merchant = &shop.merchant.id;
        check_sign::check(&shop.app, merchant, (None, None), text)
            .await
            .unwrap()
    };
    for (owner, blank_is, void_is) in [
        (None, SignVerdict::Unbound, SignVerdict::Stopped),
        (
            Some(&shop.merchant.id),
            SignVerdict::Unbound,
            SignVerdict::Stopped,
        ),
        (
            Some(&rival.id),
            SignVerdict::Strangers,
            SignVerdict::Strangers,
        ),
    ] {
        let all = of(owner).await;
        assert_eq!(checks(&all[0].text).await.verdict, blank_is, "{owner:?}");
        let operator = plates::Hand {
            merchant: None,
            actor: "cli",
        };
        let whose = owner.unwrap_or(&shop.merchant.id);
        let id = id_of(&shop.app, whose, &all[1].text).await.unwrap();
        plates::void(&shop.app, operator, &id).await.unwrap();
        assert_eq!(checks(&all[1].text).await.verdict, void_is, "{owner:?}");
    }
}

on_both![
    what_was_stopped_stays_stopped_where_it_is_moved,
    nobody_tries_secrets_on_a_plate_that_hangs,
    anothers_blank_plate_is_a_strangers_sign,
];
