//! Our own keys at two instances: what one has made a moment ago the other finds, and what nobody
//! has made costs neither anything.

use std::time::Duration;

use tongma::app::App;
use tongma::code::{DecodeAnswer, SignatureVerdict};
use tongma::crypto::jwk::KeyUse;
use tongma::flow::keys::{self, LOOK_EVERY, Rotation};
use tongma::flow::receipt::{Presented, verify};
use tongma::flow::resolve::resolve;
use tongma::flow::{FlowError, decode, report};
use tongma::merchant::{InstitutionId, KeyState};
use tongma::payment::receipt::ReceiptVerdict;

use crate::support::shop::{self, Shop, rotates};
use crate::support::{Backend, on_both};

async fn beside(shop: &Shop) -> App {
    let clock = shop.app.clock.clone();
    shop::app(&shop.database, shop::ORIGIN, clock).await.0
}

const fn of_all(key_use: KeyUse) -> Rotation {
    Rotation {
        key_use,
        institution: None,
        overlap: Duration::ZERO,
    }
}

async fn a_code_of_a_key_that_another_instance_has_just_made_is_genuine(backend: Backend) {
    let shop = Shop::open(backend).await;
    let other = beside(&shop).await;
    let jd = "jd_pay".parse().unwrap();
    let is_forged =
        |told: Result<String, FlowError>| matches!(told, Err(FlowError::CodeSignatureInvalid));
    for _ in 0..3 {
        rotates(&shop.app, &of_all(KeyUse::Code)).await;
        let new = shop.sticker().await;
        resolve(&other, &jd, &new.text).await.unwrap();
        other.clock.advance(LOOK_EVERY);
    }

    // Somebody makes one up; the other instance looks once, and not again for a while.
    let made_up = unknown_key(&shop.sticker().await.text);
    assert!(is_forged(resolve(&other, &jd, &made_up).await));
    rotates(&shop.app, &of_all(KeyUse::Code)).await;
    let new = shop.sticker().await;
    assert!(is_forged(resolve(&other, &jd, &made_up).await));
    assert!(
        is_forged(resolve(&other, &jd, &new.text).await),
        "it looked again although it had just looked"
    );
    other.clock.advance(LOOK_EVERY);
    resolve(&other, &jd, &new.text).await.unwrap();
    assert!(is_forged(resolve(&other, &jd, &made_up).await));
}

async fn decode_and_the_receipt_check_know_the_new_key_too(backend: Backend) {
    let shop = Shop::open(backend).await;
    let other = beside(&shop).await;
    rotates(&shop.app, &of_all(KeyUse::Code)).await;
    let new = shop.sticker().await;
    let told = decode::text(&other, &new.text).await.unwrap();
    assert!(
        matches!(&told, DecodeAnswer::Read(read) if read.signature == Some(SignatureVerdict::Valid)),
        "{told:?}"
    );

    other.clock.advance(LOOK_EVERY);
    rotates(&shop.app, &of_all(KeyUse::Receipt)).await;
    let (_, code) = shop.sells(900).await;
    let begun = shop.starts("jd_pay", &code, 900).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &begun))
        .await
        .unwrap();
    let paid = report::attempt(&shop.app, &"jd_pay".parse().unwrap(), &begun.attempt).await;
    let token = Presented::Token(paid.unwrap().receipt.unwrap());
    let checked = verify(&other, &shop.merchant.id, None, "till", token).await;
    assert_eq!(checked.unwrap().verdict, ReceiptVerdict::Genuine);
}

async fn a_request_key_is_replaced_for_one_institution_after_the_other(backend: Backend) {
    let shop = Shop::open(backend).await;
    let app = &shop.app;
    let [wechat, alipay]: [InstitutionId; 2] =
        ["wechat_pay", "alipay"].map(|id| id.parse().unwrap());
    let signs = |to: &InstitutionId| {
        let key = app.keys.signing_to(to, app.clock.now()).unwrap();
        key.key_id().to_string()
    };
    let published = || app.keys.jwks().keys.len();
    let (before, common) = (published(), signs(&wechat));
    assert_eq!(signs(&alipay), common);

    // Published at once; it signs when the overlap is over, and for this institution only.
    let overlap = Duration::from_hours(1);
    let of_one = Rotation {
        key_use: KeyUse::Request,
        institution: Some(wechat.clone()),
        overlap,
    };
    rotates(app, &of_one).await;
    assert_eq!(published(), before + 1);
    assert_eq!(
        (signs(&wechat), signs(&alipay)),
        (common.clone(), common.clone())
    );
    let states = [KeyState::Current, KeyState::Upcoming];
    assert_eq!(between(&shop, &wechat).await, states);
    assert_eq!(between(&shop, &alipay).await, [KeyState::Current]);
    shop.advance(3600);
    let own = signs(&wechat);
    assert_ne!(own, common);
    assert_eq!(signs(&alipay), common);
    assert_eq!(
        between(&shop, &wechat).await,
        [KeyState::Ended, KeyState::Current]
    );

    // From then on the two have nothing to do with each other.
    let of_rest = Rotation {
        institution: None,
        ..of_one.clone()
    };
    rotates(app, &of_rest).await;
    rotates(app, &of_one).await;
    assert_eq!(
        (signs(&wechat), signs(&alipay)),
        (own.clone(), common.clone())
    );
    shop.advance(3599);
    keys::refresh(app).await.unwrap();
    assert_eq!(
        (signs(&wechat), signs(&alipay)),
        (own.clone(), common.clone())
    );
    shop.advance(1);
    keys::refresh(app).await.unwrap();
    let (next, rest) = (signs(&wechat), signs(&alipay));
    assert!(![&own, &common].contains(&&next) && ![&own, &common, &next].contains(&&rest));
    assert_eq!(published(), before + 3, "what was signed verifies for ever");
}

async fn only_a_request_key_is_for_one_institution(backend: Backend) {
    let shop = Shop::open(backend).await;
    for (key_use, id) in [
        (KeyUse::Code, "wechat_pay"),
        (KeyUse::Request, "nobody_pay"),
    ] {
        let rotation = Rotation {
            institution: Some(id.parse().unwrap()),
            ..of_all(key_use)
        };
        let mut tx = shop.app.db.begin().await.unwrap();
        let sealer = &shop.app.sealer;
        let refused = keys::rotate(&mut tx, sealer, &*shop.app.entropy, &rotation).await;
        assert!(
            matches!(
                refused,
                Err(FlowError::Field { .. } | FlowError::NotFound("institution"))
            ),
            "{refused:?}"
        );
    }
}

/// Where our keys stand between an institution and us.
async fn between(shop: &Shop, institution: &InstitutionId) -> Vec<KeyState> {
    let mut tx = shop.app.db.read().await.unwrap();
    let found = tongma::flow::institution_keys::overview(&mut tx, institution).await;
    let outbound = found.unwrap().outbound;
    outbound.into_iter().map(|(_, state, _)| state).collect()
}

/// The same code, as if signed by a key that was never made.
fn unknown_key(text: &str) -> String {
    let (origin, run) = text.rsplit_once('/').unwrap();
    let mut bytes = data_encoding::BASE32_NOPAD.decode(run.as_bytes()).unwrap();
    for byte in &mut bytes[1..5] {
        *byte ^= 0xff;
    }
    format!("{origin}/{}", data_encoding::BASE32_NOPAD.encode(&bytes))
}

on_both![
    a_code_of_a_key_that_another_instance_has_just_made_is_genuine,
    decode_and_the_receipt_check_know_the_new_key_too,
    a_request_key_is_replaced_for_one_institution_after_the_other,
    only_a_request_key_is_for_one_institution,
];
