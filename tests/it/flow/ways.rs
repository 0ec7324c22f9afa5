//! What is plain is read, decided and written in one step; a silent fall back to the long way would
//! be a slow server that nobody notices.

use std::time::Duration;

use tongma::flow::FlowError;
use tongma::flow::start::{StartOrder, start};
use tongma::merchant::CodeStop;
use tongma::telemetry::metrics::Exposition;

use crate::support::beside::{number, run};
use crate::support::books::must_add_up;
use crate::support::shop::{Shop, order};
use crate::support::{Backend, on_both};

/// How often the way was taken.
fn taken(shop: &Shop, what: &str, way: &str) -> usize {
    let told = shop.app.metrics.told(Exposition::Prometheus);
    let line = format!("tongma_ways_taken_total{{what=\"{what}\",way=\"{way}\"}} ");
    let count = told.lines().find_map(|told| told.strip_prefix(&line));
    count.map_or(0, |count| count.parse().unwrap())
}

async fn what_is_plain_is_written_at_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let (_, code) = shop.sells(1200).await;
    let mut begun = Vec::new();
    for (payer, code) in [("jd_pay", &sticker), ("alipay", &sticker), ("hebao", &code)] {
        begun.push((payer, shop.starts(payer, code, 1200).await.unwrap()));
    }
    let known = StartOrder {
        payer_ref: Some("payer-1".to_owned()),
        ..order("jd_pay", &sticker.text, 1200, "KNOWN")
    };
    begun.push(("jd_pay", start(&shop.app, known.clone()).await.unwrap()));
    for (payer, started) in &begun {
        let payee = if *payer == "alipay" {
            "alipay"
        } else {
            "wechat_pay"
        };
        shop.confirms(&shop.paid(payee, started)).await.unwrap();
    }

    for what in ["start", "confirm"] {
        let ways = (taken(&shop, what, "at_once"), taken(&shop, what, "long"));
        assert_eq!(ways, (4, 0), "{what}");
    }
    let spent = "SELECT spent_minor FROM payer_days";
    assert_eq!(number(&shop.database, spent).await, 1200);
    // The same again is for the long way, which finds what there is.
    let again = start(&shop.app, known).await.unwrap();
    assert_eq!((again.is_new, &again.attempt), (false, &begun[3].1.attempt));
    shop.confirms(&shop.paid("wechat_pay", &begun[0].1))
        .await
        .unwrap();
    for what in ["start", "confirm"] {
        assert_eq!(taken(&shop, what, "long"), 1, "{what}");
    }
    must_add_up(&shop.database).await;
}
on_both![what_is_plain_is_written_at_once];

/// What was read a moment ago is never what a start rests on once it has changed, even where no
/// program of ours has changed it.
async fn a_rule_that_was_changed_by_hand_is_heard_by_the_next_start(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    shop.starts("jd_pay", &sticker, 1200).await.unwrap();
    run(&shop.database, "UPDATE agreements SET state = 'suspended'").await;
    let refused = shop.starts("jd_pay", &sticker, 1200).await;
    assert!(matches!(refused, Err(FlowError::NoRoute(_))), "{refused:?}");

    run(&shop.database, "UPDATE agreements SET state = 'active'").await;
    shop.starts("jd_pay", &sticker, 1200).await.unwrap();
    let limit = "UPDATE acceptances SET payment_limit_minor = 1199";
    run(&shop.database, limit).await;
    let refused = shop.starts("jd_pay", &sticker, 1200).await;
    assert!(
        matches!(refused, Err(FlowError::LimitExceeded { .. })),
        "{refused:?}"
    );
    let attempts = "SELECT COUNT(*) FROM attempts";
    assert_eq!(number(&shop.database, attempts).await, 2);
}
on_both![a_rule_that_was_changed_by_hand_is_heard_by_the_next_start];

async fn nothing_begins_beyond_the_codes_date(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let end = shop.app.clock.now().plus(Duration::from_millis(200));
    let sql = format!("UPDATE codes SET expires_ms = {}", end.millis());
    run(&shop.database, &sql).await;
    shop.starts("jd_pay", &sticker, 1200).await.unwrap();
    shop.app.clock.advance(Duration::from_millis(199));
    shop.starts("jd_pay", &sticker, 1200).await.unwrap();
    assert_eq!(taken(&shop, "start", "at_once"), 2);
    shop.app.clock.advance(Duration::from_millis(1));
    let refused = shop.starts("jd_pay", &sticker, 1200).await;
    let stopped = matches!(refused, Err(FlowError::CodeStopped(CodeStop::Expired)));
    assert!(stopped, "{refused:?}");
}
on_both![nothing_begins_beyond_the_codes_date];
