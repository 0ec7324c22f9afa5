//! A payer scans, pays, and the institution says so.

use tongma::flow::FlowError;
use tongma::flow::confirm::Outcome;
use tongma::flow::payment::NewPayment;
use tongma::flow::receipt::{Presented, verify};
use tongma::flow::{self};
use tongma::merchant::CodeEvent;
use tongma::money::Amount;
use tongma::payment::AttestedError;
use tongma::payment::receipt::ReceiptVerdict;

use crate::support::shop::{Shop, WALLETS, order};
use crate::support::{Backend, on_both};

/// Which institution holds the account that each wallet's payer pays into.
fn payee_of(wallet: &str) -> &'static str {
    if wallet == "alipay" {
        "alipay"
    } else {
        "wechat_pay"
    }
}

async fn every_wallet_pays_by_the_one_sticker(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;

    for wallet in WALLETS {
        let started = shop.starts(wallet, &sticker, 1250).await.unwrap();
        let payee = started.route.payee_institution.to_string();
        assert_eq!(
            shop.payment(&started.payment).await.state.name(),
            "waiting",
            "{wallet}"
        );
        if wallet != "unionpay" {
            assert_eq!(payee, payee_of(wallet), "{wallet}");
        }
        let outcome = shop.confirms(&shop.paid(&payee, &started)).await.unwrap();
        let settled = Outcome::Settled {
            payment: started.payment.clone(),
            state: "paid",
        };
        assert_eq!(outcome, settled, "{wallet}");
        assert_eq!(
            shop.payment(&started.payment).await.state.name(),
            "paid",
            "{wallet}"
        );
    }

    let balances = shop.balances().await;
    assert_eq!(balances[&format!("sales:{}", shop.merchant.id)], -8 * 1250);
}
on_both![every_wallet_pays_by_the_one_sticker];

async fn a_notice_delivered_twice_is_booked_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(1200).await;
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();
    let notice = shop.paid("wechat_pay", &started);

    let first = shop.confirms(&notice).await.unwrap();
    let second = shop.confirms(&notice).await.unwrap();

    assert_eq!(first, second);
    assert_eq!(shop.payment(&payment.id).await.captured.minor(), 1200);
    let balances = shop.balances().await;
    assert_eq!(balances[&format!("sales:{}", shop.merchant.id)], -1200);
    assert_eq!(balances[&format!("fee:{}:wechat_pay", shop.merchant.id)], 7);
}
on_both![a_notice_delivered_twice_is_booked_once];

async fn a_second_wallet_waits_while_the_first_holds_the_payment(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (_, code) = shop.sells(1200).await;
    shop.starts("jd_pay", &code, 1200).await.unwrap();

    let second = shop.starts("bestpay", &code, 1200).await;

    assert!(matches!(second, Err(FlowError::PaymentHeld)), "{second:?}");
}
on_both![a_second_wallet_waits_while_the_first_holds_the_payment];

async fn the_same_start_twice_is_one_attempt(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let asked = || order("jd_pay", &sticker.text, 500, "JD-1");

    let first = flow::start::start(&shop.app, asked()).await.unwrap();
    let again = flow::start::start(&shop.app, asked()).await.unwrap();
    let other = flow::start::start(&shop.app, order("jd_pay", &sticker.text, 501, "JD-1")).await;

    assert_eq!((first.is_new, again.is_new), (true, false));
    assert_eq!(
        (&first.attempt, &first.order_number),
        (&again.attempt, &again.order_number)
    );
    assert!(
        matches!(other, Err(FlowError::ReferenceConflict)),
        "{other:?}"
    );
}
on_both![the_same_start_twice_is_one_attempt];

async fn a_lost_answer_is_asked_for_again_and_never_a_failure(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    shop.payee.will_not_open(503);
    let asked = || order("hebao", &code.text, 900, "HB-1");

    let lost = flow::start::start(&shop.app, asked()).await;
    assert!(matches!(lost, Err(FlowError::PayeeUnavailable)), "{lost:?}");
    assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");

    let again = flow::start::start(&shop.app, asked()).await.unwrap();
    assert_eq!(again.payment, payment.id);
}
on_both![a_lost_answer_is_asked_for_again_and_never_a_failure];

async fn an_order_that_never_arrived_is_decided_at_its_end(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    shop.payee.will_not_open(503);
    let lost = shop.starts("hebao", &code, 900).await;
    assert!(matches!(lost, Err(FlowError::PayeeUnavailable)), "{lost:?}");

    shop.advance(61);
    shop.payee.will_not_open(422);
    let swept = flow::expire::sweep(&shop.app).await.unwrap();

    assert_eq!(swept.decided, 1);
    assert_eq!(shop.payment(&payment.id).await.state.name(), "created");
    shop.starts("wo_pay", &code, 900).await.unwrap();
}
on_both![an_order_that_never_arrived_is_decided_at_its_end];

async fn a_definite_no_sets_the_payment_free(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    shop.payee.will_not_open(422);

    let refused = shop.starts("hebao", &code, 900).await;
    assert!(
        matches!(refused, Err(FlowError::PayeeRefused(_))),
        "{refused:?}"
    );
    assert_eq!(shop.payment(&payment.id).await.state.name(), "created");

    shop.starts("wo_pay", &code, 900).await.unwrap();
}
on_both![a_definite_no_sets_the_payment_free];

async fn silence_holds_the_payment_until_the_institution_speaks(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(700).await;
    let started = shop.starts("ecny", &code, 700).await.unwrap();

    for _ in 0..5 {
        shop.advance(120);
        flow::expire::sweep(&shop.app).await.unwrap();
        assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
    }
    assert!(
        shop.payee
            .calls()
            .iter()
            .any(|(_, path)| path.ends_with("/close"))
    );

    shop.advance(1200);
    let mut closed = shop.paid("wechat_pay", &started);
    closed.status = "closed".to_owned();
    closed.paid_at = None;
    shop.payee.will_say(&closed, shop.signed(&closed));
    flow::expire::sweep(&shop.app).await.unwrap();
    assert_eq!(shop.payment(&payment.id).await.state.name(), "created");
    shop.starts("jd_pay", &code, 700).await.unwrap();
}
on_both![silence_holds_the_payment_until_the_institution_speaks];

async fn a_payment_that_nobody_begins_expires(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(700).await;

    shop.advance(7200);
    let swept = flow::expire::sweep(&shop.app).await.unwrap();

    assert_eq!(swept.expired, 1);
    assert_eq!(shop.payment(&payment.id).await.state.name(), "expired");
    let late = shop.starts("jd_pay", &code, 700).await;
    assert!(matches!(late, Err(FlowError::CodeStopped(_))), "{late:?}");
}
on_both![a_payment_that_nobody_begins_expires];

async fn a_receipt_is_genuine_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (_, code) = shop.sells(700).await;
    let started = shop.starts("jd_pay", &code, 700).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let seen = flow::report::attempt(&shop.app, &"jd_pay".parse().unwrap(), &started.attempt)
        .await
        .unwrap();
    let receipt = seen.receipt.unwrap();
    let check = async |what: Presented| {
        let store = Some(&shop.store.id);
        verify(&shop.app, &shop.merchant.id, store, "1", what)
            .await
            .unwrap()
            .verdict
    };

    assert_eq!(
        check(Presented::Token(receipt.clone())).await,
        ReceiptVerdict::Genuine
    );
    assert_eq!(
        check(Presented::Token(receipt.clone())).await,
        ReceiptVerdict::AlreadyShown
    );
    let number = Presented::Number(seen.receipt_number.unwrap());
    assert_eq!(check(number).await, ReceiptVerdict::AlreadyShown);
    shop.advance(601);
    assert_eq!(
        check(Presented::Token(format!("{receipt}A"))).await,
        ReceiptVerdict::Forged
    );
}
on_both![a_receipt_is_genuine_once];

async fn a_repeated_start_that_is_refused_decides_nothing(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    shop.payee.will_not_open(503);
    let asked = || order("hebao", &code.text, 900, "HB-1");
    let lost = flow::start::start(&shop.app, asked()).await;
    assert!(matches!(lost, Err(FlowError::PayeeUnavailable)), "{lost:?}");

    // The first call may have opened the order although its answer was lost.
    shop.payee.will_not_open(422);
    let again = flow::start::start(&shop.app, asked()).await;

    assert!(
        matches!(again, Err(FlowError::PayeeUnavailable)),
        "{again:?}"
    );
    assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
}
on_both![a_repeated_start_that_is_refused_decides_nothing];

async fn money_from_before_the_order_is_no_statement(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    let started = shop.starts("jd_pay", &code, 900).await.unwrap();
    let mut claims = shop.paid("wechat_pay", &started);
    claims.paid_at = Some("2026-11-21T03:54:59Z".to_owned());

    let early = shop.confirms(&claims).await;

    let invalid = FlowError::Attested(AttestedError::TimeInvalid);
    assert_eq!(early.map_err(|e| e.to_string()), Err(invalid.to_string()));
    assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
}
on_both![money_from_before_the_order_is_no_statement];

async fn a_code_is_revoked_as_often_as_it_is_asked_for(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let revoke = async || {
        flow::change_code::change(&shop.app, &shop.merchant.id, &sticker.id, CodeEvent::Revoke)
            .await
    };

    assert_eq!(revoke().await.unwrap(), revoke().await.unwrap());
    let resumed =
        flow::change_code::change(&shop.app, &shop.merchant.id, &sticker.id, CodeEvent::Resume)
            .await;
    assert!(
        matches!(resumed, Err(FlowError::State { .. })),
        "{resumed:?}"
    );
}
on_both![a_code_is_revoked_as_often_as_it_is_asked_for];

async fn a_cancelled_order_keeps_the_time_that_its_payer_was_told(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (payment, code) = shop.sells(900).await;
    let asked = || order("jd_pay", &code.text, 900, "JD-1");
    let first = flow::start::start(&shop.app, asked()).await.unwrap();

    let held = flow::payment::cancel(&shop.app, &shop.merchant.id, &payment.id).await;
    assert!(matches!(held, Err(FlowError::PaymentHeld)), "{held:?}");
    shop.advance(1);
    flow::expire::sweep(&shop.app).await.unwrap();

    let again = flow::start::start(&shop.app, asked()).await.unwrap();
    assert_eq!(again.pay_before, first.pay_before);
    let closes = shop
        .payee
        .calls()
        .iter()
        .filter(|(_, path)| path.ends_with("/close"))
        .count();
    assert!(closes >= 2, "{:?}", shop.payee.calls());
}
on_both![a_cancelled_order_keeps_the_time_that_its_payer_was_told];

async fn a_payment_in_a_currency_without_an_account_is_not_asked_for(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut tx = shop.app.db.begin().await.unwrap();
    let new = NewPayment {
        merchant: shop.merchant.id.clone(),
        store: shop.store.id.clone(),
        counter: None,
        amount: Amount::positive(900, "JPY".parse().unwrap()).unwrap(),
        reference: None,
        description: None,
        form: tongma::merchant::CodeForm::Url,
        lifetime: None,
    };

    let refused = flow::payment::create(&shop.app, &mut tx, new).await;

    assert!(
        matches!(
            refused,
            Err(FlowError::Field {
                pointer: "/currency",
                ..
            })
        ),
        "{refused:?}"
    );
}
on_both![a_payment_in_a_currency_without_an_account_is_not_asked_for];
