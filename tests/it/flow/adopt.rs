//! A code that hangs on the wall already comes to stand for its merchant, and ceases to.

use futures_util::future::join_all;

use tongma::flow::confirm::Outcome;
use tongma::flow::resolve::{self, resolve};
use tongma::flow::{FlowError, adopt, change_code, expire, start};
use tongma::merchant::{CodeEvent, InstitutionId};
use tongma::money::Currency;
use tongma::payment::adoption::{Adoption, AdoptionEnd, NoProof, Standing};
use tongma::routing::Reason;

use crate::stories::column;
use crate::support::beside::{number, run};
use crate::support::books::must_add_up;
use crate::support::foreign::{ON_THE_WALL, adopted, asks, asks_for, proof, stands};
use crate::support::shop::{self, Shop, order};
use crate::support::{Backend, on_both};

fn jd() -> InstitutionId {
    "jd_pay".parse().unwrap()
}

fn is_unknown<T>(told: &Result<T, FlowError>) -> bool {
    matches!(told, Err(FlowError::NotAdopted))
}

async fn ends(shop: &Shop, adoption: &Adoption) -> Adoption {
    adopt::end(
        &shop.app,
        &shop.merchant.id,
        &adoption.id,
        "key_of_the_shop",
    )
    .await
    .unwrap()
}

fn reason(adoption: &Adoption) -> Option<AdoptionEnd> {
    match &adoption.standing {
        Standing::Ended { why, .. } => Some(*why),
        Standing::Requested { .. } | Standing::Proven { .. } => None,
    }
}

async fn a_proven_code_is_paid_until_it_is_let_go(backend: Backend) {
    let shop = Shop::open(backend).await;
    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));

    let asked = asks(&shop, ON_THE_WALL).await.unwrap();
    assert!(asked.opened_at.is_none());
    expire::sweep(&shop.app).await.unwrap();
    assert!(stands(&shop, &asked).await.opened_at.is_some());
    let opened = ("POST".to_owned(), "/orders".to_owned());
    assert_eq!(shop.payee.calls(), [opened]);
    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));
    let proven = shop.confirms(&proof(&shop, &asked)).await.unwrap();
    assert_eq!(proven, Outcome::Adopted(asked.id.clone()));

    resolve(&shop.app, &jd(), ON_THE_WALL).await.unwrap();
    let begun = order("jd_pay", ON_THE_WALL, 1250, "R1");
    let started = start::start(&shop.app, begun).await.unwrap();
    assert_eq!(started.route.payee_institution.as_str(), "wechat_pay");
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    assert_eq!(shop.payment(&started.payment).await.state.name(), "paid");
    // The proof itself was the merchant's own money, at its own institution: no claim, no sale.
    must_add_up(&shop.database).await;
    let sold = shop.balances().await[&format!("sales:{}", shop.merchant.id)];
    assert_eq!(sold, -1250);

    let open = order("hebao", ON_THE_WALL, 300, "R2");
    let open = start::start(&shop.app, open).await.unwrap();
    let ended = ends(&shop, &asked).await;
    assert_eq!(reason(&ended), Some(AdoptionEnd::Released));
    assert_eq!(ends(&shop, &asked).await, ended, "asked again");
    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));
    let late = order("jd_pay", ON_THE_WALL, 1250, "R3");
    assert!(is_unknown(&start::start(&shop.app, late).await));
    expire::sweep(&shop.app).await.unwrap();
    let close = format!("/orders/{}/close", open.order_number);
    assert!(shop.payee.calls().iter().any(|(_, path)| *path == close));

    let lines = "SELECT action || ' ' || actor || ' ' || result FROM audit ORDER BY number";
    assert_eq!(
        column(&shop.database, lines).await,
        [
            "adoption.request key_of_the_shop asked",
            "adoption.prove wechat_pay proven",
            "adoption.end key_of_the_shop released",
        ]
    );
    let told = "SELECT kind FROM events WHERE kind LIKE 'adoption%' ORDER BY kind";
    let told = column(&shop.database, told).await;
    assert_eq!(told, ["adoption.ended", "adoption.proven"]);
    // And it may be asked for again.
    adopted(&shop, ON_THE_WALL).await;
    resolve(&shop.app, &jd(), ON_THE_WALL).await.unwrap();
}

/// The institution is told to look out no longer, again until it has heard it.
async fn an_adoption_that_is_given_up_is_closed_at_the_institution(backend: Backend) {
    let shop = Shop::open(backend).await;
    let asked = asks(&shop, ON_THE_WALL).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    let close = format!("/orders/{}/close", asked.order_number);
    let closes = || {
        shop.payee
            .calls()
            .iter()
            .filter(|(_, path)| *path == close)
            .count()
    };

    let ended = ends(&shop, &asked).await;
    assert_eq!(reason(&ended), Some(AdoptionEnd::Cancelled));
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(closes(), 1);
    // What it says is not understood, so it is asked again: now with the money that came meanwhile.
    let came = proof(&shop, &asked);
    shop.payee.will_say(&came, shop.signed(&came));
    shop.advance(120);
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(closes(), 2);
    shop.advance(600);
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(closes(), 2, "it has heard it");
    let stands = stands(&shop, &asked).await;
    assert_eq!(
        reason(&stands),
        Some(AdoptionEnd::Cancelled),
        "whatever was paid"
    );
    assert!(stands.opened_at.is_none());
    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));

    // One that nobody was told of yet is nobody's to close, and none is asked about past its time.
    let unheard = asks(&shop, ON_THE_WALL).await.unwrap();
    ends(&shop, &unheard).await;
    let late = asks(&shop, ON_THE_WALL).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    ends(&shop, &late).await;
    shop.advance(3600);
    let before = shop.payee.calls().len();
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(shop.payee.calls().len(), before);
}

async fn it_pays_into_the_account_of_its_proof_and_no_other(backend: Backend) {
    let shop = Shop::open(backend).await;
    // Of its two accounts the merchant prefers the other one.
    run(
        &shop.database,
        "UPDATE merchants SET preference = 'alipay,wechat_pay'",
    )
    .await;
    let adoption = adopted(&shop, ON_THE_WALL).await;
    let own = shop.starts("unionpay", &shop.sticker().await, 100).await;
    let own = own.unwrap().route.payee_institution;

    let begun = order("unionpay", ON_THE_WALL, 100, "R1");
    let started = start::start(&shop.app, begun).await.unwrap();
    assert_eq!(started.route.payee_institution.as_str(), "wechat_pay");
    let told = (own.as_str(), adoption.institution.as_str());
    assert_eq!(told, ("alipay", "wechat_pay"));

    // A payer who could only pay into the other account cannot pay this code.
    let alipay = "alipay".parse().unwrap();
    let refused = resolve(&shop.app, &alipay, ON_THE_WALL).await;
    let Err(FlowError::NoRoute(decision)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(decision.reason, Reason::CodeAccount);
    assert!(!decision.alternatives.contains(&alipay));
    assert!(decision.alternatives.contains(&jd()));

    // The merchant's own question has the same answer, by the text and by the code behind it.
    let merchant = &shop.merchant.id;
    let by_text = resolve::code_with(&shop.app, merchant, ON_THE_WALL).await;
    let code = adoption.standing.code().unwrap();
    let by_id = resolve::code_of(&shop.app, merchant, code).await.unwrap();
    assert_eq!(by_text.unwrap(), by_id);
    let dry = resolve::dry_run(&shop.app, by_id, &jd(), Currency::CNY, None)
        .await
        .unwrap();
    let account = dry.chosen.unwrap().account;
    assert_eq!(account, adoption.account);
    let beside = dry
        .candidates
        .iter()
        .filter(|one| one.account.as_ref() != Some(&account));
    assert_eq!(beside.count(), 0, "JD Pay reaches no other account");
}

async fn of_two_merchants_the_first_with_a_proof_holds_the_code(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (rival, store, _) = shop.neighbour().await;
    let ours = asks(&shop, ON_THE_WALL).await.unwrap();
    let theirs = asks_for(&shop, &rival.id, &store, ON_THE_WALL)
        .await
        .unwrap();
    shop.confirms(&proof(&shop, &ours)).await.unwrap();

    let late = shop.confirms(&proof(&shop, &theirs)).await.unwrap();
    assert_eq!(late, Outcome::NoProof(NoProof::Taken));
    assert_eq!(
        reason(&stands(&shop, &theirs).await),
        Some(AdoptionEnd::Taken)
    );
    let again = asks_for(&shop, &rival.id, &store, ON_THE_WALL).await;
    assert!(matches!(again, Err(FlowError::CodeTaken)), "{again:?}");
    let twice = asks(&shop, ON_THE_WALL).await;
    assert!(matches!(twice, Err(FlowError::State { .. })), "{twice:?}");
    let foreign = resolve::code_with(&shop.app, &rival.id, ON_THE_WALL).await;
    assert!(matches!(foreign, Err(FlowError::NotFound("code"))));

    // Once it is let go, it is the next one's.
    ends(&shop, &ours).await;
    let theirs = asks_for(&shop, &rival.id, &store, ON_THE_WALL)
        .await
        .unwrap();
    shop.confirms(&proof(&shop, &theirs)).await.unwrap();
    let started = start::start(&shop.app, order("jd_pay", ON_THE_WALL, 100, "R1")).await;
    let paid = shop.payment(&started.unwrap().payment).await;
    assert_eq!(paid.merchant, rival.id);
}

async fn of_proofs_that_cross_one_counts(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (rival, store, _) = shop.neighbour().await;
    for round in 0..4 {
        let text = format!("{ON_THE_WALL}{round}");
        let ours = asks(&shop, &text).await.unwrap();
        let theirs = asks_for(&shop, &rival.id, &store, &text).await.unwrap();
        let statements = [
            proof(&shop, &ours),
            proof(&shop, &theirs),
            proof(&shop, &ours),
        ];
        let told = join_all(statements.iter().map(|claims| shop.confirms(claims))).await;
        let adopted = told
            .iter()
            .filter(|told| matches!(told, Ok(Outcome::Adopted(_))));
        assert_eq!(adopted.count(), 1, "{told:?}");
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    }
    let held = "SELECT COUNT(*) FROM foreign_codes";
    assert_eq!(number(&shop.database, held).await, 4);
    let behind = "SELECT COUNT(*) FROM codes WHERE payment_account_id IS NOT NULL";
    assert_eq!(
        number(&shop.database, behind).await,
        4,
        "no code without its adoption"
    );
}

async fn a_proof_that_nobody_told_is_asked_for_and_a_silent_one_expires(backend: Backend) {
    let shop = Shop::open(backend).await;
    let told = asks(&shop, ON_THE_WALL).await.unwrap();
    let silent = asks(&shop, &format!("{ON_THE_WALL}2")).await.unwrap();
    let last = asks(&shop, &format!("{ON_THE_WALL}3")).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    let claims = proof(&shop, &told);
    shop.payee.will_say(&claims, shop.signed(&claims));
    shop.advance(5);
    expire::sweep(&shop.app).await.unwrap();
    let proven = stands(&shop, &told).await;
    assert!(
        matches!(proven.standing, Standing::Proven { .. }),
        "{proven:?}"
    );

    // Paid in the last minute and told to nobody: the deadline asks once more.
    shop.advance(29 * 60);
    let mut claims = proof(&shop, &last);
    shop.advance(60);
    claims.exp += 600;
    shop.payee.will_say(&claims, shop.signed(&claims));
    expire::sweep(&shop.app).await.unwrap();
    let proven = stands(&shop, &last).await;
    assert!(
        matches!(proven.standing, Standing::Proven { .. }),
        "{proven:?}"
    );
    let expired = stands(&shop, &silent).await;
    assert_eq!(reason(&expired), Some(AdoptionEnd::Expired));
    let late = shop.confirms(&proof(&shop, &silent)).await.unwrap();
    assert_eq!(late, Outcome::NoProof(NoProof::Over));
    assert_eq!(stands(&shop, &silent).await, expired);
}

async fn an_institution_that_is_away_at_the_deadline_is_asked_until_it_is_back(backend: Backend) {
    let shop = Shop::open(backend).await;
    let paid = asks(&shop, ON_THE_WALL).await.unwrap();
    let silent = asks(&shop, &format!("{ON_THE_WALL}2")).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    let moves = async |url: &str| {
        let sql = format!("UPDATE institutions SET base_url = '{url}' WHERE id = 'wechat_pay'");
        run(&shop.database, &sql).await;
    };
    let nothing_is_decided = async || {
        expire::sweep(&shop.app).await.unwrap();
        for adoption in [&paid, &silent] {
            let stands = stands(&shop, adoption).await;
            assert_eq!(reason(&stands), None, "silence decides nothing");
        }
        shop.advance(300);
    };
    // Paid in the last minute; then the institution is away for a while.
    shop.advance(29 * 60);
    let mut claims = proof(&shop, &paid);
    claims.exp += 3600;
    // Nobody listens there.
    moves("http://127.0.0.1:9").await;
    shop.advance(60);
    for _ in 0..3 {
        nothing_is_decided().await;
    }
    moves(&shop.payee.url).await;
    for fault in [429, 500, 503] {
        shop.payee.has_a_fault(Some(fault));
        nothing_is_decided().await;
    }
    shop.payee.has_a_fault(None);
    shop.payee.will_say(&claims, shop.signed(&claims));
    expire::sweep(&shop.app).await.unwrap();
    let proven = stands(&shop, &paid).await;
    assert!(
        matches!(proven.standing, Standing::Proven { .. }),
        "{proven:?}"
    );
    let expired = stands(&shop, &silent).await;
    assert_eq!(reason(&expired), Some(AdoptionEnd::Expired));

    // One that never comes back keeps nobody waiting for good.
    let last = asks(&shop, &format!("{ON_THE_WALL}3")).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    moves("http://127.0.0.1:9").await;
    shop.advance(30 * 60 + 3_599);
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(reason(&stands(&shop, &last).await), None);
    shop.advance(300);
    expire::sweep(&shop.app).await.unwrap();
    let expired = stands(&shop, &last).await;
    assert_eq!(reason(&expired), Some(AdoptionEnd::Expired));
}

async fn an_institution_that_does_not_know_the_code_ends_it(backend: Backend) {
    let shop = Shop::open(backend).await;
    let asked = asks(&shop, ON_THE_WALL).await.unwrap();
    shop.payee.will_not_open(503);
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(
        reason(&stands(&shop, &asked).await),
        None,
        "silence decides nothing"
    );
    shop.payee.will_not_open(422);
    shop.advance(5);
    expire::sweep(&shop.app).await.unwrap();
    assert_eq!(
        reason(&stands(&shop, &asked).await),
        Some(AdoptionEnd::Refused)
    );
}

async fn revoking_the_code_behind_it_lets_it_go(backend: Backend) {
    let shop = Shop::open(backend).await;
    let adoption = adopted(&shop, ON_THE_WALL).await;
    let code = adoption.standing.code().unwrap();
    let merchant = &shop.merchant.id;
    change_code::change(&shop.app, merchant, code, CodeEvent::Suspend)
        .await
        .unwrap();
    let told = resolve(&shop.app, &jd(), ON_THE_WALL).await;
    assert!(matches!(told, Err(FlowError::CodeStopped(_))), "{told:?}");
    change_code::change(&shop.app, merchant, code, CodeEvent::Revoke)
        .await
        .unwrap();
    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));
    let ended = stands(&shop, &adoption).await;
    assert_eq!(reason(&ended), Some(AdoptionEnd::Released));
}

async fn an_end_is_heard_here_at_once_and_elsewhere_within_half_a_second(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _scans) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    let adoption = adopted(&shop, ON_THE_WALL).await;
    for app in [&shop.app, &other] {
        resolve(app, &jd(), ON_THE_WALL).await.unwrap();
    }
    ends(&shop, &adoption).await;

    assert!(is_unknown(&resolve(&shop.app, &jd(), ON_THE_WALL).await));
    // A start asks the database, wherever it is asked.
    let begun = order("jd_pay", ON_THE_WALL, 100, "AFTER");
    assert!(is_unknown(&start::start(&other, begun).await));
    shop.app
        .clock
        .advance(std::time::Duration::from_millis(500));
    assert!(is_unknown(&resolve(&other, &jd(), ON_THE_WALL).await));
}

on_both![
    an_adoption_that_is_given_up_is_closed_at_the_institution,
    a_proven_code_is_paid_until_it_is_let_go,
    it_pays_into_the_account_of_its_proof_and_no_other,
    of_two_merchants_the_first_with_a_proof_holds_the_code,
    of_proofs_that_cross_one_counts,
    a_proof_that_nobody_told_is_asked_for_and_a_silent_one_expires,
    an_institution_that_is_away_at_the_deadline_is_asked_until_it_is_back,
    an_institution_that_does_not_know_the_code_ends_it,
    revoking_the_code_behind_it_lets_it_go,
    an_end_is_heard_here_at_once_and_elsewhere_within_half_a_second,
];
