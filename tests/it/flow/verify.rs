//! `verify` finds each promise that is broken, and nothing where none is.

use std::collections::BTreeSet;

use tongma::db::verify::CHECKS;
use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::flow::verify::verify;
use tongma::payment::ResultClaims;

use crate::support::beside::run;
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

/// Payments of every kind: direct, by agreement, too little, declined, open, and one whose events
/// still wait.
async fn busy(backend: Backend) -> Shop {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    for (payer, payee) in [("alipay", "alipay"), ("jd_pay", "wechat_pay")] {
        let started = shop.starts(payer, &sticker, 1_200).await.unwrap();
        shop.confirms(&shop.paid(payee, &started)).await.unwrap();
    }
    let short = shop.starts("wechat_pay", &sticker, 800).await.unwrap();
    let too_little = ResultClaims {
        amount_minor: 1,
        payer_amount_minor: None,
        ..shop.paid("wechat_pay", &short)
    };
    shop.confirms(&too_little).await.unwrap();
    let declined = shop.starts("alipay", &sticker, 900).await.unwrap();
    let refusal = ResultClaims {
        status: "failed".to_owned(),
        paid_at: None,
        ..shop.paid("alipay", &declined)
    };
    shop.confirms(&refusal).await.unwrap();
    outbox::work_once(&shop.app.db, &Hub::default())
        .await
        .unwrap();
    shop.sells(500).await;
    shop
}

/// The checks that find a fault.
async fn found(shop: &Shop) -> BTreeSet<&'static str> {
    let report = verify(&shop.app.db, &shop.app.sealer, None).await.unwrap();
    assert_eq!(report.ok, report.faults.is_empty());
    assert_eq!(report.checks.len(), CHECKS.len() + 1);
    report.faults.iter().map(|fault| fault.check).collect()
}

/// A hand in the database, and the check that must find it.
const HANDS: &[(&str, &str)] = &[
    (
        "ledger-entries",
        "UPDATE ledger_entries SET currency = 'USD'",
    ),
    (
        "ledger-sums",
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1 \
         WHERE credit_account LIKE 'sales:%'",
    ),
    (
        "ledger-suspense",
        "DELETE FROM ledger_entries WHERE credit_account LIKE 'suspense:%'",
    ),
    ("ledger-positions", "DELETE FROM positions"),
    (
        "payments-paid",
        "UPDATE payments SET captured_minor = 1 WHERE state = 'paid'",
    ),
    (
        "payments-unpaid",
        "UPDATE payments SET captured_minor = 1 WHERE state = 'waiting'",
    ),
    (
        "payments-held",
        "UPDATE payments SET attempt_id = NULL WHERE state = 'waiting'",
    ),
    ("payments-receipts", "DELETE FROM receipts"),
    (
        "attempts-paid",
        "UPDATE payments SET state = 'closed' WHERE state = 'paid'",
    ),
    (
        "attempts-attested",
        "UPDATE results SET institution_id = 'hebao' WHERE outcome = 'settled'",
    ),
    (
        "attempts-holding",
        "UPDATE payments SET state = 'created', attempt_id = NULL WHERE state = 'waiting'",
    ),
    (
        "results-settled",
        "UPDATE attempts SET state = 'closed' WHERE state = 'paid'",
    ),
    ("results-excepted", "DELETE FROM exceptions"),
    (
        "events-sequence",
        "UPDATE events SET sequence = NULL WHERE sequence = 2",
    ),
    ("events-waiting", "DELETE FROM outbox"),
];

async fn each_promise_that_is_broken_is_found(backend: Backend) {
    let shop = busy(backend).await;
    assert_eq!(found(&shop).await, BTreeSet::new());
    let tried: BTreeSet<_> = HANDS.iter().map(|(check, _)| *check).collect();
    let all: BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(tried, all, "every check is tried");
    for (check, hand) in HANDS {
        let shop = busy(backend).await;
        run(&shop.database, hand).await;
        let found = found(&shop).await;
        assert!(found.contains(check), "{check}: {found:?}");
    }
}
on_both![each_promise_that_is_broken_is_found];
