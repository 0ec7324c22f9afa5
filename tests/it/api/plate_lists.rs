//! Which plates a merchant holds, and batches of which not all are made.

use serde_json::{Value, json};

use tongma::flow::plates;
use tongma::merchant::Scope;
use tongma::merchant::plate::Spot;

use crate::support::beside::{number, run};
use crate::support::plates::{batch, binds, bound, cut_off, hand, printed};
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// More than one step makes.
const LARGE: u32 = 2_500;

async fn list(server: &Server, token: &str, query: &str) -> Value {
    let call = Request::get(&format!("/v1/plates?{query}"));
    let answer = server.send(&bearer(call, token)).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

/// The short ids of a list, page by page.
async fn all(server: &Server, token: &str, query: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut place = String::new();
    loop {
        let page = list(server, token, &format!("limit=2&{query}{place}")).await;
        let rows = page["data"].as_array().unwrap();
        found.extend(
            rows.iter()
                .map(|row| row["plate"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => place = format!("&cursor={cursor}"),
            None => return found,
        }
    }
}

async fn a_merchant_sees_its_plates_and_nobody_elses(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (rival, elsewhere, _) = shop.neighbour().await;
    let theirs = server.key(&rival.id, Scope::ALL).await;
    let first = printed(shop, &batch(shop, Some(&shop.merchant.id), 3).await, 3).await;
    shop.advance(1);
    let second = printed(shop, &batch(shop, Some(&shop.merchant.id), 2).await, 2).await;
    shop.advance(1);
    // The operator's: one that this merchant binds, one that the neighbour does, one that nobody has.
    let handed = printed(shop, &batch(shop, None, 3).await, 3).await;
    let hung = bound(shop, &handed[1]).await;
    let spot = Spot {
        merchant: rival.id.clone(),
        store: elsewhere.id.clone(),
        counter: None,
    };
    binds(&shop.app, &spot, &handed[0].text, &handed[0].claim)
        .await
        .unwrap();
    let id = |blank: &tongma::print::Blank| blank.short_id.clone();
    let own: Vec<String> = [&handed[1]]
        .into_iter()
        .chain(&second)
        .chain(&first)
        .map(id)
        .collect();
    assert_eq!(all(&server, &server.token, "").await, own);
    assert_eq!(all(&server, &theirs, "").await, [id(&handed[0])]);

    // Where it hangs is said of a plate that hangs; a filter passes over what is elsewhere.
    let till = shop.counters[1].id.clone();
    let at_the_till = bound(shop, &first[2]).await;
    let merchant = &shop.merchant.id;
    plates::rebind(
        &shop.app,
        hand(merchant),
        &at_the_till.plate.id,
        None,
        Some(till.clone()),
    )
    .await
    .unwrap();
    let gone = bound(shop, &second[0]).await;
    plates::void(&shop.app, hand(merchant), &gone.plate.id)
        .await
        .unwrap();
    let (store, batch) = (&shop.store.id, &at_the_till.plate.batch);
    for (query, found) in [
        (
            "state=bound".to_owned(),
            vec![id(&handed[1]), id(&first[2])],
        ),
        ("state=void".to_owned(), vec![id(&second[0])]),
        (
            "state=blank".to_owned(),
            vec![id(&second[1]), id(&first[0]), id(&first[1])],
        ),
        (
            format!("store={store}"),
            vec![id(&handed[1]), id(&first[2])],
        ),
        (format!("store={store}&counter={till}"), vec![id(&first[2])]),
        (format!("counter={till}&state=blank"), vec![]),
        (format!("batch={batch}"), first.iter().map(id).collect()),
        (format!("batch={batch}&state=bound"), vec![id(&first[2])]),
        // What is not theirs is not there.
        (format!("store={}", elsewhere.id), vec![]),
        (format!("batch={}", hung.plate.batch), vec![id(&handed[1])]),
    ] {
        assert_eq!(all(&server, &server.token, &query).await, found, "{query}");
    }
    for query in [
        format!("store={store}"),
        format!("batch={batch}"),
        "state=blank".to_owned(),
    ] {
        assert_eq!(
            all(&server, &theirs, &query).await,
            Vec::<String>::new(),
            "{query}"
        );
    }
    let row = list(&server, &server.token, &format!("counter={till}")).await["data"][0].clone();
    assert_eq!(
        (&row["store"], &row["counter"]),
        (&json!(store), &json!(till))
    );
    let one = Request::get(&format!("/v1/plates/{}", row["id"].as_str().unwrap()));
    let mut one = server.ask(one).await.json();
    assert!(one.as_object_mut().unwrap().remove("log").is_some());
    assert_eq!(one, row, "as it is shown by itself");

    // The neighbour lets go of the operator's plate: it is nobody's again.
    let theirs_id = list(&server, &theirs, "").await["data"][0]["id"].clone();
    let unbind = format!("/v1/plates/{}/unbind", theirs_id.as_str().unwrap());
    let call = bearer(Request::post_json(&unbind, &json!({})), &theirs);
    assert_eq!(server.send(&call).await.status, 200);
    assert_eq!(all(&server, &theirs, "").await, Vec::<String>::new());
}

async fn a_list_is_asked_for_in_its_own_words(backend: Backend) {
    let server = Server::open(backend).await;
    let (rival, _, _) = server.shop.neighbour().await;
    let theirs = server.key(&rival.id, Scope::ALL).await;
    batch(&server.shop, Some(&server.shop.merchant.id), 2).await;
    for wrong in ["state=broken", "store=nonsense", "limit=0", "merchant=x"] {
        let call = Request::get(&format!("/v1/plates?{wrong}"));
        server
            .refuses(&bearer(call, &server.token), 400, "query-invalid")
            .await;
    }
    let page = list(&server, &server.token, "limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for (token, query) in [(&theirs, ""), (&server.token, "state=blank&")] {
        let call = Request::get(&format!("/v1/plates?{query}cursor={cursor}"));
        server
            .refuses(&bearer(call, token), 400, "cursor-invalid")
            .await;
    }
}

/// No plate with a number from here on can be written.
async fn breaks_from(server: &Server, backend: Backend, from: u32) {
    let sql = match backend {
        Backend::Sqlite => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON plates WHEN NEW.number >= {from} \
             BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ),
        Backend::Postgres => {
            format!("ALTER TABLE plates ADD CONSTRAINT broken CHECK (number < {from})")
        }
    };
    run(&server.shop.database, &sql).await;
}

async fn is_mended(server: &Server, backend: Backend) {
    let sql = match backend {
        Backend::Sqlite => "DROP TRIGGER broken",
        Backend::Postgres => "ALTER TABLE plates DROP CONSTRAINT broken",
    };
    run(&server.shop.database, sql).await;
}

async fn a_batch_that_was_cut_off_is_finished_by_asking_again(backend: Backend) {
    let server = Server::open(backend).await;
    let orders = |count: u32, key: &str| {
        let call = Request::post_json("/v1/plate-batches", &json!({"count": count}));
        bearer(call.with("Idempotency-Key", key), &server.token)
    };
    breaks_from(&server, backend, 1_700).await;
    let failed = server.send(&orders(LARGE, "k-1")).await;
    assert_eq!(failed.status, 500, "{}", failed.text());
    let shown = server.ask(Request::get("/v1/plate-batches")).await.json()["data"][0].clone();
    assert_eq!(
        (&shown["count"], &shown["made"]),
        (&json!(LARGE), &json!(1_000))
    );
    let path = format!("/v1/plate-batches/{}", shown["id"].as_str().unwrap());
    let part = bearer(
        Request::get(&format!("{path}/parts/1?format=csv")),
        &server.token,
    );
    let told = server.refuses(&part, 409, "plate-batch-unfinished").await;
    assert_eq!(told.json()["made"], 1_000);

    // Who asks for something else under the key is not given this.
    let other = orders(LARGE + 1, "k-1");
    server.refuses(&other, 422, "idempotency-key-reused").await;
    // Nor does anybody step in while the first still works, as far as one knows.
    let ends = async |lease: i64| {
        let sql = format!("UPDATE idempotency_keys SET lease_ms = {lease} WHERE key = 'k-1'");
        run(&server.shop.database, &sql).await;
    };
    ends(i64::MAX).await;
    let again = orders(LARGE, "k-1");
    server.refuses(&again, 409, "idempotency-in-flight").await;
    ends(0).await;
    is_mended(&server, backend).await;
    let answer = server.send(&again).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let whole = answer.json();
    assert_eq!(whole["id"], shown["id"], "the same batch");
    assert_eq!(
        (&whole["made"], &whole["blank"]),
        (&json!(LARGE), &json!(LARGE))
    );
    let replayed = server.send(&again).await;
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    assert_eq!(replayed.body, answer.body);
    for (sql, count) in [
        ("SELECT COUNT(*) FROM plate_batches", 1),
        (
            "SELECT COUNT(DISTINCT number) FROM plates",
            i64::from(LARGE),
        ),
        ("SELECT COUNT(*) FROM plates", i64::from(LARGE)),
        ("SELECT MAX(number) FROM plates", i64::from(LARGE)),
        (
            "SELECT COUNT(*) FROM audit WHERE action = 'plate_batch.create'",
            1,
        ),
        (
            "SELECT COUNT(*) FROM audit WHERE action = 'plate_batch.finish'",
            1,
        ),
    ] {
        assert_eq!(number(&server.shop.database, sql).await, count, "{sql}");
    }
    let last = bearer(
        Request::get(&format!("{path}/parts/6?format=csv")),
        &server.token,
    );
    assert_eq!(server.send(&last).await.status, 200);
}

/// Of two who make what is missing at once, each makes plates that the other does not.
async fn two_finish_a_batch_together(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let begun = cut_off(shop, Some(&shop.merchant.id), LARGE * 2).await;
    let (other, _) = crate::support::shop::app(
        &shop.database,
        crate::support::shop::ORIGIN,
        shop.app.clock.clone(),
    )
    .await;
    let finish = async |app| {
        plates::finish(app, begun.clone(), "cli", |_| {})
            .await
            .unwrap()
    };
    let (one, two) = tokio::join!(finish(&shop.app), finish(&other));
    assert!(one.is_whole() && two.is_whole());
    for sql in [
        "SELECT COUNT(*) FROM plates",
        "SELECT COUNT(DISTINCT number) FROM plates",
    ] {
        assert_eq!(
            number(&shop.database, sql).await,
            i64::from(LARGE * 2),
            "{sql}"
        );
    }
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'plate_batch.finish'";
    assert_eq!(number(&shop.database, noted).await, 1);
}

on_both![
    a_merchant_sees_its_plates_and_nobody_elses,
    a_list_is_asked_for_in_its_own_words,
    a_batch_that_was_cut_off_is_finished_by_asking_again,
    two_finish_a_batch_together,
];
