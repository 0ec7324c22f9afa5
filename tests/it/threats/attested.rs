//! Who may say that money came: the payee institution and the attester of the agreement, once, for
//! the order that they name; nobody else.

use tongma::clock::Timestamp;
use tongma::crypto::jws;
use tongma::crypto::keys::SigningKey;
use tongma::db;
use tongma::flow::confirm::{Outcome, confirm};
use tongma::flow::start::Started;
use tongma::flow::{FlowError, expire, report};
use tongma::merchant::{Institution, InstitutionKey, InstitutionState, KeyMaterial};
use tongma::payment::{AttemptState, AttestedError, ResultClaims};

use super::{Scene, still_sells};
use crate::support::{Backend, on_both};

async fn t133_the_payers_institution_cannot_confirm_at_anothers_account(backend: Backend) {
    let scene = Scene::open(backend).await;
    for institution in ["jd_pay", "alipay", "ecny"] {
        let mut claims = scene.claims();
        claims.iss = institution.to_owned();
        let outcome = scene.shop.confirms(&claims).await;
        assert!(
            matches!(outcome, Err(FlowError::NotFound("order"))),
            "{institution}: {outcome:?}"
        );
    }
    // Nor can it sign in the other's name, or hand in the other's words as its own.
    let claims = scene.claims();
    let forged = jws::sign(&scene.shop.keys["jd_pay"], jws::RESULT, &claims);
    let order = &scene.started.order_number;
    for (caller, text) in [
        ("wechat_pay", forged.clone()),
        ("jd_pay", forged),
        ("jd_pay", scene.shop.signed(&claims)),
    ] {
        let outcome = confirm(&scene.shop.app, &caller.parse().unwrap(), order, &text).await;
        assert!(
            matches!(
                outcome,
                Err(FlowError::Jws(_) | FlowError::Attested(AttestedError::WalletMismatch { .. }))
            ),
            "{caller}: {outcome:?}"
        );
    }
    assert_eq!(scene.changes().await, "");
    scene.still_sells().await;
}
on_both![t133_the_payers_institution_cannot_confirm_at_anothers_account];

async fn t134_a_report_of_success_moves_no_money(backend: Backend) {
    let scene = Scene::open(backend).await;
    let payer = "jd_pay".parse().unwrap();
    let attempt = &scene.started.attempt;
    let reference = stored_reference(&scene).await;
    let says = async |status: &str| {
        report::report(&scene.shop.app, &payer, attempt, status, &reference).await
    };

    says("processing").await.unwrap();
    says("paid").await.unwrap();
    says("paid").await.unwrap();
    let swept = expire::sweep(&scene.shop.app).await.unwrap();

    assert_eq!((swept.asked, swept.decided), (1, 0));
    assert_eq!(scene.changes().await, "attempts~1 events+1 outbox+1");
    let seen = report::attempt(&scene.shop.app, &payer, attempt)
        .await
        .unwrap();
    assert_eq!((seen.state, seen.receipt), (AttemptState::Waiting, None));
    let foreign = report::report(
        &scene.shop.app,
        &"alipay".parse().unwrap(),
        attempt,
        "paid",
        &reference,
    )
    .await;
    assert!(matches!(foreign, Err(FlowError::NotFound("attempt"))));
    scene.still_sells().await;
}
on_both![t134_a_report_of_success_moves_no_money];

async fn t135_a_statement_about_one_order_says_nothing_of_another(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let (_, code) = scene.shop.sells(10_000).await;
    let other = scene.shop.starts("jd_pay", &code, 10_000).await.unwrap();
    scene.look().await;

    let replayed = scene.shop.signed(&scene.claims());
    let wechat = "wechat_pay".parse().unwrap();
    let outcome = confirm(&scene.shop.app, &wechat, &other.order_number, &replayed).await;

    let is_mismatch = matches!(
        outcome,
        Err(FlowError::Attested(AttestedError::WalletMismatch {
            field: "order_number"
        }))
    );
    assert!(is_mismatch, "{outcome:?}");
    assert_eq!(scene.changes().await, "");
    scene.still_sells().await;
}
on_both![t135_a_statement_about_one_order_says_nothing_of_another];

async fn t136_the_same_statement_twice_has_one_effect(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let mut claims = scene.claims();
    let first = scene.shop.confirms(&claims).await.unwrap();
    scene.look().await;

    // Signed anew, with a new name and time: still the same money.
    claims.jti = "another".to_owned();
    claims.exp += 1;
    let second = scene.shop.confirms(&claims).await.unwrap();

    assert_eq!(first, second);
    assert_eq!(scene.changes().await, "");
    still_sells(&scene.shop).await;
}
on_both![t136_the_same_statement_twice_has_one_effect];

async fn t137_an_institution_with_shared_keys_only_cannot_confirm(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let id = "old_school";
    add_institution(&scene, id, KeyMaterial::HmacSha256(vec![7; 64])).await;
    scene.look().await;

    let mut claims = scene.claims();
    claims.iss = id.to_owned();
    let key = SigningKey::from_seed(&[7; 32]);
    let text = jws::sign(&key, jws::RESULT, &claims);
    let order = &scene.started.order_number;
    let outcome = confirm(&scene.shop.app, &id.parse().unwrap(), order, &text).await;

    assert!(
        matches!(outcome, Err(FlowError::ConfirmForbidden)),
        "{outcome:?}"
    );
    assert_eq!(scene.changes().await, "");
    scene.still_sells().await;
}
on_both![t137_an_institution_with_shared_keys_only_cannot_confirm];

async fn the_attester_and_the_payee_institution_speak_of_one_money(backend: Backend) {
    let mut scene = Scene::open(backend).await;
    let key = SigningKey::from_seed(&[9; 32]);
    let public = KeyMaterial::Ed25519(*key.public().as_bytes());
    add_institution(&scene, "clearing_house", public).await;
    let sql = "UPDATE attempts SET attester_id = 'clearing_house'";
    crate::support::beside::run(&scene.shop.database, sql).await;
    let attests = async |scene: &Scene, reference: &str| {
        let mut claims = scene.claims();
        claims.iss = "clearing_house".to_owned();
        claims.payee_reference = reference.to_owned();
        let text = jws::sign(&key, jws::RESULT, &claims);
        let clearing = "clearing_house".parse().unwrap();
        confirm(
            &scene.shop.app,
            &clearing,
            &scene.started.order_number,
            &text,
        )
        .await
        .unwrap()
    };

    let settled = attests(&scene, "C-1").await;
    let second = scene.shop.confirms(&scene.claims()).await.unwrap();
    assert_eq!((&settled, &second), (&second, &settled));
    assert_eq!(
        scene.changes().await.replace("attempts~1 ", ""),
        "events+1 institution_keys+1 institutions+1 ledger_entries+2 outbox+1 payments~1 \
         positions+1 receipts+1 results+2 rules~1"
    );

    // A second number of the same institution is a second sum of money.
    scene.look().await;
    let twice = attests(&scene, "C-2").await;
    assert_eq!(
        twice,
        Outcome::Exception(tongma::payment::ExceptionCode::Duplicate)
    );
    assert_eq!(
        scene.changes().await,
        "events+1 exceptions+1 ledger_entries+1 outbox+1 results+1"
    );
}
on_both![the_attester_and_the_payee_institution_speak_of_one_money];

async fn stored_reference(scene: &Scene) -> String {
    let mut tx = scene.shop.app.db.read().await.unwrap();
    let found = db::attempts::find(&mut tx, &scene.started.attempt)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    found.unwrap().payer_reference
}

async fn add_institution(scene: &Scene, id: &str, material: KeyMaterial) {
    let mut tx = scene.shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let institution = Institution {
        id: id.parse().unwrap(),
        name_zh: id.parse().unwrap(),
        name_en: id.parse().unwrap(),
        base_url: None,
        state: InstitutionState::Active,
        created_at: now,
    };
    db::institutions::insert(&mut tx, &institution)
        .await
        .unwrap();
    let key_id = match &material {
        KeyMaterial::Ed25519(public) => tongma::crypto::keys::PublicKey::new(public)
            .unwrap()
            .key_id()
            .to_string(),
        KeyMaterial::HmacSha256(_) => format!("{id}-1"),
    };
    let key = InstitutionKey {
        key_id,
        institution: institution.id,
        material,
        not_before: Timestamp::from_millis(0),
        not_after: None,
        revoked_at: None,
        created_at: now,
    };
    db::institutions::insert_key(&mut tx, &key).await.unwrap();
    tx.commit().await.unwrap();
}

/// What is answered about the scene's order, where there is this other one.
type Answer = fn(&Scene, &Started) -> String;

/// What may come as the institution's answer to our question, and is not its word about this order;
/// made when it is asked for, since words grow old.
const ANSWERS: [(&str, Answer); 12] = [
    ("cut in its signature", |scene, _| {
        let mut said = genuine(scene);
        said.truncate(said.len() - 9);
        said
    }),
    ("cut in its body", |scene, _| {
        let mut said = signed_part(&genuine(scene));
        said.truncate(said.len() - 9);
        said
    }),
    ("without a signature", |scene, _| {
        format!("{}.", signed_part(&genuine(scene)))
    }),
    ("nothing", |_, _| String::new()),
    ("a page", |_, _| "<html>paid</html>".to_owned()),
    ("by the payer's institution", |scene, _| {
        jws::sign(&scene.shop.keys["jd_pay"], jws::RESULT, &scene.claims())
    }),
    ("by nobody", |scene, _| {
        jws::sign(
            &SigningKey::from_seed(&[9; 32]),
            jws::RESULT,
            &scene.claims(),
        )
    }),
    ("signed for another amount", |scene, _| {
        let dearer = changed(scene, |claims| claims.amount_minor += 1);
        let genuine = genuine(scene);
        let (_, signature) = genuine.rsplit_once('.').unwrap();
        format!("{}.{signature}", signed_part(&dearer))
    }),
    ("about another order", |scene, other| {
        scene.shop.signed(&scene.shop.paid("wechat_pay", other))
    }),
    ("to another server", |scene, _| {
        changed(scene, |claims| {
            claims.aud = "https://evil.example".to_owned();
        })
    }),
    ("long over", |scene, _| {
        changed(scene, |claims| {
            (claims.iat, claims.exp) = (claims.iat - 900, claims.exp - 900);
        })
    }),
    ("a word that nobody knows", |scene, _| {
        changed(scene, |claims| claims.status = "perhaps".to_owned())
    }),
];

fn genuine(scene: &Scene) -> String {
    changed(scene, |_| {})
}

fn changed(scene: &Scene, change: impl FnOnce(&mut ResultClaims)) -> String {
    let mut claims = scene.claims();
    change(&mut claims);
    scene.shop.signed(&claims)
}

fn signed_part(jws: &str) -> String {
    jws.rsplit_once('.').unwrap().0.to_owned()
}

async fn t110_an_answer_that_is_forged_cut_or_about_another_order_decides_nothing(
    backend: Backend,
) {
    let mut scene = Scene::open(backend).await;
    let (_, code) = scene.shop.sells(10_000).await;
    let other = scene.shop.starts("bestpay", &code, 10_000).await.unwrap();
    let (order, paid_at) = (scene.claims(), scene.shop.app.clock.now());
    let questions = |scene: &Scene| {
        let path = format!("/orders/{}", order.order_number);
        let calls = scene.shop.payee.calls();
        calls.iter().filter(|(_, asked)| *asked == path).count()
    };
    let says = async |scene: &Scene, jws: String| {
        scene.shop.payee.will_say(&order, jws);
        expire::sweep(&scene.shop.app).await.unwrap();
    };
    for (what, answer) in ANSWERS {
        // Asked again and again, each time later than before.
        scene.shop.advance(600);
        let before = questions(&scene);
        scene.look().await;
        says(&scene, answer(&scene, &other)).await;
        assert!(questions(&scene) > before, "{what}: it was not asked");
        // Of both orders, when they are asked about next.
        assert_eq!(scene.changes().await, "attempts~2", "{what}");
        let now = scene.shop.payment(&scene.payment.id).await;
        assert_eq!(now.state.name(), "waiting", "{what}");
    }
    scene.shop.advance(600);
    // Its own word ends it, and says that the payer was in time.
    let word = changed(&scene, |claims| claims.paid_at = Some(paid_at.to_string()));
    says(&scene, word).await;
    let now = scene.shop.payment(&scene.payment.id).await;
    assert_eq!(now.state.name(), "paid");
    still_sells(&scene.shop).await;
}
on_both![t110_an_answer_that_is_forged_cut_or_about_another_order_decides_nothing];
