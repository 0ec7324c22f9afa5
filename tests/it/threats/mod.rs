//! Bad inputs and attacks, each with the answer that it gets, what it may change, and a payment
//! after it that still works.
//!
//! The names of tests begin with the number of the row that they stand for in the list of threats;
//! [`table`] says which tests stand for a row, here or elsewhere, and what the rows wait for that
//! cannot be tried yet. A row that is in neither state fails its test.
//!
//! Where an answer is not the one that the list gives, and why:
//! * T018: keys are registered on the command line, which says `key-weak` and ends with 1; the
//!   problem that an API would answer (422) hangs on the same error.
//! * T085: a device at a counter has no scopes. What is not its own answers 401, since its cookie is
//!   no credential there, and not 403.
//! * T117: a bare line feed ends a line, which RFC 9112 allows and the HTTP library does not let us
//!   refuse. What stands behind one is read as what it is, so nothing can hide there.
//! * T124: the operator is the only one who signs up merchants, so held means: refused until the
//!   operator says that both names were looked at.

mod adopted;
mod answers;
mod attested;
mod bound;
mod codes;
mod crowds;
mod found;
mod held;
mod keys;
mod late;
mod look;
mod money;
mod parsers;
mod pictures;
mod raw;
mod revoked;
mod table;
mod texts;
mod timing;

use tongma::flow::FlowError;
use tongma::flow::confirm::Outcome;
use tongma::flow::start::Started;
use tongma::payment::{ExceptionCode, Payment, ResultClaims};

use crate::support::books::must_add_up;
use crate::support::digest::{Digest, business_digest};
use crate::support::shop::Shop;

/// A shop in which a payer of one institution is paying for an order at another.
pub(super) struct Scene {
    pub(super) shop: Shop,
    pub(super) payment: Payment,
    pub(super) started: Started,
    before: Digest,
}

impl Scene {
    pub(super) async fn open(backend: crate::support::Backend) -> Self {
        let shop = Shop::open(backend).await;
        let (payment, code) = shop.sells(10_000).await;
        let started = shop.starts("jd_pay", &code, 10_000).await.unwrap();
        let before = business_digest(&shop.database).await;
        Self {
            shop,
            payment,
            started,
            before,
        }
    }

    /// What WeChat Pay would say of the order if all went well.
    pub(super) fn claims(&self) -> ResultClaims {
        self.shop.paid("wechat_pay", &self.started)
    }

    /// From here on counts what changes.
    pub(super) async fn look(&mut self) {
        self.before = business_digest(&self.shop.database).await;
    }

    /// What has changed since the last look.
    pub(super) async fn changes(&self) -> String {
        let now = business_digest(&self.shop.database).await;
        now.counted_since(&self.before)
    }

    /// Money that was kept as an exception leaves the order as it was.
    pub(super) async fn expect_exception(&self, claims: &ResultClaims, code: ExceptionCode) {
        let outcome = self.shop.confirms(claims).await.unwrap();
        assert_eq!(outcome, Outcome::Exception(code));
        let booked = if code == ExceptionCode::PayeeMismatch {
            ""
        } else {
            "ledger_entries+1 "
        };
        let expected = format!("events+1 exceptions+1 {booked}outbox+1 results+1");
        assert_eq!(self.changes().await, expected);
    }

    /// The order can still be paid, and so can a new one.
    pub(super) async fn still_sells(&self) {
        let outcome = self.shop.confirms(&self.claims()).await.unwrap();
        let settled = Outcome::Settled {
            payment: self.payment.id.clone(),
            state: "paid",
        };
        assert_eq!(outcome, settled);
        still_sells(&self.shop).await;
    }
}

/// A legitimate payment from the scan to the receipt, after whatever was tried.
pub(super) async fn still_sells(shop: &Shop) {
    let (payment, code) = shop.sells(1500).await;
    let started = shop.starts("bestpay", &code, 1500).await.unwrap();
    let notice = shop.paid("wechat_pay", &started);
    shop.confirms(&notice).await.unwrap();
    assert_eq!(shop.payment(&payment.id).await.state.name(), "paid");
    must_add_up(&shop.database).await;
}

/// Whether an error is our fault, whatever was asked: none of these may come from an input.
pub(super) fn is_ours(error: &FlowError) -> bool {
    matches!(
        error,
        FlowError::Db(_) | FlowError::Keys(_) | FlowError::Seal(_) | FlowError::Ledger(_)
    )
}
