//! List C: codes that were revoked while payers stood before them, and browsers that nobody knows.

use futures_util::future::join_all;

use tongma::flow::resolve::{look, resolve};
use tongma::flow::start::{StartOrder, Started};
use tongma::flow::{FlowError, StartsBound, change_code, expire, start};
use tongma::merchant::{CodeEvent, CodeStop};
use tongma::payment::PaymentWay;

use super::{is_ours, still_sells};
use crate::support::beside::number;
use crate::support::digest::business_digest;
use crate::support::shop::{self, Shop, order};
use crate::support::{Backend, on_both};

async fn t059_a_revoked_code_is_refused_at_once_on_every_instance(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    let sticker = shop.sticker().await;
    let (payment, code) = shop.sells(600).await;
    let open = shop.starts("jd_pay", &sticker, 700).await.unwrap();
    let lost = start::start(&other, order("hebao", &sticker.text, 300, "LOST"));
    shop.payee.will_not_open(503);
    assert!(matches!(lost.await, Err(FlowError::PayeeUnavailable)));

    for code in [&sticker, &code] {
        change_code::change(&shop.app, &shop.merchant.id, &code.id, CodeEvent::Revoke)
            .await
            .unwrap();
        let before = business_digest(&shop.database).await;
        let jd = "jd_pay".parse().unwrap();
        let asked = order("jd_pay", &code.text, 600, "AFTER");
        let outcomes = [
            resolve(&other, &jd, &code.text).await.map(|_| ()),
            look(&other, &code.text, None).await.map(|_| ()),
            start::start(&other, asked).await.map(|_| ()),
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(FlowError::CodeStopped(CodeStop::Revoked))),
                "{outcome:?}"
            );
        }
        assert_eq!(
            business_digest(&shop.database).await.counted_since(&before),
            ""
        );
    }
    // An order that was lost on its way is not opened after all.
    let again = start::start(&other, order("hebao", &sticker.text, 300, "LOST")).await;
    assert!(matches!(again, Err(FlowError::State { .. })), "{again:?}");
    assert_eq!(shop.payment(&payment.id).await.state.name(), "closed");

    // What was open is closed at the institution at the next round.
    expire::sweep(&other).await.unwrap();
    let close = format!("/orders/{}/close", open.order_number);
    assert!(shop.payee.calls().iter().any(|(_, path)| *path == close));
    still_sells(&shop).await;
}
on_both![t059_a_revoked_code_is_refused_at_once_on_every_instance];

async fn a_start_that_crosses_a_revocation_is_refused_or_closed(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    for round in 0..6 {
        let sticker = shop.sticker().await;
        let starts = (0..6).map(|n| {
            let (app, text) = (other.clone(), sticker.text.clone());
            tokio::spawn(async move {
                let asked = order("jd_pay", &text, 100, &format!("R{round}-{n}"));
                start::start(&app, asked).await.map(|_| ())
            })
        });
        let starts: Vec<_> = starts.collect();
        change_code::change(&shop.app, &shop.merchant.id, &sticker.id, CodeEvent::Revoke)
            .await
            .unwrap();
        for outcome in futures_util::future::join_all(starts).await {
            let outcome = outcome.unwrap();
            assert!(!outcome.as_ref().is_err_and(is_ours), "{outcome:?}");
        }
        // Whatever had begun is due to be closed now, not when its minute is over.
        let sql = format!(
            "SELECT COUNT(*) FROM attempts a JOIN payments p ON p.id = a.payment_id \
             WHERE p.code_id = '{}' AND a.close_ms > {}",
            sticker.id,
            shop.app.clock.now().millis()
        );
        assert_eq!(number(&shop.database, &sql).await, 0, "round {round}");
    }
    still_sells(&shop).await;
}
on_both![a_start_that_crosses_a_revocation_is_refused_or_closed];

async fn a_payment_whose_code_was_revoked_ends_when_it_is_let_go(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(600).await;
    let started = shop.starts("jd_pay", &code, 600).await.unwrap();
    change_code::change(&shop.app, &shop.merchant.id, &code.id, CodeEvent::Revoke)
        .await
        .unwrap();
    let mut closed = shop.paid("wechat_pay", &started);
    closed.status = "closed".to_owned();
    shop.confirms(&closed).await.unwrap();

    assert_eq!(shop.payment(&payment.id).await.state.name(), "closed");
    still_sells(&shop).await;
}
on_both![a_payment_whose_code_was_revoked_ends_when_it_is_let_go];

async fn an_unidentified_browser_starts_an_order_three_times(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (_, code) = shop.sells(100).await;
    for n in 0..3 {
        let started = browses(&shop, &code.text, n).await.unwrap();
        let mut failed = shop.paid("wechat_pay", &started);
        failed.status = "failed".to_owned();
        shop.confirms(&failed).await.unwrap();
    }

    // Patience does not help: whoever could begin anew for ever could hold the order for ever.
    shop.advance(3600);
    let fourth = browses(&shop, &code.text, 3).await;

    assert!(
        matches!(fourth, Err(FlowError::TooManyStarts(StartsBound::InAll))),
        "{fourth:?}"
    );
    shop.starts("jd_pay", &code, 100).await.unwrap();
    still_sells(&shop).await;
}
on_both![an_unidentified_browser_starts_an_order_three_times];

async fn an_unidentified_browser_has_a_bounded_number_open_at_a_sticker(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let mut begun = 0;
    let refused = loop {
        match browses(&shop, &sticker.text, begun).await {
            Ok(_) if begun < 50 => begun += 1,
            refused => break refused,
        }
    };
    assert!(
        matches!(
            refused,
            Err(FlowError::TooManyStarts(StartsBound::AtOnce {
                seconds: 60
            }))
        ),
        "{refused:?}"
    );
    assert!((3..=20).contains(&begun), "{begun}");
    still_sells(&shop).await;
}
on_both![an_unidentified_browser_has_a_bounded_number_open_at_a_sticker];

/// Those that come at once do not all count the same.
async fn of_forty_browsers_at_once_from_one_place_twenty_begin_at_a_sticker(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let tried = join_all((0..40).map(|n| browses(&shop, &sticker.text, n))).await;
    let (begun, refused): (Vec<_>, Vec<_>) = tried.into_iter().partition(Result::is_ok);
    assert_eq!(begun.len(), 20);
    for told in refused {
        assert!(
            matches!(
                told,
                Err(FlowError::TooManyStarts(StartsBound::AtOnce { .. }))
            ),
            "{told:?}"
        );
    }
    still_sells(&shop).await;
}
on_both![of_forty_browsers_at_once_from_one_place_twenty_begin_at_a_sticker];

/// A start from the page, by a browser that nobody vouches for.
async fn browses(shop: &Shop, text: &str, n: u32) -> Result<Started, FlowError> {
    let asked = StartOrder {
        way: PaymentWay::Page,
        source: Some("192.0.2.7".to_owned()),
        ..order("jd_pay", text, 100, &format!("B-{n}"))
    };
    start::start(&shop.app, asked).await
}
