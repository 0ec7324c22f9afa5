//! A process that dies in the middle of a payment: the others bring it to its end, and no money is
//! lost or doubled.

use std::net::TcpListener;

use sqlx::{Connection as _, Executor as _, PgConnection};

use tongma::id::PaymentId;
use tongma::merchant::PrintedCode;
use tongma::payment::ResultClaims;

use super::feed::claims_of;
use super::{Cluster, soon};
use crate::support::beside::{one_waits, run};
use crate::support::books::must_add_up;
use crate::support::on_postgres;
use crate::support::wire::{Request, try_send};

const PRICE: i64 = 1250;

/// The intent is on disk, and not one byte of it has reached the institution.
async fn killed_before_the_institution_heard() {
    let mut cluster = Cluster::open(2).await;
    let (payment, code) = cluster.shop.sells(PRICE).await;
    // It connects, and nobody reads.
    let deaf = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    cluster
        .moves_wechat_pay(&format!("http://{}", deaf.local_addr().unwrap()))
        .await;
    let call = cluster.start_of("jd_pay", &code, PRICE, "LOST");
    let asked = cluster.asks_in_vain(call);
    soon("the intent", async || cluster.order_of(&payment.id).await).await;

    cluster.kills_first();
    asked.await.unwrap();
    drop(deaf);
    let url = cluster.shop.payee.url.clone();
    cluster.moves_wechat_pay(&url).await;
    let order = cluster.order_of(&payment.id).await.unwrap();
    // It knows of no such order until it is opened once more, which is how it can be closed.
    let closed = ResultClaims {
        status: "closed".to_owned(),
        paid_at: None,
        ..cluster.statement(&order)
    };
    let jws = cluster.shop.signed(&closed);
    cluster.shop.payee.will_say_once_opened(&closed, jws);
    cluster.time_is_over().await;

    cluster.comes_to(&payment.id, "created").await;
    let calls = cluster.shop.payee.calls();
    let mut about = calls.iter().map(|(_, path)| path.as_str());
    let close = format!("/orders/{order}/close");
    assert_eq!(about.clone().filter(|path| *path == "/orders").count(), 1);
    assert_eq!(about.next_back(), Some(close.as_str()));
    // Nobody has paid, so somebody may.
    cluster.is_paid_by("hebao", &payment.id, &code).await;
}

/// The institution has the order; its answer found nobody.
async fn killed_while_the_institution_answers_and_the_payer_tries_again() {
    let mut cluster = Cluster::open(2).await;
    let (payment, code) = cluster.shop.sells(PRICE).await;
    cluster.shop.payee.will_keep_silent(1);
    let call = cluster.start_of("jd_pay", &code, PRICE, "AGAIN");
    let asked = cluster.asks_in_vain(call);
    soon("the opening", async || cluster.was_opened()).await;

    cluster.kills_first();
    asked.await.unwrap();
    let order = cluster.order_of(&payment.id).await.unwrap();
    let held = cluster.start_of("hebao", &code, PRICE, "OTHER");
    assert_eq!(cluster.send(0, &held).await.status, 409, "still held");
    let again = cluster.start_of("jd_pay", &code, PRICE, "AGAIN");
    let again = cluster.send(0, &again).await;

    assert_eq!(again.status, 201, "{}", again.text());
    assert_eq!(
        again.json()["order_number"],
        order.as_str(),
        "the same order"
    );
    let notice = cluster.confirm(&claims_of(&cluster, &again.json()));
    assert_eq!(cluster.send(0, &notice).await.json()["state"], "paid");
    cluster.must_be_paid_once(&payment.id).await;
}

/// The same, but nobody comes back: the payer has paid, and no notice of it arrives.
async fn killed_while_the_institution_answers_and_only_it_knows_the_end() {
    let mut cluster = Cluster::open(2).await;
    let (payment, code) = cluster.shop.sells(PRICE).await;
    cluster.shop.payee.will_keep_silent(1);
    let call = cluster.start_of("jd_pay", &code, PRICE, "SILENT");
    let asked = cluster.asks_in_vain(call);
    soon("the opening", async || cluster.was_opened()).await;

    cluster.kills_first();
    asked.await.unwrap();
    let order = cluster.order_of(&payment.id).await.unwrap();
    let claims = cluster.statement(&order);
    cluster
        .shop
        .payee
        .will_say(&claims, cluster.shop.signed(&claims));

    // The other process asks by itself, five seconds after the start.
    cluster.comes_to(&payment.id, "paid").await;
    cluster.must_be_paid_once(&payment.id).await;
}

/// The institution's notice is being written when the process dies; then it comes again, or the
/// other process asks.
async fn killed_while_it_writes_that_money_came() {
    for comes_again in [true, false] {
        let mut cluster = Cluster::open(2).await;
        let (payment, code) = cluster.shop.sells(PRICE).await;
        let call = cluster.start_of("jd_pay", &code, PRICE, "WRITTEN");
        let started = cluster.send(0, &call).await;
        assert_eq!(started.status, 201, "{}", started.text());
        let claims = claims_of(&cluster, &started.json());

        // Somebody else has the row, so that the process stands still inside its transaction.
        let mut hand = PgConnection::connect(cluster.shop.database.url())
            .await
            .unwrap();
        hand.execute("BEGIN").await.unwrap();
        hand.execute("SELECT id FROM attempts FOR UPDATE")
            .await
            .unwrap();
        let asked = cluster.asks_in_vain(cluster.confirm(&claims));
        one_waits(&cluster.shop.database).await;
        cluster.kills_first();
        asked.await.unwrap();
        hand.execute("ROLLBACK").await.unwrap();
        hand.close().await.unwrap();

        // What the database had been told in one statement it carries out whole although nobody
        // is there any more; what was half told, it does not.
        let state = cluster.shop.payment(&payment.id).await.state.name();
        assert!(["waiting", "paid"].contains(&state), "{state}");
        if comes_again {
            let again = cluster.send(0, &cluster.confirm(&claims)).await;
            assert_eq!(again.json()["state"], "paid", "{}", again.text());
        } else {
            let jws = cluster.shop.signed(&claims);
            cluster.shop.payee.will_say(&claims, jws);
            cluster.comes_to(&payment.id, "paid").await;
        }
        cluster.must_be_paid_once(&payment.id).await;
    }
}

/// It is written; only nobody heard the answer, so the institution says it again.
async fn killed_when_it_was_written_and_not_yet_answered() {
    let mut cluster = Cluster::open(2).await;
    let (payment, code) = cluster.shop.sells(PRICE).await;
    let call = cluster.start_of("jd_pay", &code, PRICE, "ANSWER");
    let started = cluster.send(0, &call).await.json();
    let claims = claims_of(&cluster, &started);
    let authority = cluster.instances[0].authority.clone();
    let notice = cluster.confirm(&claims);
    let told = tokio::spawn(async move { try_send(&authority, &notice).await });
    cluster.comes_to(&payment.id, "paid").await;
    cluster.kills_first();
    // Whether the answer got through is nobody's to decide; the institution believes it did not.
    drop(told.await);

    for _ in 0..3 {
        let again = cluster.send(0, &cluster.confirm(&claims)).await;
        assert_eq!(again.json()["state"], "paid", "{}", again.text());
    }
    cluster.must_be_paid_once(&payment.id).await;
}

impl Cluster {
    /// Sends a call to the first process, which will not answer it.
    fn asks_in_vain(&self, request: Request) -> tokio::task::JoinHandle<()> {
        let authority = self.instances[0].authority.clone();
        tokio::spawn(async move {
            let answer = try_send(&authority, &request).await;
            assert!(answer.is_none(), "{answer:?}");
        })
    }

    /// No signal handler, no last words.
    fn kills_first(&mut self) {
        self.instances[0].signal("KILL");
        self.instances.remove(0);
    }

    async fn moves_wechat_pay(&self, url: &str) {
        let moves = format!("UPDATE institutions SET base_url = '{url}' WHERE id = 'wechat_pay'");
        run(&self.shop.database, &moves).await;
    }

    fn was_opened(&self) -> Option<()> {
        let calls = self.shop.payee.calls();
        calls
            .iter()
            .any(|(_, path)| path == "/orders")
            .then_some(())
    }

    /// The number of the order that pays, if there is an attempt.
    async fn order_of(&self, payment: &PaymentId) -> Option<String> {
        let sql = format!("SELECT order_number FROM attempts WHERE payment_id = '{payment}'");
        let rows = crate::stories::column(&self.shop.database, &sql).await;
        rows.into_iter().next()
    }

    /// What WeChat Pay states of an order that was paid in full.
    fn statement(&self, order: &str) -> ResultClaims {
        let order = serde_json::json!({"order_number": order, "amount_minor": PRICE});
        claims_of(self, &order)
    }

    /// The moment at which orders are closed has come, without waiting for it.
    async fn time_is_over(&self) {
        let over = "UPDATE attempts SET close_ms = started_ms, next_query_ms = started_ms";
        run(&self.shop.database, over).await;
    }

    async fn comes_to(&self, payment: &PaymentId, state: &str) {
        soon(state, async || {
            let now = self.shop.payment(payment).await.state;
            (now.name() == state).then_some(())
        })
        .await;
    }

    async fn is_paid_by(&self, wallet: &str, payment: &PaymentId, code: &PrintedCode) {
        let call = self.start_of(wallet, code, PRICE, "SECOND");
        let started = self.send(0, &call).await;
        assert_eq!(started.status, 201, "{}", started.text());
        let notice = self.confirm(&claims_of(self, &started.json()));
        assert_eq!(self.send(0, &notice).await.json()["state"], "paid");
        self.must_be_paid_once(payment).await;
    }

    /// What a reader of the books finds: the price, once, and everything adds up.
    async fn must_be_paid_once(&self, payment: &PaymentId) {
        assert_eq!(self.shop.payment(payment).await.state.name(), "paid");
        let balances = self.shop.balances().await;
        let sales = balances
            .iter()
            .find(|(account, _)| account.starts_with("sales:"));
        assert_eq!(sales.unwrap().1.abs(), i128::from(PRICE), "{balances:?}");
        must_add_up(&self.shop.database).await;
    }
}

on_postgres![
    killed_before_the_institution_heard,
    killed_while_the_institution_answers_and_the_payer_tries_again,
    killed_while_the_institution_answers_and_only_it_knows_the_end,
    killed_while_it_writes_that_money_came,
    killed_when_it_was_written_and_not_yet_answered,
];
