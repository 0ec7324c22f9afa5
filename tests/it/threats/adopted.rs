//! Codes that somebody else issued: who tries to take them over without having them, and with what.

use image::{GenericImage as _, GrayImage, ImageFormat, Luma};
use serde_json::{Value, json};

use tongma::flow::confirm::Outcome;
use tongma::flow::resolve::resolve;
use tongma::flow::{FlowError, adopt, expire, start};
use tongma::payment::ResultClaims;
use tongma::payment::adoption::{NoProof, Standing};

use super::pictures::symbol;
use super::{is_ours, still_sells};
use crate::support::beside::number;
use crate::support::digest::business_digest;
use crate::support::foreign::{ON_THE_WALL, adopted, asks, proof, stands};
use crate::support::server::{Server, bearer};
use crate::support::shop::{self, Shop, order};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// The shop's request for a code.
fn wants(server: &Server, text: &str, key: &str) -> Request {
    let body = json!({"text": text, "store": server.shop.store.id});
    let call = Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", key);
    bearer(call, &server.token)
}

async fn refuses(server: &Server, text: &str, reason: &str) -> Value {
    let call = wants(server, text, "k-1");
    let answer = server.refuses(&call, 422, "code-not-adoptable").await;
    let told = answer.json();
    assert_eq!(told["reason"], reason, "{text}: {told}");
    told
}

/// Makes a statement say something else.
type Spoil = fn(&mut ResultClaims);

async fn t029_what_does_not_fit_the_named_amount_account_or_code_is_no_proof(backend: Backend) {
    let shop = Shop::open(backend).await;
    let wrong: [(NoProof, Spoil); 6] = [
        (NoProof::Amount, |claims| claims.amount_minor += 1),
        (NoProof::Currency, |claims| {
            "USD".clone_into(&mut claims.currency);
        }),
        (NoProof::Account, |claims| {
            "1900000110".clone_into(&mut claims.payment_account);
        }),
        (NoProof::Code, |claims| claims.code_sha256 = None),
        (NoProof::Code, |claims| {
            claims.code_sha256 = Some("00".repeat(32));
        }),
        (NoProof::Early, |claims| {
            claims.paid_at = Some("2026-11-20T04:00:00Z".to_owned());
        }),
    ];
    for (at, (why, spoil)) in wrong.into_iter().enumerate() {
        let text = format!("{ON_THE_WALL}{at}");
        let asked = asks(&shop, &text).await.unwrap();
        let mut claims = proof(&shop, &asked);
        spoil(&mut claims);
        let told = shop.confirms(&claims).await.unwrap();
        assert_eq!(told, Outcome::NoProof(why));
        // The same again is the same try.
        assert_eq!(shop.confirms(&claims).await.unwrap(), told);
        let after = stands(&shop, &asked).await;
        assert_eq!(
            after.standing,
            Standing::Requested { tries_left: 2 },
            "{why}"
        );
        let jd = "jd_pay".parse().unwrap();
        let seen = resolve(&shop.app, &jd, &text).await;
        assert!(matches!(seen, Err(FlowError::NotAdopted)), "{seen:?}");
        // What fits still proves it.
        let told = shop.confirms(&proof(&shop, &asked)).await.unwrap();
        assert_eq!(told, Outcome::Adopted(asked.id.clone()));
        // Another fact under a number that was used is no statement at all.
        claims.amount_minor += 7;
        let told = shop.confirms(&claims).await;
        assert!(
            matches!(told, Err(FlowError::TransactionConflict)),
            "{told:?}"
        );
    }
    assert_eq!(
        number(&shop.database, "SELECT COUNT(*) FROM exceptions").await,
        0
    );
    still_sells(&shop).await;
}

async fn t021_of_another_institutions_proof_nobody_hears(backend: Backend) {
    let shop = Shop::open(backend).await;
    let asked = asks(&shop, ON_THE_WALL).await.unwrap();
    let before = business_digest(&shop.database).await;
    for stranger in ["alipay", "jd_pay"] {
        let claims = ResultClaims {
            iss: stranger.to_owned(),
            ..proof(&shop, &asked)
        };
        let told = shop.confirms(&claims).await;
        assert!(
            matches!(told, Err(FlowError::NotFound("order"))),
            "{told:?}"
        );
    }
    // A statement about a payment is none about a code, and the other way round.
    let sticker = shop.sticker().await;
    let started = shop
        .starts("wechat_pay", &sticker, asked.amount.minor())
        .await
        .unwrap();
    let elsewhere = ResultClaims {
        order_number: started.order_number.to_string(),
        ..proof(&shop, &asked)
    };
    shop.confirms(&elsewhere).await.unwrap();
    assert_eq!(shop.payment(&started.payment).await.state.name(), "paid");
    let after = stands(&shop, &asked).await;
    assert_eq!(
        after,
        asked,
        "{}",
        business_digest(&shop.database).await.counted_since(&before)
    );
    still_sells(&shop).await;
}

async fn three_statements_that_prove_nothing_end_it_and_five_askings_a_day_are_enough(
    backend: Backend,
) {
    let shop = Shop::open(backend).await;
    for _ in 0..5 {
        let asked = asks(&shop, ON_THE_WALL).await.unwrap();
        for _ in 0..3 {
            let mut claims = proof(&shop, &asked);
            claims.amount_minor += 1;
            shop.confirms(&claims).await.unwrap();
        }
        let right = shop.confirms(&proof(&shop, &asked)).await.unwrap();
        assert_eq!(right, Outcome::NoProof(NoProof::Over));
    }
    let sixth = asks(&shop, ON_THE_WALL).await;
    assert!(
        matches!(sixth, Err(FlowError::TooManyAdoptions { .. })),
        "{sixth:?}"
    );
    shop.advance(86_401);
    adopted(&shop, ON_THE_WALL).await;
    still_sells(&shop).await;
}

async fn t059_a_code_that_is_let_go_is_refused_at_once_on_every_instance(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    for round in 0..4 {
        let text = format!("{ON_THE_WALL}{round}");
        let adoption = adopted(&shop, &text).await;
        let starts = (0..6).map(|n| {
            let (app, text) = (other.clone(), text.clone());
            tokio::spawn(async move {
                let asked = order("jd_pay", &text, 100, &format!("R{round}-{n}"));
                start::start(&app, asked).await.map(|_| ())
            })
        });
        let starts: Vec<_> = starts.collect();
        adopt::end(&shop.app, &shop.merchant.id, &adoption.id, "key")
            .await
            .unwrap();
        for outcome in futures_util::future::join_all(starts).await {
            let outcome = outcome.unwrap();
            assert!(!outcome.as_ref().is_err_and(is_ours), "{outcome:?}");
        }
        let after = start::start(&other, order("jd_pay", &text, 100, &format!("A{round}"))).await;
        assert!(matches!(after, Err(FlowError::NotAdopted)), "{after:?}");
        // Whatever had begun is due to be closed now, not when its minute is over.
        let sql = format!(
            "SELECT COUNT(*) FROM attempts a JOIN payments p ON p.id = a.payment_id \
             WHERE p.code_id = '{}' AND a.close_ms > {}",
            adoption.standing.code().unwrap(),
            shop.app.clock.now().millis()
        );
        assert_eq!(number(&shop.database, &sql).await, 0, "round {round}");
    }
    expire::sweep(&other).await.unwrap();
    still_sells(&shop).await;
}

async fn t061_an_imitation_of_a_networks_code_is_called_one(backend: Backend) {
    let server = Server::open(backend).await;
    for text in [
        "https://qr.alipay.com.evil.example/ocx05278hyhu0zz1",
        "https://qr.alipay.com@evil.example/ocx05278hyhu0zz1",
        "https://qr.alipay.com:443@evil.example/ocx05278hyhu0zz1",
        "https://evil.example/https://qr.alipay.com/ocx05278hyhu0zz1",
        "https://qr.\u{430}lipay.com/ocx05278hyhu0zz1",
        "https://qr.a1ipay.com/ocx05278hyhu0zz1",
        "https://qr\u{ff0e}alipay\u{ff0e}com/ocx05278hyhu0zz1",
        "https://qr.alipay.com./ocx05278hyhu0zz1",
        "https:\\\\evil.example\\qr.alipay.com/ocx1",
        "https://payapp.weixin.qq.com.evil.example/qr/AQF123",
        "https://qr.955l6.com/00010002/0112345678901234",
        "wxp:f2f0abcdefghijklmnopqrstuvwx",
    ] {
        refuses(&server, text, "look-alike").await;
        // Nor does it lead anywhere by itself.
        let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        let call = server.signed("jd_pay", call);
        server.refuses(&call, 422, "payload-invalid").await;
    }
    refuses(&server, "https://shop.example/menu", "unknown").await;
    refuses(&server, &server.shop.sticker().await.text, "own-code").await;
    refuses(&server, &"x".repeat(2_000), "unreadable").await;
    still_sells(&server.shop).await;
}

async fn t062_what_is_smuggled_beside_the_payee_counts_for_nothing(backend: Backend) {
    let shop = Shop::open(backend).await;
    let plain = "https://qr.alipay.com/ocx05278hyhu0zz1";
    let printed = "HTTPS://QR.ALIPAY.COM/OCX05278HYHU0ZZ1";
    let adoption = adopted(&shop, printed).await;
    assert_eq!(adoption.text, plain);
    let alipay = "alipay".parse().unwrap();
    for more in [
        "",
        "?_s=web-other",
        "?amount=1&notify_url=https://evil.example",
    ] {
        let text = format!("{plain}{more}");
        resolve(&shop.app, &alipay, &text).await.unwrap();
        let again = asks(&shop, &text).await;
        assert!(matches!(again, Err(FlowError::State { .. })), "{again:?}");
        let begun = start::start(&shop.app, order("alipay", &text, 700, &text))
            .await
            .unwrap();
        assert_eq!(begun.amount.minor(), 700);
    }
    still_sells(&shop).await;
}

async fn t068_a_persons_code_and_one_for_one_payment_are_not_adopted(backend: Backend) {
    let server = Server::open(backend).await;
    refuses(
        &server,
        "https://qr.alipay.com/fkx12345678901234567890",
        "personal-code",
    )
    .await;
    refuses(
        &server,
        "weixin://wxpay/bizpayurl?pr=abcdefg",
        "one-payment",
    )
    .await;
    refuses(
        &server,
        "https://qr.alipay.com/bax03112gvyqpwqm2ijt0040",
        "one-payment",
    )
    .await;
    refuses(&server, "https://weixin.qq.com/r/abcdef", "not-receiving").await;
    refuses(&server, "upi://pay?pa=shop@upi", "other-network").await;
    // JD Pay's own, where the merchant has no account that the money could be seen to arrive in.
    let other = "https://qr.95516.com/00010002/01234567890123456789";
    let call = wants(&server, other, "k-1");
    let answer = server.refuses(&call, 422, "field-invalid").await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/account");
    still_sells(&server.shop).await;
}

async fn a_payers_code_is_refused_and_nothing_of_it_is_kept(backend: Backend) {
    let server = Server::open(backend).await;
    for number in [
        "130123456789012345",
        "281234567890123456",
        "6212345678901234567",
    ] {
        let told = refuses(&server, number, "payer-code").await;
        assert!(!told.to_string().contains(number), "{told}");
        let kept = business_digest(&server.shop.database).await;
        assert!(!kept.text().contains(number));
    }
    still_sells(&server.shop).await;
}

/// Two pictures beside each other.
fn beside(left: &GrayImage, right: &GrayImage) -> GrayImage {
    let (width, height) = (
        left.width() + right.width(),
        left.height().max(right.height()),
    );
    let mut both = GrayImage::from_pixel(width, height, Luma([255]));
    both.copy_from(left, 0, 0).unwrap();
    both.copy_from(right, left.width(), 0).unwrap();
    both
}

fn file(picture: &GrayImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn t114_of_two_codes_in_a_picture_nobody_chooses(backend: Backend) {
    let server = Server::open(backend).await;
    let target = format!("/v1/adoptions?store={}", server.shop.store.id);
    let sends = |picture: &GrayImage, key: &str| {
        let call = Request::post(&target, "image/png", file(picture)).with("Idempotency-Key", key);
        bearer(call, &server.token)
    };
    let wechat = symbol(ON_THE_WALL.as_bytes());
    let alipay = symbol(b"https://qr.alipay.com/ocx05278hyhu0zz1");
    let person = symbol(b"https://qr.alipay.com/fkx12345678901234567890");
    let mut light = alipay.clone();
    image::imageops::invert(&mut light);
    for other in [&alipay, &light] {
        let both = beside(&wechat, other);
        server
            .refuses(&sends(&both, "k-1"), 422, "picture-ambiguous")
            .await;
    }
    let answer = server
        .refuses(&sends(&person, "k-1"), 422, "code-not-adoptable")
        .await;
    assert_eq!(answer.json()["reason"], "personal-code");
    let blank = GrayImage::from_pixel(200, 200, Luma([255]));
    server.refuses(&sends(&blank, "k-1"), 422, "no-code").await;

    // Of several the one that can be adopted is meant.
    let answer = server.send(&sends(&beside(&wechat, &person), "k-1")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["text"], ON_THE_WALL);
    still_sells(&server.shop).await;
}

on_both![
    t029_what_does_not_fit_the_named_amount_account_or_code_is_no_proof,
    t021_of_another_institutions_proof_nobody_hears,
    three_statements_that_prove_nothing_end_it_and_five_askings_a_day_are_enough,
    t059_a_code_that_is_let_go_is_refused_at_once_on_every_instance,
    t061_an_imitation_of_a_networks_code_is_called_one,
    t062_what_is_smuggled_beside_the_payee_counts_for_nothing,
    t068_a_persons_code_and_one_for_one_payment_are_not_adopted,
    a_payers_code_is_refused_and_nothing_of_it_is_kept,
    t114_of_two_codes_in_a_picture_nobody_chooses,
];
