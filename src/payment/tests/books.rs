//! What is written into the books, to the last cent.

use super::{account_id, cny, id, institution, result, yen};
use crate::id::MerchantId;
use crate::money::Amount;
use crate::payment::Attested;
use crate::payment::ledger::{Account, LedgerError, Posting, exception, fee, paid};

fn merchant() -> MerchantId {
    id("mer_", "0")
}

/// The postings as `debit credit minor`.
fn lines(basis_points: i64, result: &Attested) -> Vec<String> {
    let postings = paid(&merchant(), &account_id(), basis_points, result).unwrap();
    let line = |posting: &Posting| {
        let name = |account: &Account| account.to_string().replace(&"0".repeat(26), "0");
        let (debit, credit) = (name(posting.debit()), name(posting.credit()));
        format!("{debit} {credit} {}", posting.amount().minor())
    };
    postings.iter().map(line).collect()
}

#[test]
fn a_fee_is_rounded_half_up() {
    for (minor, basis_points, expected) in [
        (10_000, 60, 60),
        (10_000, 0, 0),
        (1, 60, 0),
        (83, 60, 0),
        (84, 60, 1),
        (50, 100, 1),
        (49, 100, 0),
        (10_000, 10_000, 10_000),
    ] {
        assert_eq!(
            fee(cny(minor), basis_points),
            Ok(cny(expected)),
            "{minor} at {basis_points}"
        );
    }
    let in_yen = Amount::new(1_000, yen()).unwrap();
    assert_eq!(fee(in_yen, 100).unwrap().currency(), yen());
}

#[test]
fn a_paid_payment_is_claimed_from_whoever_owes_it() {
    assert_eq!(
        lines(60, &result()),
        [
            "claim:acc_0 sales:mer_0 9940",
            "fee:mer_0:payee_bank sales:mer_0 60"
        ]
    );
    assert_eq!(lines(0, &result()), ["claim:acc_0 sales:mer_0 10000"]);
    let discounted = Attested {
        payer_amount: cny(7_000),
        discounts: vec![
            ("merchant".to_owned(), cny(1_000)),
            ("payer_bank".to_owned(), cny(2_000)),
        ],
        ..result()
    };
    assert_eq!(
        lines(60, &discounted),
        [
            "claim:acc_0 sales:mer_0 6940",
            "fee:mer_0:payee_bank sales:mer_0 60",
            "discount:mer_0 sales:mer_0 1000",
            "claim:payer_bank sales:mer_0 2000",
        ]
    );
}

#[test]
fn a_fee_is_never_more_than_the_payer_gave() {
    let given = |minor| Attested {
        payer_amount: cny(minor),
        discounts: vec![("payer_bank".to_owned(), cny(10_000 - minor))],
        ..result()
    };
    assert_eq!(
        lines(60, &given(60)),
        [
            "fee:mer_0:payee_bank sales:mer_0 60",
            "claim:payer_bank sales:mer_0 9940"
        ]
    );
    assert_eq!(
        lines(60, &given(59)),
        [
            "fee:mer_0:payee_bank sales:mer_0 59",
            "claim:payer_bank sales:mer_0 9941"
        ]
    );
    assert_eq!(lines(60, &given(0)), ["claim:payer_bank sales:mer_0 10000"]);
}

#[test]
fn money_outside_the_plan_waits_in_suspense() {
    let posting = exception(&account_id(), cny(5)).unwrap();
    assert_eq!(*posting.debit(), Account::Claim(account_id()));
    assert_eq!(*posting.credit(), Account::Suspense(account_id()));
    assert_eq!(posting.amount(), cny(5));
}

#[test]
fn a_posting_moves_something_between_two_accounts() {
    let (sales, claim) = (Account::Sales(merchant()), Account::Claim(account_id()));
    let same = Posting::new(sales.clone(), sales.clone(), cny(1));
    assert_eq!(same, Err(LedgerError::SameAccount(sales.to_string())));
    let nothing = Posting::new(claim, sales, cny(0));
    assert_eq!(nothing, Err(LedgerError::NotPositive));
}

#[test]
fn every_account_has_a_name_of_its_own() {
    let bank = institution("payee_bank");
    let names = [
        Account::Claim(account_id()),
        Account::FunderClaim("payee_bank".to_owned()),
        Account::Sales(merchant()),
        Account::Fee(merchant(), bank),
        Account::Discount(merchant()),
        Account::Suspense(account_id()),
        Account::Settled(account_id()),
    ]
    .map(|account| account.to_string().replace(&"0".repeat(26), "0"));
    assert_eq!(
        names,
        [
            "claim:acc_0",
            "claim:payee_bank",
            "sales:mer_0",
            "fee:mer_0:payee_bank",
            "discount:mer_0",
            "suspense:acc_0",
            "settled:acc_0",
        ]
    );
}
