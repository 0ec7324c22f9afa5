//! Plates that are printed blank, and hands that have one.

use tongma::app::App;
use tongma::crypto::claim::ClaimSecret;
use tongma::flow::FlowError;
use tongma::flow::plates::{self, Hand, NewBatch, PlateName, Shown};
use tongma::id::{MerchantId, PlateId};
use tongma::merchant::plate::{PlateBatch, Spot};
use tongma::print::Blank;

use super::shop::Shop;

/// Who binds the shop's plates.
pub(crate) const KEY: &str = "key_of_the_shop";

/// A batch of the operator's, or of a merchant.
pub(crate) async fn batch(shop: &Shop, merchant: Option<&MerchantId>, count: u32) -> PlateBatch {
    plates::create(&shop.app, ordered(merchant, count), "cli", |_| {})
        .await
        .unwrap()
}

/// What is ordered.
pub(crate) fn ordered(merchant: Option<&MerchantId>, count: u32) -> NewBatch {
    NewBatch {
        merchant: merchant.cloned(),
        count,
        note: Some("spring".parse().unwrap()),
    }
}

/// A batch of which some plates are made: whoever made them is gone.
pub(crate) async fn cut_off(shop: &Shop, merchant: Option<&MerchantId>, count: u32) -> PlateBatch {
    let mut tx = shop.app.db.begin().await.unwrap();
    let begun = plates::begin(&shop.app, &mut tx, ordered(merchant, count), "cli")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(!begun.is_whole(), "{begun:?}");
    begun
}

/// What is printed on the first plates of a batch.
pub(crate) async fn printed(shop: &Shop, batch: &PlateBatch, count: u32) -> Vec<Blank> {
    plates::blanks(&shop.app, batch, 1, count).await.unwrap()
}

/// One plate of the operator's.
pub(crate) async fn plate(shop: &Shop) -> Blank {
    let batch = batch(shop, None, 1).await;
    printed(shop, &batch, 1).await.remove(0)
}

/// Somebody of this merchant.
pub(crate) fn hand(merchant: &MerchantId) -> Hand<'_> {
    Hand {
        merchant: Some(merchant),
        actor: KEY,
    }
}

/// The shop's first store, at no till in particular.
pub(crate) fn spot(shop: &Shop) -> Spot {
    Spot {
        merchant: shop.merchant.id.clone(),
        store: shop.store.id.clone(),
        counter: None,
    }
}

/// Which plate a text is on.
pub(crate) async fn id_of(
    app: &App,
    merchant: &MerchantId,
    text: &str,
) -> Result<PlateId, FlowError> {
    let name = PlateName::Text(text.to_owned());
    Ok(plates::find(app, hand(merchant), &name).await?.id)
}

/// Somebody with a plate in hand binds it, and knows this secret.
pub(crate) async fn binds(
    app: &App,
    spot: &Spot,
    text: &str,
    secret: &str,
) -> Result<Shown, FlowError> {
    let hand = hand(&spot.merchant);
    let id = id_of(app, &spot.merchant, text).await?;
    let secret = ClaimSecret::parse(secret).unwrap();
    plates::bind_proven(app, hand, &id, &secret, spot).await
}

/// The shop binds a plate at its first store.
pub(crate) async fn bound(shop: &Shop, blank: &Blank) -> Shown {
    let spot = spot(shop);
    binds(&shop.app, &spot, &blank.text, &blank.claim)
        .await
        .unwrap()
}
