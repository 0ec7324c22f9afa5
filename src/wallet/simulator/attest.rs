//! What the institution states under its signature.

use super::institution::SimulatedInstitution;
use super::order::Order;
use crate::clock::Timestamp;
use crate::crypto::digest::{hex, sha256_hex};
use crate::crypto::jws;
use crate::entropy::Entropy;
use crate::payment::{OrderNumber, ResultClaims};

/// How long a result may be taken, in seconds.
const RESULT_LIFE_SECONDS: i64 = 300;

impl SimulatedInstitution {
    /// The signed statement about an order that has ended, and where it is to be sent.
    pub fn attest(
        &self,
        number: &OrderNumber,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Option<(String, String)> {
        let order = self.order(number)?;
        let claims = self.claims(order, now, entropy)?;
        let mut signed = jws::sign(&self.key, jws::RESULT, &claims);
        if self.faults.bad_signature {
            // The first character of the signature: all six bits of it count.
            let at = signed.rfind('.').map_or(0, |dot| dot.saturating_add(1));
            let other = if signed.get(at..).is_some_and(|s| s.starts_with('A')) {
                "B"
            } else {
                "A"
            };
            signed.replace_range(at..at.saturating_add(1), other);
        }
        Some((order.notify_url.clone(), signed))
    }

    fn claims(&self, order: &Order, now: Timestamp, entropy: &dyn Entropy) -> Option<ResultClaims> {
        let wrong = i64::from(self.faults.wrong_amount);
        let amount_minor = order.amount_minor.saturating_sub(wrong);
        let payment_account = if self.faults.wrong_payee {
            "0000000000".to_owned()
        } else {
            order.payment_account.to_string()
        };
        Some(ResultClaims {
            iss: self.id.to_string(),
            aud: self.audience.clone(),
            iat: now.seconds(),
            exp: now.seconds().saturating_add(RESULT_LIFE_SECONDS),
            jti: hex(&entropy.bytes::<16>()),
            order_number: order.order_number.clone(),
            payment_account,
            amount_minor,
            payer_amount_minor: Some(amount_minor),
            discounts: Vec::new(),
            currency: order.currency.to_string(),
            payee_reference: order.state.payee_reference()?.to_owned(),
            status: order.state.result()?.to_owned(),
            paid_at: order.state.paid_at().map(|at| at.to_string()),
            // Of money that came by the code which tongma asked about.
            code_sha256: order
                .code_text
                .as_deref()
                .map(|text| sha256_hex(text.as_bytes())),
        })
    }
}
