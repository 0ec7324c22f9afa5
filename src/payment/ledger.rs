//! The merchants' books: what institutions owe them, in double entry.
//!
//! A posting moves one amount from a debit to a credit account, so a posting that does not balance
//! cannot be built. Paid: what the payer gave less the fee is claimed from the payment account,
//! discounts from whoever bears them, all against sales. An exception's money is claimed against
//! suspense until it goes back.

use std::fmt;

use crate::id::{MerchantId, PaymentAccountId};
use crate::merchant::InstitutionId;
use crate::money::{Amount, MoneyError};
use crate::payment::Attested;

/// An account in a merchant's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// What the institution owes for this payment account.
    Claim(PaymentAccountId),
    /// What a bearer of discounts owes.
    FunderClaim(String),
    /// What was sold.
    Sales(MerchantId),
    /// What the institution keeps.
    Fee(MerchantId, InstitutionId),
    /// Discounts that the merchant bears.
    Discount(MerchantId),
    /// Money whose owner is not the merchant, or not yet.
    Suspense(PaymentAccountId),
    /// What the institution has paid out.
    Settled(PaymentAccountId),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(account) => write!(f, "claim:{account}"),
            Self::FunderClaim(funder) => write!(f, "claim:{funder}"),
            Self::Sales(merchant) => write!(f, "sales:{merchant}"),
            Self::Fee(merchant, institution) => write!(f, "fee:{merchant}:{institution}"),
            Self::Discount(merchant) => write!(f, "discount:{merchant}"),
            Self::Suspense(account) => write!(f, "suspense:{account}"),
            Self::Settled(account) => write!(f, "settled:{account}"),
        }
    }
}

/// Why a posting cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debit and credit are one account.
    #[error("{0} cannot be debited and credited at once")]
    SameAccount(String),
    /// Nothing, or less.
    #[error("a posting moves more than nothing")]
    NotPositive,
    /// The parts do not add up.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// One amount from `debit` to `credit`; written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    debit: Account,
    credit: Account,
    amount: Amount,
}

impl Posting {
    /// A posting that balances by its shape.
    pub fn new(debit: Account, credit: Account, amount: Amount) -> Result<Self, LedgerError> {
        if debit == credit {
            return Err(LedgerError::SameAccount(debit.to_string()));
        }
        if !amount.is_positive() {
            return Err(LedgerError::NotPositive);
        }
        Ok(Self {
            debit,
            credit,
            amount,
        })
    }

    /// The account that gains a claim.
    pub fn debit(&self) -> &Account {
        &self.debit
    }

    /// The account that it comes from.
    pub fn credit(&self) -> &Account {
        &self.credit
    }

    /// How much.
    pub fn amount(&self) -> Amount {
        self.amount
    }
}

/// What the institution keeps of `amount` at `basis_points` (1/100 %), rounded half up.
pub fn fee(amount: Amount, basis_points: i64) -> Result<Amount, MoneyError> {
    let product = i128::from(amount.minor()).saturating_mul(i128::from(basis_points));
    let minor = product.saturating_add(5_000).div_euclid(10_000);
    Amount::new(i64::try_from(minor).unwrap_or(i64::MAX), amount.currency())
}

/// The postings of a payment that was paid in full.
pub fn paid(
    merchant: &MerchantId,
    account: &PaymentAccountId,
    fee_basis_points: i64,
    result: &Attested,
) -> Result<Vec<Posting>, LedgerError> {
    let sales = || Account::Sales(merchant.clone());
    // Never more than the payer gave: the rest is not in the account to be kept.
    let fee = fee(result.amount, fee_basis_points)?;
    let fee = if fee.minor() > result.payer_amount.minor() {
        result.payer_amount
    } else {
        fee
    };
    let mut parts = vec![
        (
            Account::Claim(account.clone()),
            result.payer_amount.minus(fee)?,
        ),
        (
            Account::Fee(merchant.clone(), result.institution.clone()),
            fee,
        ),
    ];
    for (funder, amount) in &result.discounts {
        let bearer = if funder == "merchant" {
            Account::Discount(merchant.clone())
        } else {
            Account::FunderClaim(funder.clone())
        };
        parts.push((bearer, *amount));
    }
    parts
        .into_iter()
        .filter(|(_, amount)| amount.is_positive())
        .map(|(debit, amount)| Posting::new(debit, sales(), amount))
        .collect()
}

/// The posting of money that arrived outside the plan.
pub fn exception(account: &PaymentAccountId, amount: Amount) -> Result<Posting, LedgerError> {
    Posting::new(
        Account::Claim(account.clone()),
        Account::Suspense(account.clone()),
        amount,
    )
}
