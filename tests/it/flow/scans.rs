//! Scans are noted beside the payments' way.

use tongma::app::ScanLog;
use tongma::flow;

use crate::support::beside::number;
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

async fn what_wallets_look_at_is_written_without_making_them_wait(backend: Backend) {
    let mut shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    for wallet in ["jd_pay", "hebao", "jd_pay"] {
        let wallet = wallet.parse().unwrap();
        flow::resolve::resolve(&shop.app, &wallet, &sticker.text)
            .await
            .unwrap();
    }
    assert_eq!(
        number(&shop.database, "SELECT COUNT(*) FROM scans").await,
        0
    );

    // The log ends with its last sender; what was noted is written first.
    shop.app.scans = ScanLog::channel().0;
    let scans = shop.scans.lock().unwrap().take().unwrap();
    flow::scan_log::run(&shop.app, scans).await;

    let by_jd = format!(
        "SELECT COUNT(*) FROM scans WHERE code_id = '{}' AND institution_id = 'jd_pay' \
         AND outcome = 'routed'",
        sticker.id
    );
    assert_eq!(number(&shop.database, &by_jd).await, 2);
}
on_both![what_wallets_look_at_is_written_without_making_them_wait];
