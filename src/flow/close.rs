//! Asking the payee institution what became of an order, and closing it there.
//!
//! Silence decides nothing. Whatever the institution signs is taken in like its own notice; an
//! answer that cannot be read is asked for again.

use crate::app::App;
use crate::flow::settle::Outcome;
use crate::flow::{FlowError, confirm, settle, start};
use crate::payment::{Attempt, AttemptState};
use crate::wallet::{self, Operation, Reply};

/// Closes the order at the institution; where that says nothing, asks. True when the attempt is
/// decided.
pub async fn close(app: &App, attempt: &Attempt) -> Result<bool, FlowError> {
    if call(app, attempt, Operation::Close).await? || call(app, attempt, Operation::Query).await? {
        return Ok(true);
    }
    // The opening may never have arrived, and nobody closes what they do not know.
    Ok(attempt.state == AttemptState::Started
        && (start::reopen(app, attempt).await? || call(app, attempt, Operation::Close).await?))
}

/// Asks the institution. True when the attempt is decided.
pub async fn query(app: &App, attempt: &Attempt) -> Result<bool, FlowError> {
    call(app, attempt, Operation::Query).await
}

async fn call(app: &App, attempt: &Attempt, operation: Operation) -> Result<bool, FlowError> {
    let wallet = wallet::by_id(&attempt.payee);
    let request = match operation {
        Operation::Close => wallet.close(&attempt.order_number),
        Operation::Query | Operation::Open => wallet.query(&attempt.order_number),
    };
    let reply = match settle::send(app, &attempt.payee, &request).await {
        Ok(reply) => reply,
        Err(FlowError::PayeeUnavailable) => return Ok(false),
        Err(error) => return Err(error),
    };
    let result = match wallet.reply(operation, &reply) {
        Ok(Reply::Result(jws)) => jws,
        Ok(Reply::Unknown | Reply::Opened(_) | Reply::Refused { .. }) => return Ok(false),
        Err(error) => {
            tracing::warn!(attempt = %attempt.id, institution = %attempt.payee, "{error}");
            return Ok(false);
        }
    };
    // An answer is taken only under the institution's own signature, like a notice.
    let attested = match confirm::read(app, &attempt.payee, &attempt.order_number, &result).await {
        Ok(attested) => attested,
        Err(error @ (FlowError::Db(_) | FlowError::Keys(_))) => return Err(error),
        Err(error) => {
            tracing::warn!(
                attempt = %attempt.id, institution = %attempt.payee,
                "the answer of {} about attempt {} was refused: {error}",
                attempt.payee, attempt.id,
            );
            return Ok(false);
        }
    };
    match settle::take(app, &attested).await {
        Ok(Outcome::Settled { .. }) => Ok(true),
        // The institution's last word is money that does not fit: nothing else will come.
        Ok(Outcome::Exception(_)) => {
            settle::release(app, &attempt.id).await?;
            Ok(true)
        }
        // An attempt's order is no adoption's.
        Ok(Outcome::Adopted(_) | Outcome::NoProof(_)) => Ok(false),
        Err(error @ (FlowError::Db(_) | FlowError::Keys(_))) => Err(error),
        Err(error) => {
            tracing::warn!(attempt = %attempt.id, "{error}");
            Ok(false)
        }
    }
}
