//! Merchants and what hangs on them: kept whole, found by their owner only.

use tongma::clock::{Clock, Timestamp};
use tongma::db::{
    Db, DbError, Page, acceptances, accounts, agreements, counters, institutions, merchants, stores,
};
use tongma::entropy::SystemEntropy;
use tongma::id::{AcceptanceId, AgreementId, CounterId, MerchantId, PaymentAccountId, StoreId};
use tongma::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, BasisPoints, Counter, Institution,
    InstitutionId, InstitutionKey, InstitutionState, KeyMaterial, Merchant, PaymentAccount,
    PaymentAccountState, ProtectionClass, Store, Ways,
};
use tongma::money::{Amount, Currency};
use tongma::word::Mode;

use crate::support::{Backend, TestDb, on_both};

async fn a_merchant_is_kept_whole(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let merchant = merchant(1);
    merchants::insert(&mut tx, &merchant).await.unwrap();
    assert_eq!(
        merchants::find(&mut tx, &merchant.id).await.unwrap(),
        Some(merchant.clone())
    );

    merchants::prefer(&mut tx, &merchant.id, &[name("kite")])
        .await
        .unwrap();
    let preferring = merchants::find(&mut tx, &merchant.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(preferring.preference, [name("kite")]);
}

async fn stores_and_counters_are_found_by_their_merchant_only(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let (ours, theirs) = (merchant(1), merchant(2));
    let (store, counter) = (store(&ours), counter(&ours));
    merchants::insert(&mut tx, &ours).await.unwrap();
    merchants::insert(&mut tx, &theirs).await.unwrap();
    stores::insert(&mut tx, &store).await.unwrap();
    counters::insert(&mut tx, &counter).await.unwrap();

    let found = stores::find(&mut tx, &ours.id, &store.id).await.unwrap();
    assert_eq!(found, Some(store.clone()));
    assert_eq!(
        stores::find(&mut tx, &theirs.id, &store.id).await.unwrap(),
        None
    );
    assert_eq!(stores::list(&mut tx, &theirs.id, &all()).await.unwrap(), []);
    assert_eq!(
        stores::list(&mut tx, &ours.id, &all()).await.unwrap(),
        [store]
    );

    let found = counters::find(&mut tx, &ours.id, &counter.id)
        .await
        .unwrap();
    assert_eq!(found, Some(counter.clone()));
    assert_eq!(
        counters::find(&mut tx, &theirs.id, &counter.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        counters::list(&mut tx, &theirs.id, &all()).await.unwrap(),
        []
    );
    assert_eq!(
        counters::list(&mut tx, &ours.id, &all()).await.unwrap(),
        [counter]
    );
}

async fn pages_follow_each_other_without_a_hole(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    for number in 1..=5 {
        merchants::insert(&mut tx, &merchant(number)).await.unwrap();
    }
    let first = merchants::list(&mut tx, &Page::new(None, 2)).await.unwrap();
    let behind = Page::new(Some(first[1].id.as_str()), 2);
    let second = merchants::list(&mut tx, &behind).await.unwrap();
    let seen: Vec<MerchantId> = first.into_iter().chain(second).map(|m| m.id).collect();
    assert_eq!(seen, [1, 2, 3, 4].map(|number| merchant(number).id));
}

async fn an_institution_is_signed_up_once(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let lotus = institution("lotus");
    assert!(institutions::insert(&mut tx, &lotus).await.unwrap());
    assert!(
        !institutions::insert(&mut tx, &institution("lotus"))
            .await
            .unwrap()
    );
    assert_eq!(
        institutions::find(&mut tx, &lotus.id).await.unwrap(),
        Some(lotus.clone())
    );
    assert_eq!(
        institutions::list(&mut tx, &all()).await.unwrap(),
        std::slice::from_ref(&lotus)
    );

    let (active, suspended) = (InstitutionState::Active, InstitutionState::Suspended);
    institutions::change(&mut tx, &lotus.id, active, suspended)
        .await
        .unwrap();
    let again = institutions::change(&mut tx, &lotus.id, active, suspended).await;
    assert!(matches!(again, Err(DbError::Conflict { .. })));
}

async fn a_key_id_belongs_to_whom_it_was_first_given(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    institutions::insert(&mut tx, &institution("lotus"))
        .await
        .unwrap();
    institutions::insert(&mut tx, &institution("kite"))
        .await
        .unwrap();
    let (first, second) = (key("lotus", [1; 32]), key("kite", [2; 32]));
    assert!(institutions::insert_key(&mut tx, &first).await.unwrap());
    assert!(!institutions::insert_key(&mut tx, &second).await.unwrap());
    let found = institutions::find_key(&mut tx, "k1").await.unwrap();
    assert_eq!(found, Some((first.clone(), InstitutionState::Active)));
    assert_eq!(
        institutions::keys(&mut tx, &first.institution)
            .await
            .unwrap(),
        [first]
    );

    institutions::revoke_key(&mut tx, "k1", at(5))
        .await
        .unwrap();
    let (revoked, _) = institutions::find_key(&mut tx, "k1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(revoked.revoked_at, Some(at(5)));
    assert!(
        institutions::revoke_key(&mut tx, "k1", at(6))
            .await
            .is_err()
    );
}

async fn an_account_number_belongs_to_one_merchant(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let (ours, theirs) = (merchant(1), merchant(2));
    merchants::insert(&mut tx, &ours).await.unwrap();
    merchants::insert(&mut tx, &theirs).await.unwrap();
    institutions::insert(&mut tx, &institution("lotus"))
        .await
        .unwrap();
    let account = account(&ours);
    assert!(accounts::insert(&mut tx, &account).await.unwrap());
    let stolen = PaymentAccount {
        id: PaymentAccountId::new(at(9), &SystemEntropy::new()),
        merchant: theirs.id.clone(),
        ..account.clone()
    };
    assert!(!accounts::insert(&mut tx, &stolen).await.unwrap());
    assert_eq!(
        accounts::find(&mut tx, &theirs.id, &account.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        accounts::list(&mut tx, &theirs.id, &all()).await.unwrap(),
        []
    );
    let (there, number) = (&account.institution, &account.reference);
    let by_number = accounts::find_by_reference(&mut tx, there, number).await;
    assert_eq!(by_number.unwrap(), Some(account.clone()));

    let (open, closed) = (PaymentAccountState::Open, PaymentAccountState::Closed);
    accounts::change(&mut tx, &ours.id, &account.id, open, closed)
        .await
        .unwrap();
    assert!(
        accounts::change(&mut tx, &ours.id, &account.id, open, closed)
            .await
            .is_err()
    );
    assert_eq!(
        accounts::of_merchant(&mut tx, &ours.id).await.unwrap()[0].state,
        closed
    );
    let found = accounts::find(&mut tx, &ours.id, &account.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        accounts::list(&mut tx, &ours.id, &all()).await.unwrap(),
        [found]
    );
}

async fn an_acceptance_moves_once_from_each_state(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let (ours, theirs) = (merchant(1), merchant(2));
    merchants::insert(&mut tx, &ours).await.unwrap();
    merchants::insert(&mut tx, &theirs).await.unwrap();
    institutions::insert(&mut tx, &institution("lotus"))
        .await
        .unwrap();
    let acceptance = acceptance(&ours);
    assert!(acceptances::insert(&mut tx, &acceptance).await.unwrap());
    assert!(
        !acceptances::insert(
            &mut tx,
            &Acceptance {
                id: AcceptanceId::new(at(9), &SystemEntropy::new()),
                ..acceptance.clone()
            }
        )
        .await
        .unwrap()
    );
    assert_eq!(
        acceptances::find(&mut tx, &theirs.id, &acceptance.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        acceptances::list(&mut tx, &theirs.id, &all())
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        acceptances::list(&mut tx, &ours.id, &all()).await.unwrap(),
        std::slice::from_ref(&acceptance)
    );

    let (id, merchant) = (&acceptance.id, &ours.id);
    let (invited, applied) = (AcceptanceState::Invited, AcceptanceState::Applied);
    acceptances::change(&mut tx, merchant, id, invited, applied)
        .await
        .unwrap();
    acceptances::consent(&mut tx, merchant, id, at(7))
        .await
        .unwrap();
    let twice = acceptances::change(&mut tx, merchant, id, invited, applied).await;
    assert!(matches!(twice, Err(DbError::Conflict { .. })));
    assert!(
        acceptances::consent(&mut tx, merchant, id, at(8))
            .await
            .is_err()
    );
    let moved = Acceptance {
        state: applied,
        consent_at: Some(at(7)),
        ..acceptance.clone()
    };
    assert_eq!(
        acceptances::find(&mut tx, merchant, id).await.unwrap(),
        Some(moved.clone())
    );
    let of_lotus = acceptances::find_of(&mut tx, merchant, &name("lotus"))
        .await
        .unwrap();
    assert_eq!(of_lotus, Some(moved.clone()));
    assert_eq!(
        acceptances::of_merchant(&mut tx, merchant).await.unwrap(),
        [moved]
    );
}

async fn agreements_are_found_by_where_they_lead(backend: Backend) {
    let (_home, db) = open(backend).await;
    let mut tx = db.begin().await.unwrap();
    let ours = merchant(1);
    merchants::insert(&mut tx, &ours).await.unwrap();
    for word in ["lotus", "kite", "heron"] {
        institutions::insert(&mut tx, &institution(word))
            .await
            .unwrap();
    }
    acceptances::insert(&mut tx, &acceptance(&ours))
        .await
        .unwrap();
    let (here, away) = (
        agreement(1, "kite", "lotus"),
        agreement(2, "lotus", "heron"),
    );
    assert!(agreements::insert(&mut tx, &here).await.unwrap());
    assert!(agreements::insert(&mut tx, &away).await.unwrap());
    assert!(
        !agreements::insert(&mut tx, &agreement(3, "kite", "lotus"))
            .await
            .unwrap()
    );
    assert_eq!(
        agreements::leading_to(&mut tx, &ours.id).await.unwrap(),
        std::slice::from_ref(&here)
    );
    assert_eq!(
        agreements::find(&mut tx, &here.id).await.unwrap(),
        Some(here.clone())
    );
    assert_eq!(
        agreements::list(&mut tx, &all()).await.unwrap(),
        [here.clone(), away]
    );

    let (active, ended) = (AgreementState::Active, AgreementState::Ended);
    agreements::change(&mut tx, &here.id, active, ended)
        .await
        .unwrap();
    assert!(
        agreements::change(&mut tx, &here.id, active, ended)
            .await
            .is_err()
    );
}

on_both![
    a_merchant_is_kept_whole,
    stores_and_counters_are_found_by_their_merchant_only,
    pages_follow_each_other_without_a_hole,
    an_institution_is_signed_up_once,
    a_key_id_belongs_to_whom_it_was_first_given,
    an_account_number_belongs_to_one_merchant,
    an_acceptance_moves_once_from_each_state,
    agreements_are_found_by_where_they_lead,
];

async fn open(backend: Backend) -> (TestDb, Db) {
    let home = TestDb::new(backend).await;
    let db = home.open(Clock::System).await;
    (home, db)
}

fn merchant(number: i64) -> Merchant {
    Merchant {
        id: MerchantId::new(at(number), &Same),
        name: "老王面馆".parse().unwrap(),
        latin_name: None,
        mcc: "5812".parse().unwrap(),
        city: "Shanghai".parse().unwrap(),
        country: "CN".parse().unwrap(),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        currency: Currency::CNY,
        preference: vec![name("lotus"), name("kite")],
        mode: Mode::Test,
        created_at: at(number),
    }
}

fn store(merchant: &Merchant) -> Store {
    Store {
        id: StoreId::new(at(1), &Same),
        merchant: merchant.id.clone(),
        name: "一号店".parse().unwrap(),
        city: "Shanghai".parse().unwrap(),
        created_at: at(1),
    }
}

fn counter(merchant: &Merchant) -> Counter {
    Counter {
        id: CounterId::new(at(1), &Same),
        merchant: merchant.id.clone(),
        store: store(merchant).id,
        name: "收银台 1".parse().unwrap(),
        created_at: at(1),
    }
}

fn institution(word: &str) -> Institution {
    Institution {
        id: name(word),
        name_zh: "莲花".parse().unwrap(),
        name_en: "Lotus".parse().unwrap(),
        base_url: Some("https://pay.example".to_owned()),
        state: InstitutionState::Active,
        created_at: at(1),
    }
}

fn key(word: &str, public: [u8; 32]) -> InstitutionKey {
    InstitutionKey {
        key_id: "k1".to_owned(),
        institution: name(word),
        material: KeyMaterial::Ed25519(public),
        not_before: at(1),
        not_after: Some(at(100)),
        revoked_at: None,
        created_at: at(1),
    }
}

fn account(merchant: &Merchant) -> PaymentAccount {
    PaymentAccount {
        id: PaymentAccountId::new(at(1), &Same),
        merchant: merchant.id.clone(),
        institution: name("lotus"),
        reference: "1900000109".parse().unwrap(),
        currency: Currency::CNY,
        fee: BasisPoints::try_from(60).unwrap(),
        state: PaymentAccountState::Open,
        created_at: at(1),
    }
}

fn acceptance(merchant: &Merchant) -> Acceptance {
    Acceptance {
        id: AcceptanceId::new(at(1), &Same),
        merchant: merchant.id.clone(),
        institution: name("lotus"),
        state: AcceptanceState::Invited,
        platform: Some("market".parse().unwrap()),
        cohort: Some("wave 1".parse().unwrap()),
        opens_at: Some(at(50)),
        consent_at: None,
        payment_limit: Some(fen(100_000)),
        day_limit: Some(fen(200_000)),
        protection: ProtectionClass::C,
        created_at: at(1),
    }
}

fn agreement(number: i64, from: &str, to: &str) -> Agreement {
    Agreement {
        id: AgreementId::new(at(number), &Same),
        payer: name(from),
        payee: name(to),
        ways: Ways {
            merchant_presented: true,
            payer_presented: true,
        },
        clearing: "nets".parse().unwrap(),
        attester: Some(name("lotus")),
        starts_at: at(1),
        ends_at: Some(at(100)),
        state: AgreementState::Active,
        currency: Currency::CNY,
        payment_limit: Some(fen(100_000)),
        created_at: at(number),
    }
}

fn all() -> Page {
    Page::new(None, 100)
}

fn name(word: &str) -> InstitutionId {
    word.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

fn fen(minor: i64) -> Amount {
    Amount::new(minor, Currency::CNY).unwrap()
}

/// Chance that always falls the same way, so that ids follow from their time.
struct Same;

impl tongma::entropy::Entropy for Same {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}
