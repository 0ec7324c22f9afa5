//! A payer's day has two limits, each with a sum of its own: an acceptance's, which counts codes of
//! every kind, and that of static codes, which counts nothing else.

use futures_util::future::join_all;
use tongma::flow::FlowError;
use tongma::flow::start::{StartOrder, Started, start};
use tongma::routing::Reason;

use crate::support::beside::{number, run};
use crate::support::books::must_add_up;
use crate::support::shop::{Shop, order};
use crate::support::{Backend, on_both};

/// A start of one payer, who is always the same.
async fn pays(shop: &Shop, text: &str, minor: i64, reference: &str) -> Result<Started, FlowError> {
    let order = StartOrder {
        payer_ref: Some("payer-1".to_owned()),
        ..order("jd_pay", text, minor, reference)
    };
    start(&shop.app, order).await
}

/// As [`pays`], by an order code.
async fn pays_order(shop: &Shop, minor: i64, reference: &str) -> Result<Started, FlowError> {
    let (_, code) = shop.sells(minor).await;
    pays(shop, &code.text, minor, reference).await
}

async fn limit_the_day(shop: &Shop, minor: i64) {
    let limit = format!(
        "UPDATE acceptances SET day_limit_minor = {minor} \
         WHERE institution_id = 'wechat_pay'"
    );
    run(&shop.database, &limit).await;
}

/// The rule that refused, and what it allows.
fn met(outcome: Result<Started, FlowError>) -> (Reason, i64) {
    match outcome {
        Err(FlowError::LimitExceeded { rule, limit }) => (rule, limit.minor()),
        other => panic!("{other:?}"),
    }
}

/// Both sums of the only payer's day.
async fn sums(shop: &Shop) -> (i64, i64) {
    let sum = async |column: &str| {
        number(&shop.database, &format!("SELECT {column} FROM payer_days")).await
    };
    (sum("spent_minor").await, sum("static_minor").await)
}

async fn t058_the_two_limits_of_a_day_are_counted_apart(backend: Backend) {
    let shop = Shop::open(backend).await;
    let text = shop.sticker().await.text;
    // Before there is a limit for the day: it counts when the limit comes.
    pays_order(&shop, 60_000, "order-1").await.unwrap();
    limit_the_day(&shop, 120_000).await;

    // Nothing of it counts towards the 500 yuan of static codes.
    pays(&shop, &text, 40_000, "static-1").await.unwrap();
    let over = pays(&shop, &text, 10_001, "static-2").await;
    assert_eq!(met(over), (Reason::StaticDayLimit, 50_000));

    // An order code may have what is left of the day, whatever static codes took, and no fen more.
    let over = pays_order(&shop, 20_001, "order-2").await;
    assert_eq!(met(over), (Reason::DayLimit, 120_000));
    pays_order(&shop, 20_000, "order-3").await.unwrap();
    let over = pays(&shop, &text, 1, "static-3").await;
    assert_eq!(met(over), (Reason::DayLimit, 120_000));

    assert_eq!(sums(&shop).await, (120_000, 40_000));
    must_add_up(&shop.database).await;
}

async fn t058_what_comes_to_nothing_is_given_back_to_its_own_sum(backend: Backend) {
    let shop = Shop::open(backend).await;
    let text = shop.sticker().await.text;
    let printed = pays(&shop, &text, 50_000, "static-1").await.unwrap();
    let shown = pays_order(&shop, 30_000, "order-1").await.unwrap();
    assert_eq!(sums(&shop).await, (80_000, 50_000));
    for (begun, left) in [(shown, (50_000, 50_000)), (printed, (0, 0))] {
        let mut failed = shop.paid("wechat_pay", &begun);
        failed.status = "failed".to_owned();
        shop.confirms(&failed).await.unwrap();
        assert_eq!(sums(&shop).await, left);
        must_add_up(&shop.database).await;
    }
    pays(&shop, &text, 50_000, "static-2").await.unwrap();
}

async fn t058_of_twenty_at_once_neither_sum_passes_its_cap(backend: Backend) {
    let shop = Shop::open(backend).await;
    limit_the_day(&shop, 90_000).await;
    let text = shop.sticker().await.text;
    let outcomes = join_all((0..20).map(|n| {
        let (shop, text, reference) = (&shop, &text, format!("mixed-{n}"));
        async move {
            let outcome = if n % 2 == 0 {
                pays(shop, text, 15_000, &reference).await
            } else {
                pays_order(shop, 15_000, &reference).await
            };
            (n % 2 == 0, outcome)
        }
    }))
    .await;

    let begun = || outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
    assert_eq!(begun().count(), 6, "six times 150 yuan are 900");
    let printed = begun().filter(|(printed, _)| *printed).count();
    assert!(printed <= 3, "four times 150 yuan are 600, over 500");
    for (_, outcome) in outcomes {
        if outcome.is_err() {
            met(outcome);
        }
    }
    must_add_up(&shop.database).await;
}

/// What a day held before there were two sums goes on counting towards both limits.
async fn a_day_that_began_with_one_sum_counts_towards_both(backend: Backend) {
    let shop = Shop::open(backend).await;
    pays_order(&shop, 45_000, "before").await.unwrap();
    let migration = include_str!("../../../migrations/sqlite/0011_days_and_keys.sql");
    let carried = migration
        .lines()
        .find(|line| line.starts_with("UPDATE payer_days"));
    run(&shop.database, carried.unwrap()).await;

    let text = shop.sticker().await.text;
    let over = pays(&shop, &text, 5_001, "over").await;
    assert_eq!(met(over), (Reason::StaticDayLimit, 50_000));
    pays(&shop, &text, 5_000, "room").await.unwrap();
}

on_both![
    t058_the_two_limits_of_a_day_are_counted_apart,
    t058_what_comes_to_nothing_is_given_back_to_its_own_sum,
    t058_of_twenty_at_once_neither_sum_passes_its_cap,
    a_day_that_began_with_one_sum_counts_towards_both,
];
