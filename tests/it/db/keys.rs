//! When keys were used, and which names there are.

use std::time::Duration;

use tongma::db::{key_uses, merchants};
use tongma::merchant::{KeyDirection, KeyUsed, UsedKey};

use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

async fn a_later_use_replaces_an_earlier_one_and_never_the_reverse(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut tx = shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let used = |institution: &str, direction, key_id: &str, after: u64| KeyUsed {
        key: UsedKey {
            institution: institution.parse().unwrap(),
            direction,
            key_id: key_id.to_owned(),
        },
        last_used_at: now.plus(Duration::from_secs(after)),
    };
    let (theirs, ours) = (KeyDirection::Inbound, KeyDirection::Outbound);
    let first = [
        used("alipay", theirs, "a", 10),
        used("alipay", ours, "a", 20),
        used("ecny", theirs, "a", 30),
    ];
    key_uses::note(&mut tx, &first).await.unwrap();
    // Another instance saw an earlier one, and a third a later one.
    let more = [
        used("alipay", theirs, "a", 5),
        used("alipay", ours, "a", 25),
    ];
    key_uses::note(&mut tx, &more).await.unwrap();

    let found = key_uses::of(&mut tx, &"alipay".parse().unwrap()).await;
    let expected = [
        used("alipay", theirs, "a", 10),
        used("alipay", ours, "a", 25),
    ];
    assert_eq!(found.unwrap(), expected);
    tx.rollback().await.unwrap();
}

async fn names_are_read_in_parts_until_there_are_no_more(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (neighbour, _, _) = shop.neighbour().await;
    let mut tx = shop.app.db.read().await.unwrap();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let part = merchants::names(&mut tx, after.as_ref(), 1).await.unwrap();
        let Some((id, name)) = part.into_iter().next() else {
            break;
        };
        after = Some(id.clone());
        found.push((id, name));
    }
    tx.rollback().await.unwrap();
    found.sort();
    let mut expected =
        [&shop.merchant, &neighbour].map(|merchant| (merchant.id.clone(), merchant.name.clone()));
    expected.sort();
    assert_eq!(found, expected);
}

on_both![
    a_later_use_replaces_an_earlier_one_and_never_the_reverse,
    names_are_read_in_parts_until_there_are_no_more,
];
