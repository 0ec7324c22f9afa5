//! What is written to the audit log by those who serve. The operator's own commands write there too.

use crate::app::App;
use crate::db::audit::{self, Line};
use crate::db::{DbError, Tx};
use crate::flow::FlowError;
use crate::id::{AuditId, MerchantId};
use crate::telemetry::trace;

/// Something that was done, to be written down with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<'a> {
    /// Whose things were touched.
    pub(super) merchant: Option<&'a MerchantId>,
    /// Who did it.
    pub(super) actor: &'a str,
    /// What.
    pub(super) action: &'a str,
    /// On which thing.
    pub(super) object: &'a str,
    /// How it ended.
    pub(super) result: &'a str,
}

/// Writes it down, in the transaction in which it is done: where one fails, so does the other.
pub(super) async fn note(app: &App, tx: &mut Tx, deed: Deed<'_>) -> Result<(), DbError> {
    let at = tx.now();
    let from = trace::current().and_then(|trace| trace.from());
    let line = Line {
        id: AuditId::new(at, app.entropy.as_ref()),
        merchant_id: deed.merchant.cloned(),
        actor: deed.actor.to_owned(),
        action: deed.action.to_owned(),
        object: deed.object.to_owned(),
        result: deed.result.to_owned(),
        source: from.map(|address| address.to_string()),
        at,
    };
    audit::append(tx, &app.sealer, &line).await?;
    Ok(())
}

/// Writes down what this process itself does: `server.start`, `server.stop`.
pub async fn of_server(app: &App, action: &str) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let origin = app.origin.to_string();
    let deed = Deed {
        merchant: None,
        actor: "server",
        action,
        object: &origin,
        result: concat!("tongma ", env!("CARGO_PKG_VERSION")),
    };
    note(app, &mut tx, deed).await?;
    tx.commit().await?;
    Ok(())
}
