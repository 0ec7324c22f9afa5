//! The ledger, the positions between institutions, and the days of payers. Ledger rows are only
//! ever added.

use crate::db::{DbError, Tx, each_backend};
use crate::id::{EntryId, MerchantId, PaymentId, ResultId};
use crate::merchant::InstitutionId;
use crate::money::Amount;
use crate::payment::Attempt;
use crate::payment::ledger::Posting;

const INSERT: &str = "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, \
     debit_account, credit_account, amount_minor, currency, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const INSERT_POSITION: &str = "INSERT INTO positions (result_id, payer_institution_id, \
     payee_institution_id, clearing, day, amount_minor, currency) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
// Summed in two halves, so that no sum of amounts passes what either database can hold.
const BALANCES: &str = "SELECT account, currency, \
     CAST(SUM(amount_minor / 1000000000) AS BIGINT) AS high, \
     CAST(SUM(amount_minor % 1000000000) AS BIGINT) AS low FROM \
     (SELECT debit_account AS account, currency, amount_minor FROM ledger_entries \
      WHERE merchant_id = $1 UNION ALL \
      SELECT credit_account, currency, -amount_minor FROM ledger_entries WHERE merchant_id = $1) \
     AS sides GROUP BY account, currency ORDER BY account, currency";
// The caps are in the WHERE of the update, so that payers racing themselves never pass them.
const SPEND: &str = "INSERT INTO payer_days (payer_institution_id, merchant_id, payer_ref_hash, \
     day, currency, spent_minor, static_minor) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (payer_institution_id, merchant_id, payer_ref_hash, day, currency) \
     DO UPDATE SET spent_minor = payer_days.spent_minor + excluded.spent_minor, \
     static_minor = payer_days.static_minor + excluded.static_minor \
     WHERE payer_days.spent_minor <= $8 - excluded.spent_minor \
     AND payer_days.static_minor <= $9 - excluded.static_minor";
// An instance that knows one sum only may have counted this while the two ran side by side.
const GIVE_BACK: &str = "UPDATE payer_days SET spent_minor = spent_minor - $6, \
     static_minor = CASE WHEN static_minor >= $7 THEN static_minor - $7 ELSE 0 END \
     WHERE payer_institution_id = $1 AND merchant_id = $2 AND payer_ref_hash = $3 AND day = $4 \
     AND currency = $5 AND spent_minor >= $6";
pub(super) const SPENT: &str = "SELECT spent_minor, static_minor FROM payer_days \
     WHERE payer_institution_id = $1 AND merchant_id = $2 AND payer_ref_hash = $3 AND day = $4 \
     AND currency = $5";

/// An account's balance, debits less credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// ISO 4217 letters.
    pub currency: String,
    /// Minor units; a day of large amounts passes 64 bits.
    pub minor: i128,
}

#[derive(sqlx::FromRow)]
struct BalanceRow {
    account: String,
    currency: String,
    high: i64,
    low: i64,
}

/// Whose day it is.
#[derive(Debug, Clone, Copy)]
pub struct PayerDay<'a> {
    /// The payer's institution.
    pub payer: &'a InstitutionId,
    /// Where the payer pays.
    pub merchant: &'a MerchantId,
    /// Who pays, as a keyed hash.
    pub payer_ref_hash: &'a [u8; 32],
    /// The merchant's calendar day.
    pub day: &'a str,
}

/// What counts towards a payer's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How much.
    pub amount: Amount,
    /// Whether it is paid by a static code, and counts towards that sum as well.
    pub static_code: bool,
}

/// The two sums of a payer's day, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaySums {
    /// All payments.
    pub all: i64,
    /// Those by static codes.
    pub by_static_codes: i64,
}

impl From<(i64, i64)> for DaySums {
    fn from((all, by_static_codes): (i64, i64)) -> Self {
        Self {
            all,
            by_static_codes,
        }
    }
}

impl Counted {
    const fn by_static_codes(self) -> i64 {
        if self.static_code {
            self.amount.minor()
        } else {
            0
        }
    }
}

/// Books one posting.
pub async fn post(
    tx: &mut Tx,
    id: &EntryId,
    merchant: &MerchantId,
    payment: Option<&PaymentId>,
    result: &ResultId,
    posting: &Posting,
) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(id)
        .bind(merchant)
        .bind(payment)
        .bind(result)
        .bind(posting.debit().to_string())
        .bind(posting.credit().to_string())
        .bind(posting.amount().minor())
        .bind(posting.amount().currency().code())
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Notes what one institution owes another for an interop payment.
pub async fn post_position(
    tx: &mut Tx,
    result: &ResultId,
    attempt: &Attempt,
    day: &str,
    amount: Amount,
) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT_POSITION)
        .bind(result)
        .bind(&attempt.payer)
        .bind(&attempt.payee)
        .bind(attempt.clearing.as_deref().unwrap_or(""))
        .bind(day)
        .bind(amount.minor())
        .bind(amount.currency().code())
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The merchant's balances; they sum to zero.
pub async fn balances(tx: &mut Tx, merchant: &MerchantId) -> Result<Vec<Balance>, DbError> {
    let rows: Vec<BalanceRow> = each_backend!(tx, conn => sqlx::query_as(BALANCES)
        .bind(merchant)
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().map(Balance::from).collect())
}

/// Counts a payment to the payer's day; false where a sum would pass its cap, and then nothing is
/// counted. The cap of static codes is looked at only where one of them is counted.
pub async fn spend(
    tx: &mut Tx,
    day: PayerDay<'_>,
    counted: Counted,
    caps: DaySums,
) -> Result<bool, DbError> {
    let (all, by_static_codes) = (counted.amount.minor(), counted.by_static_codes());
    // A cap that came down meanwhile must not stop what does not count towards it.
    let static_cap = if counted.static_code {
        caps.by_static_codes
    } else {
        i64::MAX
    };
    // The first row of a day does not meet the update's guard.
    if all > caps.all || by_static_codes > static_cap {
        return Ok(false);
    }
    let rows = each_backend!(tx, conn => sqlx::query(SPEND)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(counted.amount.currency().code())
        .bind(all)
        .bind(by_static_codes)
        .bind(caps.all)
        .bind(static_cap)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes back what an attempt that came to nothing had counted.
pub async fn give_back(tx: &mut Tx, day: PayerDay<'_>, counted: Counted) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(GIVE_BACK)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(counted.amount.currency().code())
        .bind(counted.amount.minor())
        .bind(counted.by_static_codes())
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// What the payer has spent that day, and how much of it by static codes.
pub async fn spent(tx: &mut Tx, day: PayerDay<'_>, currency: &str) -> Result<DaySums, DbError> {
    let found: Option<(i64, i64)> = each_backend!(tx, conn => sqlx::query_as(SPENT)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(currency)
        .fetch_optional(conn)
        .await)?;
    Ok(DaySums::from(found.unwrap_or_default()))
}

impl From<BalanceRow> for Balance {
    fn from(row: BalanceRow) -> Self {
        let high = i128::from(row.high).saturating_mul(1_000_000_000);
        Self {
            account: row.account,
            currency: row.currency,
            minor: high.saturating_add(i128::from(row.low)),
        }
    }
}
