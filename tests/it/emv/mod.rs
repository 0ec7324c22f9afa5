//! Codes in EMV's form, asked for as a shop's program does: read by everybody, and by nobody once an
//! account in them was exchanged.

mod issued;
mod refused;
mod swapped;

use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::wire::Request;

/// The shop's account in PayNow, as decoding a code answers it.
fn paynow() -> Value {
    json!({"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1", "03": "1"}})
}

/// Its key in Pix.
fn pix() -> Value {
    json!({"id": "27", "guid": "br.gov.bcb.pix", "sub": {"01": "11222333000181"}})
}

/// Its number at UnionPay International.
fn unionpay() -> Value {
    json!({"id": "15", "value": "2500034400020344473398443761123"})
}

/// A code in EMV's form, of this kind and with these accounts.
async fn issued(server: &Server, amount: Option<i64>, accounts: &[Value]) -> Value {
    let mut wanted = json!({
        "kind": if amount.is_some() { "fixed" } else { "static" },
        "form": "emv", "store": server.shop.store.id, "counter": server.shop.counters[0].id,
        "network_accounts": accounts,
    });
    if let Some(minor) = amount {
        wanted["amount_minor"] = json!(minor);
    }
    let answer = asked(server, &wanted).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

async fn asked(server: &Server, wanted: &Value) -> crate::support::wire::Answer {
    let number = tongma::crypto::digest::sha256_hex(wanted.to_string().as_bytes());
    let call = Request::post_json("/v1/codes", wanted).with("Idempotency-Key", &number);
    server.ask(call).await
}

async fn decoded(server: &Server, text: &str) -> Value {
    let call = Request::post_json("/v1/decode", &json!({"text": text}));
    server.ask(call).await.json()
}

async fn checked(server: &Server, text: &str) -> Value {
    let call = Request::post_json("/v1/signs/check", &json!({"text": text}));
    server.ask(call).await.json()
}

/// What a wallet is told about a text: the problem's code, or the claims.
async fn resolved(server: &Server, text: &str) -> Result<Value, String> {
    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    let answer = server.send(&server.signed("jd_pay", call)).await;
    if answer.status != 200 {
        return Err(answer.code());
    }
    let claims = answer.text();
    let claims = claims.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .unwrap();
    Ok(serde_json::from_slice(&claims).unwrap())
}
