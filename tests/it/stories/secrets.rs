//! T131: what `Debug` shows of what holds a secret, for it ends in logs sooner or later.

use std::fmt::Debug;
use std::sync::Arc;

use tongma::app::Scrape;
use tongma::config::{Config, Secret, Sources};
use tongma::crypto::digest::hex;
use tongma::crypto::keys::{HmacKey, SigningKey};
use tongma::crypto::sealing::Sealer;
use tongma::crypto::token::{ApiToken, PairingCode, SessionToken};
use tongma::db::DbSettings;
use tongma::entropy::{Entropy, SystemEntropy};
use tongma::merchant::KeyMaterial;
use tongma::payment::receipt::Receipt;
use tongma::wallet::client::{Answer, Call};
use tongma::wallet::{WireReply, WireRequest};
use tongma::word::Mode;

use crate::support::shop::{Shop, order};
use crate::support::{Backend, on_both};

const CANARY: &str = "c4n4ry-5ecret-0f83c2d9";

/// Neither as text, nor as hex, nor as a list of numbers.
fn hides(secret: &[u8], shown: &dyn Debug) {
    let shown = format!("{shown:?} {shown:#?}");
    let list = format!("{secret:?}");
    for spelling in [
        String::from_utf8_lossy(secret).into_owned(),
        hex(secret),
        list,
    ] {
        assert!(!shown.contains(&spelling), "{spelling} in {shown}");
    }
}

#[test]
fn keys_tokens_and_settings_hide_what_they_hold() {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let canary = CANARY.as_bytes();
    let seed = [7; 32];
    let api = ApiToken::generate(Mode::Live, &*entropy);
    hides(api.expose().as_bytes(), &api);
    let session = SessionToken::generate(&*entropy);
    hides(session.expose().as_bytes(), &session);
    let pairing = PairingCode::generate(&*entropy);
    hides(pairing.expose().as_bytes(), &pairing);
    hides(&seed, &SigningKey::from_seed(&seed));
    hides(&seed, &Sealer::new(seed));
    let shared = canary.repeat(2);
    hides(canary, &HmacKey::new(shared.clone()).unwrap());
    hides(&shared, &KeyMaterial::HmacSha256(shared.clone()));
    hides(canary, &Scrape::by(CANARY));
    hides(canary, &Secret::new(CANARY.to_owned()));
    let url = format!("postgres://tongma:{CANARY}@db.example/tongma");
    let settings = DbSettings {
        url: url.clone(),
        connections: 2,
    };
    hides(canary, &settings);
    let sources = Sources {
        flags: vec![("database.url".to_owned(), url)],
        ..Sources::default()
    };
    hides(canary, &Config::load(&sources).unwrap());
}

#[test]
fn calls_and_answers_hide_their_bodies_and_headers() {
    let canary = CANARY.as_bytes();
    let body = serde_json::json!({"payer_ref": CANARY});
    let call = Call {
        request: WireRequest::post_json("/orders".to_owned(), &body),
        headers: vec![("authorization", format!("Bearer {CANARY}"))],
    };
    hides(canary, &call);
    let answer = Answer {
        reply: WireReply::jose(CANARY.to_owned()),
        headers: vec![("set-cookie".to_owned(), CANARY.to_owned())],
    };
    hides(canary, &answer);
}

async fn what_payers_are_called_and_shown_is_hidden(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let mut asked = order("jd_pay", &sticker.text, 1_200, "r-1");
    asked.payer_ref = Some(CANARY.to_owned());
    asked.source = Some(CANARY.to_owned());
    hides(CANARY.as_bytes(), &asked);
    hides(sticker.text.as_bytes(), &asked);
    let started = tongma::flow::start::start(&shop.app, asked).await.unwrap();
    hides(CANARY.as_bytes(), &started);
    let receipt = Receipt {
        id: tongma::id::ReceiptId::new(shop.app.clock.now(), &*shop.app.entropy),
        payment: started.payment,
        store: shop.store.id.clone(),
        number: "123456".to_owned(),
        jws: CANARY.to_owned(),
        issued_at: shop.app.clock.now(),
        expires_at: shop.app.clock.now(),
        shown_at: None,
        shown_where: None,
    };
    hides(CANARY.as_bytes(), &receipt);
}
on_both![what_payers_are_called_and_shown_is_hidden];
