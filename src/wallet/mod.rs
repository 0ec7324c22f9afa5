//! How tongma speaks with each wallet, without ever opening a socket.
//!
//! One file per institution: what it is called, how its browser, its printed codes and its payer
//! codes are recognised, and its protocol, which turns what we mean into request bytes and reply
//! bytes into what was meant. [`Client`] is the only thing here that sends. An institution that has
//! no protocol of its own yet, and every one that an operator adds, speaks [`contract`].

pub mod client;
pub mod contract;
mod handover;
pub mod simulator;
pub mod user_agent;
mod wire;

mod alipay;
mod bestpay;
mod ecny;
mod hebao;
mod jd_pay;
mod unionpay;
mod wechat_pay;
mod wo_pay;

#[cfg(test)]
mod conformance;

use crate::clock::Timestamp;
use crate::code::native::{Natives, PatternError};
use crate::code::text_pattern::TextPattern;
use crate::merchant::{AccountReference, InstitutionId, Label, Way};
use crate::money::Amount;
use crate::payment::OrderNumber;

pub use client::Client;
pub use handover::{Handover, HandoverError};
pub use user_agent::UserAgentTest;
pub use wire::{Method, Operation, WireBody, WireReply, WireRequest};

/// A wallet's description and its wire protocol.
pub trait Wallet: Sync {
    /// What it is and how it is recognised.
    fn about(&self) -> &'static About;

    /// Opens an order at the payee institution.
    fn open_order(&self, order: &OrderRequest) -> Result<WireRequest, WalletError> {
        Ok(contract::open_order(order))
    }

    /// Asks what became of an order.
    fn query(&self, order_number: &OrderNumber) -> WireRequest {
        contract::query(order_number)
    }

    /// Closes an order, so that it can no longer be paid.
    fn close(&self, order_number: &OrderNumber) -> WireRequest {
        contract::close(order_number)
    }

    /// Reads the answer to one of the three.
    fn reply(&self, operation: Operation, reply: &WireReply) -> Result<Reply, WalletError> {
        contract::reply(operation, reply, self.about().schemes)
    }
}

/// Every institution that tongma knows by itself.
pub static ALL: &[&dyn Wallet] = &[
    &wechat_pay::WechatPay,
    &alipay::Alipay,
    &unionpay::UnionPay,
    &jd_pay::JdPay,
    &bestpay::BestPay,
    &hebao::Hebao,
    &wo_pay::WoPay,
    &ecny::Ecny,
];

/// The wallet that speaks for this institution; one that is not in [`ALL`] speaks our contract.
pub fn by_id(id: &InstitutionId) -> &'static dyn Wallet {
    ALL.iter()
        .find(|wallet| wallet.about().id == id.as_str())
        .copied()
        .unwrap_or(&Added)
}

/// The texts and payer codes of all of them, ready to be told apart.
pub fn natives() -> Result<Natives, PatternError> {
    let texts = ALL
        .iter()
        .map(|wallet| (wallet.about().id, wallet.about().text_patterns));
    Natives::new(texts, |text| {
        by_payer_code(text).map(|wallet| wallet.about().id)
    })
}

/// Whether an institution here stands for a network.
pub fn stands_for(network: &str) -> bool {
    ALL.iter().any(|wallet| wallet.about().id == network)
}

/// What an institution is and how it is recognised.
#[derive(Debug)]
pub struct About {
    /// Its id in the API.
    pub id: &'static str,
    /// Its name in Chinese.
    pub name_zh: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
    /// The colour of its mark on our pages, as in CSS.
    pub colour: &'static str,
    /// How its browser is recognised.
    pub user_agents: &'static [UserAgentTest],
    /// The texts inside its own codes, the narrower shape first.
    pub text_patterns: &'static [TextPattern],
    /// The numbers that its app shows to a cashier.
    pub payer_codes: &'static [PayerCode],
    /// Schemes that open its app.
    pub schemes: &'static [&'static str],
    /// Which ways of paying it can do.
    pub offers: &'static [Way],
    /// An order may not be closed earlier than this after it was opened.
    pub pay_before_min_seconds: u32,
}

/// The shape of a payer code: a prefix, how long, and of what. The longest prefix that fits wins.
#[derive(Debug)]
pub struct PayerCode {
    /// What it begins with.
    pub prefix: &'static str,
    /// How many characters it has, prefix included.
    pub length: std::ops::RangeInclusive<usize>,
    /// Letters occur besides digits.
    pub letters: bool,
}

impl PayerCode {
    /// Digits of one length.
    const fn digits(prefix: &'static str, length: usize) -> Self {
        Self {
            prefix,
            length: length..=length,
            letters: false,
        }
    }

    /// Whether the text has this shape.
    pub fn fits(&self, text: &str) -> bool {
        let allowed = |b: u8| b.is_ascii_digit() || (self.letters && b.is_ascii_alphabetic());
        text.starts_with(self.prefix)
            && self.length.contains(&text.len())
            && text.bytes().all(allowed)
    }
}

/// The institution whose app shows payer codes of this shape.
pub fn by_payer_code(text: &str) -> Option<&'static dyn Wallet> {
    let shapes = ALL
        .iter()
        .flat_map(|w| w.about().payer_codes.iter().map(move |code| (*w, code)));
    let fitting = shapes.filter(|(_, code)| code.fits(text));
    fitting
        .max_by_key(|(_, code)| code.prefix.len())
        .map(|(wallet, _)| wallet)
}

/// An order to be opened at the payee institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// Our number for the attempt.
    pub order_number: OrderNumber,
    /// The merchant's account at the payee institution, under the name it has there.
    pub payment_account: AccountReference,
    /// What is to be paid.
    pub amount: Amount,
    /// Who is paid, as the payer sees it.
    pub payee: String,
    /// What for, as the payer sees it.
    pub description: String,
    /// When we shall close the order.
    pub pay_before: Timestamp,
    /// Where the institution confirms.
    pub notify_url: String,
    /// Whose app pays.
    pub payer_institution: InstitutionId,
    /// The clearing channel, where the payer institution is another.
    pub clearing: Option<Label>,
    /// The institution's own code by which this is going to be paid, and by no other way: then the
    /// statement about the order names that code.
    pub code_text: Option<String>,
}

/// What an institution's answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The order is open; this is how to pay it.
    Opened(Handover),
    /// A result JWS, yet to be verified with the institution's keys.
    Result(String),
    /// Nothing is decided: ask again.
    Unknown,
    /// The order was not opened and will not be.
    Refused {
        /// The institution's word for it.
        code: String,
        /// Its explanation.
        detail: String,
    },
}

/// Why a request cannot be written or an answer cannot be read. Never means that an order failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The answer has another form than the protocol says.
    #[error("the answer to {} cannot be read", operation.name())]
    Unreadable {
        /// What was asked.
        operation: Operation,
    },
    /// The answer must not reach a payer.
    #[error("the handover is unfit: {0}")]
    Handover(#[from] HandoverError),
}

/// An institution that an operator added.
struct Added;

impl Wallet for Added {
    fn about(&self) -> &'static About {
        &About {
            id: "",
            name_zh: "钱包",
            name_en: "Wallet",
            colour: "#4b5563",
            user_agents: &[],
            text_patterns: &[],
            payer_codes: &[],
            schemes: &[],
            offers: &[Way::MerchantPresented],
            pay_before_min_seconds: PAY_BEFORE_MIN_SECONDS,
        }
    }
}

/// Our contract lets an order live at least a minute.
const PAY_BEFORE_MIN_SECONDS: u32 = 60;
