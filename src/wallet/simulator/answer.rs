//! What the institution answers to tongma.

use serde_json::json;

use super::institution::SimulatedInstitution;
use super::order::{Order, OrderState};
use super::refusal::Refusal;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::payment::OrderNumber;
use crate::wallet::{Method, WireReply, WireRequest};

impl SimulatedInstitution {
    /// Answers a request of the outbound contract, whose signature was checked before.
    pub fn answer(
        &mut self,
        request: &WireRequest,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> WireReply {
        if self.faults.server_error {
            return WireReply::json(
                503,
                &json!({"code": "busy", "detail": "a fault is switched on"}),
            );
        }
        let rest = request.path.strip_prefix("/orders").unwrap_or_default();
        let body = request
            .body
            .as_ref()
            .map(|body| body.bytes.as_slice())
            .unwrap_or_default();
        let answer = match (request.method, rest) {
            (Method::Post, "") => self.open(body),
            (Method::Get, number) => self.look_up(number.trim_start_matches('/'), now, entropy),
            (Method::Post, rest) => {
                let number = rest.strip_suffix("/close").unwrap_or_default();
                self.close(number.trim_start_matches('/'), now, entropy)
            }
        };
        answer.unwrap_or_else(|refusal| refusal.reply())
    }

    fn open(&mut self, body: &[u8]) -> Result<WireReply, Refusal> {
        let order: Order = serde_json::from_slice(body)
            .map_err(|error| Refusal::new(400, "malformed", error.to_string()))?;
        let handover = self.keep(order)?;
        Ok(WireReply::json(201, &json!({"handover": handover})))
    }

    fn look_up(
        &self,
        number: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<WireReply, Refusal> {
        let number: OrderNumber = number.parse().map_err(|_| Refusal::no_order())?;
        let result = self
            .attest(&number, now, entropy)
            .filter(|_| !self.faults.silent);
        let unknown = || WireReply::json(200, &json!({"status": "unknown"}));
        Ok(result.map_or_else(unknown, |(_, signed)| WireReply::jose(signed)))
    }

    fn close(
        &mut self,
        number: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<WireReply, Refusal> {
        let number: OrderNumber = number.parse().map_err(|_| Refusal::no_order())?;
        let order = self.order(&number).ok_or_else(Refusal::no_order)?;
        if order.state == OrderState::Open {
            let payee_reference = self.fresh("C", entropy);
            self.set(&number, OrderState::Closed { payee_reference });
        }
        self.look_up(number.as_str(), now, entropy)
    }
}
