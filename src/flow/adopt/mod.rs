//! A merchant takes over the code that hangs on the wall already.
//!
//! ```text
//! request   tongma names an amount ──▶ ask   the institution looks out for it
//! proof     the institution states that it came ──▶ a code of ours stands behind theirs
//! end       the merchant lets it go: the text means nothing here, as before
//! ```
//!
//! The institution that issued the code goes on with it as ever. What changes is what this server
//! answers to wallets that ask it: a scan of that text leads to this merchant, and pays into the
//! account that the proof arrived in, and into no other.

mod ask;
mod proof;

use std::time::Duration;

pub(super) use self::ask::{claim, follow_up};
pub(super) use self::proof::take;

use crate::app::App;
use crate::code::adopt::{Adoptable, EMV, trimmed};
use crate::crypto::digest::sha256;
use crate::db::{self, Tx};
use crate::flow::audit::{Deed, note};
use crate::flow::{FlowError, decode, issue, quota, read_text, tell};
use crate::id::{AdoptionId, CounterId, MerchantId, PaymentAccountId, StoreId};
use crate::merchant::{
    InstitutionState, Merchant, PaymentAccount, PaymentAccountState, PrintedCode, Quota,
};
use crate::payment::OrderNumber;
use crate::payment::adoption::{
    Adoption, AdoptionChange, PAY_WITHIN, Standing, TRIES, proof_amount,
};
use crate::payment::event::{EventData, EventKind};

/// An adoption that is asked for.
#[derive(Debug, Clone)]
pub struct NewAdoption {
    /// Who asks.
    pub merchant: MerchantId,
    /// In which store the code hangs.
    pub store: StoreId,
    /// At which till, if at one.
    pub counter: Option<CounterId>,
    /// The account that it pays into; where the merchant has one that fits, it need not be said.
    pub account: Option<PaymentAccountId>,
    /// What the code says.
    pub text: String,
}

/// One merchant may ask for one code so often in a day; with each asking it may fail three times.
const ASKED_MAX: i64 = 5;
const DAY: Duration = Duration::from_hours(24);

/// The text of the one code in a picture that may be adopted. Of two nobody chooses for the merchant.
pub async fn in_picture(app: &App, file: Vec<u8>) -> Result<String, FlowError> {
    let texts = decode::texts(file).await?;
    let (mut found, mut refusals) = (Vec::new(), Vec::new());
    for text in texts {
        match read_text::adoptable(app, &text) {
            Ok(code) if found.iter().any(|(known, _)| *known == code) => {}
            Ok(code) => found.push((code, text)),
            Err(why) => refusals.push(why),
        }
    }
    refusals.dedup();
    match (found.pop(), refusals.as_slice()) {
        (Some((_, text)), _) if found.is_empty() => Ok(text),
        (None, [why]) => Err(FlowError::NotAdoptable(*why)),
        (Some(_) | None, _) => Err(FlowError::PictureAmbiguous),
    }
}

/// Asks for a code: names the amount by which the merchant proves it, and has the institution look
/// out for it.
pub async fn request(
    app: &App,
    tx: &mut Tx,
    new: NewAdoption,
    actor: &str,
) -> Result<Adoption, FlowError> {
    let code = read_text::adoptable(app, &new.text).map_err(FlowError::NotAdoptable)?;
    issue::check_place(tx, &new.merchant, &new.store, new.counter.as_ref()).await?;
    let merchant = db::merchants::find(tx, &new.merchant)
        .await?
        .ok_or(FlowError::NotFound("merchant"))?;
    let account = account_for(tx, &merchant, new.account.as_ref(), &code).await?;
    let text_hash = sha256(code.canonical.as_bytes());
    let said = trimmed(&new.text);
    match db::adoptions::holder(tx, code.network, &text_hash).await? {
        Some(holder) if holder == merchant.id => return Err(asked_before("proven")),
        Some(_) => return Err(FlowError::CodeTaken),
        None => {}
    }
    quota::room_for_one(tx, &merchant.id, Quota::Adoptions, &app.limits.quotas).await?;
    let now = tx.now();
    let adoption = Adoption {
        id: AdoptionId::new(now, &*app.entropy),
        merchant: merchant.id,
        store: new.store,
        counter: new.counter,
        network: code.network.to_owned(),
        text: code.canonical,
        text_hash,
        said: said.to_owned(),
        said_hash: sha256(said.as_bytes()),
        order_number: OrderNumber::new(app.entropy.bytes()),
        amount: proof_amount(app.entropy.bytes(), account.currency)
            .map_err(|why| FlowError::amount("/account", &why))?,
        account: account.id,
        institution: account.institution,
        account_reference: account.reference,
        pay_before: now.plus(PAY_WITHIN),
        opened_at: None,
        next_ask_at: now,
        asks: 0,
        standing: Standing::Requested { tries_left: TRIES },
        version: 1,
        requested_at: now,
    };
    let asked = db::adoptions::count_since(tx, &adoption, now.minus(DAY)).await?;
    if asked >= ASKED_MAX {
        return Err(FlowError::TooManyAdoptions { limit: ASKED_MAX });
    }
    if !db::adoptions::insert(tx, &adoption).await? {
        return Err(asked_before("requested"));
    }
    written(app, tx, &adoption, actor, "adoption.request", "asked").await?;
    Ok(adoption)
}

/// The account that the code pays into, and that the proof has to arrive in.
async fn account_for(
    tx: &mut Tx,
    merchant: &Merchant,
    named: Option<&PaymentAccountId>,
    code: &Adoptable,
) -> Result<PaymentAccount, FlowError> {
    let refused = |detail: &str| FlowError::field("/account", "field-invalid", detail);
    let serves = |account: &PaymentAccount| {
        let is_of_network = code.network == EMV || account.institution.as_str() == code.network;
        is_of_network && code.currency.is_none_or(|own| own == account.currency)
    };
    let account = if let Some(id) = named {
        let found = db::accounts::find(tx, &merchant.id, id).await?;
        let account = found.ok_or(FlowError::NotFound("account"))?;
        if account.state != PaymentAccountState::Open {
            return Err(refused("the account is closed"));
        }
        if !serves(&account) {
            return Err(refused(
                "the code is another institution's, or in another currency",
            ));
        }
        account
    } else {
        let mut all = db::accounts::of_merchant(tx, &merchant.id).await?;
        all.retain(|account| account.state == PaymentAccountState::Open && serves(account));
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => only,
            (Some(_), false) => return Err(refused("several accounts fit: say which")),
            (None, _) => {
                return Err(refused(
                    "no open account of the merchant's is at the code's institution",
                ));
            }
        }
    };
    let institution = db::institutions::find(tx, &account.institution).await?;
    let can_be_asked = institution.is_some_and(|institution| {
        institution.state == InstitutionState::Active && institution.base_url.is_some()
    });
    if !can_be_asked {
        return Err(refused(
            "the account's institution cannot be asked for the proof",
        ));
    }
    Ok(account)
}

/// Lets a code go, or gives up asking for it. What was being paid by it is closed.
pub async fn end(
    app: &App,
    merchant: &MerchantId,
    id: &AdoptionId,
    actor: &str,
) -> Result<Adoption, FlowError> {
    let mut tx = app.db.begin().await?;
    let adoption = db::adoptions::find_of(&mut tx, merchant, id)
        .await?
        .ok_or(FlowError::NotFound("adoption"))?;
    if matches!(adoption.standing, Standing::Ended { .. }) {
        // Asked again after a lost answer.
        return Ok(adoption);
    }
    if let Some(code) = adoption.standing.code() {
        let code = db::codes::find(&mut tx, code)
            .await?
            .ok_or(FlowError::NotFound("code"))?;
        issue::revoke_behind(app, &mut tx, code).await?;
    }
    let is_looked_out_for = adoption.standing.code().is_none() && adoption.opened_at.is_some();
    let adoption = ended(app, &mut tx, adoption, AdoptionChange::Ended, actor).await?;
    if is_looked_out_for {
        // The institution is told at once.
        let now = tx.now();
        db::adoptions::postpone(&mut tx, &adoption, now).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    app.sweep_bell.ring();
    Ok(adoption)
}

/// The code behind an adopted one was revoked by itself: then the adoption is over as well.
pub(super) async fn follow(app: &App, tx: &mut Tx, code: &PrintedCode) -> Result<(), FlowError> {
    let Some(adoption) = db::adoptions::of_code(tx, &code.id).await? else {
        return Ok(());
    };
    ended(app, tx, adoption, AdoptionChange::Ended, code.id.as_str()).await?;
    Ok(())
}

/// Ends an adoption, whatever the reason; a code that it held is free again.
async fn ended(
    app: &App,
    tx: &mut Tx,
    adoption: Adoption,
    change: AdoptionChange,
    actor: &str,
) -> Result<Adoption, FlowError> {
    let held = adoption.standing.code().is_some();
    let adoption = adoption.after(change, tx.now())?;
    db::adoptions::update(tx, &adoption).await?;
    if held {
        db::adoptions::let_go(tx, &adoption).await?;
    }
    told_of_end(app, tx, &adoption, actor).await?;
    Ok(adoption)
}

/// Audit line and event of an adoption that is over.
async fn told_of_end(
    app: &App,
    tx: &mut Tx,
    adoption: &Adoption,
    actor: &str,
) -> Result<(), FlowError> {
    let Standing::Ended { why, .. } = &adoption.standing else {
        return Ok(());
    };
    written(app, tx, adoption, actor, "adoption.end", why.as_str()).await?;
    publish(
        app,
        tx,
        adoption,
        EventKind::AdoptionEnded,
        Some(why.as_str()),
    )
    .await
}

async fn publish(
    app: &App,
    tx: &mut Tx,
    adoption: &Adoption,
    kind: EventKind,
    code: Option<&str>,
) -> Result<(), FlowError> {
    let told = EventData {
        code: code.map(ToOwned::to_owned),
        ..EventData::of_adoption(adoption)
    };
    tell::publish(app, tx, &adoption.merchant, kind, told).await
}

async fn written(
    app: &App,
    tx: &mut Tx,
    adoption: &Adoption,
    actor: &str,
    action: &str,
    result: &str,
) -> Result<(), FlowError> {
    let deed = Deed {
        merchant: Some(&adoption.merchant),
        actor,
        action,
        object: adoption.id.as_str(),
        result,
    };
    Ok(note(app, tx, deed).await?)
}

const fn asked_before(now: &'static str) -> FlowError {
    FlowError::State {
        what: "adoption",
        now,
        change: "asked for again",
    }
}
