//! An adoption's moves, and which statement is its proof.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{AdoptionId, CodeId, MerchantId, StoreId};
use crate::money::Amount;
use crate::payment::adoption::{
    Adoption, AdoptionChange as C, AdoptionEnd as Why, NoProof, PAY_WITHIN, Standing, TRIES, judge,
    proof_amount,
};
use crate::payment::tests::{
    NOW, account_id, cny, id, institution, order, result, seconds_later, yen,
};
use crate::payment::{Attested, ResultStatus};

const SKEW: Duration = Duration::from_mins(1);

fn code() -> CodeId {
    id("cod_", "0")
}

fn adoption(standing: Standing) -> Adoption {
    Adoption {
        id: id::<AdoptionId>("adp_", "0"),
        merchant: id::<MerchantId>("mer_", "0"),
        store: id::<StoreId>("sto_", "0"),
        counter: None,
        network: "payee_bank".to_owned(),
        text: "https://qr.payee.example/1".to_owned(),
        text_hash: [0xcd; 32],
        said: "HTTPS://QR.PAYEE.EXAMPLE/1".to_owned(),
        said_hash: [0xab; 32],
        account: account_id(),
        institution: institution("payee_bank"),
        account_reference: "1900000109".parse().unwrap(),
        order_number: order(),
        amount: cny(345),
        pay_before: NOW.plus(PAY_WITHIN),
        opened_at: None,
        next_ask_at: NOW,
        asks: 0,
        standing,
        version: 1,
        requested_at: NOW,
    }
}

pub(super) fn requested() -> Adoption {
    adoption(Standing::Requested { tries_left: TRIES })
}

fn proof() -> Attested {
    Attested {
        amount: cny(345),
        payer_amount: cny(345),
        code_sha256: Some("ab".repeat(32)),
        ..result()
    }
}

fn changes() -> Vec<C> {
    vec![
        C::Proven { code: code() },
        C::Missed,
        C::Failed,
        C::Refused,
        C::Expired,
        C::Taken,
        C::Ended,
    ]
}

fn ended(why: Why, code: Option<CodeId>) -> Standing {
    Standing::Ended { at: NOW, why, code }
}

#[test]
fn every_pair_of_standing_and_change_is_decided() {
    let proven = Standing::Proven {
        at: NOW,
        code: code(),
    };
    let after = |standing: &Standing| {
        let apply = |change| standing.clone().apply(change, NOW).ok();
        changes().into_iter().map(apply).collect::<Vec<_>>()
    };
    let many = Standing::Requested { tries_left: 3 };
    let fewer = Standing::Requested { tries_left: 2 };
    let from_requested = |missed: Standing| {
        vec![
            Some(proven.clone()),
            Some(missed),
            Some(ended(Why::Failed, None)),
            Some(ended(Why::Refused, None)),
            Some(ended(Why::Expired, None)),
            Some(ended(Why::Taken, None)),
            Some(ended(Why::Cancelled, None)),
        ]
    };
    assert_eq!(after(&many), from_requested(fewer));
    let last = Standing::Requested { tries_left: 1 };
    assert_eq!(after(&last), from_requested(ended(Why::Failed, None)));
    let mut only_let_go = vec![None; 6];
    only_let_go.push(Some(ended(Why::Released, Some(code()))));
    assert_eq!(after(&proven), only_let_go);
    for why in Why::ALL {
        assert_eq!(after(&ended(*why, None)), vec![None; 7], "{why}");
    }
}

#[test]
fn a_refused_change_is_told_by_name() {
    let events = [
        "be proven",
        "miss its proof",
        "fail",
        "be refused",
        "expire",
        "be taken",
        "end",
    ];
    for (change, event) in changes().into_iter().zip(events) {
        let refused = ended(Why::Failed, None).apply(change, NOW).unwrap_err();
        let told = (refused.what, refused.now, refused.event);
        assert_eq!(told, ("adoption", "ended", event));
    }
}

#[test]
fn a_code_of_ours_stands_behind_it_from_the_proof_on() {
    let proven = Standing::Proven {
        at: NOW,
        code: code(),
    };
    let let_go = proven.clone().apply(C::Ended, NOW).unwrap();
    for (standing, behind) in [
        (requested().standing, None),
        (proven, Some(code())),
        (let_go, Some(code())),
        (ended(Why::Expired, None), None),
    ] {
        assert_eq!(standing.code(), behind.as_ref(), "{standing:?}");
    }
}

#[test]
fn only_the_named_amount_into_the_account_by_the_code_in_time_is_proof() {
    assert_eq!(judge(&requested(), &proof(), SKEW), Ok(()));
    let late = NOW.plus(PAY_WITHIN);
    let at = |paid_at: Timestamp| Attested { paid_at, ..proof() };
    for within in [late, NOW.minus(SKEW)] {
        assert_eq!(judge(&requested(), &at(within), SKEW), Ok(()));
    }
    let other_amount = |minor: i64| Attested {
        amount: cny(minor),
        ..proof()
    };
    let rows = [
        (other_amount(344), NoProof::Amount),
        (other_amount(346), NoProof::Amount),
        (
            Attested {
                amount: Amount::new(345, yen()).unwrap(),
                ..proof()
            },
            NoProof::Currency,
        ),
        (
            Attested {
                account: "1900000110".to_owned(),
                ..proof()
            },
            NoProof::Account,
        ),
        (
            Attested {
                code_sha256: None,
                ..proof()
            },
            NoProof::Code,
        ),
        (
            Attested {
                code_sha256: Some("ac".repeat(32)),
                ..proof()
            },
            NoProof::Code,
        ),
        (
            Attested {
                status: ResultStatus::Closed,
                ..proof()
            },
            NoProof::Unpaid,
        ),
        (at(NOW.minus(SKEW * 2)), NoProof::Early),
        (at(late.plus(Duration::from_millis(1))), NoProof::Late),
    ];
    for (statement, why) in rows {
        assert_eq!(judge(&requested(), &statement, SKEW), Err(why));
    }
    let proven = Standing::Proven {
        at: NOW,
        code: code(),
    };
    for over in [proven, ended(Why::Expired, None)] {
        assert_eq!(judge(&adoption(over), &proof(), SKEW), Err(NoProof::Over));
    }
}

#[test]
fn a_wrong_statement_costs_a_try_and_an_end_ends_it() {
    let change = |why: NoProof, status| why.change(status);
    let paid = ResultStatus::Paid;
    for why in [
        NoProof::Account,
        NoProof::Code,
        NoProof::Currency,
        NoProof::Amount,
        NoProof::Early,
    ] {
        assert_eq!(change(why, paid), Some(C::Missed), "{why}");
    }
    assert_eq!(change(NoProof::Late, paid), Some(C::Expired));
    assert_eq!(change(NoProof::Over, paid), None);
    let (failed, closed) = (ResultStatus::Failed, ResultStatus::Closed);
    assert_eq!(change(NoProof::Unpaid, failed), Some(C::Failed));
    assert_eq!(change(NoProof::Unpaid, closed), Some(C::Expired));

    let mut adoption = requested();
    for _ in 0..TRIES {
        adoption = adoption.after(C::Missed, seconds_later(1)).unwrap();
    }
    let over = Standing::Ended {
        at: seconds_later(1),
        why: Why::Failed,
        code: None,
    };
    assert_eq!((adoption.standing, adoption.version), (over, 4));
}

#[test]
fn the_named_amount_is_little_and_every_one_is_possible() {
    let drawn = |n: u64| proof_amount(n.to_be_bytes(), yen()).unwrap().minor();
    assert_eq!((drawn(0), drawn(898), drawn(899)), (101, 999, 101));
    for n in [1, 7, u64::MAX, u64::MAX / 3] {
        assert!((101..=999).contains(&drawn(n)), "{n}");
    }
}
