//! A new merchant: kept, unless payers could take its name for another's.

use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::merchant::Merchant;

/// Names compared at a time.
const PAGE: i64 = 1000;

/// Keeps a new merchant. One whose name looks like another's is held until somebody has looked at
/// it: two shops may share a name, and a thief may borrow one. All names are compared: which of
/// them look alike changes with the tables of Unicode, so nothing about it is stored.
pub async fn sign_up(tx: &mut Tx, merchant: &Merchant, is_reviewed: bool) -> Result<(), FlowError> {
    if !is_reviewed {
        must_be_unlike(tx, merchant).await?;
    }
    db::merchants::insert(tx, merchant).await?;
    Ok(())
}

async fn must_be_unlike(tx: &mut Tx, merchant: &Merchant) -> Result<(), FlowError> {
    let likeness = merchant.name.likeness();
    let mut after = None;
    loop {
        let names = db::merchants::names(tx, after.as_ref(), PAGE).await?;
        let Some((last, _)) = names.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        if let Some((like, name)) = names
            .into_iter()
            .find(|(_, name)| name.likeness() == likeness)
        {
            return Err(FlowError::NameHeld { like, name });
        }
    }
}
