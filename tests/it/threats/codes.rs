//! List C: codes that are guessed, changed, carried elsewhere, late, raced or revoked.

use std::time::Duration;

use futures_util::StreamExt as _;
use tongma::code::run::{self, Body, CodeKind, RandomId};
use tongma::flow::confirm::Outcome;
use tongma::flow::payment::NewPayment;
use tongma::flow::receipt::{Presented, verify};
use tongma::flow::resolve::resolve;
use tongma::flow::{self, FlowError, change_code, expire, issue};
use tongma::merchant::{CodeEvent, CodeStop, PrintedCode};
use tongma::payment::receipt::ReceiptVerdict;
use tongma::payment::{ExceptionCode, Payment};

use super::still_sells;
use crate::support::beside::number;
use crate::support::digest::business_digest;
use crate::support::shop::{self, Shop, cny};
use crate::support::{Backend, on_both};

/// How many ids are guessed.
const GUESSES: u32 = 10_000;

async fn t049_guessed_codes_are_all_unknown_alike(backend: Backend) {
    let shop = Shop::open(backend).await;
    let real = compact(&shop, CodeKind::Static).await;
    let before = business_digest(&shop.database).await;
    let known = u128::from_be_bytes(real.random.bytes());
    let near = (1..=500_u128).flat_map(|n| [known.wrapping_add(n), known.wrapping_sub(n), n]);
    let far = (0..GUESSES).map(|_| u128::from_be_bytes(shop.app.entropy.bytes()));
    let jd = "jd_pay".parse().unwrap();

    let texts = near.chain(far).map(|id| {
        let random = RandomId::new(id.to_be_bytes());
        let body = Body::new(CodeKind::Static, None, random, None).unwrap();
        run::issue(&shop.app.origin, &body, |_| [0; 64])
    });
    let wrong = futures_util::stream::iter(texts)
        .map(async |text| {
            let outcome = resolve(&shop.app, &jd, &text).await;
            !matches!(outcome, Err(FlowError::NotFound("code")))
        })
        .buffer_unordered(6)
        .filter(|found| std::future::ready(*found))
        .count()
        .await;

    assert_eq!(wrong, 0);
    resolve(&shop.app, &jd, &real.text).await.unwrap();
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    still_sells(&shop).await;
}
on_both![t049_guessed_codes_are_all_unknown_alike];

async fn t050_a_changed_code_is_never_taken(backend: Backend) {
    let shop = Shop::open(backend).await;
    let signed = shop.code(CodeKind::Fixed, Some(1200)).await;
    let other = shop.code(CodeKind::Fixed, Some(1)).await;
    let before = business_digest(&shop.database).await;
    let (origin, bytes) = apart(&signed.text);
    let jd = "jd_pay".parse().unwrap();

    // Another code's name, or another price, under this code's signature.
    let (_, others) = apart(&other.text);
    for range in [5..21, 21..31] {
        let mut mixed = bytes.clone();
        mixed[range.clone()].copy_from_slice(&others[range]);
        let outcome = resolve(&shop.app, &jd, &together(&origin, &mixed)).await;
        assert!(
            matches!(outcome, Err(FlowError::CodeSignatureInvalid)),
            "{outcome:?}"
        );
    }
    // Without its signature.
    let mut stripped = vec![bytes[0] | 0b1000];
    stripped.extend(&bytes[5..31]);
    let outcome = resolve(&shop.app, &jd, &together(&origin, &stripped)).await;
    assert!(
        matches!(outcome, Err(FlowError::CodeSignatureInvalid)),
        "{outcome:?}"
    );
    // With any one bit flipped.
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let outcome = resolve(&shop.app, &jd, &together(&origin, &flipped)).await;
        assert!(
            matches!(
                outcome,
                Err(FlowError::CodeSignatureInvalid
                    | FlowError::CodeMalformed(_)
                    | FlowError::NotFound("code"))
            ),
            "bit {bit}: {outcome:?}"
        );
    }
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    shop.starts("jd_pay", &signed, 1200).await.unwrap();
    still_sells(&shop).await;
}
on_both![t050_a_changed_code_is_never_taken];

async fn t051_a_code_of_another_host_or_merchant_does_not_exist_here(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (neighbour, store, _) = shop.neighbour().await;
    let clock = shop.app.clock.clone();
    let (elsewhere, _) = shop::app(&shop.database, "http://localhost:9090", clock).await;
    let here = shop.sticker().await;
    let (payment, code) = shop.sells(900).await;
    let started = shop.starts("jd_pay", &code, 900).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let seen = flow::report::attempt(&shop.app, &"jd_pay".parse().unwrap(), &started.attempt)
        .await
        .unwrap();
    let before = business_digest(&shop.database).await;

    let jd = "jd_pay".parse().unwrap();
    let outcome = resolve(&elsewhere, &jd, &here.text).await;
    assert!(matches!(outcome, Err(FlowError::NotFound("code"))));
    let outcome = flow::payment::cancel(&shop.app, &neighbour.id, &payment.id).await;
    assert!(matches!(outcome, Err(FlowError::NotFound("payment"))));
    for event in [CodeEvent::Suspend, CodeEvent::Resume, CodeEvent::Revoke] {
        let outcome = change_code::change(&shop.app, &neighbour.id, &here.id, event).await;
        assert!(matches!(outcome, Err(FlowError::NotFound("code"))));
    }
    for (shown, verdict) in [
        (
            Presented::Token(seen.receipt.unwrap()),
            ReceiptVerdict::OtherStore,
        ),
        (
            Presented::Number(seen.receipt_number.unwrap()),
            ReceiptVerdict::Forged,
        ),
    ] {
        let checked = verify(&shop.app, &neighbour.id, Some(&store.id), "1", shown)
            .await
            .unwrap();
        assert_eq!(
            (checked.verdict, checked.payment, checked.amount_minor),
            (verdict, None, None)
        );
    }
    let theirs = NewPayment {
        merchant: neighbour.id.clone(),
        ..new_payment(&shop, 100, 60)
    };
    let mut tx = shop.app.db.begin().await.unwrap();
    let outcome = flow::payment::create(&shop.app, &mut tx, theirs).await;
    assert!(matches!(outcome, Err(FlowError::NotFound("store"))));
    drop(tx);

    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    still_sells(&shop).await;
}
on_both![t051_a_code_of_another_host_or_merchant_does_not_exist_here];

async fn t052_an_order_code_ends_with_its_time_and_fairness_goes_by_when_the_payer_paid(
    backend: Backend,
) {
    let shop = Shop::open(backend).await;
    let [early, late, unpaid] = [(); 3].map(|()| sells_for(&shop, 600, 100));
    let (early, late, unpaid) = (early.await, late.await, unpaid.await);
    shop.advance(99);
    let in_time = shop.starts("jd_pay", &early.1, 600).await.unwrap();
    let too_late = shop.starts("ecny", &late.1, 600).await.unwrap();
    shop.advance(2);

    let before = business_digest(&shop.database).await;
    let jd = "jd_pay".parse().unwrap();
    let resolved = resolve(&shop.app, &jd, &unpaid.1.text).await.map(|_| ());
    let started = shop.starts("jd_pay", &unpaid.1, 600).await.map(|_| ());
    for outcome in [resolved, started] {
        assert!(
            matches!(outcome, Err(FlowError::CodeStopped(CodeStop::Expired))),
            "{outcome:?}"
        );
    }
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );

    let mut paid = shop.paid("wechat_pay", &in_time);
    paid.paid_at = Some(in_time.pay_before.to_string());
    shop.advance(300);
    let outcome = shop.confirms(&paid).await;
    assert!(
        matches!(outcome, Ok(Outcome::Settled { .. })),
        "{outcome:?}"
    );
    let outcome = shop.confirms(&shop.paid("wechat_pay", &too_late)).await;
    assert_eq!(outcome.unwrap(), Outcome::Exception(ExceptionCode::Late));
    assert_eq!(shop.payment(&early.0.id).await.state.name(), "paid");
    assert_eq!(shop.payment(&late.0.id).await.state.name(), "expired");
    still_sells(&shop).await;
}
on_both![t052_an_order_code_ends_with_its_time_and_fairness_goes_by_when_the_payer_paid];

async fn t053_what_resolve_saw_does_not_bind_start(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (_, code) = sells_for(&shop, 600, 60).await;
    let before = business_digest(&shop.database).await;
    shop.app.clock.advance(Duration::from_millis(59_900));
    let jd = "jd_pay".parse().unwrap();
    resolve(&shop.app, &jd, &code.text).await.unwrap();

    shop.app.clock.advance(Duration::from_millis(200));
    let started = shop.starts("jd_pay", &code, 600).await;

    assert!(
        matches!(started, Err(FlowError::CodeStopped(CodeStop::Expired))),
        "{started:?}"
    );
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    still_sells(&shop).await;
}
on_both![t053_what_resolve_saw_does_not_bind_start];

async fn t054_of_two_wallets_at_one_order_one_holds_it(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(600).await;
    let before = business_digest(&shop.database).await;
    for wallet in ["jd_pay", "bestpay"] {
        let wallet = wallet.parse().unwrap();
        resolve(&shop.app, &wallet, &code.text).await.unwrap();
        flow::resolve::look(&shop.app, &code.text, Some(&wallet))
            .await
            .unwrap();
    }
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );

    let (first, second) = tokio::join!(
        shop.starts("jd_pay", &code, 600),
        shop.starts("bestpay", &code, 600)
    );

    let (won, lost) = match (first, second) {
        (Ok(won), lost) => (won, lost),
        (lost, won) => (won.unwrap(), lost),
    };
    assert!(matches!(lost, Err(FlowError::PaymentHeld)), "{lost:?}");
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        "attempts+1 events+1 outbox+1 payments~1"
    );
    let notice = shop.paid("wechat_pay", &won);
    shop.confirms(&notice).await.unwrap();
    assert_eq!(shop.payment(&payment.id).await.state.name(), "paid");
    still_sells(&shop).await;
}
on_both![t054_of_two_wallets_at_one_order_one_holds_it];

async fn t055_a_silent_institution_holds_the_order_and_the_cashier_makes_another(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (stuck, code) = shop.sells(600).await;
    let started = shop.starts("ecny", &code, 600).await.unwrap();
    let events = "SELECT COUNT(*) FROM events";
    let told = number(&shop.database, events).await;

    for _ in 0..6 {
        shop.advance(1300);
        expire::sweep(&shop.app).await.unwrap();
        let other = shop.starts("jd_pay", &code, 600).await;
        assert!(other.is_err(), "{other:?}");
        let cancelled = flow::payment::cancel(&shop.app, &shop.merchant.id, &stuck.id).await;
        assert!(
            matches!(cancelled, Err(FlowError::PaymentHeld)),
            "{cancelled:?}"
        );
    }
    assert_eq!(shop.payment(&stuck.id).await.state.name(), "waiting");
    assert_eq!(number(&shop.database, events).await, told);
    let close = format!("/orders/{}/close", started.order_number);
    let calls = shop.payee.calls();
    assert!(calls.iter().any(|(_, path)| *path == close), "{calls:?}");

    still_sells(&shop).await;
}
on_both![t055_a_silent_institution_holds_the_order_and_the_cashier_makes_another];

fn new_payment(shop: &Shop, minor: i64, seconds: u64) -> NewPayment {
    NewPayment {
        merchant: shop.merchant.id.clone(),
        store: shop.store.id.clone(),
        counter: None,
        amount: cny(minor),
        reference: None,
        description: None,
        form: tongma::merchant::CodeForm::Url,
        lifetime: Some(Duration::from_secs(seconds)),
    }
}

async fn sells_for(shop: &Shop, minor: i64, seconds: u64) -> (Payment, PrintedCode) {
    let mut tx = shop.app.db.begin().await.unwrap();
    let made = flow::payment::create(&shop.app, &mut tx, new_payment(shop, minor, seconds)).await;
    tx.commit().await.unwrap();
    made.unwrap()
}

async fn compact(shop: &Shop, kind: CodeKind) -> PrintedCode {
    let mut tx = shop.app.db.begin().await.unwrap();
    let new = issue::NewCode {
        merchant: shop.merchant.id.clone(),
        store: shop.store.id.clone(),
        counter: None,
        kind,
        class: tongma::merchant::CodeClass::Business,
        amount: None,
        currency: shop.merchant.currency,
        form: issue::NewForm::Url { compact: true },
        expires_at: None,
        payment: None,
    };
    let code = issue::issue(&shop.app, &mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    code
}

/// A code's text as what stands before the run, and the bytes of the run.
fn apart(text: &str) -> (String, Vec<u8>) {
    let (before, run) = text.rsplit_once('/').unwrap();
    let bytes = data_encoding::BASE32_NOPAD.decode(run.as_bytes()).unwrap();
    (before.to_owned(), bytes)
}

fn together(before: &str, bytes: &[u8]) -> String {
    format!("{before}/{}", data_encoding::BASE32_NOPAD.encode(bytes))
}
