//! A secret that JD Pay shares with us.

use tongma::app::App;
use tongma::crypto::keys::HmacKey;
use tongma::flow::institution_keys::{self, Material, NewKey};
use tongma::merchant::InstitutionKey;

/// As an institution hands it in: without a name or times of its own.
pub(crate) fn handed_in(secret: &HmacKey) -> NewKey {
    NewKey {
        material: Material::Shared(secret.clone()),
        key_id: None,
        not_before: None,
        not_after: None,
    }
}

/// JD Pay may sign with it from now on; its key as it is kept.
pub(crate) async fn registers(app: &App, secret: &HmacKey) -> InstitutionKey {
    let mut tx = app.db.begin().await.unwrap();
    let jd = "jd_pay".parse().unwrap();
    let new = handed_in(secret);
    let key = institution_keys::register(&mut tx, &app.sealer, &*app.entropy, &jd, new).await;
    tx.commit().await.unwrap();
    key.unwrap()
}
