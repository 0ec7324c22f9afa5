//! Issuing codes, and what becomes of what they had open when they are taken out of use.

use crate::app::App;
use crate::clock::Timestamp;
use crate::code::run::{self, Body, CodeKind, KeyId, RandomId};
use crate::crypto::jwk::KeyUse;
use crate::db::{self, Tx};
use crate::flow::in_emv::{self, Said};
use crate::flow::{FlowError, quota, tell};
use crate::id::{AdoptionId, CodeId, CounterId, MerchantId, PaymentAccountId, PaymentId, StoreId};
use crate::merchant::plate::Spot;
use crate::merchant::{
    CodeClass, CodeEvent, CodeForm, CodeState, NetworkAccount, PaymentAccount, PaymentAccountState,
    PrintedCode, Quota,
};
use crate::money::{Amount, Currency};
use crate::payment::adoption::Adoption;
use crate::payment::{Change, State};

/// How the text of a new code is written.
#[derive(Debug, Clone)]
pub enum NewForm {
    /// As an address.
    Url {
        /// Without key id and signature, for the smallest symbol.
        compact: bool,
    },
    /// As EMV's list of objects. Always signed: in one that is not, accounts could be exchanged.
    Emv {
        /// The merchant's accounts in other networks, which stand beside ours.
        accounts: Vec<NetworkAccount>,
        /// Codes that the merchant has adopted, whose accounts stand there as well.
        adopted: Vec<AdoptionId>,
    },
}

/// A code that is asked for.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Whose.
    pub merchant: MerchantId,
    /// In which shop.
    pub store: StoreId,
    /// At which till.
    pub counter: Option<CounterId>,
    /// Static, fixed, or order (with `payment`).
    pub kind: CodeKind,
    /// For what it may be used.
    pub class: CodeClass,
    /// The amount of a fixed code, or of the payment that an order code asks for.
    pub amount: Option<Amount>,
    /// What it is paid in.
    pub currency: Currency,
    /// How it is written.
    pub form: NewForm,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// What an order code asks for.
    pub payment: Option<PaymentId>,
}

const ONLY_EMV: &str = "only a code of the form emv has accounts in other networks";

impl NewForm {
    /// As nearly every code is.
    pub const SIGNED: Self = Self::Url { compact: false };

    /// How the code is to be written. What only the other form has is a mistake, and not passed over.
    pub fn asked(
        form: Option<CodeForm>,
        compact: bool,
        accounts: Vec<NetworkAccount>,
        adopted: Vec<AdoptionId>,
    ) -> Result<Self, FlowError> {
        let refused = |pointer, why| Err(FlowError::field(pointer, "field-invalid", why));
        match form.unwrap_or(CodeForm::Url) {
            CodeForm::Emv if compact => refused(
                "/compact",
                "a code of the form emv is signed, so that no account in it can be exchanged",
            ),
            CodeForm::Emv => Ok(Self::Emv { accounts, adopted }),
            CodeForm::Url if !accounts.is_empty() => refused("/network_accounts", ONLY_EMV),
            CodeForm::Url if !adopted.is_empty() => refused("/adopted", ONLY_EMV),
            CodeForm::Url => Ok(Self::Url { compact }),
        }
    }

    /// Without accounts in other networks.
    pub const fn of(form: CodeForm) -> Self {
        match form {
            CodeForm::Url => Self::SIGNED,
            CodeForm::Emv => Self::Emv {
                accounts: Vec::new(),
                adopted: Vec::new(),
            },
        }
    }
}

/// Issues a code, signed unless asked otherwise.
pub async fn issue(app: &App, tx: &mut Tx, new: NewCode) -> Result<PrintedCode, FlowError> {
    check_place(tx, &new.merchant, &new.store, new.counter.as_ref()).await?;
    if new.kind != CodeKind::Order {
        // A sign may be printed before the account is there. In another currency than the
        // merchant's own it is a mistake, as a payment would be.
        let merchant = db::merchants::find(tx, &new.merchant)
            .await?
            .ok_or(FlowError::NotFound("merchant"))?;
        if new.currency != merchant.currency {
            check_currency(tx, &new.merchant, new.currency).await?;
        }
        quota::room_for_one(tx, &new.merchant, Quota::Codes, &app.limits.quotas).await?;
    }
    make(app, tx, new, None).await
}

/// Issues the code that stands behind another institution's: it pays into the account that the
/// proof arrived in. The adoption was counted when it was asked for.
pub(super) async fn behind(
    app: &App,
    tx: &mut Tx,
    adoption: &Adoption,
) -> Result<PrintedCode, FlowError> {
    let new = NewCode {
        merchant: adoption.merchant.clone(),
        store: adoption.store.clone(),
        counter: adoption.counter.clone(),
        kind: CodeKind::Static,
        class: CodeClass::Business,
        amount: None,
        currency: adoption.amount.currency(),
        form: NewForm::SIGNED,
        expires_at: None,
        payment: None,
    };
    make(app, tx, new, Some(adoption.account.clone())).await
}

/// Issues the code that stands behind a plate, in the merchant's own currency: as long as the plate
/// hangs there it is one of the merchant's codes.
pub(super) async fn behind_plate(
    app: &App,
    tx: &mut Tx,
    spot: &Spot,
) -> Result<PrintedCode, FlowError> {
    let merchant = db::merchants::find(tx, &spot.merchant).await?;
    let merchant = merchant.ok_or(FlowError::NotFound("merchant"))?;
    let new = NewCode {
        merchant: merchant.id,
        store: spot.store.clone(),
        counter: spot.counter.clone(),
        kind: CodeKind::Static,
        class: CodeClass::Business,
        amount: None,
        currency: merchant.currency,
        form: NewForm::SIGNED,
        expires_at: None,
        payment: None,
    };
    issue(app, tx, new).await
}

async fn make(
    app: &App,
    tx: &mut Tx,
    new: NewCode,
    account: Option<PaymentAccountId>,
) -> Result<PrintedCode, FlowError> {
    let now = tx.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(FlowError::field(
            "/expires_at",
            "time-invalid",
            "must lie in the future",
        ));
    }
    let key = app.keys.signing(KeyUse::Code, now)?;
    let is_compact = matches!(new.form, NewForm::Url { compact: true });
    let short = (!is_compact).then(|| KeyId(key.public().short_id()));
    let random = RandomId::new(app.entropy.bytes());
    let printed = if new.kind == CodeKind::Fixed {
        new.amount
    } else {
        None
    };
    let body = Body::new(new.kind, printed, random, short)
        .map_err(|why| FlowError::field("/amount_minor", "amount-invalid", why))?;
    let text = match &new.form {
        NewForm::Url { .. } => run::issue(&app.origin, &body, |message| key.sign(message)),
        NewForm::Emv { accounts, adopted } => {
            let said = Said {
                merchant: &new.merchant,
                currency: new.currency,
                amount: new.amount.filter(|_| new.payment.is_some()),
                accounts,
                adopted,
            };
            in_emv::text(app, tx, &said, (&body, &key)).await?
        }
    };
    let code = PrintedCode {
        id: CodeId::new(now, &*app.entropy),
        text,
        merchant: new.merchant,
        store: new.store,
        counter: new.counter,
        kind: new.kind,
        class: new.class,
        random,
        key_id: (!is_compact).then(|| key.key_id().to_string()),
        amount: printed,
        currency: new.currency,
        payment: new.payment,
        account,
        state: CodeState::Active,
        expires_at: new.expires_at,
        created_at: now,
        version: 1,
    };
    db::codes::insert(tx, &code).await?;
    Ok(code)
}

/// Revokes the code behind an adopted one that its merchant lets go, or behind a plate.
pub(super) async fn revoke_behind(
    app: &App,
    tx: &mut Tx,
    code: PrintedCode,
) -> Result<(), FlowError> {
    if code.state != CodeState::Revoked {
        after(app, tx, code, CodeEvent::Revoke).await?;
    }
    Ok(())
}

/// Suspends the code behind a plate that was moved while it was stopped.
pub(super) async fn suspend_behind(
    app: &App,
    tx: &mut Tx,
    code: PrintedCode,
) -> Result<PrintedCode, FlowError> {
    after(app, tx, code, CodeEvent::Suspend).await
}

/// The code after `event`. What it had open is closed where it is not active any more.
pub(super) async fn after(
    app: &App,
    tx: &mut Tx,
    code: PrintedCode,
    event: CodeEvent,
) -> Result<PrintedCode, FlowError> {
    let state = code.state.apply(event)?;
    let code = PrintedCode {
        state,
        version: code.version.saturating_add(1),
        ..code
    };
    db::codes::update(tx, &code).await?;
    if state != CodeState::Active {
        close_open(app, tx, &code).await?;
    }
    Ok(code)
}

/// The payments of one code that can be open at once are bounded by the payers in front of it.
const OPEN_MAX: i64 = 1000;

async fn close_open(app: &App, tx: &mut Tx, code: &PrintedCode) -> Result<(), FlowError> {
    let mut open = db::payments::open_of_code(tx, &code.id, OPEN_MAX).await?;
    if let Some(payment) = &code.payment {
        open.extend(db::payments::find(tx, payment).await?);
        open.dedup_by(|a, b| a.id == b.id);
    }
    for payment in open {
        match payment.state {
            // A suspended order code can be resumed, so its payment stays.
            State::Created if code.state == CodeState::Revoked => {
                tell::end(app, tx, payment, Change::Cancelled).await?;
            }
            State::Waiting { .. } => db::attempts::hasten(tx, &payment.id).await?,
            State::Created
            | State::Paid { .. }
            | State::PartlyRefunded { .. }
            | State::Refunded { .. }
            | State::Closed
            | State::Expired => {}
        }
    }
    Ok(())
}

/// There is an account that could take money in this currency.
pub(super) async fn check_currency(
    tx: &mut Tx,
    merchant: &MerchantId,
    currency: Currency,
) -> Result<(), FlowError> {
    let accounts = db::accounts::of_merchant(tx, merchant).await?;
    let takes = |account: &PaymentAccount| {
        account.state == PaymentAccountState::Open && account.currency == currency
    };
    if accounts.iter().any(takes) {
        Ok(())
    } else {
        let detail = format!("there is no open payment account in {currency}");
        Err(FlowError::field("/currency", "currency-mismatch", detail))
    }
}

/// The store is the merchant's, and the till stands in it.
pub(super) async fn check_place(
    tx: &mut Tx,
    merchant: &MerchantId,
    store: &StoreId,
    counter: Option<&CounterId>,
) -> Result<(), FlowError> {
    db::stores::find(tx, merchant, store)
        .await?
        .ok_or(FlowError::NotFound("store"))?;
    if let Some(id) = counter {
        let counter = db::counters::find(tx, merchant, id)
            .await?
            .ok_or(FlowError::NotFound("counter"))?;
        if counter.store != *store {
            return Err(FlowError::field(
                "/counter",
                "counter-elsewhere",
                "is in another store",
            ));
        }
    }
    Ok(())
}
