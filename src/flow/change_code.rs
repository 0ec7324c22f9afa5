//! Somebody takes a code out of use, or back into it.

use crate::app::App;
use crate::db;
use crate::flow::{FlowError, adopt, issue, plates};
use crate::id::{CodeId, MerchantId};
use crate::merchant::{CodeEvent, CodeState, PrintedCode};

/// Suspends, resumes or revokes a code. What it had open is closed: nobody starts it from now on,
/// and orders that payers hold are closed at the institutions.
pub async fn change(
    app: &App,
    merchant: &MerchantId,
    id: &CodeId,
    event: CodeEvent,
) -> Result<PrintedCode, FlowError> {
    let mut tx = app.db.begin().await?;
    let code = db::codes::find_of(&mut tx, merchant, id)
        .await?
        .ok_or(FlowError::NotFound("code"))?;
    let wanted = match event {
        CodeEvent::Suspend => CodeState::Suspended,
        CodeEvent::Resume => CodeState::Active,
        CodeEvent::Revoke => CodeState::Revoked,
    };
    if code.state == wanted {
        // Asked again after a lost answer.
        return Ok(code);
    }
    // A plate before its code, as whoever unbinds it holds them.
    let plate = match event {
        CodeEvent::Revoke => db::plates::hold_of_code(&mut tx, id).await?,
        CodeEvent::Suspend | CodeEvent::Resume => None,
    };
    let code = issue::after(app, &mut tx, code, event).await?;
    if code.state == CodeState::Revoked && code.account.is_some() {
        adopt::follow(app, &mut tx, &code).await?;
    }
    if let Some(plate) = plate {
        plates::follow(app, &mut tx, plate, &code).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    app.sweep_bell.ring();
    Ok(code)
}
