//! Stories about single scans.

use std::collections::BTreeSet;

use super::{
    NOW, acceptance, account, agreement, at, fen, joined, name, paid, same_for_all, scan, shop,
};
use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, CodeClass, PaymentAccountState,
    StaticLimits, Way,
};
use crate::money::{Amount, Currency};
use crate::routing::{Facts, Reason, RouteKind, Scan, Verdict, payers, route};

#[test]
fn a_direct_route_is_taken() {
    let facts = Facts {
        acceptances: vec![acceptance(0)],
        accounts: vec![account(0)],
        ..shop()
    };
    let decision = route(&scan(0), &facts);
    assert_eq!(decision.reason, Reason::Direct);
    assert_eq!(
        decision.chosen.map(|route| route.account),
        Some(account(0).id)
    );
}

#[test]
fn an_agreement_carries_a_payer_whom_the_merchant_never_met() {
    let decision = route(&scan(1), &joined());
    assert_eq!(decision.reason, Reason::Interop);
    let route = decision.chosen.unwrap();
    assert_eq!(
        (route.payee, route.agreement),
        (name(0), Some(agreement(1, 0).id))
    );
}

#[test]
fn an_agreement_counts_in_its_direction_only() {
    let facts = Facts {
        acceptances: vec![acceptance(1)],
        accounts: vec![account(1)],
        ..joined()
    };
    let decision = route(&scan(0), &facts);
    assert_eq!(
        (decision.chosen, decision.reason),
        (None, Reason::NotAccepted)
    );
    assert_eq!(decision.alternatives, [name(1)]);
}

#[test]
fn two_agreements_in_a_row_lead_nowhere() {
    let mut facts = joined();
    facts.agreements.push(agreement(2, 1));
    assert_eq!(route(&scan(2), &facts).chosen, None);
}

#[test]
fn the_merchants_preference_comes_before_directness() {
    let mut facts = joined();
    facts.acceptances.push(acceptance(1));
    facts.accounts.push(account(1));
    assert_eq!(route(&scan(1), &facts).reason, Reason::Direct);
    facts.merchant.preference = vec![name(0)];
    assert_eq!(route(&scan(1), &facts).reason, Reason::Interop);
}

#[test]
fn of_two_detours_the_one_to_the_first_institution_is_taken_whatever_their_ids() {
    let mut facts = shop();
    facts.acceptances = vec![acceptance(0), acceptance(1)];
    facts.accounts = vec![account(0), account(1)];
    let (mut first, mut second) = (agreement(2, 0), agreement(2, 1));
    for _ in 0..2 {
        facts.agreements = vec![first.clone(), second.clone()];
        let chosen = route(&scan(2), &facts).chosen.unwrap();
        assert_eq!(chosen.payee, name(0).min(name(1)));
        std::mem::swap(&mut first.id, &mut second.id);
    }
}

#[test]
fn an_invitation_of_the_payers_institution_stops_no_detour() {
    for (state, reason) in [
        (AcceptanceState::Invited, Reason::Interop),
        (AcceptanceState::Applied, Reason::Interop),
        (AcceptanceState::Suspended, Reason::AcceptanceSuspended),
        (AcceptanceState::Closed, Reason::AcceptanceClosed),
    ] {
        let mut facts = joined();
        facts.acceptances.push(Acceptance {
            state,
            ..acceptance(1)
        });
        // The direct candidate is looked at first once the merchant prefers it.
        facts.merchant.preference = vec![name(1)];
        assert_eq!(route(&scan(1), &facts).reason, reason, "{state}");
    }
}

#[test]
fn a_personal_code_leads_on_only_where_the_operator_lets_it() {
    let personal = Scan {
        class: CodeClass::Personal,
        ..scan(1)
    };
    let facts = |personal_codes| Facts {
        personal_codes,
        ..joined()
    };
    let reason = |scan: &Scan, personal_codes| route(scan, &facts(personal_codes)).reason;
    assert_eq!(reason(&personal, false), Reason::ClassNotAllowed);
    assert_eq!(reason(&personal, true), Reason::Interop);
    for personal_codes in [false, true] {
        assert_eq!(reason(&scan(1), personal_codes), Reason::Interop);
    }
}

#[test]
fn every_rule_names_itself() {
    type Change = fn(&mut Facts, &mut Scan);
    let rules: [(Reason, Change); 20] = [
        (Reason::AcceptanceNotEnabled, |f, _| {
            accepted(f).state = AcceptanceState::Applied;
        }),
        (Reason::AcceptanceSuspended, |f, _| {
            accepted(f).state = AcceptanceState::Suspended;
        }),
        (Reason::AcceptanceClosed, |f, _| {
            accepted(f).state = AcceptanceState::Closed;
        }),
        (Reason::NotOpenYet, |f, _| {
            accepted(f).opens_at = Some(at(NOW + 1));
        }),
        (Reason::ConsentMissing, |f, _| {
            accepted(f).platform = Some("market".parse().unwrap());
        }),
        (Reason::AgreementSuspended, |f, _| {
            agreed(f).state = AgreementState::Suspended;
        }),
        (Reason::AgreementEnded, |f, _| {
            agreed(f).state = AgreementState::Ended;
        }),
        (Reason::AgreementEnded, |f, _| {
            agreed(f).ends_at = Some(at(NOW));
        }),
        (Reason::AgreementNotStarted, |f, _| {
            agreed(f).starts_at = at(NOW + 1);
        }),
        (Reason::WayNotAgreed, |_, s| {
            s.way = Way::PayerPresented;
        }),
        (Reason::AccountMissing, |f, _| f.accounts.clear()),
        (Reason::AccountClosed, |f, _| {
            f.accounts[0].state = PaymentAccountState::Closed;
        }),
        (Reason::CurrencyMismatch, |f, _| {
            f.accounts[0].currency = "JPY".parse().unwrap();
        }),
        (Reason::InstitutionUnavailable, |f, _| {
            f.unhealthy = [name(0)].into();
        }),
        (Reason::AgreementLimit, |f, _| {
            agreed(f).payment_limit = Some(fen(99));
        }),
        (Reason::PaymentLimit, |f, _| {
            accepted(f).payment_limit = Some(fen(99));
        }),
        (Reason::DayLimit, |f, _| {
            accepted(f).day_limit = Some(fen(99));
        }),
        (Reason::CurrencyMismatch, |f, _| {
            agreed(f).payment_limit = Some(yen(1_000));
        }),
        (Reason::CurrencyMismatch, |f, _| {
            accepted(f).day_limit = Some(yen(1_000));
        }),
        (Reason::CurrencyMismatch, |_, s| {
            s.amount = Some(yen(100));
        }),
    ];
    for (reason, change) in rules {
        let (mut facts, mut scan) = (joined(), scan(1));
        change(&mut facts, &mut scan);
        assert_eq!(route(&scan, &facts).reason, reason);
    }
}

#[test]
fn a_rule_ends_where_it_says() {
    let mut facts = joined();
    agreed(&mut facts).starts_at = at(NOW);
    agreed(&mut facts).ends_at = Some(at(NOW + 1));
    agreed(&mut facts).payment_limit = Some(fen(100));
    accepted(&mut facts).payment_limit = Some(fen(100));
    accepted(&mut facts).day_limit = Some(fen(100));
    assert_eq!(scan(1).amount, Some(fen(100)));
    assert_eq!(route(&scan(1), &facts).reason, Reason::Interop);
}

#[test]
fn whose_payers_could_pay_has_nothing_to_do_with_who_scanned() {
    let mut facts = joined();
    accepted(&mut facts).day_limit = Some(fen(300));
    let spent = Scan {
        spent_today: Some(paid(300, 0)),
        ..scan(1)
    };
    assert_eq!(route(&spent, &facts).chosen, None);
    assert_eq!(payers(&spent, &facts), [name(1), name(0)]);
}

#[test]
fn a_stopped_acceptance_of_the_payers_institution_closes_the_detour() {
    for (state, reason) in [
        (AcceptanceState::Suspended, Reason::PayerSuspended),
        (AcceptanceState::Closed, Reason::PayerClosed),
    ] {
        let mut facts = joined();
        facts.acceptances.push(Acceptance {
            state,
            ..acceptance(1)
        });
        let candidates = route(&scan(1), &facts).candidates;
        let detour = candidates
            .iter()
            .find(|c| c.kind == RouteKind::Interop)
            .unwrap();
        assert_eq!(detour.verdict, Verdict::Refused(reason));
    }
}

#[test]
fn a_platforms_roll_out_opens_with_consent() {
    let mut facts = joined();
    facts.acceptances[0].platform = Some("market".parse().unwrap());
    facts.acceptances[0].consent_at = Some(at(NOW));
    facts.acceptances[0].opens_at = Some(at(NOW));
    assert_eq!(route(&scan(1), &facts).reason, Reason::Interop);
}

#[test]
fn a_day_limit_counts_what_was_spent_and_caps_each_payment_of_a_stranger() {
    let mut facts = joined();
    facts.acceptances[0].day_limit = Some(fen(300));
    let reason = |spent: Option<i64>, amount: i64| {
        let scan = Scan {
            spent_today: spent.map(|minor| paid(minor, 0)),
            amount: Some(fen(amount)),
            ..scan(1)
        };
        route(&scan, &facts).reason
    };
    assert_eq!(reason(Some(200), 100), Reason::Interop);
    assert_eq!(reason(Some(201), 100), Reason::DayLimit);
    assert_eq!(reason(None, 300), Reason::Interop);
    assert_eq!(reason(None, 301), Reason::DayLimit);
}

#[test]
fn a_day_limit_on_the_payers_institution_binds_its_detours_too() {
    let mut facts = joined();
    facts.acceptances.push(Acceptance {
        day_limit: Some(fen(300)),
        ..acceptance(1)
    });
    // No account there, so that its payers' money comes to the other.
    let decided = |facts: &Facts, spent: Option<i64>, amount: Option<i64>| {
        let scan = Scan {
            spent_today: spent.map(|minor| paid(minor, 0)),
            amount: amount.map(fen),
            ..scan(1)
        };
        route(&scan, facts)
    };
    assert_eq!(decided(&facts, None, Some(300)).reason, Reason::Interop);
    let refused = decided(&facts, None, Some(301));
    assert_eq!(refused.limit.map(|limit| limit.amount), Some(fen(300)));
    assert_eq!(refused.chosen, None, "also of a stranger");
    assert_eq!(decided(&facts, Some(201), Some(100)).chosen, None);
    let open = decided(&facts, None, None).chosen.unwrap();
    assert_eq!(facts.most(&open, false, Currency::CNY), Some(fen(300)));

    facts.acceptances[1].day_limit = Some(yen(300));
    assert_eq!(decided(&facts, None, Some(301)).reason, Reason::Interop);
    facts.acceptances[1].day_limit = Some(fen(300));
    facts.acceptances[1].state = AcceptanceState::Applied;
    assert_eq!(decided(&facts, None, Some(301)).reason, Reason::Interop);
}

#[test]
fn each_limit_of_a_day_looks_at_the_sum_that_it_is_about() {
    let mut facts = joined();
    facts.acceptances[0].day_limit = Some(fen(300));
    facts.static_limits = Some(same_for_all(fen(200)));
    let reason = |static_code: bool, (all, by_static_codes): (i64, i64)| {
        let scan = Scan {
            static_code,
            spent_today: Some(paid(all, by_static_codes)),
            amount: Some(fen(100)),
            ..scan(1)
        };
        route(&scan, &facts).reason
    };
    assert_eq!(reason(true, (200, 100)), Reason::Interop, "room in both");
    assert_eq!(reason(true, (101, 101)), Reason::StaticDayLimit);
    assert_eq!(reason(true, (201, 0)), Reason::DayLimit);
    assert_eq!(reason(false, (200, 200)), Reason::Interop, "no static code");
    assert_eq!(reason(false, (201, 0)), Reason::DayLimit);
}

#[test]
fn what_was_read_counts_until_the_next_date_in_it() {
    let mut facts = joined();
    let dates = [4, 3, 2, 1].map(|later| at(NOW + later));
    accepted(&mut facts).opens_at = Some(dates[0]);
    accepted(&mut facts).consent_at = Some(dates[1]);
    agreed(&mut facts).ends_at = Some(dates[2]);
    agreed(&mut facts).starts_at = dates[3];
    // Each in its turn; a date that has come changes nothing any more.
    for (now, next) in [
        (0, Some(1)),
        (1, Some(2)),
        (2, Some(3)),
        (3, Some(4)),
        (4, None),
    ] {
        let next = next.map(|later| at(NOW + later));
        assert_eq!(facts.next_change(at(NOW + now)), next, "{now}");
    }
}

#[test]
fn the_static_limit_binds_static_codes_only_and_only_in_its_currency() {
    let mut facts = joined();
    facts.static_limits = Some(same_for_all(fen(99)));
    let printed = Scan {
        static_code: true,
        ..scan(1)
    };
    assert_eq!(route(&printed, &facts).reason, Reason::StaticDayLimit);
    assert_eq!(route(&scan(1), &facts).reason, Reason::Interop);
    facts.static_limits = Some(same_for_all(
        Amount::new(1, "JPY".parse().unwrap()).unwrap(),
    ));
    assert_eq!(route(&printed, &facts).reason, Reason::Interop);
}

#[test]
fn a_decision_explains_itself_in_json() {
    let mut facts = joined();
    facts.agreements[0].state = AgreementState::Suspended;
    let json = serde_json::to_value(route(&scan(1), &facts)).unwrap();
    let candidate = &json["candidates"][0];
    assert_eq!(candidate["verdict"], "refused");
    assert_eq!(candidate["reason"]["code"], "agreement-suspended");
    assert_eq!(json["reason"]["zh"], "两机构间的协议已暂停。");
    assert_eq!(json["alternatives"], serde_json::json!(["lotus"]));
}

#[test]
fn no_two_reasons_share_a_word() {
    let words: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words.len(), Reason::ALL.len());
    assert_eq!(Reason::DayLimit.to_string(), "day-limit");
}

fn yen(minor: i64) -> Amount {
    Amount::new(minor, "JPY".parse().unwrap()).unwrap()
}

fn accepted(facts: &mut Facts) -> &mut Acceptance {
    &mut facts.acceptances[0]
}

fn agreed(facts: &mut Facts) -> &mut Agreement {
    &mut facts.agreements[0]
}

#[test]
fn the_most_on_a_route_is_the_least_of_its_own_bounds() {
    let limited = |acceptance_limit, agreement_limit| {
        let mut facts = joined();
        facts.acceptances.push(Acceptance {
            payment_limit: Some(fen(10)),
            ..acceptance(2)
        });
        facts.agreements.push(Agreement {
            payment_limit: Some(fen(20)),
            ..agreement(2, 0)
        });
        accepted(&mut facts).payment_limit = acceptance_limit;
        agreed(&mut facts).payment_limit = agreement_limit;
        let route = route(&scan(1), &facts).chosen.unwrap();
        facts.most(&route, false, Currency::CNY)
    };
    assert_eq!(limited(None, None), None);
    assert_eq!(limited(Some(fen(300)), None), Some(fen(300)));
    assert_eq!(limited(None, Some(fen(400))), Some(fen(400)));
    assert_eq!(limited(Some(fen(300)), Some(fen(400))), Some(fen(300)));
    assert_eq!(limited(Some(fen(300)), Some(fen(200))), Some(fen(200)));
}

#[test]
fn a_rule_in_yuan_bounds_no_yen() {
    let yuan = |minor| Amount::positive(minor, Currency::CNY).unwrap();
    let facts = Facts {
        static_limits: Some(StaticLimits {
            b: yuan(500_000),
            c: yuan(100_000),
            d: yuan(50_000),
        }),
        ..joined()
    };
    let route = route(&scan(0), &facts).chosen.unwrap();

    assert_eq!(facts.most(&route, true, Currency::CNY), Some(yuan(50_000)));
    assert_eq!(facts.most(&route, true, "JPY".parse().unwrap()), None);
    assert_eq!(facts.most(&route, false, Currency::CNY), None);
}

#[test]
fn a_code_that_pays_into_one_account_pays_into_no_other() {
    let mut facts = joined();
    facts.acceptances.push(acceptance(2));
    facts.accounts.push(account(2));
    facts.agreements.push(agreement(1, 2));
    facts.merchant.preference = vec![name(2), name(0)];
    let only = |payer: usize, institution: usize| Scan {
        only: Some(account(institution).id),
        ..scan(payer)
    };
    let chosen = |scan: &Scan| route(scan, &facts).chosen.map(|route| route.account);
    assert_eq!(chosen(&scan(1)), Some(account(2).id));
    assert_eq!(chosen(&only(1, 0)), Some(account(0).id));
    assert_eq!(chosen(&only(1, 2)), Some(account(2).id));

    let other = only(2, 0);
    let refused = route(&other, &facts);
    assert_eq!(
        (refused.chosen, refused.reason),
        (None, Reason::CodeAccount)
    );
    assert_eq!(refused.alternatives, [name(0), name(1)]);
    // What stands in the way of the one account is the reason, not the others.
    facts.acceptances[0].state = AcceptanceState::Suspended;
    let stopped = route(&only(1, 0), &facts);
    assert_eq!(stopped.reason, Reason::AcceptanceSuspended);
    let verdicts: Vec<Verdict> = stopped.candidates.iter().map(|one| one.verdict).collect();
    assert_eq!(
        verdicts.last(),
        Some(&Verdict::Refused(Reason::CodeAccount))
    );
}
