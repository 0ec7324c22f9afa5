//! The demo's shops: signed up, let in everywhere, and one of them with a code of ours on its wall.

use std::collections::BTreeMap;

use super::data::{
    AGREEMENTS, CITY, COUNTRY, DUMPLINGS, FEE_BASIS_POINTS, MCC, NOODLES, ShopData, ZONE,
};
use crate::app::App;
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::crypto::keys::PublicKey;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::flow::issue::{self, NewCode, NewForm};
use crate::id::{AcceptanceId, AgreementId, CounterId, MerchantId, PaymentAccountId, StoreId};
use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, CodeClass, Counter, Institution,
    InstitutionId, InstitutionKey, InstitutionState, KeyMaterial, Merchant, PaymentAccount,
    PaymentAccountState, PrintedCode, ProtectionClass, Store, TextError, Ways,
};
use crate::money::Currency;
use crate::wallet;
use crate::word::Mode;

/// A shop, as far as the demo speaks of it.
pub(super) struct Shop {
    pub(super) merchant: MerchantId,
    pub(super) store: StoreId,
    pub(super) counters: Vec<CounterId>,
}

/// Both shops, and the code of ours on the wall of the first.
pub(super) struct Street {
    pub(super) noodles: Shop,
    pub(super) code: PrintedCode,
    pub(super) dumplings: Shop,
}

/// An institution as it signs up: where it is reached, and its public key.
pub(super) struct SignUp {
    pub(super) url: String,
    pub(super) key: PublicKey,
}

/// Why the shop cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShopError {
    /// The demo's data is wrong.
    #[error("the demo's data: {0}")]
    Data(#[from] TextError),
    /// The database or a use case refused.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The database.
    #[error(transparent)]
    Db(#[from] db::DbError),
}

/// Writes everything in one transaction.
pub(super) async fn open(
    app: &App,
    institutions: &BTreeMap<InstitutionId, SignUp>,
) -> Result<Street, ShopError> {
    let mut tx = app.db.begin().await?;
    sign_up(&mut tx, institutions).await?;
    agree(app, &mut tx).await?;
    let noodles = enter(app, &mut tx, &NOODLES).await?;
    let dumplings = enter(app, &mut tx, &DUMPLINGS).await?;
    let new = NewCode {
        merchant: noodles.merchant.clone(),
        store: noodles.store.clone(),
        counter: noodles.counters.first().cloned(),
        kind: CodeKind::Static,
        class: CodeClass::Business,
        amount: None,
        currency: Currency::CNY,
        form: NewForm::SIGNED,
        expires_at: None,
        payment: None,
    };
    let code = issue::issue(app, &mut tx, new).await?;
    tx.commit().await?;
    Ok(Street {
        noodles,
        code,
        dumplings,
    })
}

async fn sign_up(
    tx: &mut Tx,
    institutions: &BTreeMap<InstitutionId, SignUp>,
) -> Result<(), ShopError> {
    let now = tx.now();
    for (id, SignUp { url, key }) in institutions {
        let about = wallet::by_id(id).about();
        let institution = Institution {
            id: id.clone(),
            name_zh: about.name_zh.parse()?,
            name_en: about.name_en.parse()?,
            base_url: Some(url.clone()),
            state: InstitutionState::Active,
            created_at: now,
        };
        db::institutions::insert(tx, &institution).await?;
        let key = InstitutionKey {
            key_id: key.key_id().to_string(),
            institution: id.clone(),
            material: KeyMaterial::Ed25519(*key.as_bytes()),
            not_before: now,
            not_after: None,
            revoked_at: None,
            created_at: now,
        };
        db::institutions::insert_key(tx, &key).await?;
    }
    Ok(())
}

async fn agree(app: &App, tx: &mut Tx) -> Result<(), ShopError> {
    let now = tx.now();
    for agreed in AGREEMENTS {
        let agreement = Agreement {
            id: AgreementId::new(now, &*app.entropy),
            payer: agreed.payer.parse()?,
            payee: agreed.payee.parse()?,
            ways: Ways {
                merchant_presented: true,
                payer_presented: false,
            },
            clearing: agreed.clearing.parse()?,
            attester: None,
            starts_at: Timestamp::from_millis(now.millis()),
            ends_at: None,
            state: AgreementState::Active,
            currency: Currency::CNY,
            payment_limit: None,
            created_at: now,
        };
        db::agreements::insert(tx, &agreement).await?;
    }
    Ok(())
}

async fn enter(app: &App, tx: &mut Tx, data: &ShopData) -> Result<Shop, ShopError> {
    let now = tx.now();
    let preference = data
        .accounts
        .iter()
        .map(|(at, _)| at.parse())
        .collect::<Result<_, _>>()?;
    let merchant = Merchant {
        id: MerchantId::new(now, &*app.entropy),
        name: data.merchant.parse()?,
        latin_name: None,
        mcc: MCC.parse()?,
        city: CITY.parse()?,
        country: COUNTRY.parse()?,
        time_zone: ZONE.parse()?,
        currency: Currency::CNY,
        preference,
        mode: Mode::Test,
        created_at: now,
    };
    db::merchants::insert(tx, &merchant).await?;
    let store = Store {
        id: StoreId::new(now, &*app.entropy),
        merchant: merchant.id.clone(),
        name: data.store.parse()?,
        city: CITY.parse()?,
        created_at: now,
    };
    db::stores::insert(tx, &store).await?;
    let mut counters = Vec::new();
    for name in data.counters {
        let counter = Counter {
            id: CounterId::new(now, &*app.entropy),
            merchant: merchant.id.clone(),
            store: store.id.clone(),
            name: name.parse()?,
            created_at: now,
        };
        db::counters::insert(tx, &counter).await?;
        counters.push(counter.id);
    }
    accept(app, tx, &merchant.id, data).await?;
    Ok(Shop {
        merchant: merchant.id,
        store: store.id,
        counters,
    })
}

async fn accept(
    app: &App,
    tx: &mut Tx,
    merchant: &MerchantId,
    data: &ShopData,
) -> Result<(), ShopError> {
    let now = tx.now();
    for (institution, reference) in data.accounts {
        let institution: InstitutionId = institution.parse()?;
        let account = PaymentAccount {
            id: PaymentAccountId::new(now, &*app.entropy),
            merchant: merchant.clone(),
            institution: institution.clone(),
            reference: reference.parse()?,
            currency: Currency::CNY,
            fee: FEE_BASIS_POINTS.try_into()?,
            state: PaymentAccountState::Open,
            created_at: now,
        };
        db::accounts::insert(tx, &account).await?;
        let acceptance = Acceptance {
            id: AcceptanceId::new(now, &*app.entropy),
            merchant: merchant.clone(),
            institution,
            state: AcceptanceState::Enabled,
            platform: None,
            cohort: None,
            opens_at: None,
            consent_at: Some(now),
            payment_limit: None,
            day_limit: None,
            protection: ProtectionClass::D,
            created_at: now,
        };
        db::acceptances::insert(tx, &acceptance).await?;
    }
    Ok(())
}
