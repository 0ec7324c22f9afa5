//! One thing of every kind that a merchant can have.

use std::collections::BTreeMap;

use crate::api::signature::start;
use crate::support::foreign::{ON_THE_WALL, asks};
use crate::support::plates::{batch, bound, printed};
use crate::support::server::Server;
use crate::support::wire::Request;

/// One thing of the shop's of every kind, by the path that leads to it, and a name that nothing of
/// the kind has.
pub(super) async fn things(server: &Server) -> BTreeMap<&'static str, (String, String)> {
    let (payment, code) = server.shop.sells(500).await;
    let adoption = asks(&server.shop, ON_THE_WALL).await.unwrap();
    let batch = batch(&server.shop, Some(&server.shop.merchant.id), 1).await;
    let blank = printed(&server.shop, &batch, 1).await.remove(0);
    let plate = bound(&server.shop, &blank).await.plate.id;
    let first = async |path: &str| {
        let list = server.ask(Request::get(path)).await.json();
        list["data"][0]["id"].as_str().unwrap().to_owned()
    };
    let started = server
        .send(&server.signed("jd_pay", start(server, "r-1").await))
        .await
        .json();
    let nothing = |prefix: &str| format!("{prefix}{}", "0".repeat(26));
    BTreeMap::from([
        ("/v1/payments/", (payment.id.to_string(), nothing("pay_"))),
        ("/v1/codes/", (code.id.to_string(), nothing("cod_"))),
        ("/v1/adoptions/", (adoption.id.to_string(), nothing("adp_"))),
        (
            "/v1/plate-batches/",
            (batch.id.to_string(), nothing("bat_")),
        ),
        ("/v1/plates/", (plate.to_string(), nothing("plt_"))),
        (
            "/v1/stores/",
            (server.shop.store.id.to_string(), nothing("sto_")),
        ),
        (
            "/v1/counters/",
            (server.shop.counters[0].id.to_string(), nothing("ctr_")),
        ),
        (
            "/v1/acceptances/",
            (first("/v1/acceptances").await, nothing("acp_")),
        ),
        (
            "/v1/agreements/",
            (first("/v1/agreements").await, nothing("agr_")),
        ),
        (
            "/wallet/v1/attempts/",
            (
                started["attempt"].as_str().unwrap().to_owned(),
                nothing("att_"),
            ),
        ),
        (
            "/wallet/v1/orders/",
            (
                started["order_number"].as_str().unwrap().to_owned(),
                "0".repeat(32),
            ),
        ),
    ])
}
