//! List B: what was paid. Amounts, currencies, accounts, transaction numbers and times that do not
//! fit.

use tongma::crypto::jws;
use tongma::db;
use tongma::flow::FlowError;
use tongma::flow::confirm::{Outcome, confirm};
use tongma::id::{EntryId, ResultId};
use tongma::money::{Amount, Currency, MINOR_MAX};
use tongma::payment::ledger::{Account, Posting};
use tongma::payment::{AttestedError, Discount, ExceptionCode, OrderNumber};

use super::{Scene, still_sells};
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

async fn t029_one_fen_for_a_hundred_yuan_is_an_exception(backend: Backend) {
    let scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    claims.amount_minor = 1;
    claims.payer_amount_minor = Some(1);

    scene
        .expect_exception(&claims, ExceptionCode::AmountMismatch)
        .await;
    scene.still_sells().await;
}
on_both![t029_one_fen_for_a_hundred_yuan_is_an_exception];

async fn t030_dollars_for_an_order_in_yuan_are_an_exception(backend: Backend) {
    let scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    claims.currency = "USD".to_owned();

    scene
        .expect_exception(&claims, ExceptionCode::CurrencyMismatch)
        .await;
    scene.still_sells().await;
}
on_both![t030_dollars_for_an_order_in_yuan_are_an_exception];

async fn t031_money_in_the_neighbours_account_is_an_exception_and_tells_nobody_of_the_other(
    backend: Backend,
) {
    let mut scene = Scene::open(backend).await;
    let (neighbour, ..) = scene.shop.neighbour().await;
    scene.look().await;
    let mut claims = scene.claims();
    claims.payment_account = "19000001092".to_owned();

    scene
        .expect_exception(&claims, ExceptionCode::PayeeMismatch)
        .await;

    let mut tx = scene.shop.app.db.read().await.unwrap();
    let theirs = db::results::exceptions(&mut tx, &neighbour.id, None, 9).await;
    tx.commit().await.unwrap();
    assert_eq!(theirs.unwrap(), []);
    let digest = crate::support::digest::business_digest(&scene.shop.database).await;
    let told: Vec<_> = digest
        .rows("events")
        .iter()
        .filter(|row| row.contains("evidence") || row.contains(neighbour.id.as_str()))
        .collect();
    assert_eq!(told, Vec::<&String>::new());
    scene.still_sells().await;
}
on_both![t031_money_in_the_neighbours_account_is_an_exception_and_tells_nobody_of_the_other];

async fn t032_money_for_an_order_that_nobody_knows_is_kept(backend: Backend) {
    let scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    claims.order_number = "0123456789abcdef0123456789abcdef".to_owned();

    let outcome = scene.shop.confirms(&claims).await.unwrap();
    let again = scene.shop.confirms(&claims).await.unwrap();

    assert_eq!(outcome, Outcome::Exception(ExceptionCode::Unmatched));
    assert_eq!(again, outcome);
    assert_eq!(scene.changes().await, "exceptions+1 results+1");
    let mut tx = scene.shop.app.db.read().await.unwrap();
    let seen = db::results::unmatched(&mut tx, None, 9).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(seen[0].amount_minor, 10_000);
    scene.still_sells().await;
}
on_both![t032_money_for_an_order_that_nobody_knows_is_kept];

async fn t033_one_transaction_number_with_another_amount_is_a_conflict(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    scene.shop.confirms(&claims).await.unwrap();
    scene.look().await;

    claims.amount_minor = 20_000;
    claims.payer_amount_minor = Some(20_000);
    let outcome = scene.shop.confirms(&claims).await;

    assert!(
        matches!(outcome, Err(FlowError::TransactionConflict)),
        "{outcome:?}"
    );
    assert_eq!(scene.changes().await, "");
    still_sells(&scene.shop).await;
}
on_both![t033_one_transaction_number_with_another_amount_is_a_conflict];

/// The books depend on who bore which part of the price, not on the order in which they are named.
async fn t033_one_transaction_number_with_other_parts_is_a_conflict(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let split = |payer: i64, discounts: &[(&str, i64)]| {
        let mut claims = scene.claims();
        claims.payee_reference = "4200001234202611210000000033".to_owned();
        claims.payer_amount_minor = Some(payer);
        let discounts = discounts.iter().map(|(funder, minor)| Discount {
            funder: (*funder).to_owned(),
            amount_minor: *minor,
        });
        claims.discounts = discounts.collect();
        claims
    };
    let first = split(9_000, &[("merchant", 600), ("jd_pay", 400)]);
    let turned = split(9_000, &[("jd_pay", 400), ("merchant", 600)]);
    let others = [
        split(10_000, &[]),
        split(9_000, &[("merchant", 400), ("jd_pay", 600)]),
        split(9_000, &[("merchant", 600), ("unionpay", 400)]),
        split(9_000, &[("merchant", 1_000)]),
        split(9_400, &[("merchant", 600)]),
    ];
    let settled = scene.shop.confirms(&first).await.unwrap();
    scene.look().await;

    assert_eq!(scene.shop.confirms(&turned).await.unwrap(), settled);
    for claims in others {
        let outcome = scene.shop.confirms(&claims).await;
        assert!(
            matches!(outcome, Err(FlowError::TransactionConflict)),
            "{claims:?}: {outcome:?}"
        );
    }
    assert_eq!(scene.changes().await, "");
    still_sells(&scene.shop).await;
}
on_both![t033_one_transaction_number_with_other_parts_is_a_conflict];

async fn t034_one_transaction_number_for_two_orders_is_a_conflict(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let first = scene.claims();
    scene.shop.confirms(&first).await.unwrap();
    let (_, code) = scene.shop.sells(10_000).await;
    let second = scene.shop.starts("jd_pay", &code, 10_000).await.unwrap();
    scene.look().await;

    let mut claims = scene.shop.paid("wechat_pay", &second);
    claims.payee_reference = first.payee_reference;
    let outcome = scene.shop.confirms(&claims).await;

    assert!(
        matches!(outcome, Err(FlowError::TransactionConflict)),
        "{outcome:?}"
    );
    assert_eq!(scene.changes().await, "");
    let own = scene.shop.paid("wechat_pay", &second);
    scene.shop.confirms(&own).await.unwrap();
    still_sells(&scene.shop).await;
}
on_both![t034_one_transaction_number_for_two_orders_is_a_conflict];

async fn t035_two_institutions_may_use_the_same_transaction_number(backend: Backend) {
    let shop = Shop::open(backend).await;
    for payer in ["wechat_pay", "alipay"] {
        let (payment, code) = shop.sells(700).await;
        let started = shop.starts(payer, &code, 700).await.unwrap();
        let mut claims = shop.paid(payer, &started);
        claims.payee_reference = "4200001234202611210000000001".to_owned();
        shop.confirms(&claims).await.unwrap();
        assert_eq!(
            shop.payment(&payment.id).await.state.name(),
            "paid",
            "{payer}"
        );
    }
    still_sells(&shop).await;
}
on_both![t035_two_institutions_may_use_the_same_transaction_number];

/// As JSON writes them; each is put in the place of the price, of what the payer gave, and of a
/// discount.
const NO_AMOUNTS: [&str; 12] = [
    "-1",
    "1.0",
    "1e2",
    "\"100\"",
    "true",
    "[]",
    "{}",
    "9007199254740992",
    "9223372036854775808",
    "-9223372036854775809",
    "1234567890123456789012345678901234567890",
    "1e400",
];

async fn t036_what_is_no_amount_is_refused_and_nothing_changes(backend: Backend) {
    let scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    claims.payer_amount_minor = Some(9_900);
    claims.discounts = vec![Discount {
        funder: "merchant".to_owned(),
        amount_minor: 100,
    }];
    let sound = serde_json::to_string(&claims).unwrap();
    let nothing = "\"amount_minor\":10000,";
    let places = [
        "\"amount_minor\":10000",
        "\"payer_amount_minor\":9900",
        "\"amount_minor\":100}",
    ];
    let mut texts = vec![
        sound.replace(nothing, ""),
        sound.replace(nothing, "\"amount_minor\":null,"),
        sound.replace(nothing, "\"amount_minor\":0,"),
    ];
    for place in places {
        assert_eq!(sound.matches(place).count(), 1, "{place}");
        let (name, end) = (place.split(':').next().unwrap(), place.ends_with('}'));
        for value in NO_AMOUNTS {
            let end = if end { "}" } else { "" };
            texts.push(sound.replace(place, &format!("{name}:{value}{end}")));
        }
    }

    for text in texts {
        let outcome = says(
            &scene.shop,
            "wechat_pay",
            &scene.started.order_number,
            &text,
        )
        .await;
        let is_amount = matches!(
            outcome,
            Err(FlowError::Attested(AttestedError::Amount { .. }))
        );
        // 1e400 is not a number for any reader of JSON.
        let is_syntax = text.contains("1e400") && matches!(outcome, Err(FlowError::Jws(_)));
        assert!(is_amount || is_syntax, "{text}: {outcome:?}");
    }
    for broken in ["NaN", "+1", "01", "0x10", "1 000"] {
        let text = sound.replace(
            "\"amount_minor\":10000",
            &format!("\"amount_minor\":{broken}"),
        );
        let outcome = says(
            &scene.shop,
            "wechat_pay",
            &scene.started.order_number,
            &text,
        )
        .await;
        assert!(matches!(outcome, Err(FlowError::Jws(_))), "{broken}");
    }
    assert_eq!(scene.changes().await, "");
    scene.still_sells().await;
}
on_both![t036_what_is_no_amount_is_refused_and_nothing_changes];

async fn t037_a_day_beyond_64_bits_is_still_added_up(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(MINOR_MAX).await;
    let started = shop.starts("jd_pay", &code, MINOR_MAX).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    assert_eq!(shop.payment(&payment.id).await.captured.minor(), MINOR_MAX);

    let largest = Amount::positive(MINOR_MAX, Currency::CNY).unwrap();
    let debit = Account::FunderClaim("a very large funder".to_owned());
    let credit = Account::Sales(shop.merchant.id.clone());
    let posting = Posting::new(debit, credit, largest).unwrap();
    let mut tx = shop.app.db.begin().await.unwrap();
    let result = kept(&shop, &mut tx, &started.order_number).await;
    for _ in 0..1100 {
        let id = EntryId::new(tx.now(), &*shop.app.entropy);
        db::books::post(&mut tx, &id, &shop.merchant.id, None, &result, &posting)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let balances = shop.balances().await;
    let sales = balances[&format!("sales:{}", shop.merchant.id)];
    assert_eq!(sales, -1101 * i128::from(MINOR_MAX));
    assert!(sales < i128::from(i64::MIN));
}
on_both![t037_a_day_beyond_64_bits_is_still_added_up];

async fn t043_what_comes_after_success_is_acknowledged_and_changes_nothing(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let claims = scene.claims();
    let settled = scene.shop.confirms(&claims).await.unwrap();
    scene.look().await;

    for status in ["failed", "closed"] {
        let mut late = claims.clone();
        late.status = status.to_owned();
        assert_eq!(scene.shop.confirms(&late).await.unwrap(), settled);
        assert_eq!(scene.shop.confirms(&late).await.unwrap(), settled);
    }
    // Kept as evidence; the payment, the books and the events are as they were.
    assert_eq!(scene.changes().await, "results+2");

    let mut pending = claims;
    pending.status = "pending".to_owned();
    let outcome = scene.shop.confirms(&pending).await;
    assert!(
        matches!(outcome, Err(FlowError::Attested(AttestedError::Status))),
        "{outcome:?}"
    );
    assert_eq!(scene.changes().await, "results+2");
    still_sells(&scene.shop).await;
}
on_both![t043_what_comes_after_success_is_acknowledged_and_changes_nothing];

async fn t047_times_that_cannot_be_are_refused(backend: Backend) {
    let scene = Scene::open(backend).await;
    for text in [
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-11-21T12:00:00",
        "2026-11-21 12:00:00",
        "20261121120000",
        "2026-11-21T04:05:01Z",
        "2026-13-01T00:00:00Z",
        "yesterday",
        "",
    ] {
        let mut claims = scene.claims();
        claims.paid_at = Some(text.to_owned());
        let outcome = scene.shop.confirms(&claims).await;
        assert!(
            matches!(
                outcome,
                Err(FlowError::Attested(AttestedError::TimeInvalid))
            ),
            "{text}: {outcome:?}"
        );
    }
    assert_eq!(scene.changes().await, "");
    scene.still_sells().await;
}
on_both![t047_times_that_cannot_be_are_refused];

async fn t047_a_leap_second_counts_as_the_second_before(backend: Backend) {
    let scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    claims.paid_at = Some("2026-11-21T03:59:60Z".to_owned());

    scene.shop.confirms(&claims).await.unwrap();

    let paid_at = scene.shop.payment(&scene.payment.id).await.state.paid_at();
    assert_eq!(paid_at.unwrap().to_string(), "2026-11-21T03:59:59.000Z");
    still_sells(&scene.shop).await;
}
on_both![t047_a_leap_second_counts_as_the_second_before];

/// The institution signs this text, whatever it is, and confirms an order with it.
pub(super) async fn says(
    shop: &Shop,
    institution: &str,
    order: &OrderNumber,
    text: &str,
) -> Result<Outcome, FlowError> {
    let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let key = &shop.keys[institution];
    let usual = jws::sign(key, jws::RESULT, &());
    let header = usual.split('.').next().unwrap();
    let input = format!("{header}.{}", encode(text.as_bytes()));
    let signed = format!("{input}.{}", encode(&key.sign(input.as_bytes())));
    confirm(&shop.app, &institution.parse().unwrap(), order, &signed).await
}

/// A statement to hang entries on.
async fn kept(shop: &Shop, tx: &mut db::Tx, order: &OrderNumber) -> ResultId {
    let claims = tongma::payment::ResultClaims {
        iss: "alipay".to_owned(),
        aud: shop.app.origin.to_string(),
        iat: 0,
        exp: 0,
        jti: "1".to_owned(),
        order_number: order.to_string(),
        payment_account: "none".to_owned(),
        amount_minor: 1,
        payer_amount_minor: None,
        discounts: Vec::new(),
        currency: "CNY".to_owned(),
        payee_reference: "1".to_owned(),
        status: "failed".to_owned(),
        paid_at: None,
        code_sha256: None,
    };
    let institution = "alipay".parse().unwrap();
    let ours = shop.app.origin.to_string();
    let attested = claims
        .read(&institution, &ours, order, tx.now(), "no text")
        .unwrap();
    let id = ResultId::new(tx.now(), &*shop.app.entropy);
    assert!(
        db::results::insert(tx, &id, &attested, None, "known")
            .await
            .unwrap()
    );
    id
}
