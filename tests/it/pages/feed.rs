//! The live feeds, read as a browser and as a program read them.

use std::time::Duration;

use tongma::clock::Clock;
use tongma::merchant::Scopes;
use tongma::wallet::WireRequest;
use tongma::wallet::client::{Call, Following};

use super::counter::paired;
use super::site::{DESKTOP, Site, Visitor};
use crate::support::server::new_key;
use crate::support::{Backend, on_both};

async fn the_counter_hears_of_a_payment_from_its_beginning_to_its_end(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let mut feed = Listener::open(&site, &till, "/counter/feed?after=0").await;

    let (_, code) = site.shop.sells(128_800).await;
    let started = site.shop.starts("jd_pay", &code, 128_800).await.unwrap();
    site.shop
        .confirms(&site.shop.paid("wechat_pay", &started))
        .await
        .unwrap();

    let waiting = feed.hears("\"kind\":\"waiting\"").await;
    assert!(waiting.contains("event: counter"), "{waiting}");
    let paid = feed.hears("\"kind\":\"paid\"").await;
    for part in [
        "id: 3\n",
        "\"amount\":\"1,288.00\"",
        "\"payer\":\"jd_pay\"",
        "\"number\":\"",
    ] {
        assert!(paid.contains(part), "{part}: {paid}");
    }
    assert!(
        !paid.contains("evidence"),
        "a screen needs no proof: {paid}"
    );
}
on_both![the_counter_hears_of_a_payment_from_its_beginning_to_its_end];

async fn who_comes_back_misses_nothing_and_hears_nothing_twice(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let mut seen = Vec::new();
    let mut last = 0;
    for round in 0..4 {
        let path = "/counter/feed?after=0";
        let mut feed = Listener::come_back(&site, &till, path, last).await;
        for _ in 0..3 {
            let (_, code) = site.shop.sells(100 + round).await;
            site.shop
                .starts("jd_pay", &code, 100 + round)
                .await
                .unwrap();
        }
        for _ in 0..3 {
            let event = feed.hears("\"kind\":\"waiting\"").await;
            last = id_of(&event);
            seen.push(last);
        }
    }
    // Of every two events the counter is told one: a payment that nobody pays yet is no news to it.
    let expected: Vec<i64> = (1..=12).map(|turn| turn * 2).collect();
    assert_eq!(seen, expected);
}
on_both![who_comes_back_misses_nothing_and_hears_nothing_twice];

async fn a_counter_does_not_hear_of_another_store(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let mut feed = Listener::open(&site, &till, "/counter/feed?after=0").await;
    let (payment, _) = site.shop.sells(100).await;

    publish_elsewhere(&site, payment).await;
    let (_, code) = site.shop.sells(300).await;
    site.shop.starts("jd_pay", &code, 300).await.unwrap();

    let first = feed.hears("event: counter").await;
    assert!(first.contains("\"amount\":\"3.00\""), "{first}");
}
on_both![a_counter_does_not_hear_of_another_store];

/// T128
async fn a_feed_ends_soon_after_its_session_did(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let mut feed = Listener::open(&site, &till, "/counter/feed").await;
    feed.hears("event: beat").await;

    till.post("/counter/leave", &[]).await;
    let left = site.shop.app.clock.now();

    feed.ends().await;
    let took = site.shop.app.clock.now().since(left);
    assert!(took < Duration::from_secs(5), "{took:?}");
}
on_both![a_feed_ends_soon_after_its_session_did];

/// T128
async fn a_program_hears_everything_until_its_key_is_revoked(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let merchant = &site.shop.merchant.id;
    let token = new_key(&site.shop, merchant, Scopes::all()).await;
    let mut feed = Listener::of_program(&site, "/v1/feed?after=0", &token).await;
    let (_, code) = site.shop.sells(1200).await;
    let started = site.shop.starts("jd_pay", &code, 1200).await.unwrap();
    let notice = site.shop.paid("wechat_pay", &started);
    site.shop.confirms(&notice).await.unwrap();

    let paid = feed.hears("event: payment.paid").await;
    assert!(paid.starts_with("id: 3\n"), "{paid}");
    assert!(paid.contains(&notice.payee_reference), "{paid}");
    revoke(&site, &token).await;
    let revoked = site.shop.app.clock.now();

    feed.ends().await;
    let took = site.shop.app.clock.now().since(revoked);
    assert!(took < Duration::from_secs(5), "{took:?}");
}
on_both![a_program_hears_everything_until_its_key_is_revoked];

async fn a_feed_says_goodbye_when_the_server_stops(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let mut feed = Listener::open(&site, &till, "/counter/feed").await;
    feed.hears("event: beat").await;

    site.hub.close();

    let last = feed.ends().await;
    assert!(last.ends_with("retry: 1500\n\n"), "{last}");
}
on_both![a_feed_says_goodbye_when_the_server_stops];

async fn a_feed_is_passed_on_by_proxies_at_once(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;

    for after in ["x", "1.5", "99999999999999999999"] {
        let seen = till.get(&format!("/counter/feed?after={after}")).await;
        assert_eq!(seen.status, 400, "{after}");
    }
    let feed = Listener::open(&site, &till, "/counter/feed").await;
    assert_eq!(
        feed.following.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(feed.following.header("x-accel-buffering"), "no");
    assert_eq!(feed.following.header("cache-control"), "no-store");
}
on_both![a_feed_is_passed_on_by_proxies_at_once];

/// Somebody who listens, with what was heard and not yet looked at.
struct Listener {
    following: Following,
    heard: String,
}

impl Listener {
    async fn open(site: &Site, till: &Visitor<'_>, path: &str) -> Self {
        Self::come_back(site, till, path, 0).await
    }

    async fn of_program(site: &Site, path: &str, token: &str) -> Self {
        let headers = vec![("authorization", format!("Bearer {token}"))];
        Self::follow(site, path, headers).await
    }

    async fn come_back(site: &Site, till: &Visitor<'_>, path: &str, last: i64) -> Self {
        let mut headers = till.headers();
        if last > 0 {
            headers.push(("last-event-id", last.to_string()));
        }
        Self::follow(site, path, headers).await
    }

    async fn follow(site: &Site, path: &str, headers: Vec<(&'static str, String)>) -> Self {
        let call = Call {
            request: WireRequest::get(path.to_owned()),
            headers,
        };
        let following = site
            .shop
            .app
            .wallets
            .follow(&site.origin, &call)
            .await
            .unwrap();
        assert_eq!(following.status(), 200);
        Self {
            following,
            heard: String::new(),
        }
    }

    /// The next event that holds a text; others before it are let go.
    async fn hears(&mut self, text: &str) -> String {
        loop {
            while let Some((event, rest)) = self.heard.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.heard = rest;
                if event.contains(text) {
                    return event + "\n";
                }
            }
            let next = tokio::time::timeout(Duration::from_secs(10), self.following.next());
            let bytes = next
                .await
                .unwrap_or_else(|_| panic!("{text} was not heard"));
            let bytes = bytes
                .unwrap()
                .unwrap_or_else(|| panic!("ended before {text}"));
            self.heard.push_str(&String::from_utf8(bytes).unwrap());
        }
    }

    /// All that is left until the server ends it.
    async fn ends(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.heard);
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.following.next());
            match next.await.expect("the feed goes on") {
                Ok(Some(bytes)) => rest.push_str(&String::from_utf8(bytes).unwrap()),
                Ok(None) | Err(_) => return rest,
            }
        }
    }
}

async fn revoke(site: &Site, token: &str) {
    let app = &site.shop.app;
    let key = tongma::flow::authenticate::api_key(app, token)
        .await
        .unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let now = tx.now();
    tongma::db::api_keys::revoke(&mut tx, &key.merchant, &key.key, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn id_of(event: &str) -> i64 {
    let line = event.lines().find_map(|line| line.strip_prefix("id: "));
    line.unwrap().parse().unwrap()
}

/// The same thing, happening in a store that this device does not stand in.
async fn publish_elsewhere(site: &Site, payment: tongma::payment::Payment) {
    let app = &site.shop.app;
    let mut tx = app.db.begin().await.unwrap();
    let store = tongma::merchant::Store {
        id: tongma::id::StoreId::new(tx.now(), &*app.entropy),
        ..site.shop.store.clone()
    };
    tongma::db::stores::insert(&mut tx, &store).await.unwrap();
    let mut data = tongma::payment::event::EventData::of(&payment);
    data.store = Some(store.id);
    let event = tongma::payment::event::NewEvent {
        merchant: payment.merchant,
        kind: tongma::payment::event::EventKind::Waiting,
        data,
    };
    let id = tongma::id::EventId::new(tx.now(), &*app.entropy);
    tongma::db::events::insert(&mut tx, &id, &event)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.bell.ring();
}
