//! Our own outbound contract: how tongma speaks to an institution that speaks its API.
//!
//! `POST /orders` opens an order and brings the handover, `GET /orders/{n}` asks, and
//! `POST /orders/{n}/close` closes. What became of an order comes back as a JWS that the institution
//! signed. Here it is only told apart from other answers: whether the signature holds, and whether
//! it speaks of this order and this amount, is decided where the institution's keys are known.
//!
//! An order that is opened with `code_text` is one that tongma hands to nobody. It asks the institution
//! to look out: when that amount is paid by the code with that text, which is the institution's own
//! and leads into that account, the order is paid, and the statement says `code_sha256`, the SHA-256
//! of the text. The text is as it was scanned, letter by letter. An institution that does not know the
//! code, or not as this account's, refuses.

use serde::Deserialize;
use serde_json::json;

use super::handover::Handover;
use super::wire::{Operation, WireReply, WireRequest};
use super::{OrderRequest, Reply, WalletError};
use crate::payment::OrderNumber;

/// A result JWS is under 2 KiB; discounts may make it longer.
const JWS_MAX: usize = 16 * 1024;
/// Problem texts go to logs and to the merchant's support; a line is enough.
const DETAIL_CHARS_MAX: usize = 300;

/// `POST /orders`.
pub fn open_order(order: &OrderRequest) -> WireRequest {
    let mut body = json!({
        "order_number": order.order_number,
        "payment_account": order.payment_account,
        "amount_minor": order.amount.minor(),
        "currency": order.amount.currency(),
        "payee": order.payee,
        "description": order.description,
        "pay_before": order.pay_before,
        "notify_url": order.notify_url,
        "payer_institution": order.payer_institution,
    });
    if let (Some(clearing), Some(fields)) = (&order.clearing, body.as_object_mut()) {
        fields.insert("clearing".to_owned(), json!(clearing));
    }
    if let (Some(text), Some(fields)) = (&order.code_text, body.as_object_mut()) {
        fields.insert("code_text".to_owned(), json!(text));
    }
    WireRequest::post_json("/orders".to_owned(), &body)
}

/// `GET /orders/{order_number}`.
pub fn query(order_number: &OrderNumber) -> WireRequest {
    WireRequest::get(format!("/orders/{order_number}"))
}

/// `POST /orders/{order_number}/close`.
pub fn close(order_number: &OrderNumber) -> WireRequest {
    WireRequest::post_json(format!("/orders/{order_number}/close"), &json!({}))
}

/// What the institution said. Only the opening of an order can be refused; whatever else is not a
/// result leaves the order undecided.
pub fn reply(
    operation: Operation,
    reply: &WireReply,
    schemes: &[&str],
) -> Result<Reply, WalletError> {
    match operation {
        Operation::Open if reply.is_ok() => opened(reply, schemes),
        Operation::Open if is_refusal(reply.status) => Ok(refused(reply)),
        Operation::Query | Operation::Close if reply.is_ok() => decided(operation, reply),
        Operation::Open | Operation::Query | Operation::Close => Ok(Reply::Unknown),
    }
}

fn opened(reply: &WireReply, schemes: &[&str]) -> Result<Reply, WalletError> {
    #[derive(Deserialize)]
    struct Body {
        handover: Handover,
    }
    let body: Body = serde_json::from_slice(&reply.body).map_err(|_| WalletError::Unreadable {
        operation: Operation::Open,
    })?;
    body.handover.check(schemes)?;
    Ok(Reply::Opened(body.handover))
}

fn decided(operation: Operation, reply: &WireReply) -> Result<Reply, WalletError> {
    let unreadable = WalletError::Unreadable { operation };
    if reply.content_type == "application/jose" {
        let text = std::str::from_utf8(&reply.body)
            .map_err(|_| unreadable.clone())?
            .trim();
        return if looks_like_jws(text) {
            Ok(Reply::Result(text.to_owned()))
        } else {
            Err(unreadable)
        };
    }
    // Whatever word stands there, it is not signed, so it decides nothing.
    let _: Undecided = serde_json::from_slice(&reply.body).map_err(|_| unreadable)?;
    Ok(Reply::Unknown)
}

#[derive(Deserialize)]
struct Undecided {
    #[serde(rename = "status")]
    _status: String,
}

fn looks_like_jws(text: &str) -> bool {
    let is_base64url = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= JWS_MAX && text.split('.').count() == 3 && text.split('.').all(is_base64url)
}

/// A definite no. Time-outs, "too early" and "too many" ask to come again; faults of the
/// institution's server say nothing about the order, and a conflict means that there is one.
const fn is_refusal(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 408 | 409 | 425 | 429)
}

fn refused(reply: &WireReply) -> Reply {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Problem {
        code: String,
        detail: String,
    }
    let problem: Problem = serde_json::from_slice(&reply.body).unwrap_or_default();
    let line = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_control())
            .take(DETAIL_CHARS_MAX)
            .collect()
    };
    let code = if problem.code.is_empty() {
        format!("status-{}", reply.status)
    } else {
        line(&problem.code)
    };
    Reply::Refused {
        code,
        detail: line(&problem.detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(operation: Operation, answer: &WireReply) -> Result<Reply, WalletError> {
        reply(operation, answer, &[])
    }

    #[test]
    fn an_unsigned_word_decides_nothing() {
        for word in ["unknown", "paid", "failed", "closed", "a word of next year"] {
            let answer = WireReply::json(200, &json!({"status": word}));
            assert_eq!(
                read(Operation::Query, &answer),
                Ok(Reply::Unknown),
                "{word}"
            );
            assert_eq!(
                read(Operation::Close, &answer),
                Ok(Reply::Unknown),
                "{word}"
            );
        }
    }

    #[test]
    fn an_order_names_the_code_by_which_alone_it_is_paid() {
        let order = OrderRequest {
            order_number: OrderNumber::new([7; 16]),
            payment_account: "1900000109".parse().unwrap(),
            amount: crate::money::Amount::positive(345, crate::money::Currency::CNY).unwrap(),
            payee: "老王面馆".to_owned(),
            description: String::new(),
            pay_before: crate::clock::Timestamp::from_seconds(1_790_000_000),
            notify_url: String::new(),
            payer_institution: "lotus_pay".parse().unwrap(),
            clearing: None,
            code_text: None,
        };
        let body = |order: &OrderRequest| -> serde_json::Value {
            serde_json::from_slice(&open_order(order).body.unwrap().bytes).unwrap()
        };
        assert_eq!(body(&order).get("code_text"), None);
        let by_code = OrderRequest {
            code_text: Some("https://qr.lotus.example/1".to_owned()),
            ..order
        };
        assert_eq!(body(&by_code)["code_text"], "https://qr.lotus.example/1");
    }

    #[test]
    fn faults_and_hurry_say_nothing_about_the_order() {
        for status in [100, 302, 408, 425, 429, 500, 502, 503, 599] {
            for operation in Operation::ALL {
                let answer = WireReply::json(status, &json!({"code": "x"}));
                assert_eq!(read(operation, &answer), Ok(Reply::Unknown), "{status}");
            }
        }
    }

    #[test]
    fn only_the_opening_can_be_refused() {
        let answer = WireReply::json(
            404,
            &json!({"code": "account-unknown", "detail": "no\nsuch"}),
        );
        let refused = Reply::Refused {
            code: "account-unknown".into(),
            detail: "nosuch".into(),
        };
        assert_eq!(read(Operation::Open, &answer), Ok(refused));
        assert_eq!(read(Operation::Query, &answer), Ok(Reply::Unknown));
        assert_eq!(read(Operation::Close, &answer), Ok(Reply::Unknown));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_answer() {
        let cut = WireReply {
            status: 200,
            content_type: String::new(),
            body: b"{\"han".to_vec(),
        };
        for operation in Operation::ALL {
            assert_eq!(
                read(operation, &cut),
                Err(WalletError::Unreadable { operation })
            );
        }
        for text in ["", "a.b", "a..c", "a.b.c.d", "a.b.c\u{e9}"] {
            let answer = WireReply::jose(text.to_owned());
            assert!(read(Operation::Query, &answer).is_err(), "{text}");
        }
    }
}
