//! A key that is replaced at one process is known to all of them at once.

use serde_json::json;

use tongma::crypto::jwk::KeyUse;
use tongma::flow::keys::{LOOK_EVERY, Rotation};

use super::Cluster;
use crate::support::on_postgres;
use crate::support::shop::rotates;
use crate::support::wire::Request;

/// How often; the processes look by themselves each second, which must not be what helps.
const ROUNDS: usize = 8;

async fn a_code_of_a_new_key_is_genuine_at_every_process_at_once() {
    let cluster = Cluster::open(2).await;
    let rotation = Rotation {
        key_use: KeyUse::Code,
        institution: None,
        overlap: std::time::Duration::ZERO,
    };
    for round in 0..ROUNDS {
        rotates(&cluster.shop.app, &rotation).await;
        let sticker = cluster.shop.sticker().await;
        for instance in 0..2 {
            let call = Request::post_json("/wallet/v1/resolve", &json!({"text": sticker.text}));
            let call = cluster.signed("wechat_pay", call);
            let answer = cluster.send(instance, &call).await;
            let told = (answer.status, answer.text());
            assert_eq!(told.0, 200, "round {round}, process {instance}: {}", told.1);
        }
        // A process that has just looked looks again after this long at the soonest.
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

on_postgres![a_code_of_a_new_key_is_genuine_at_every_process_at_once];
