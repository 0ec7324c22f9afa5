//! What a payer is told when something cannot be done: in words, with what to do instead.

use actix_web::http::StatusCode;

use crate::flow::FlowError;
use crate::merchant::CodeStop;
use crate::money::Amount;

/// A refusal for people.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The word that the API uses for it.
    pub(super) code: &'static str,
    pub(super) title: (&'static str, &'static str),
    pub(super) detail: (String, String),
}

/// Chinese and English, title and what to do.
type Words = ((&'static str, &'static str), (&'static str, &'static str));

const TABLE: &[(&str, u16, Words)] = &[
    (
        "code-expired",
        410,
        (
            ("这个码已过期", "This code has expired"),
            ("请店员重新出示一个。", "Ask the shop to show a new one."),
        ),
    ),
    (
        "code-revoked",
        410,
        (
            ("这个码已作废", "This code is no longer in use"),
            ("请向店员要新的收款码。", "Ask the shop for its new code."),
        ),
    ),
    (
        "code-suspended",
        410,
        (
            ("这个码暂停使用", "This code is out of use for now"),
            (
                "请店员用别的方式收款。",
                "Ask the shop how else you can pay.",
            ),
        ),
    ),
    (
        "code-signature-invalid",
        422,
        (
            ("这不是真的收款码", "This code is not genuine"),
            (
                "签名不符，可能是伪造的。不要付款，请告诉店员。",
                "Its signature does not hold; it may be forged. Do not pay, and tell the shop.",
            ),
        ),
    ),
    (
        "payload-invalid",
        422,
        (
            ("这个码读不出来", "This code cannot be read"),
            (
                "内容不完整或有误，请重新扫描。",
                "It is incomplete or damaged; scan it again.",
            ),
        ),
    ),
    (
        "code-not-found",
        404,
        (
            ("没有这个码", "There is no such code"),
            ("请重新扫描店里的收款码。", "Scan the shop’s code again."),
        ),
    ),
    (
        "attempt-not-found",
        404,
        (
            ("这里没有内容", "There is nothing here"),
            (
                "付款结果只在付款的浏览器里显示。",
                "A payment is shown only in the browser that began it.",
            ),
        ),
    ),
    (
        "not-found",
        404,
        (
            ("这里没有内容", "There is nothing here"),
            ("请检查地址。", "Check the address."),
        ),
    ),
    (
        "payment-paid",
        409,
        (
            ("这笔已付清", "This has been paid"),
            ("不用再付一次。", "There is nothing more to pay."),
        ),
    ),
    (
        "payment-closed",
        409,
        (
            ("商户已取消这笔付款", "The shop cancelled this payment"),
            ("请店员重新收款。", "Ask the shop for a new code."),
        ),
    ),
    (
        "payment-held",
        409,
        (
            ("有人正在付这一笔", "Somebody is paying this already"),
            (
                "请稍等，或请店员重新收款。",
                "Wait a moment, or ask the shop for a new code.",
            ),
        ),
    ),
    (
        "no-route",
        409,
        (
            ("这个钱包不能付给这家店", "This wallet cannot pay this shop"),
            ("请换一个钱包扫码。", "Scan the code with another wallet."),
        ),
    ),
    (
        "unknown-wallet",
        422,
        (
            ("请用钱包扫码付款", "Pay with a wallet"),
            (
                "这个浏览器不属于任何钱包。",
                "This browser belongs to no wallet.",
            ),
        ),
    ),
    (
        "form-invalid",
        422,
        (
            ("没有提交成功", "That was not accepted"),
            (
                "请返回上一页，刷新后再试。",
                "Go back, reload the page, and try again.",
            ),
        ),
    ),
    (
        "limit-exceeded",
        422,
        (
            ("超过限额", "More than the limit"),
            (
                "请减少金额，或请店员出示订单码。",
                "Pay less, or ask the shop for an order code.",
            ),
        ),
    ),
    (
        "too-many-starts",
        429,
        (
            ("试得太多了", "Too many tries"),
            ("请十分钟后再试。", "Try again in ten minutes."),
        ),
    ),
    (
        "payee-unavailable",
        503,
        (
            ("收款机构没有回应", "The shop’s institution does not answer"),
            (
                "没有扣款。请稍后再试。",
                "No money has moved. Try again in a moment.",
            ),
        ),
    ),
    (
        "payee-refused",
        409,
        (
            ("收款机构没有受理", "The shop’s institution refused"),
            (
                "没有扣款。请换一种方式付款。",
                "No money has moved. Pay another way.",
            ),
        ),
    ),
    (
        "csrf",
        403,
        (
            ("没有提交成功", "That was not accepted"),
            (
                "请求不是从本页发出的。请重新打开页面。",
                "It did not come from this page. Open the page again.",
            ),
        ),
    ),
    (
        "busy",
        503,
        (
            ("现在太忙", "Too busy right now"),
            ("请稍后再试。", "Try again in a moment."),
        ),
    ),
    (
        "internal",
        500,
        (
            ("出错了", "Something went wrong"),
            (
                "没有扣款。请稍后再试。",
                "No money has moved. Try again in a moment.",
            ),
        ),
    ),
];

impl Refusal {
    /// The refusal with this word.
    pub(super) fn of(code: &'static str) -> Self {
        let row = TABLE.iter().find(|(word, ..)| *word == code);
        let (status, title, detail) = match row {
            Some((_, status, (title, detail))) => (*status, *title, *detail),
            None => (500, ("出错了", "Something went wrong"), ("", "")),
        };
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            title,
            detail: (detail.0.to_owned(), detail.1.to_owned()),
        }
    }

    /// What an error of a use case means to a payer.
    pub(super) fn from_flow(error: &FlowError) -> Self {
        if let FlowError::LimitExceeded { limit, .. } = error {
            return Self::limit(*limit);
        }
        let code = code_of(error);
        if matches!(code, "internal" | "busy") {
            tracing::error!(%error, "a page could not be shown: {error}");
        }
        Self::of(code)
    }

    fn limit(limit: Amount) -> Self {
        let mut refusal = Self::of("limit-exceeded");
        refusal.detail.0 = format!("最多 {limit}。{}", refusal.detail.0);
        refusal.detail.1 = format!("At most {limit}. {}", refusal.detail.1);
        refusal
    }
}

/// Chinese words for a code of the API, for people who see it through a wallet.
pub(super) fn titles(code: &str) -> Option<(&'static str, &'static str)> {
    let row = TABLE.iter().find(|(word, ..)| *word == code);
    row.map(|(_, _, (title, _))| *title)
}

fn code_of(error: &FlowError) -> &'static str {
    match error {
        FlowError::NotFound("code") => "code-not-found",
        FlowError::NotFound("attempt") => "attempt-not-found",
        FlowError::NotFound(_) => "not-found",
        FlowError::CodeMalformed(_) => "payload-invalid",
        FlowError::CodeSignatureInvalid => "code-signature-invalid",
        FlowError::CodeStopped(stop) => match stop {
            CodeStop::Suspended => "code-suspended",
            CodeStop::Revoked => "code-revoked",
            CodeStop::Expired => "code-expired",
        },
        FlowError::NoRoute(_) => "no-route",
        FlowError::LimitExceeded { .. } => "limit-exceeded",
        FlowError::PaymentHeld => "payment-held",
        FlowError::State {
            what: "payment",
            now: "closed",
            ..
        } => "payment-closed",
        FlowError::State {
            what: "payment", ..
        } => "payment-paid",
        FlowError::Field { .. } | FlowError::State { .. } | FlowError::ReferenceConflict => {
            "form-invalid"
        }
        FlowError::PayeeUnavailable => "payee-unavailable",
        FlowError::PayeeRefused(_) => "payee-refused",
        FlowError::TooManyStarts => "too-many-starts",
        FlowError::Db(crate::db::DbError::Busy(_) | crate::db::DbError::Conflict { .. }) => "busy",
        FlowError::Jws(_)
        | FlowError::Attested(_)
        | FlowError::ConfirmForbidden
        | FlowError::TransactionConflict
        | FlowError::Db(_)
        | FlowError::Keys(_)
        | FlowError::Seal(_)
        | FlowError::Ledger(_) => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_in_the_table_once() {
        for (code, ..) in TABLE {
            let count = TABLE.iter().filter(|(word, ..)| word == code).count();
            assert_eq!(count, 1, "{code}");
        }
        for code in ["code-expired", "unknown-wallet", "csrf", "internal"] {
            assert!(titles(code).is_some(), "{code}");
        }
    }
}
