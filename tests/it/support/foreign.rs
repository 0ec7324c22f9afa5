//! Codes that hang on the wall already, and the institution's word that money came by them.

use tongma::flow::adopt::{self, NewAdoption};
use tongma::flow::confirm::Outcome;
use tongma::flow::{FlowError, expire};
use tongma::id::MerchantId;
use tongma::merchant::Store;
use tongma::payment::ResultClaims;
use tongma::payment::adoption::Adoption;

use super::shop::{Shop, hex};

/// A merchant's code of WeChat Pay, as printed years ago.
pub(crate) const ON_THE_WALL: &str = "wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";

/// The shop asks for a code.
pub(crate) async fn asks(shop: &Shop, text: &str) -> Result<Adoption, FlowError> {
    asks_for(shop, &shop.merchant.id, &shop.store, text).await
}

/// Any merchant asks for a code.
pub(crate) async fn asks_for(
    shop: &Shop,
    merchant: &MerchantId,
    store: &Store,
    text: &str,
) -> Result<Adoption, FlowError> {
    let mut tx = shop.app.db.begin().await.unwrap();
    let new = NewAdoption {
        merchant: merchant.clone(),
        store: store.id.clone(),
        counter: None,
        account: None,
        text: text.to_owned(),
    };
    let adoption = adopt::request(&shop.app, &mut tx, new, "key_of_the_shop").await?;
    tx.commit().await.unwrap();
    Ok(adoption)
}

/// What the institution states when the named amount came by the code.
pub(crate) fn proof(shop: &Shop, adoption: &Adoption) -> ResultClaims {
    let now = shop.app.clock.now();
    ResultClaims {
        iss: adoption.institution.to_string(),
        aud: shop.app.origin.to_string(),
        iat: now.seconds(),
        exp: now.seconds() + 300,
        jti: hex(&shop.app.entropy.bytes::<8>()),
        order_number: adoption.order_number.to_string(),
        payment_account: adoption.account_reference.to_string(),
        amount_minor: adoption.amount.minor(),
        payer_amount_minor: None,
        discounts: Vec::new(),
        currency: adoption.amount.currency().code().to_owned(),
        payee_reference: hex(&shop.app.entropy.bytes::<8>()),
        status: "paid".to_owned(),
        paid_at: Some(now.to_string()),
        code_sha256: Some(adoption.code_sha256()),
    }
}

/// The shop's adoption as it stands now.
pub(crate) async fn stands(shop: &Shop, adoption: &Adoption) -> Adoption {
    let mut tx = shop.app.db.read().await.unwrap();
    let found = tongma::db::adoptions::by_order(&mut tx, &adoption.order_number).await;
    tx.commit().await.unwrap();
    found.unwrap().unwrap()
}

/// The code stands for the shop.
pub(crate) async fn adopted(shop: &Shop, text: &str) -> Adoption {
    let adoption = asks(shop, text).await.unwrap();
    expire::sweep(&shop.app).await.unwrap();
    let proven = shop.confirms(&proof(shop, &adoption)).await.unwrap();
    assert_eq!(proven, Outcome::Adopted(adoption.id.clone()));
    stands(shop, &adoption).await
}
