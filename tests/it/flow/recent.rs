//! What `resolve` tells again without asking: for half a second at most, never beyond what it says,
//! and never what this process has changed.

use std::time::Duration;

use tongma::db;
use tongma::flow::resolve::resolve;
use tongma::flow::{FlowError, change_code};
use tongma::id::AgreementId;
use tongma::merchant::{Agreement, AgreementState, CodeEvent, CodeStop, InstitutionState, Ways};
use tongma::money::Currency;

use crate::support::beside::run;
use crate::support::shop::{self, Shop};
use crate::support::{Backend, on_both};

async fn an_answer_is_told_again_for_half_a_second(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let jd = "jd_pay".parse().unwrap();
    let hebao = "hebao".parse().unwrap();
    let first = resolve(&shop.app, &jd, &sticker.text).await.unwrap();
    // Behind the program's back, as another process would.
    run(&shop.database, "UPDATE stores SET name = 'Elsewhere'").await;

    shop.app.clock.advance(Duration::from_millis(499));
    let again = resolve(&shop.app, &jd, &sticker.text).await.unwrap();
    assert_eq!(again, first);
    let others = resolve(&shop.app, &hebao, &sticker.text).await.unwrap();
    assert_ne!(others, first, "each institution has its own");
    shop.app.clock.advance(Duration::from_millis(1));
    let later = resolve(&shop.app, &jd, &sticker.text).await.unwrap();
    assert_ne!(later, first);

    let noted = shop.scans.lock().unwrap().as_ref().unwrap().len();
    assert_eq!(noted, 4, "every look is noted");
}
on_both![an_answer_is_told_again_for_half_a_second];

async fn a_revocation_is_heard_here_at_once_and_elsewhere_within_half_a_second(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _scans) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    let sticker = shop.sticker().await;
    let jd = "jd_pay".parse().unwrap();
    for app in [&shop.app, &other] {
        resolve(app, &jd, &sticker.text).await.unwrap();
    }
    change_code::change(&shop.app, &shop.merchant.id, &sticker.id, CodeEvent::Revoke)
        .await
        .unwrap();

    let is_revoked = |told: Result<String, FlowError>| {
        matches!(told, Err(FlowError::CodeStopped(CodeStop::Revoked)))
    };
    assert!(is_revoked(resolve(&shop.app, &jd, &sticker.text).await));
    // A start asks the database, wherever it is asked.
    let asked = shop::order("jd_pay", &sticker.text, 100, "AFTER");
    let started = tongma::flow::start::start(&other, asked).await;
    assert!(is_revoked(started.map(|_| String::new())));
    shop.app.clock.advance(Duration::from_millis(500));
    assert!(is_revoked(resolve(&other, &jd, &sticker.text).await));
}
on_both![a_revocation_is_heard_here_at_once_and_elsewhere_within_half_a_second];

async fn a_changed_rule_is_heard_at_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let jd = "jd_pay".parse().unwrap();
    resolve(&shop.app, &jd, &sticker.text).await.unwrap();

    let wechat = "wechat_pay".parse().unwrap();
    let (active, suspended) = (InstitutionState::Active, InstitutionState::Suspended);
    let mut tx = shop.app.db.begin().await.unwrap();
    db::institutions::change(&mut tx, &wechat, active, suspended)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let told = resolve(&shop.app, &jd, &sticker.text).await;
    assert!(matches!(told, Err(FlowError::NoRoute(_))), "{told:?}");
}
on_both![a_changed_rule_is_heard_at_once];

async fn nothing_is_told_beyond_its_date(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut expiring = shop.sticker().await;
    let end = shop.app.clock.now().plus(Duration::from_millis(200));
    let sql = format!(
        "UPDATE codes SET expires_ms = {} WHERE id = '{}'",
        end.millis(),
        expiring.id
    );
    run(&shop.database, &sql).await;
    expiring.expires_at = Some(end);
    let sticker = shop.sticker().await;
    let (jd, own) = ("jd_pay".parse().unwrap(), "own_pay".parse().unwrap());
    joins_until(&shop, "own_pay", end).await;
    resolve(&shop.app, &jd, &expiring.text).await.unwrap();
    resolve(&shop.app, &own, &sticker.text).await.unwrap();

    shop.app.clock.advance(Duration::from_millis(199));
    resolve(&shop.app, &jd, &expiring.text).await.unwrap();
    resolve(&shop.app, &own, &sticker.text).await.unwrap();
    shop.app.clock.advance(Duration::from_millis(1));
    let told = resolve(&shop.app, &jd, &expiring.text).await;
    let stopped = matches!(told, Err(FlowError::CodeStopped(CodeStop::Expired)));
    assert!(stopped, "{told:?}");
    let told = resolve(&shop.app, &own, &sticker.text).await;
    assert!(matches!(told, Err(FlowError::NoRoute(_))), "{told:?}");
}
on_both![nothing_is_told_beyond_its_date];

async fn an_orders_answer_is_never_told_again(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (_, code) = shop.sells(1200).await;
    let jd = "jd_pay".parse().unwrap();
    resolve(&shop.app, &jd, &code.text).await.unwrap();
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();
    resolve(&shop.app, &jd, &code.text).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();

    let told = resolve(&shop.app, &jd, &code.text).await;

    assert!(matches!(told, Err(FlowError::State { .. })), "{told:?}");
}
on_both![an_orders_answer_is_never_told_again];

/// One more institution, whose agreement ends.
async fn joins_until(shop: &Shop, id: &str, end: tongma::clock::Timestamp) {
    let now = shop.app.clock.now();
    let sql = format!(
        "INSERT INTO institutions (id, name_zh, name_en, state, created_ms) \
         VALUES ('{id}', '{id}', '{id}', 'active', {})",
        now.millis()
    );
    run(&shop.database, &sql).await;
    let agreement = Agreement {
        id: AgreementId::new(now, &*shop.app.entropy),
        payer: id.parse().unwrap(),
        payee: "wechat_pay".parse().unwrap(),
        ways: Ways {
            merchant_presented: true,
            payer_presented: false,
        },
        clearing: "netsunion".parse().unwrap(),
        attester: None,
        starts_at: now,
        ends_at: Some(end),
        state: AgreementState::Active,
        currency: Currency::CNY,
        payment_limit: None,
        created_at: now,
    };
    let mut tx = shop.app.db.begin().await.unwrap();
    assert!(db::agreements::insert(&mut tx, &agreement).await.unwrap());
    tx.commit().await.unwrap();
}
