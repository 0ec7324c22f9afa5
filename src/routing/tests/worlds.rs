//! Properties of all scans.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{
    NAMES, NOW, acceptance, account, agreement, at, fen, name, paid, same_for_all, scan, shop,
};
use crate::clock::Timestamp;
use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, PaymentAccount, PaymentAccountState,
    Way, Ways,
};
use crate::money::{Amount, Currency};
use crate::routing::{Candidate, Facts, Scan, Verdict, route};

proptest! {
    // About a third of the worlds has a route; the properties are about those.
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_order_of_rows_does_not_matter(
        (scan, facts) in worlds(),
        cuts in prop::array::uniform3(any::<Index>()),
    ) {
        let mut other = facts.clone();
        rotate(&mut other.accounts, cuts[0]);
        rotate(&mut other.acceptances, cuts[1]);
        rotate(&mut other.agreements, cuts[2]);
        other.agreements.reverse();
        prop_assert_eq!(route(&scan, &other), route(&scan, &facts));
    }

    #[test]
    fn one_more_enabled_acceptance_never_stops_a_scan(
        (scan, mut facts) in worlds(),
        more in acceptances(),
    ) {
        facts.acceptances.retain(|acceptance| acceptance.institution != more.institution);
        // A limit on the payer's own institution is the one thing by which taking more takes less.
        let day_limit = more.day_limit.filter(|_| more.institution != scan.payer);
        let state = AcceptanceState::Enabled;
        let mut richer = facts.clone();
        richer.acceptances.push(Acceptance { state, day_limit, ..more });
        let (before, after) = (route(&scan, &facts), route(&scan, &richer));
        prop_assert!(before.chosen.is_none() || after.chosen.is_some(), "{:?}", after.reason);
    }

    #[test]
    fn a_suspended_acceptance_stops_its_institution((scan, mut facts) in worlds()) {
        facts.acceptances.retain(|acceptance| acceptance.institution != scan.payer);
        let who = NAMES.iter().position(|n| *n == scan.payer.as_str()).unwrap();
        let state = AcceptanceState::Suspended;
        facts.acceptances.push(Acceptance { state, ..acceptance(who) });
        prop_assert_eq!(route(&scan, &facts).chosen, None);
    }

    #[test]
    fn what_is_chosen_is_the_first_that_may_be_and_the_rest_say_why_not((scan, facts) in worlds()) {
        let decision = route(&scan, &facts);
        let direct = facts.acceptances.iter().filter(|a| a.institution == scan.payer).count();
        prop_assert!(decision.candidates.len() >= direct);
        let usable = decision.candidates.iter().find(|c| !matches!(c.verdict, Verdict::Refused(_)));
        prop_assert_eq!(usable.map(|c| c.verdict), usable.map(|_| Verdict::Taken));
        prop_assert_eq!(usable.and_then(Candidate::route), decision.chosen.clone());
        let taken = decision.candidates.iter().filter(|c| c.verdict == Verdict::Taken).count();
        prop_assert_eq!(taken, usize::from(decision.chosen.is_some()));
    }

    #[test]
    fn every_alternative_would_work((scan, facts) in worlds()) {
        for other in route(&scan, &facts).alternatives {
            let scan = Scan { payer: other, spent_today: None, ..scan.clone() };
            prop_assert!(route(&scan, &facts).chosen.is_some());
        }
    }
}

/// Worlds where little is in the way, or no scan would ever be payable.
fn worlds() -> impl Strategy<Value = (Scan, Facts)> {
    let ways = mostly(Way::MerchantPresented, vec![Way::PayerPresented]);
    let asked = select(vec![None, Some(fen(1)), Some(fen(100)), Some(fen(50_000))]);
    let spent = select(vec![None, Some(paid(0, 0)), Some(paid(40_000, 10_000))]);
    let scans = (0..NAMES.len(), ways, any::<bool>(), asked, spent);
    let rows = (
        prop::collection::vec(accounts(), 3..8),
        prop::collection::vec(acceptances(), 1..6),
        prop::collection::vec(agreements(), 3..10),
    );
    let preferences = select(vec![vec![], vec![2, 0], vec![1]]);
    let rest = (preferences, mostly(vec![], vec![vec![0]]), limits());
    (scans, rows, rest).prop_map(|(scans, rows, (preference, unhealthy, limit))| {
        let (payer, way, static_code, amount, spent_today) = scans;
        let scan = Scan {
            way,
            static_code,
            amount,
            spent_today,
            ..scan(payer)
        };
        let (accounts, acceptances, agreements) = rows;
        let mut facts = Facts {
            accounts: unique(accounts, |a| a.id.clone()),
            acceptances: unique(acceptances, |a| a.institution.clone()),
            agreements: unique(agreements, |a| a.id.clone()),
            unhealthy: unhealthy.into_iter().map(name).collect(),
            static_limits: limit.map(same_for_all),
            ..shop()
        };
        facts.merchant.preference = preference.into_iter().map(name).collect();
        (scan, facts)
    })
}

fn mostly<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    others: Vec<T>,
) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(usual), 1 => select(others)]
}

fn limits() -> impl Strategy<Value = Option<Amount>> {
    mostly(None, vec![Some(fen(1)), Some(fen(100)), Some(fen(50_000))])
}

fn moments() -> impl Strategy<Value = Option<Timestamp>> {
    mostly(
        None,
        vec![Some(at(NOW - 1)), Some(at(NOW)), Some(at(NOW + 1))],
    )
}

fn accounts() -> impl Strategy<Value = PaymentAccount> {
    let states = mostly(PaymentAccountState::Open, vec![PaymentAccountState::Closed]);
    let currencies = mostly(Currency::CNY, vec!["JPY".parse().unwrap()]);
    (0..NAMES.len(), states, currencies).prop_map(|(at, state, currency)| PaymentAccount {
        currency,
        state,
        ..account(at)
    })
}

fn acceptances() -> impl Strategy<Value = Acceptance> {
    let states = mostly(AcceptanceState::Enabled, AcceptanceState::ALL.to_vec());
    let platforms = mostly(None, vec![Some("market".parse().unwrap())]);
    (
        0..NAMES.len(),
        states,
        platforms,
        moments(),
        moments(),
        limits(),
        limits(),
    )
        .prop_map(
            |(who, state, platform, opens_at, consent_at, payment_limit, day_limit)| Acceptance {
                state,
                platform,
                opens_at,
                consent_at,
                payment_limit,
                day_limit,
                ..acceptance(who)
            },
        )
}

fn agreements() -> impl Strategy<Value = Agreement> {
    let states = mostly(AgreementState::Active, AgreementState::ALL.to_vec());
    let who = (0..NAMES.len(), 0..NAMES.len());
    (who, states, any::<bool>(), moments(), moments(), limits()).prop_map(
        |((from, to), state, payer_presented, starts_at, ends_at, payment_limit)| {
            let base = agreement(from, to);
            Agreement {
                ways: Ways {
                    payer_presented,
                    ..base.ways
                },
                starts_at: starts_at.unwrap_or(base.starts_at),
                ends_at,
                state,
                payment_limit,
                ..base
            }
        },
    )
}

fn unique<T, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = BTreeSet::new();
    rows.into_iter()
        .filter(|row| seen.insert(key(row)))
        .collect()
}

fn rotate<T>(rows: &mut [T], cut: Index) {
    if !rows.is_empty() {
        let cut = cut.index(rows.len());
        rows.rotate_left(cut);
    }
}
