//! What a browser reads where there is nothing to pay.

use super::site::{DESKTOP, Site};
use crate::support::beside::run;
use crate::support::wire::{Request, send};
use crate::support::{Backend, on_both};

/// What a browser asks for when somebody opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A browser reads every refusal in words, and a program the problem.
async fn a_browser_is_refused_by_a_page(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let path = site.page_of(&sticker.text);
    let authority = site.origin.trim_start_matches("http://");
    let open = async |method: &str, path: &str, accept: &str| {
        let request = Request {
            method: method.to_owned(),
            ..Request::get(path)
                .with("Accept", accept)
                .with("Accept-Language", "en")
        };
        send(authority, &request).await
    };
    let long = format!("/Q/{}", "A".repeat(9000));
    for (method, path, status, words) in [
        ("GET", "/Q/", 404, "There is nothing here"),
        ("GET", "/nothing", 404, "There is nothing here"),
        ("GET", "/Q/%41", 404, "There is nothing here"),
        (
            "PUT",
            path.as_str(),
            405,
            "This address cannot be opened like that",
        ),
        (
            "GET",
            "/counter/pair",
            405,
            "This address cannot be opened like that",
        ),
        ("GET", long.as_str(), 414, "The address is too long"),
    ] {
        let page = open(method, path, BROWSER).await;
        assert_eq!(page.status, status, "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(page.text().contains(words), "{path}: {}", page.text());
        assert_eq!(page.header("allow").is_some(), status == 405, "{path}");
        let problem = open(method, path, "*/*").await;
        assert_eq!(problem.status, status, "{path}");
        assert_eq!(problem.json()["status"], status, "{path}");
    }
    let program = open("GET", "/v1/nothing", BROWSER).await;
    assert_eq!(program.code(), "not-found");

    let restored = open("GET", &format!("{path}/start?lang=en"), BROWSER).await;
    assert_eq!(restored.status, 303);
    let place = format!("{path}?lang=en");
    assert_eq!(restored.header("location"), Some(place.as_str()));
    let home = open("GET", "/", BROWSER).await;
    assert_eq!(home.status, 200);
    assert!(
        home.text().contains("href=\"/docs?lang=en\""),
        "{}",
        home.text()
    );
}
on_both![a_browser_is_refused_by_a_page];

async fn a_code_that_no_wallet_can_pay_says_so(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let closed = "UPDATE payment_accounts SET state = 'closed'";
    run(&site.shop.database, closed).await;
    let page = site
        .browser(DESKTOP)
        .get(&site.page_of(&sticker.text))
        .await;
    assert!(
        page.body.contains("现在没有钱包能付这个码"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("下列钱包"), "{}", page.body);
}
on_both![a_code_that_no_wallet_can_pay_says_so];
