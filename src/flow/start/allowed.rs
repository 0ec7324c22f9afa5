//! What a start may ask for: the price, how often from one place, and how much in a day.

use crate::app::{App, Opened};
use crate::crypto::sealing::Purpose;
use crate::db::books::{Counted, DaySums, PayerDay};
use crate::db::{self, Tx};
use crate::flow::routes::{Asked, Routed};
use crate::flow::start::StartOrder;
use crate::flow::{FlowError, StartsBound, resolve};
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency, MINOR_MAX, MoneyError};
use crate::payment::Payment;
use crate::routing::{DayRule, Facts, Spent};

/// Payers behind one shop's network share a source, so a printed code allows more of them at once
/// than one order's three.
const OPEN_PER_SOURCE: i64 = 20;

/// The longest number of a known institution has 64 characters; twice that is generous.
const REFERENCE_CHARS_MAX: usize = 128;

/// What is stored or compared as the institution's own must be text that both databases keep.
pub(super) fn check_texts(order: &StartOrder) -> Result<(), FlowError> {
    let texts = [
        ("/payer_reference", Some(&order.payer_reference)),
        ("/payer_ref", order.payer_ref.as_ref()),
    ];
    for (pointer, text) in texts {
        let fits = text.is_none_or(|text| {
            (1..=REFERENCE_CHARS_MAX).contains(&text.chars().count())
                && !text.chars().any(char::is_control)
        });
        if !fits {
            let detail = format!("must have 1 to {REFERENCE_CHARS_MAX} printable characters");
            return Err(FlowError::field(pointer, "field-invalid", detail));
        }
    }
    Ok(())
}

/// The code's price is the only price; a payer's amount counts only where the code has none.
pub(super) fn settle_amount(order: &StartOrder, opened: &Opened) -> Result<Amount, FlowError> {
    if let Some(asked) = order.amount
        && asked.currency() != opened.code.currency
    {
        let detail = format!("the code is paid in {}", opened.code.currency);
        return Err(FlowError::field("/currency", "currency-mismatch", detail));
    }
    match (resolve::price(opened), order.amount) {
        (Some(price), None) => Ok(price),
        (Some(price), Some(asked)) if price == asked => Ok(price),
        (Some(price), Some(_)) => {
            let detail = format!("the code asks for {} minor units", price.minor());
            Err(FlowError::field("/amount_minor", "amount-mismatch", detail))
        }
        (None, Some(asked)) => Ok(asked),
        (None, None) => {
            let detail = "this code has no amount: the payer must enter one";
            Err(FlowError::field("/amount_minor", "amount-required", detail))
        }
    }
}

/// An unidentified browser may start an order's payment three times, and no more however long it waits:
/// each start holds the payment, and whoever could begin anew for ever could keep others from it for
/// ever. At a printed code every start has a payment of its own; there, what it has open at once is
/// bounded.
pub(super) async fn check_source(
    app: &App,
    tx: &mut Tx,
    order: &StartOrder,
    opened: &Opened,
    payment: &Payment,
) -> Result<Option<[u8; 32]>, FlowError> {
    let Some(source) = &order.source else {
        return Ok(None);
    };
    let source = app
        .sealer
        .mac(Purpose::Payer, format!("source\0{source}").as_bytes());
    let (count, most, bound) = if opened.payment.is_some() {
        let count = db::attempts::count_source(tx, &payment.id, &source).await?;
        (count, app.limits.starts_per_source, StartsBound::InAll)
    } else {
        // Those that come at once would all count the same.
        db::attempts::hold_source(tx, &opened.code.id, &source).await?;
        let count = db::attempts::count_open_at_code(tx, &opened.code.id, &source).await?;
        // By then the first of them has been closed.
        let seconds = u32::try_from(app.limits.pay_before.as_secs()).unwrap_or(u32::MAX);
        (count, OPEN_PER_SOURCE, StartsBound::AtOnce { seconds })
    };
    if count >= most {
        return Err(FlowError::TooManyStarts(bound));
    }
    Ok(Some(source))
}

/// Whoever asked for more than a rule allows has a route for less: the rule is named, not the
/// other institutions.
pub(super) fn name_the_limit(error: FlowError) -> FlowError {
    if let FlowError::NoRoute(decision) = &error
        && let Some(limit) = decision.limit
    {
        return FlowError::LimitExceeded {
            rule: limit.rule,
            limit: limit.amount,
        };
    }
    error
}

/// What this payer has paid here today.
pub(super) async fn spent_today(
    tx: &mut Tx,
    day: PayerDay<'_>,
    currency: Currency,
) -> Result<Spent, FlowError> {
    as_spent(db::books::spent(tx, day, currency.code()).await?, currency)
}

/// The stored sums, as the router speaks of them.
pub(super) fn as_spent(sums: DaySums, currency: Currency) -> Result<Spent, FlowError> {
    let amount = |minor| Amount::new(minor, currency).map_err(too_much);
    Ok(Spent {
        all: amount(sums.all)?,
        by_static_codes: amount(sums.by_static_codes)?,
    })
}

/// Counts the payment to the payer's day, whether or not a rule bounds it today: a limit that is set
/// at noon counts what was paid in the morning.
pub(super) async fn count(
    tx: &mut Tx,
    day: PayerDay<'_>,
    asked: &Asked<'_>,
    routed: &Routed,
    amount: Amount,
) -> Result<(), FlowError> {
    let limits: Vec<(DayRule, Amount)> =
        day_limits(asked, &routed.route.payee, &routed.facts).collect();
    let cap = |rule| {
        let of_rule = limits.iter().filter(|(of, _)| *of == rule);
        of_rule
            .map(|(_, limit)| limit.minor())
            .min()
            .unwrap_or(MINOR_MAX)
    };
    let caps = DaySums {
        all: cap(DayRule::Acceptance),
        by_static_codes: cap(DayRule::StaticCodes),
    };
    let counted = Counted {
        amount,
        static_code: asked.static_code,
    };
    if db::books::spend(tx, day, counted, caps).await? {
        return Ok(());
    }
    // Which limit it was is found by looking again. Should something have been given back just now,
    // the least is named.
    let spent = spent_today(tx, day, asked.currency).await?;
    let met = limits
        .iter()
        .copied()
        .min_by_key(|(rule, limit)| (has_room(spent, *rule, *limit, amount), limit.minor()));
    match met {
        Some((rule, limit)) => Err(FlowError::LimitExceeded {
            rule: rule.past(),
            limit,
        }),
        None => Err(too_much(MoneyError::Range { min: 0 })),
    }
}

/// Whether the payer's day has room for one more payment, by every rule that applies.
pub(super) fn fits(
    asked: &Asked<'_>,
    payee: &InstitutionId,
    facts: &Facts,
    amount: Amount,
) -> bool {
    asked.spent_today.is_none_or(|spent| {
        day_limits(asked, payee, facts).all(|(rule, limit)| has_room(spent, rule, limit, amount))
            && spent.all.plus(amount).is_ok()
    })
}

fn has_room(spent: Spent, rule: DayRule, limit: Amount, amount: Amount) -> bool {
    let sum = spent.towards(rule).plus(amount);
    sum.is_ok_and(|sum| sum.minor() <= limit.minor())
}

fn too_much(why: MoneyError) -> FlowError {
    FlowError::amount("/amount_minor", &why)
}

/// What this payer may pay here today, by each rule that applies.
fn day_limits(
    asked: &Asked<'_>,
    payee: &InstitutionId,
    facts: &Facts,
) -> impl Iterator<Item = (DayRule, Amount)> {
    facts
        .day_limits(payee, asked.static_code)
        .filter(|(_, limit)| limit.currency() == asked.currency)
        .chain(facts.day_limits_of_payers(asked.payer, payee, asked.currency))
}
