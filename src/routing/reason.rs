//! Why a scan goes where it goes, or goes nowhere: a stable word and a sentence in two languages.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// A reason as others read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// The stable word.
    pub code: &'static str,
    /// For people who read Chinese.
    pub zh: &'static str,
    /// For people who read English.
    pub en: &'static str,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        /// Why.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "Told")]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable word with its sentences.
            pub const fn told(self) -> Told {
                match self {
                    $(Self::$variant => Told { code: $code, zh: $zh, en: $en },)+
                }
            }
        }
    };
}

reasons! {
    /// Taken: the payer's institution holds an account of the merchant.
    Direct = "direct",
        "商户直接受理该机构。",
        "The merchant takes this institution directly.";
    /// Taken: an agreement leads to an account elsewhere.
    Interop = "interop",
        "通过机构间的互联互通协议受理。",
        "An agreement between the two institutions carries this payment.";
    /// No candidate at all.
    NotAccepted = "not-accepted",
        "商户未受理该机构，也没有可用的互联互通协议。",
        "The merchant does not take this institution, and no agreement leads to one it takes.";
    /// The code pays into one account only, which is another.
    CodeAccount = "code-account",
        "该收款码只能付入另一个收款账户。",
        "This code is paid into another payment account, and into that one only.";
    /// Invited or applied only.
    AcceptanceNotEnabled = "acceptance-not-enabled",
        "该机构的受理尚未开通。",
        "The acceptance of this institution is not enabled yet.";
    /// Stopped for now.
    AcceptanceSuspended = "acceptance-suspended",
        "该机构的受理已暂停。",
        "The acceptance of this institution is suspended.";
    /// Over.
    AcceptanceClosed = "acceptance-closed",
        "该机构的受理已关闭。",
        "The acceptance of this institution is closed.";
    /// The roll-out opens later.
    NotOpenYet = "not-open-yet",
        "该机构的受理尚未到开放时间。",
        "The acceptance of this institution opens later.";
    /// A platform rolls it out, and the merchant has not agreed.
    ConsentMissing = "consent-missing",
        "商户尚未同意受理该机构。",
        "The merchant has not yet agreed to take this institution.";
    /// The merchant stopped taking the payer's institution: no detour.
    PayerSuspended = "payer-suspended",
        "商户已暂停受理付款方机构，互联互通也随之暂停。",
        "The merchant suspended the payer's institution, and with it every detour.";
    /// The merchant ended taking the payer's institution: no detour.
    PayerClosed = "payer-closed",
        "商户已关闭受理付款方机构，互联互通也随之关闭。",
        "The merchant closed the payer's institution, and with it every detour.";
    /// Stopped for now.
    AgreementSuspended = "agreement-suspended",
        "两机构间的协议已暂停。",
        "The agreement between the two institutions is suspended.";
    /// Over, by state or by date.
    AgreementEnded = "agreement-ended",
        "两机构间的协议已终止。",
        "The agreement between the two institutions has ended.";
    /// In force later.
    AgreementNotStarted = "agreement-not-started",
        "两机构间的协议尚未生效。",
        "The agreement between the two institutions is not in force yet.";
    /// The agreement is for other ways.
    WayNotAgreed = "way-not-agreed",
        "协议不包括这种扫码方式。",
        "The agreement does not cover this way of scanning.";
    /// The merchant has no account there.
    AccountMissing = "account-missing",
        "商户在该机构没有收款账户。",
        "The merchant has no payment account at this institution.";
    /// The account takes nothing new.
    AccountClosed = "account-closed",
        "商户在该机构的收款账户已关闭。",
        "The merchant's payment account at this institution is closed.";
    /// Account, agreement or limit speak another currency.
    CurrencyMismatch = "currency-mismatch",
        "币种不一致。",
        "The currencies differ.";
    /// It does not answer, or is locked out.
    InstitutionUnavailable = "institution-unavailable",
        "收款机构暂时不可用。",
        "The institution that holds the account is not available now.";
    /// A person's code, where policy takes merchants' codes only.
    ClassNotAllowed = "class-not-allowed",
        "个人收款码不能用于经营收款。",
        "A personal code may not be used for trade.";
    /// Past what the agreement allows for one payment.
    AgreementLimit = "agreement-limit",
        "金额超过协议的单笔限额。",
        "The amount is more than the agreement allows for one payment.";
    /// Past what the acceptance allows for one payment.
    PaymentLimit = "payment-limit",
        "金额超过该机构的单笔限额。",
        "The amount is more than this institution may be used for in one payment.";
    /// Past what one payer may pay in a day.
    DayLimit = "day-limit",
        "金额超过付款人的单日限额。",
        "The amount is more than this payer may still pay here today.";
    /// Past what one payer may pay in a day by static codes.
    StaticDayLimit = "static-day-limit",
        "金额超过静态码的单日限额，请让商户出示订单码。",
        "The amount is more than a printed code may take from one payer in a day; ask for an order code.";
}

impl Reason {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        self.told().code
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Reason> for Told {
    fn from(reason: Reason) -> Self {
        reason.told()
    }
}

impl utoipa::PartialSchema for Reason {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Told as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for Reason {}
