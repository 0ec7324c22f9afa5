//! The pages of a shop, served, and a browser without a screen.

use std::sync::Mutex;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{App as HttpApp, HttpServer};
use serde_json::Value;

use tongma::app::App;
use tongma::clock::Clock;
use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::wallet::WireRequest;
use tongma::wallet::client::{Answer, Call};

use crate::support::Backend;
use crate::support::digest::{Digest, business_digest};
use crate::support::shop::Shop;

pub(super) const WECHAT: &str =
    "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49 Language/zh_CN";
pub(super) const JD: &str = "Mozilla/5.0 (iPhone) application=JDJR-App&clientType=ios JDJR";
pub(super) const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";

/// A shop that is open on the web.
pub(super) struct Site {
    pub(super) shop: Shop,
    pub(super) hub: Hub,
    pub(super) origin: String,
    server: actix_web::dev::ServerHandle,
    worker: tokio::task::JoinHandle<()>,
}

impl Site {
    /// With a clock that only the story moves.
    pub(super) async fn open(backend: Backend) -> Self {
        Self::open_at(
            backend,
            Clock::manual("2026-11-21T04:00:00Z".parse().unwrap()),
        )
        .await
    }

    pub(super) async fn open_at(backend: Backend, clock: Clock) -> Self {
        Self::open_with(backend, clock, |_| {}).await
    }

    /// With an application that is another in some way, such as in its limits.
    pub(super) async fn open_with(
        backend: Backend,
        clock: Clock,
        change: impl FnOnce(&mut App),
    ) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = format!("http://localhost:{port}");
        let mut shop = Shop::open_at(backend, &origin, clock).await;
        change(&mut shop.app);
        let hub = Hub::default();

        let (app, data_hub) = (Data::new(shop.app.clone()), Data::new(hub.clone()));
        let server = HttpServer::new(move || {
            HttpApp::new().configure(tongma::http::configure(app.clone(), data_hub.clone()))
        })
        .workers(2)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        std::thread::spawn(move || actix_web::rt::System::new().block_on(server));

        let (app, worker_hub) = (shop.app.clone(), hub.clone());
        let worker = tokio::spawn(async move {
            let bell = app.bell.clone();
            let rung = move || {
                let bell = bell.clone();
                async move { bell.rung().await }
            };
            outbox::run(&app.db, &worker_hub, rung).await;
        });
        Self {
            shop,
            hub,
            origin,
            server: handle,
            worker,
        }
    }

    /// Somebody with a browser that says it is this.
    pub(super) fn browser(&self, user_agent: &str) -> Visitor<'_> {
        Visitor {
            site: self,
            user_agent: user_agent.to_owned(),
            cookies: Mutex::default(),
        }
    }

    /// The path of a printed code's page.
    pub(super) fn page_of(&self, text: &str) -> String {
        let upper = self.origin.to_ascii_uppercase();
        text.strip_prefix(&upper).unwrap().to_owned()
    }

    /// All that is kept, and how often institutions were asked anything.
    pub(super) async fn traces(&self) -> (Digest, usize) {
        let digest = business_digest(&self.shop.database).await;
        (digest, self.shop.payee.calls().len())
    }

    /// When all events have their places.
    pub(super) async fn settled(&self) {
        soon("a place for every event", async || {
            let mut tx = self.shop.app.db.read().await.unwrap();
            let waits = tongma::db::outbox::is_waiting(&mut tx).await.unwrap();
            (!waits).then_some(())
        })
        .await;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.hub.close();
        self.worker.abort();
        drop(self.server.stop(false));
    }
}

/// A browser: a name, and the cookies that it was given.
pub(super) struct Visitor<'a> {
    site: &'a Site,
    user_agent: String,
    cookies: Mutex<Vec<(String, String)>>,
}

/// What came back.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Visitor<'_> {
    pub(super) async fn get(&self, path: &str) -> Seen {
        self.send(WireRequest::get(path.to_owned()), Vec::new())
            .await
    }

    /// Sends a form as the page's own form would.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Seen {
        self.post_from(path, form, Some(&self.site.origin)).await
    }

    pub(super) async fn post_from(
        &self,
        path: &str,
        form: &[(&str, &str)],
        origin: Option<&str>,
    ) -> Seen {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let request = WireRequest::post(
            path.to_owned(),
            "application/x-www-form-urlencoded",
            body.join("&").into_bytes(),
        );
        let headers = origin.map(|origin| ("origin", origin.to_owned()));
        self.send(request, headers.into_iter().collect()).await
    }

    /// Sends what a script of the page would.
    pub(super) async fn post_json(&self, path: &str, body: &Value) -> Seen {
        let request = WireRequest::post_json(path.to_owned(), body);
        let headers = vec![("origin", self.site.origin.clone())];
        self.send(request, headers).await
    }

    /// Opens a code's page and sends its form.
    pub(super) async fn starts(&self, text: &str, amount: Option<&str>) -> Seen {
        let path = self.site.page_of(text);
        let page = self.get(&path).await;
        let token = page.between("name=\"token\" value=\"", "\"").to_owned();
        let mut form = vec![("token", token.as_str())];
        form.extend(amount.map(|amount| ("amount", amount)));
        self.post(&format!("{path}/start"), &form).await
    }

    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut headers = vec![("user-agent", self.user_agent.clone())];
        if !pairs.is_empty() {
            headers.push(("cookie", pairs.join("; ")));
        }
        headers
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let found = cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    pub(super) fn take_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|(known, _)| known != name);
        if !value.is_empty() {
            cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(super) async fn send(
        &self,
        request: WireRequest,
        mut headers: Vec<(&'static str, String)>,
    ) -> Seen {
        headers.extend(self.headers());
        let call = Call { request, headers };
        let client = &self.site.shop.app.wallets;
        let Answer { reply, headers } = client.call(&self.site.origin, &call, None).await.unwrap();
        for (name, value) in &headers {
            if name == "set-cookie" {
                let pair = value.split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.take_cookie(name, value);
            }
        }
        Seen {
            status: reply.status,
            headers,
            body: String::from_utf8(reply.body).unwrap(),
        }
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// What stands between two texts, the first time they stand there.
    pub(super) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self
            .body
            .split_once(before)
            .unwrap_or_else(|| panic!("{before} is not in {} {}", self.status, self.body));
        rest.split_once(after).unwrap().0
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// The attempt that this hand-over page is about.
    pub(super) fn attempt(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.between("data-attempt=\"", "\"").to_owned()
    }
}

/// The same text with another letter at a place counted from its end.
pub(super) fn damaged(text: &str, from_end: usize) -> String {
    let (before, rest) = text.split_at(text.len() - from_end);
    let (letter, after) = rest.split_at(1);
    let other = if letter == "A" { "B" } else { "A" };
    format!("{before}{other}{after}")
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Asks again until it is so; what happens in the background needs a moment.
async fn soon<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} did not come")
}
