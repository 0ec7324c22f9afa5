//! What a start may ask for: the price, how often from one place, and how much in a day.

use crate::app::App;
use crate::crypto::sealing::Purpose;
use crate::db::{self, Tx};
use crate::flow::open_code::Opened;
use crate::flow::routes::{Asked, Routed};
use crate::flow::start::StartOrder;
use crate::flow::{FlowError, StartsBound, resolve};
use crate::merchant::AcceptanceState;
use crate::money::Amount;
use crate::payment::Payment;
use crate::routing::Reason;

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

/// What this payer may pay here today: the least of the rules that apply, and which it is. What the
/// merchant takes of the payer's own institution binds its interop payments too.
pub(super) fn day_cap(asked: &Asked<'_>, routed: &Routed) -> Option<(Reason, Amount)> {
    let payee = &routed.route.payee;
    let own = routed.facts.acceptances.iter().filter(|acceptance| {
        acceptance.state == AcceptanceState::Enabled
            && acceptance.institution == *asked.payer
            && acceptance.institution != *payee
    });
    let own = own.filter_map(|acceptance| Some((Reason::DayLimit, acceptance.day_limit?)));
    routed
        .facts
        .day_limits(payee, asked.static_code)
        .chain(own)
        .filter(|(_, limit)| limit.currency() == asked.currency)
        .min_by_key(|(_, limit)| limit.minor())
}
