//! Many at once at one thing: one effect, on whichever database.

use std::collections::HashMap;

use futures_util::future::join_all;
use tongma::app::App;
use tongma::db::DbError;
use tongma::flow::confirm::{Outcome, confirm};
use tongma::flow::receipt::{Presented, verify};
use tongma::flow::start::{StartOrder, Started};
use tongma::flow::{FlowError, expire, payment, report, start};
use tongma::payment::OrderNumber;
use tongma::payment::receipt::ReceiptVerdict;

use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::shop::{self, Shop, WALLETS, hex, order};
use crate::support::{Backend, on_both};

/// Runs all of them at once, each a task of its own, and brings what they answered.
async fn at_once<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let done = join_all(tasks).await;
    done.into_iter().map(Result::unwrap).collect()
}

async fn two_instances(shop: &Shop) -> [App; 2] {
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    [shop.app.clone(), other]
}

async fn of_eight_wallets_at_twenty_orders_one_holds_each(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut codes = Vec::new();
    for n in 0..20 {
        codes.push(shop.sells(1000 + n).await);
    }
    let mut tasks = Vec::new();
    for (index, (payment, code)) in codes.iter().enumerate() {
        for wallet in WALLETS {
            let minor = payment.amount.minor();
            let asked = order(wallet, &code.text, minor, &format!("{wallet}-{index}"));
            let app = shop.app.clone();
            tasks.push(async move { (index, start::start(&app, asked).await) });
        }
    }

    let mut winners: HashMap<usize, Vec<Started>> = HashMap::new();
    for (index, outcome) in at_once(tasks).await {
        match outcome {
            Ok(started) => winners.entry(index).or_default().push(started),
            Err(FlowError::PaymentHeld) => {}
            Err(error) => panic!("order {index}: {error:?}"),
        }
    }

    for (index, (payment, _)) in codes.iter().enumerate() {
        assert_eq!(winners[&index].len(), 1, "order {index}");
        assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
    }
    must_add_up(&shop.database).await;
}
on_both![of_eight_wallets_at_twenty_orders_one_holds_each];

async fn twenty_identical_notices_have_one_effect(backend: Backend) {
    let shop = Shop::open(backend).await;
    let apps = two_instances(&shop).await;
    let (_, code) = shop.sells(1200).await;
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();
    let claims = shop.paid("wechat_pay", &started);
    let text = shop.signed(&claims);

    let outcomes = at_once((0..20).map(|n| {
        let (app, text, order) = (
            apps[n % 2].clone(),
            text.clone(),
            started.order_number.clone(),
        );
        async move { confirm(&app, &"wechat_pay".parse().unwrap(), &order, &text).await }
    }))
    .await;

    let settled = Outcome::Settled {
        payment: started.payment.clone(),
        state: "paid",
    };
    for outcome in outcomes {
        assert_eq!(outcome.unwrap(), settled);
    }
    let results = "SELECT COUNT(*) FROM results";
    assert_eq!(number(&shop.database, results).await, 1);
    must_add_up(&shop.database).await;
}
on_both![twenty_identical_notices_have_one_effect];

async fn of_twenty_statements_of_different_money_one_settles(backend: Backend) {
    let shop = Shop::open(backend).await;
    let apps = two_instances(&shop).await;
    let (_, code) = shop.sells(1200).await;
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();

    let outcomes = at_once((0..20).map(|n| {
        let text = shop.signed(&shop.paid("wechat_pay", &started));
        let (app, order) = (apps[n % 2].clone(), started.order_number.clone());
        async move { confirm(&app, &"wechat_pay".parse().unwrap(), &order, &text).await }
    }))
    .await;

    let settled = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Outcome::Settled { .. })))
        .count();
    assert_eq!(settled, 1, "{outcomes:?}");
    // The loser of many crossings hears "try again" and loses nothing: the institution repeats.
    for outcome in outcomes {
        assert!(
            matches!(outcome, Ok(_) | Err(FlowError::Db(_))),
            "{outcome:?}"
        );
    }
    must_add_up(&shop.database).await;
}
on_both![of_twenty_statements_of_different_money_one_settles];

async fn of_twenty_checks_of_one_receipt_one_hears_genuine(backend: Backend) {
    let shop = Shop::open(backend).await;
    let apps = two_instances(&shop).await;
    let (_, code) = shop.sells(1200).await;
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let seen = report::attempt(&shop.app, &"jd_pay".parse().unwrap(), &started.attempt)
        .await
        .unwrap();
    let (token, digits) = (seen.receipt.unwrap(), seen.receipt_number.unwrap());

    let verdicts = at_once((0..20).map(|n| {
        let app = apps[n % 2].clone();
        let (merchant, store) = (shop.merchant.id.clone(), shop.store.id.clone());
        let shown = if n % 4 < 2 {
            Presented::Token(token.clone())
        } else {
            Presented::Number(digits.clone())
        };
        async move {
            verify(&app, &merchant, Some(&store), "1", shown)
                .await
                .unwrap()
                .verdict
        }
    }))
    .await;

    let count = |verdict| verdicts.iter().filter(|found| **found == verdict).count();
    assert_eq!(
        (
            count(ReceiptVerdict::Genuine),
            count(ReceiptVerdict::AlreadyShown)
        ),
        (1, 19)
    );
}
on_both![of_twenty_checks_of_one_receipt_one_hears_genuine];

/// What a payer still may spend after 20 starts of CNY 100 at once under a cap of CNY 500.
async fn a_payers_day_is_never_passed_by_twenty_starts_at_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let apps = two_instances(&shop).await;
    let sticker = shop.sticker().await;
    let asked = |text: &str, minor: i64, reference: &str| StartOrder {
        payer_ref: Some("payer-1".to_owned()),
        ..order("jd_pay", text, minor, reference)
    };

    let outcomes = at_once((0..20).map(|n| {
        let order = asked(&sticker.text, 10_000, &format!("CAP-{n}"));
        let app = apps[n % 2].clone();
        async move { start::start(&app, order).await }
    }))
    .await;

    let begun: Vec<&Started> = outcomes.iter().flatten().collect();
    assert_eq!(begun.len(), 5, "{outcomes:?}");
    for outcome in &outcomes {
        assert!(
            matches!(
                outcome,
                Ok(_) | Err(FlowError::LimitExceeded { .. } | FlowError::NoRoute(_))
            ),
            "{outcome:?}"
        );
    }
    let spent = "SELECT spent_minor FROM payer_days";
    assert_eq!(number(&shop.database, spent).await, 50_000);
    must_add_up(&shop.database).await;

    // What fails is given back, once, and an order that no day counts gives nothing back.
    let mut failed = shop.paid("wechat_pay", begun[0]);
    failed.status = "failed".to_owned();
    shop.confirms(&failed).await.unwrap();
    shop.confirms(&failed).await.unwrap();
    assert_eq!(number(&shop.database, spent).await, 40_000);
    let (_, code) = shop.sells(30_000).await;
    let big = start::start(&shop.app, asked(&code.text, 30_000, "BIG"))
        .await
        .unwrap();
    let mut failed = shop.paid("wechat_pay", &big);
    failed.status = "failed".to_owned();
    shop.confirms(&failed).await.unwrap();
    assert_eq!(number(&shop.database, spent).await, 40_000);
    let outcome = start::start(&shop.app, asked(&sticker.text, 10_001, "MORE")).await;
    assert!(outcome.is_err(), "{outcome:?}");
    must_add_up(&shop.database).await;
}
on_both![a_payers_day_is_never_passed_by_twenty_starts_at_once];

/// T080: everybody pulls at one order at once; it goes one legal way, and the books say which.
async fn t080_one_order_goes_one_legal_way(backend: Backend) {
    let shop = Shop::open(backend).await;
    let apps = two_instances(&shop).await;
    for round in 0..8_u64 {
        let (made, code) = shop.sells(1200).await;
        let begun = shop.starts("jd_pay", &code, 1200).await.unwrap();
        let says = |status: &str| {
            let mut claims = shop.paid("wechat_pay", &begun);
            claims.status = status.to_owned();
            shop.signed(&claims)
        };
        let (paid, closed, failed) = (says("paid"), says("closed"), says("failed"));
        if round % 2 == 0 {
            shop.payee
                .will_say(&shop.paid("wechat_pay", &begun), closed.clone());
        }
        shop.advance(if round % 3 == 0 { 7300 } else { 61 });

        let mut tasks = Vec::new();
        for n in 0..4 {
            for text in [&paid, &closed, &failed] {
                tasks.push(tokio::spawn(confirms(
                    apps[n % 2].clone(),
                    begun.order_number.clone(),
                    text.clone(),
                )));
            }
            tasks.push(tokio::spawn(cancels(
                apps[n % 2].clone(),
                made.merchant.clone(),
                made.id.clone(),
            )));
            tasks.push(tokio::spawn(sweeps(apps[n % 2].clone())));
            let reference = hex(&shop.app.entropy.bytes::<8>());
            let asked = order(WALLETS[n + 2], &code.text, 1200, &reference);
            tasks.push(tokio::spawn(starts(apps[(n + 1) % 2].clone(), asked)));
        }
        for done in join_all(tasks).await {
            let error = done.unwrap();
            assert!(!error.as_ref().is_some_and(is_broken), "{error:?}");
        }

        must_add_up(&shop.database).await;
        let path = format!(
            "SELECT COUNT(*) FROM events WHERE kind IN ('payment.paid', 'payment.closed', \
             'payment.expired') AND data LIKE '%{}%'",
            made.id
        );
        let ends = number(&shop.database, &path).await;
        let state = shop.payment(&made.id).await.state;
        let expected = i64::from(!matches!(state.name(), "created" | "waiting"));
        assert_eq!(ends, expected, "{state:?}");
    }
    let (made, code) = shop.sells(1200).await;
    let begun = shop.starts("jd_pay", &code, 1200).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &begun))
        .await
        .unwrap();
    assert_eq!(shop.payment(&made.id).await.state.name(), "paid");
}
on_both![t080_one_order_goes_one_legal_way];

async fn confirms(app: App, order: OrderNumber, text: String) -> Option<FlowError> {
    let wechat = "wechat_pay".parse().unwrap();
    confirm(&app, &wechat, &order, &text).await.err()
}

async fn cancels(
    app: App,
    merchant: tongma::id::MerchantId,
    id: tongma::id::PaymentId,
) -> Option<FlowError> {
    payment::cancel(&app, &merchant, &id).await.err()
}

async fn sweeps(app: App) -> Option<FlowError> {
    expire::sweep(&app).await.err()
}

async fn starts(app: App, asked: StartOrder) -> Option<FlowError> {
    start::start(&app, asked).await.err()
}

/// Crossing is answered with "conflict" or "busy"; nothing else may go wrong.
fn is_broken(error: &FlowError) -> bool {
    matches!(
        error,
        FlowError::Db(DbError::Failed(_) | DbError::Inconsistent { .. })
            | FlowError::Keys(_)
            | FlowError::Seal(_)
            | FlowError::Ledger(_)
    )
}
