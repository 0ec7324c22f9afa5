//! One institution: the orders, accounts and purses it keeps, and how money moves in them.

use std::collections::BTreeMap;

use super::faults::Faults;
use super::order::{Order, OrderState};
use super::refusal::Refusal;
use super::transfer::Transfer;
use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::crypto::keys::SigningKey;
use crate::entropy::Entropy;
use crate::merchant::{AccountReference, InstitutionId, Label};
use crate::money::Amount;
use crate::payment::OrderNumber;
use crate::wallet::Handover;

/// A payment institution with one payer: whoever holds the phone.
#[derive(Debug)]
pub struct SimulatedInstitution {
    pub(super) id: InstitutionId,
    /// tongma's origin, to which results are addressed.
    pub(super) audience: String,
    pub(super) key: SigningKey,
    pub(super) accounts: BTreeMap<AccountReference, i64>,
    /// Its own codes on merchants' walls: text and account.
    pub(super) codes: BTreeMap<String, AccountReference>,
    pub(super) purse: i64,
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) transfers: BTreeMap<String, Transfer>,
    /// What goes wrong at present.
    pub faults: Faults,
}

/// What the payer's purse holds at first: CNY 10 000.
pub(super) const PURSE_MINOR: i64 = 1_000_000;
impl SimulatedInstitution {
    /// An institution that holds these accounts.
    pub fn new(
        id: InstitutionId,
        audience: String,
        key: SigningKey,
        accounts: impl IntoIterator<Item = AccountReference>,
    ) -> Self {
        let accounts = accounts.into_iter().map(|account| (account, 0)).collect();
        Self {
            id,
            audience,
            key,
            accounts,
            codes: BTreeMap::new(),
            purse: PURSE_MINOR,
            orders: BTreeMap::new(),
            transfers: BTreeMap::new(),
            faults: Faults::default(),
        }
    }

    /// Its name.
    pub const fn id(&self) -> &InstitutionId {
        &self.id
    }

    /// The key that signs its requests and results.
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// What the payer has left.
    pub const fn purse(&self) -> i64 {
        self.purse
    }

    /// What an account holds.
    pub fn balance(&self, account: &AccountReference) -> Option<i64> {
        self.accounts.get(account).copied()
    }

    /// The account here, if there is exactly one.
    pub fn sole_account(&self) -> Option<&AccountReference> {
        let mut accounts = self.accounts.keys();
        accounts.next().filter(|_| accounts.next().is_none())
    }

    /// An order that it keeps.
    pub fn order(&self, number: &OrderNumber) -> Option<&Order> {
        self.orders.get(number.as_str())
    }

    /// Takes an order that tongma opened by answering `start`: payer and payee are both here.
    pub fn adopt(&mut self, order: Order) -> Result<(), Refusal> {
        self.keep(order).map(|_| ())
    }

    /// The payer pays an order of this institution from the purse here.
    pub fn pay(
        &mut self,
        number: &OrderNumber,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Refusal> {
        let amount = self.payable(number)?;
        let by_code = self
            .order(number)
            .is_some_and(|order| order.code_text.is_some());
        if by_code {
            return Err(Refusal::new(
                409,
                "order-by-code",
                "paid by scanning the code only",
            ));
        }
        self.take(amount)?;
        self.settle(number, now, entropy)
    }

    /// The payer declines an order of this institution.
    pub fn decline(&mut self, number: &OrderNumber, entropy: &dyn Entropy) -> Result<(), Refusal> {
        self.payable(number)?;
        let payee_reference = self.fresh("F", entropy);
        self.set(number, OrderState::Failed { payee_reference });
        Ok(())
    }

    /// Takes money from the purse for another institution's order.
    pub fn take(&mut self, amount: Amount) -> Result<(), Refusal> {
        let left = self
            .purse
            .checked_sub(amount.minor())
            .filter(|left| *left >= 0);
        self.purse = left.ok_or_else(|| Refusal::new(402, "purse-empty", "not enough money"))?;
        Ok(())
    }

    /// Puts money back that the other institution did not take.
    pub fn give_back(&mut self, amount: Amount) {
        self.purse = self.purse.saturating_add(amount.minor());
    }

    /// What a clearing reference stands for here, as the payer institution asks before it pays.
    pub fn expected(&self, reference: &str) -> Result<(OrderNumber, &Order), Refusal> {
        let number: OrderNumber = reference
            .strip_prefix(self.id.as_str())
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| Refusal::new(404, "reference-unknown", "no such reference here"))?;
        let order = self.order(&number).ok_or_else(Refusal::no_order)?;
        Ok((number, order))
    }

    /// Takes a transfer for one of its orders. Says for which.
    pub fn receive(
        &mut self,
        transfer: &Transfer,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<OrderNumber, Refusal> {
        let (number, _) = self.expected(&transfer.reference)?;
        if let Some(before) = self.transfers.get(&transfer.transfer) {
            return if before == transfer {
                Ok(number)
            } else {
                Err(Refusal::new(
                    409,
                    "transfer-conflict",
                    "the number was used for another",
                ))
            };
        }
        let price = self.payable(&number)?;
        if (transfer.amount_minor, transfer.currency) != (price.minor(), price.currency()) {
            return Err(Refusal::new(
                422,
                "amount-mismatch",
                "the order has another price",
            ));
        }
        if transfer.declined {
            self.decline(&number, entropy)?;
        } else {
            self.settle(&number, now, entropy)?;
        }
        self.transfers
            .insert(transfer.transfer.clone(), transfer.clone());
        Ok(number)
    }

    pub(super) fn keep(&mut self, order: Order) -> Result<Handover, Refusal> {
        let number: OrderNumber = order
            .order_number
            .parse()
            .map_err(|_| Refusal::new(400, "malformed", "order_number"))?;
        if order.amount().is_none() {
            return Err(Refusal::new(
                422,
                "amount-invalid",
                "amount_minor must be positive",
            ));
        }
        if !self.accounts.contains_key(&order.payment_account) {
            return Err(Refusal::new(422, "account-unknown", "no such account here"));
        }
        self.leads_there(&order)?;
        let handover = self.handover(&number, &order);
        match self.orders.get(number.as_str()) {
            Some(before) if !before.same_facts(&order) => {
                return Err(Refusal::new(
                    409,
                    "order-conflict",
                    "the number was used for another",
                ));
            }
            Some(before) if before.state != OrderState::Open => {
                return Err(Refusal::new(409, "order-over", "the order has ended"));
            }
            Some(_) => {}
            None => {
                self.orders.insert(order.order_number.clone(), order);
            }
        }
        Ok(handover)
    }

    fn handover(&self, number: &OrderNumber, order: &Order) -> Handover {
        if let Some(text) = &order.code_text {
            return Handover::PayeeCodeText { text: text.clone() };
        }
        let from_here = order
            .payer_institution
            .as_ref()
            .is_none_or(|payer| *payer == self.id);
        if from_here {
            let params = [("order_number".to_owned(), number.to_string())].into();
            return Handover::InAppParams { params };
        }
        Handover::ClearingReference {
            reference: format!("{}-{number}", self.id),
            clearing: order.clearing.as_ref().map_or("", Label::as_str).to_owned(),
        }
    }

    fn payable(&self, number: &OrderNumber) -> Result<Amount, Refusal> {
        let order = self.order(number).ok_or_else(Refusal::no_order)?;
        match (&order.state, order.amount()) {
            (OrderState::Open, Some(amount)) => Ok(amount),
            _ => Err(Refusal::new(409, "order-over", "the order has ended")),
        }
    }

    pub(super) fn settle(
        &mut self,
        number: &OrderNumber,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Refusal> {
        let price = self.payable(number)?;
        let payee_reference = self.fresh("P", entropy);
        let account = self
            .order(number)
            .map(|order| order.payment_account.clone());
        if let Some(balance) = account.and_then(|account| self.accounts.get_mut(&account)) {
            *balance = balance.saturating_add(price.minor());
        }
        self.set(
            number,
            OrderState::Paid {
                payee_reference,
                paid_at: now,
            },
        );
        Ok(())
    }

    pub(super) fn set(&mut self, number: &OrderNumber, state: OrderState) {
        if let Some(order) = self.orders.get_mut(number.as_str()) {
            order.state = state;
        }
    }

    pub(super) fn fresh(&self, kind: &str, entropy: &dyn Entropy) -> String {
        format!("{}-{kind}-{}", self.id, hex(&entropy.bytes::<10>()))
    }
}
