//! The institution's own codes, which hang on merchants' walls and say nothing of tongma.

use super::institution::SimulatedInstitution;
use super::order::{Order, OrderState};
use super::refusal::Refusal;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::merchant::AccountReference;
use crate::money::Amount;
use crate::payment::OrderNumber;

impl SimulatedInstitution {
    /// Issues a code with this text for an account here.
    pub fn hang(&mut self, text: String, account: AccountReference) -> Result<(), Refusal> {
        if !self.accounts.contains_key(&account) {
            return Err(Refusal::new(422, "account-unknown", "no such account here"));
        }
        self.codes.insert(text, account);
        Ok(())
    }

    /// The payer pays such a code. Says which order is paid by that, if tongma looks out for this
    /// amount by this code; any other payment is nobody's business but the payee's.
    pub fn pay_code(
        &mut self,
        text: &str,
        amount: Amount,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Option<OrderNumber>, Refusal> {
        let account = self.codes.get(text).cloned().ok_or_else(unknown)?;
        self.take(amount)?;
        if let Some(number) = self.expecting(text, amount) {
            self.settle(&number, now, entropy)?;
            return Ok(Some(number));
        }
        if let Some(balance) = self.accounts.get_mut(&account) {
            *balance = balance.saturating_add(amount.minor());
        }
        Ok(None)
    }

    /// An order by a code is opened only where the code leads into the order's account.
    pub(super) fn leads_there(&self, order: &Order) -> Result<(), Refusal> {
        match &order.code_text {
            None => Ok(()),
            Some(text) if self.codes.get(text) == Some(&order.payment_account) => Ok(()),
            Some(_) => Err(unknown()),
        }
    }

    fn expecting(&self, text: &str, amount: Amount) -> Option<OrderNumber> {
        let expected = self.orders.values().find(|order| {
            order.code_text.as_deref() == Some(text)
                && order.amount() == Some(amount)
                && order.state == OrderState::Open
        });
        expected?.order_number.parse().ok()
    }
}

fn unknown() -> Refusal {
    Refusal::new(422, "code-unknown", "no such code for this account here")
}
