//! A shop to tell stories about: a merchant with accounts at two institutions, eight wallets with
//! keys of their own, the agreements between them, a clock that only the story moves, and a payee
//! side that answers as the story says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tongma::app::{
    App, Bell, FontShelf, Gate, GateLimits, KeyLog, Leaks, Limits, Nobody, Proxies, RateLimits,
    Rates, Readiness, Recent, ScanLog, Scrape, Streams,
};
use tongma::clock::{Clock, Timestamp};
use tongma::code::origin::Origin;
use tongma::code::run::CodeKind;
use tongma::crypto::jws;
use tongma::crypto::keys::SigningKey;
use tongma::crypto::sealing::Sealer;
use tongma::db::codes::Scan;
use tongma::db::{self, Tx};
use tongma::entropy::{Entropy, SystemEntropy};
use tongma::flow::confirm::Outcome;
use tongma::flow::issue::{NewCode, NewForm};
use tongma::flow::keys::Rotation;
use tongma::flow::payment::NewPayment;
use tongma::flow::start::{StartOrder, Started};
use tongma::flow::{self, FlowError};
use tongma::id::{
    AcceptanceId, AgreementId, CounterId, MerchantId, PaymentAccountId, PaymentId, StoreId,
};
use tongma::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, BasisPoints, Counter, Institution,
    InstitutionId, InstitutionKey, InstitutionState, KeyMaterial, Merchant, PaymentAccount,
    PaymentAccountState, PrintedCode, Store, Ways,
};
use tongma::money::{Amount, Currency};
use tongma::payment::{OrderNumber, Payment, PaymentWay, ResultClaims, State};
use tongma::telemetry::metrics::Metrics;
use tongma::wallet::client::Client;
use tongma::word::Mode;

use super::payee::Payee;
use super::{Backend, TestDb};

/// Where the shop's server says it is.
pub(crate) const ORIGIN: &str = "http://localhost:8080";
/// Who exists, in the order of the documents.
pub(crate) const WALLETS: [&str; 8] = [
    "wechat_pay",
    "alipay",
    "unionpay",
    "jd_pay",
    "bestpay",
    "hebao",
    "wo_pay",
    "ecny",
];
/// The numbers of the merchant's accounts.
pub(crate) const ACCOUNTS: [(&str, &str); 2] =
    [("wechat_pay", "1900000109"), ("alipay", "2088102146225135")];
/// Whose payers may pay into accounts at whom.
pub(crate) const AGREEMENTS: [(&str, &str); 7] = [
    ("unionpay", "wechat_pay"),
    ("jd_pay", "wechat_pay"),
    ("bestpay", "wechat_pay"),
    ("hebao", "wechat_pay"),
    ("wo_pay", "wechat_pay"),
    ("ecny", "wechat_pay"),
    ("unionpay", "alipay"),
];
/// What the institution keeps, in hundredths of a percent.
const FEE: i64 = 60;

pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) merchant: Merchant,
    pub(crate) store: Store,
    pub(crate) counters: Vec<Counter>,
    pub(crate) payee: Payee,
    pub(crate) keys: HashMap<String, SigningKey>,
    pub(crate) scans: Mutex<Option<tokio::sync::mpsc::Receiver<Scan>>>,
    pub(crate) database: TestDb,
}

impl Shop {
    pub(crate) async fn open(backend: Backend) -> Self {
        let clock = Clock::manual("2026-11-21T04:00:00Z".parse().unwrap());
        Self::open_at(backend, ORIGIN, clock).await
    }

    pub(crate) async fn open_at(backend: Backend, origin: &str, clock: Clock) -> Self {
        let database = TestDb::new(backend).await;
        let (app, scans) = app(&database, origin, clock).await;
        let payee = Payee::listen();
        let keys: HashMap<String, SigningKey> = WALLETS
            .iter()
            .map(|id| {
                (
                    (*id).to_owned(),
                    SigningKey::from_seed(&app.entropy.bytes()),
                )
            })
            .collect();

        let mut tx = app.db.begin().await.unwrap();
        for (id, key) in &keys {
            add_institution(&mut tx, id, key, Some(payee.url.clone())).await;
        }
        for (payer, payee) in AGREEMENTS {
            agree(&app, &mut tx, payer, payee).await;
        }
        let (merchant, store, counters) = add_merchant(&app, &mut tx, "老王面馆", "1").await;
        tx.commit().await.unwrap();
        let scans = Mutex::new(Some(scans));
        Self {
            app,
            merchant,
            store,
            counters,
            payee,
            keys,
            scans,
            database,
        }
    }

    /// Another merchant on the same server, with the same wallets and other accounts.
    pub(crate) async fn neighbour(&self) -> (Merchant, Store, Vec<Counter>) {
        let mut tx = self.app.db.begin().await.unwrap();
        let added = add_merchant(&self.app, &mut tx, "Neighbour & Sons", "2").await;
        tx.commit().await.unwrap();
        added
    }

    pub(crate) async fn code(&self, kind: CodeKind, amount: Option<i64>) -> PrintedCode {
        let mut tx = self.app.db.begin().await.unwrap();
        let new = NewCode {
            merchant: self.merchant.id.clone(),
            store: self.store.id.clone(),
            counter: Some(self.counters[0].id.clone()),
            kind,
            class: tongma::merchant::CodeClass::Business,
            amount: amount.map(cny),
            currency: Currency::CNY,
            form: NewForm::SIGNED,
            expires_at: None,
            payment: None,
        };
        let code = flow::issue::issue(&self.app, &mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        code
    }

    pub(crate) async fn sticker(&self) -> PrintedCode {
        self.code(CodeKind::Static, None).await
    }

    /// A payment of its own, with its order code.
    pub(crate) async fn sells(&self, minor: i64) -> (Payment, PrintedCode) {
        let mut tx = self.app.db.begin().await.unwrap();
        let new = NewPayment {
            merchant: self.merchant.id.clone(),
            store: self.store.id.clone(),
            counter: Some(self.counters[0].id.clone()),
            amount: cny(minor),
            reference: None,
            description: None,
            form: tongma::merchant::CodeForm::Url,
            lifetime: None,
        };
        let made = flow::payment::create(&self.app, &mut tx, new)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        made
    }

    /// A payment that nobody keeps.
    pub(crate) fn unsold(&self, minor: i64) -> Payment {
        let now = self.app.clock.now();
        Payment {
            id: PaymentId::new(now, &*self.app.entropy),
            merchant: self.merchant.id.clone(),
            store: self.store.id.clone(),
            counter: Some(self.counters[0].id.clone()),
            code: None,
            reference: None,
            description: None,
            amount: cny(minor),
            state: State::Created,
            captured: Amount::zero(Currency::CNY),
            refunded: Amount::zero(Currency::CNY),
            version: 1,
            expires_at: None,
            created_at: now,
        }
    }

    pub(crate) async fn starts(
        &self,
        payer: &str,
        code: &PrintedCode,
        minor: i64,
    ) -> Result<Started, FlowError> {
        let reference = hex(&self.app.entropy.bytes::<8>());
        flow::start::start(&self.app, order(payer, &code.text, minor, &reference)).await
    }

    /// What the institution would state of an attempt that was paid in full.
    pub(crate) fn paid(&self, institution: &str, started: &Started) -> ResultClaims {
        let now = self.app.clock.now();
        ResultClaims {
            iss: institution.to_owned(),
            aud: self.app.origin.to_string(),
            iat: now.seconds(),
            exp: now.seconds() + 300,
            jti: hex(&self.app.entropy.bytes::<8>()),
            order_number: started.order_number.to_string(),
            payment_account: account_of(institution).to_owned(),
            amount_minor: started.amount.minor(),
            payer_amount_minor: Some(started.amount.minor()),
            discounts: Vec::new(),
            currency: "CNY".to_owned(),
            payee_reference: hex(&self.app.entropy.bytes::<8>()),
            status: "paid".to_owned(),
            paid_at: Some(now.to_string()),
            code_sha256: None,
        }
    }

    /// The institution's signed statement.
    pub(crate) fn signed(&self, claims: &ResultClaims) -> String {
        jws::sign(&self.keys[&claims.iss], jws::RESULT, claims)
    }

    /// The institution confirms an order, by its own key.
    pub(crate) async fn confirms(&self, claims: &ResultClaims) -> Result<Outcome, FlowError> {
        let institution: InstitutionId = claims.iss.parse().unwrap();
        let order: OrderNumber = claims.order_number.parse().unwrap();
        flow::confirm::confirm(&self.app, &institution, &order, &self.signed(claims)).await
    }

    pub(crate) async fn payment(&self, id: &PaymentId) -> Payment {
        let mut tx = self.app.db.read().await.unwrap();
        let found = db::payments::find(&mut tx, id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        found
    }

    /// Balances of the merchant's books; always sum to zero.
    pub(crate) async fn balances(&self) -> HashMap<String, i128> {
        let mut tx = self.app.db.read().await.unwrap();
        let found = db::books::balances(&mut tx, &self.merchant.id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            found.iter().map(|line| line.minor).sum::<i128>(),
            0,
            "{found:?}"
        );
        found
            .into_iter()
            .map(|line| (line.account, line.minor))
            .collect()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.app
            .clock
            .advance(std::time::Duration::from_secs(seconds));
    }
}

/// What a wallet asks for when its payer pays `minor` by this code.
pub(crate) fn order(payer: &str, text: &str, minor: i64, reference: &str) -> StartOrder {
    StartOrder {
        text: text.to_owned(),
        payer: payer.parse().unwrap(),
        way: PaymentWay::Api,
        payment: None,
        amount: Some(cny(minor)),
        payer_reference: reference.to_owned(),
        payer_ref: None,
        source: None,
    }
}

pub(crate) fn cny(minor: i64) -> Amount {
    Amount::positive(minor, Currency::CNY).unwrap()
}

/// The merchant's account at an institution that holds one; any number elsewhere.
pub(crate) fn account_of(institution: &str) -> &'static str {
    ACCOUNTS
        .iter()
        .find(|(id, _)| *id == institution)
        .map_or("none", |(_, number)| number)
}

/// An instance over a test's database; several may share one.
pub(crate) async fn app(
    database: &TestDb,
    origin: &str,
    clock: Clock,
) -> (App, tokio::sync::mpsc::Receiver<Scan>) {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let db = database.open(clock.clone()).await;
    let sealer = Arc::new(Sealer::new([7; 32]));
    let keys = flow::keys::open(&db, &sealer, &*entropy).await.unwrap();
    let (log, scans) = ScanLog::channel();
    let app = App {
        wallets: Client::new(clock.clone(), Arc::clone(&entropy)).unwrap(),
        origin: Origin::parse(origin, true).unwrap(),
        mode: Mode::Test,
        limits: Limits::default(),
        fonts: FontShelf::of_system(),
        bell: Bell::default(),
        sweep_bell: Bell::default(),
        user_agent_marks: std::sync::Arc::new([(
            "ecny".parse().unwrap(),
            "RenminbiApp/".to_owned(),
        )]),
        key_log: KeyLog::default(),
        leaks: Leaks::default(),
        nobody: Nobody::new(&sealer, &*entropy).unwrap(),
        rates: Rates::new(&RateLimits::default(), clock.clone()),
        gate: Gate::new(&GateLimits::default()),
        readiness: Readiness::default(),
        streams: Streams::default(),
        proxies: Proxies::default(),
        recent: Recent::default(),
        scans: log,
        metrics: Metrics::default(),
        scrape: Scrape::default(),
        db,
        clock,
        entropy,
        sealer,
        keys,
    };
    (app, scans)
}

async fn add_institution(tx: &mut Tx, id: &str, key: &SigningKey, base_url: Option<String>) {
    let now = tx.now();
    let institution = Institution {
        id: id.parse().unwrap(),
        name_zh: id.parse().unwrap(),
        name_en: id.parse().unwrap(),
        base_url,
        state: InstitutionState::Active,
        created_at: now,
    };
    assert!(db::institutions::insert(tx, &institution).await.unwrap());
    let key = InstitutionKey {
        key_id: key.key_id().to_string(),
        institution: institution.id,
        material: KeyMaterial::Ed25519(*key.public().as_bytes()),
        not_before: Timestamp::from_millis(0),
        not_after: None,
        revoked_at: None,
        created_at: now,
    };
    assert!(db::institutions::insert_key(tx, &key).await.unwrap());
}

async fn agree(app: &App, tx: &mut Tx, payer: &str, payee: &str) {
    let agreement = Agreement {
        id: AgreementId::new(tx.now(), &*app.entropy),
        payer: payer.parse().unwrap(),
        payee: payee.parse().unwrap(),
        ways: Ways {
            merchant_presented: true,
            payer_presented: false,
        },
        clearing: "netsunion".parse().unwrap(),
        attester: None,
        starts_at: Timestamp::from_seconds(1_700_000_000),
        ends_at: None,
        state: AgreementState::Active,
        currency: Currency::CNY,
        payment_limit: None,
        created_at: tx.now(),
    };
    assert!(db::agreements::insert(tx, &agreement).await.unwrap());
}

async fn add_merchant(
    app: &App,
    tx: &mut Tx,
    name: &str,
    suffix: &str,
) -> (Merchant, Store, Vec<Counter>) {
    let now = tx.now();
    let merchant = Merchant {
        id: MerchantId::new(now, &*app.entropy),
        name: name.parse().unwrap(),
        latin_name: None,
        mcc: "5812".parse().unwrap(),
        city: "上海".parse().unwrap(),
        country: "CN".parse().unwrap(),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        currency: Currency::CNY,
        preference: Vec::new(),
        mode: Mode::Test,
        created_at: now,
    };
    db::merchants::insert(tx, &merchant).await.unwrap();
    let store = Store {
        id: StoreId::new(now, &*app.entropy),
        merchant: merchant.id.clone(),
        name: "南京路店".parse().unwrap(),
        city: merchant.city.clone(),
        created_at: now,
    };
    db::stores::insert(tx, &store).await.unwrap();
    let mut counters = Vec::new();
    for name in ["1 号柜台", "2 号柜台"] {
        let counter = Counter {
            id: CounterId::new(now, &*app.entropy),
            merchant: merchant.id.clone(),
            store: store.id.clone(),
            name: name.parse().unwrap(),
            created_at: now,
        };
        db::counters::insert(tx, &counter).await.unwrap();
        counters.push(counter);
    }
    for (institution, number) in ACCOUNTS {
        let number = if suffix == "1" {
            number.to_owned()
        } else {
            format!("{number}{suffix}")
        };
        let account = PaymentAccount {
            id: PaymentAccountId::new(now, &*app.entropy),
            merchant: merchant.id.clone(),
            institution: institution.parse().unwrap(),
            reference: number.parse().unwrap(),
            currency: Currency::CNY,
            fee: BasisPoints::try_from(FEE).unwrap(),
            state: PaymentAccountState::Open,
            created_at: now,
        };
        assert!(db::accounts::insert(tx, &account).await.unwrap());
        let acceptance = Acceptance {
            id: AcceptanceId::new(now, &*app.entropy),
            merchant: merchant.id.clone(),
            institution: institution.parse().unwrap(),
            state: AcceptanceState::Enabled,
            platform: None,
            cohort: None,
            opens_at: None,
            consent_at: Some(now),
            payment_limit: None,
            day_limit: None,
            protection: tongma::merchant::ProtectionClass::D,
            created_at: now,
        };
        assert!(db::acceptances::insert(tx, &acceptance).await.unwrap());
    }
    (merchant, store, counters)
}

/// Replaces one of our own keys, as the operator does beside the servers; this one has heard of it.
pub(crate) async fn rotates(app: &App, rotation: &Rotation) {
    let mut tx = app.db.begin().await.unwrap();
    flow::keys::rotate(&mut tx, &app.sealer, &*app.entropy, rotation)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    flow::keys::refresh(app).await.unwrap();
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    tongma::crypto::digest::hex(bytes)
}
