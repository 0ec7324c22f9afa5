//! What a payer is told when something cannot be done: in words, with what to do instead.

use actix_web::http::StatusCode;

use super::code_view::Onward;
use crate::flow::{FlowError, StartsBound};
use crate::http::frame;
use crate::http::problem::{Kind, Problem, kinds};

/// A refusal for people.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    kind: &'static Kind,
    pub(super) title: (&'static str, &'static str),
    pub(super) detail: (String, String),
    /// After how many seconds the same may work.
    pub(super) retry_after: Option<u32>,
    /// Where to go on.
    pub(super) onward: Vec<Onward>,
}

/// A problem of the API in the words of a page, each in Chinese and English.
struct Words {
    kind: &'static Kind,
    title: (&'static str, &'static str),
    detail: (&'static str, &'static str),
}

static TABLE: &[Words] = &[
    Words {
        kind: &kinds::CODE_EXPIRED,
        title: ("这个码已过期", "This code has expired"),
        detail: ("请店员重新出示一个。", "Ask the shop to show a new one."),
    },
    Words {
        kind: &kinds::CODE_REVOKED,
        title: ("这个码已作废", "This code is no longer in use"),
        detail: ("请向店员要新的收款码。", "Ask the shop for its new code."),
    },
    Words {
        kind: &kinds::CODE_SUSPENDED,
        title: ("这个码暂停使用", "This code is out of use for now"),
        detail: (
            "请店员用别的方式收款。",
            "Ask the shop how else you can pay.",
        ),
    },
    Words {
        kind: &kinds::CODE_SIGNATURE_INVALID,
        title: ("这不是真的收款码", "This code is not genuine"),
        detail: (
            "签名不符，可能是伪造的。不要付款，请告诉店员。",
            "Its signature does not hold; it may be forged. Do not pay, and tell the shop.",
        ),
    },
    Words {
        kind: &kinds::PAYLOAD_INVALID,
        title: ("这个码读不出来", "This code cannot be read"),
        detail: (
            "内容不完整或有误，请重新扫描。",
            "It is incomplete or damaged; scan it again.",
        ),
    },
    Words {
        kind: &kinds::CODE_NOT_FOUND,
        title: ("没有这个码", "There is no such code"),
        detail: ("请重新扫描店里的收款码。", "Scan the shop’s code again."),
    },
    Words {
        kind: &kinds::PLATE_UNBOUND,
        title: (
            "这块码牌还没有绑定商户",
            "This plate has not been bound to a shop yet",
        ),
        detail: (
            "没有扣款。请店员先绑定码牌，或换一个收款码。",
            "Nothing was paid. Ask the shop to bind it, or for another code.",
        ),
    },
    Words {
        kind: &kinds::PLATE_VOID,
        title: ("这块码牌已作废", "This plate is no longer in use"),
        detail: (
            "没有扣款。请向店员要新的收款码。",
            "Nothing was paid. Ask the shop for its new code.",
        ),
    },
    Words {
        kind: &kinds::SESSION_INVALID,
        title: ("这部手机还没有连接", "This phone is not connected"),
        detail: (
            "店员请先用配对码连接，再绑定码牌。",
            "Staff connect it by a pairing code first, then bind the plate.",
        ),
    },
    Words {
        kind: &kinds::TOO_MANY_CLAIMS,
        title: ("试得太多了", "Too many tries"),
        detail: ("请一分钟后再试。", "Try again in a minute."),
    },
    Words {
        kind: &kinds::ATTEMPT_NOT_FOUND,
        title: ("这里没有内容", "There is nothing here"),
        detail: (
            "付款结果只在付款的浏览器里显示。",
            "A payment is shown only in the browser that began it.",
        ),
    },
    Words {
        kind: &kinds::NOT_FOUND,
        title: ("这里没有内容", "There is nothing here"),
        detail: ("请检查地址。", "Check the address."),
    },
    Words {
        kind: &kinds::METHOD_NOT_ALLOWED,
        title: (
            "这个地址不能这样打开",
            "This address cannot be opened like that",
        ),
        detail: (
            "请返回上一页，或重新扫描店里的收款码。",
            "Go back, or scan the shop’s code again.",
        ),
    },
    Words {
        kind: &kinds::URI_TOO_LONG,
        title: ("地址太长", "The address is too long"),
        detail: ("请重新扫描店里的收款码。", "Scan the shop’s code again."),
    },
    Words {
        kind: &kinds::PAYMENT_HELD,
        title: ("有人正在付这一笔", "Somebody is paying this already"),
        detail: (
            "请稍等，或请店员重新收款。",
            "Wait a moment, or ask the shop for a new code.",
        ),
    },
    Words {
        kind: &kinds::NO_ROUTE,
        title: ("这个钱包不能付给这家店", "This wallet cannot pay this shop"),
        detail: ("请换一个钱包扫码。", "Scan the code with another wallet."),
    },
    Words {
        kind: &kinds::FIELD_INVALID,
        title: ("没有提交成功", "That was not accepted"),
        detail: (
            "请返回上一页，刷新后再试。",
            "Go back, reload the page, and try again.",
        ),
    },
    Words {
        kind: &kinds::LIMIT_EXCEEDED,
        title: ("超过限额", "More than the limit"),
        detail: (
            "请减少金额，或请店员出示订单码。",
            "Pay less, or ask the shop for an order code.",
        ),
    },
    Words {
        kind: &kinds::TOO_MANY_STARTS,
        title: ("同时付款的人太多", "Too many are paying at once"),
        detail: (
            "从同一网络在这个码上开始的付款太多。请等其中一笔结束后再试，或请店员出示订单码。",
            "Too many payments at this code have begun from your network. Try again when one of them \
             has ended, or ask the shop for an order code.",
        ),
    },
    Words {
        kind: &kinds::REFERENCE_CONFLICT,
        title: ("这一笔已经开始付了", "This payment has begun already"),
        detail: (
            "它的金额不能再改。要付另一个金额，请重新打开付款页。",
            "Its amount cannot change any more. To pay another amount, open the code’s page again.",
        ),
    },
    Words {
        kind: &kinds::TOO_MANY_MISSES,
        title: ("扫到的假码太多", "Too many codes that are not genuine"),
        detail: (
            "请一分钟后重新扫描店里的收款码。",
            "Scan the shop’s code again in a minute.",
        ),
    },
    Words {
        kind: &kinds::TOO_MANY_PAIRINGS,
        title: ("试得太多了", "Too many tries"),
        detail: ("请一分钟后再试。", "Try again in a minute."),
    },
    Words {
        kind: &kinds::PAYEE_UNAVAILABLE,
        title: ("收款机构没有回应", "The shop’s institution does not answer"),
        detail: (
            "没有扣款。请稍后再试。",
            "No money has moved. Try again in a moment.",
        ),
    },
    Words {
        kind: &kinds::PAYEE_REFUSED,
        title: ("收款机构没有受理", "The shop’s institution refused"),
        detail: (
            "没有扣款。请换一种方式付款。",
            "No money has moved. Pay another way.",
        ),
    },
    Words {
        kind: &kinds::CSRF,
        title: ("没有提交成功", "That was not accepted"),
        detail: (
            "请求不是从本页发出的。请重新打开页面。",
            "It did not come from this page. Open the page again.",
        ),
    },
    Words {
        kind: &kinds::RATE_LIMITED,
        title: ("请求过于频繁", "Too many requests"),
        detail: (
            "没有扣款。请过一分钟再试。",
            "No money has moved. Try again in a minute.",
        ),
    },
    Words {
        kind: &kinds::OVERLOADED,
        title: ("现在太忙", "Too busy right now"),
        detail: (
            "没有扣款。请稍后再试。",
            "No money has moved. Try again in a moment.",
        ),
    },
    Words {
        kind: &kinds::BUSY,
        title: ("现在太忙", "Too busy right now"),
        detail: ("请稍后再试。", "Try again in a moment."),
    },
    Words {
        kind: &kinds::INTERNAL,
        title: ("出错了", "Something went wrong"),
        detail: (
            "没有扣款。请稍后再试。",
            "No money has moved. Try again in a moment.",
        ),
    },
];

static PAID: Words = Words {
    kind: &kinds::STATE_CONFLICT,
    title: ("这笔已付清", "This has been paid"),
    detail: ("不用再付一次。", "There is nothing more to pay."),
};

static CANCELLED: Words = Words {
    kind: &kinds::STATE_CONFLICT,
    title: ("商户已取消这笔付款", "The shop cancelled this payment"),
    detail: ("请店员重新收款。", "Ask the shop for a new code."),
};

/// There is no sense in waiting: an order is one payment, and its starts are counted once and for all.
static BEGUN_TOO_OFTEN: Words = Words {
    kind: &kinds::TOO_MANY_STARTS,
    title: (
        "这笔不能再从这里付",
        "This cannot be paid from here any more",
    ),
    detail: (
        "从同一网络已多次开始付这一笔。请店员重新收款，再扫新的码。",
        "This payment has been begun too often from your network. Ask the shop for a new code.",
    ),
};

impl Refusal {
    /// The refusal for a problem of this kind.
    pub(super) fn of(kind: &'static Kind) -> Self {
        match TABLE.iter().find(|words| words.kind == kind) {
            Some(words) => Self::in_words(words),
            None => Self {
                kind,
                title: (kind.zh, kind.en),
                detail: Default::default(),
                retry_after: retry_after(kind),
                onward: Vec::new(),
            },
        }
    }

    /// The refusal of a form: its size and type are the framework's to judge; fields that are not
    /// those of the page are a form that nobody filled in here.
    pub(super) fn of_form(error: &actix_web::Error) -> Self {
        let kind = frame::kind_of(error);
        Self::of(if *kind == kinds::BAD_REQUEST {
            &kinds::FIELD_INVALID
        } else {
            kind
        })
    }

    /// What an error of a use case means to a payer.
    pub(super) fn from_flow(error: FlowError) -> Self {
        if let FlowError::State {
            what: "payment",
            now,
            ..
        } = error
        {
            return Self::in_words(if now == "closed" { &CANCELLED } else { &PAID });
        }
        if let FlowError::TooManyStarts(bound) = error {
            return match bound {
                StartsBound::InAll => Self {
                    retry_after: None,
                    ..Self::in_words(&BEGUN_TOO_OFTEN)
                },
                StartsBound::AtOnce { seconds } => Self {
                    retry_after: Some(seconds),
                    ..Self::of(&kinds::TOO_MANY_STARTS)
                },
            };
        }
        if let FlowError::PlateUnbound { short_id } = &error {
            let way = format!("/plates/{short_id}");
            let refusal = Self::of(&kinds::PLATE_UNBOUND);
            return refusal.with_way(way, ("店员：绑定这块码牌", "Staff: bind this plate"));
        }
        if let FlowError::LimitExceeded { limit, .. } = error {
            let mut refusal = Self::of(&kinds::LIMIT_EXCEEDED);
            refusal.detail.0 = format!("最多 {limit}。{}", refusal.detail.0);
            refusal.detail.1 = format!("At most {limit}. {}", refusal.detail.1);
            return refusal;
        }
        Self::of(Problem::from(error).kind())
    }

    /// The status of the page.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The same with a way on.
    pub(super) fn with_way(mut self, path: String, words: (&'static str, &'static str)) -> Self {
        self.onward.push(Onward { path, words });
        self
    }

    fn in_words(words: &Words) -> Self {
        Self {
            kind: words.kind,
            title: words.title,
            detail: (words.detail.0.to_owned(), words.detail.1.to_owned()),
            retry_after: retry_after(words.kind),
            onward: Vec::new(),
        }
    }
}

/// Rates fill again within a minute; what is busy is asked again soon.
const fn retry_after(kind: &Kind) -> Option<u32> {
    match kind.status {
        429 => Some(60),
        503 => Some(5),
        _ => None,
    }
}

/// Words for a code of the API, for people who see it through a wallet.
pub(super) fn titles(code: &str) -> Option<(&'static str, &'static str)> {
    kinds::by_code(code).map(|kind| Refusal::of(kind).title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_put_in_words_once() {
        for words in TABLE {
            let same = TABLE.iter().filter(|other| other.kind == words.kind);
            assert_eq!(same.count(), 1, "{}", words.kind.code);
        }
    }

    #[test]
    fn what_a_payer_meets_says_what_to_do() {
        for kind in [
            &kinds::CODE_EXPIRED,
            &kinds::CODE_REVOKED,
            &kinds::CODE_SUSPENDED,
            &kinds::CODE_SIGNATURE_INVALID,
            &kinds::PAYLOAD_INVALID,
            &kinds::CODE_NOT_FOUND,
            &kinds::PLATE_UNBOUND,
            &kinds::PLATE_VOID,
            &kinds::SESSION_INVALID,
            &kinds::TOO_MANY_CLAIMS,
            &kinds::NO_ROUTE,
            &kinds::PAYMENT_HELD,
            &kinds::RATE_LIMITED,
            &kinds::OVERLOADED,
            &kinds::TOO_MANY_STARTS,
            &kinds::REFERENCE_CONFLICT,
            &kinds::TOO_MANY_MISSES,
            &kinds::TOO_MANY_PAIRINGS,
            &kinds::PAYEE_UNAVAILABLE,
            &kinds::BUSY,
            &kinds::INTERNAL,
        ] {
            assert!(!Refusal::of(kind).detail.0.is_empty(), "{}", kind.code);
        }
    }
}
