//! Payment accounts: where merchants' money arrives.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, each_backend, exactly_one};
use crate::id::{MerchantId, PaymentAccountId};
use crate::merchant::{
    AccountReference, BasisPoints, InstitutionId, PaymentAccount, PaymentAccountState,
};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, merchant_id, institution_id, reference, currency, fee_bps, state, created_ms
             FROM payment_accounts ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO payment_accounts
    (id, merchant_id, institution_id, reference, currency, fee_bps, state, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const FIND: &str = select!("WHERE merchant_id = $1 AND id = $2");
const FIND_BY_REFERENCE: &str = select!("WHERE institution_id = $1 AND reference = $2");
const LIST: &str = select!("WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3");
const OF_MERCHANT: &str = select!("WHERE merchant_id = $1 ORDER BY id");
const CHANGE: &str = "UPDATE payment_accounts SET state = $4
    WHERE merchant_id = $1 AND id = $2 AND state = $3";

/// Keeps a new account; `false` if its institution's number is taken, by whichever merchant.
pub async fn insert(tx: &mut Tx, account: &PaymentAccount) -> Result<bool, DbError> {
    tx.changes_rules();
    let kept = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&account.id)
        .bind(&account.merchant)
        .bind(&account.institution)
        .bind(&account.reference)
        .bind(account.currency.code())
        .bind(i64::from(account.fee))
        .bind(account.state.as_str())
        .bind(account.created_at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(kept == 1)
}

/// This merchant's account with this id.
pub async fn find(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &PaymentAccountId,
) -> Result<Option<PaymentAccount>, DbError> {
    let row: Option<AccountRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(merchant)
        .bind(id)
        .fetch_optional(conn).await)?;
    row.map(PaymentAccount::try_from).transpose()
}

/// The account behind an institution's number, whose ever it is.
pub async fn find_by_reference(
    tx: &mut Tx,
    institution: &InstitutionId,
    reference: &AccountReference,
) -> Result<Option<PaymentAccount>, DbError> {
    let row: Option<AccountRow> = each_backend!(tx, conn => sqlx::query_as(FIND_BY_REFERENCE)
        .bind(institution)
        .bind(reference)
        .fetch_optional(conn).await)?;
    row.map(PaymentAccount::try_from).transpose()
}

/// This merchant's accounts in the order of ids.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    page: &Page,
) -> Result<Vec<PaymentAccount>, DbError> {
    let rows: Vec<AccountRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(PaymentAccount::try_from).collect()
}

/// All of this merchant's accounts, for routing.
pub async fn of_merchant(
    tx: &mut Tx,
    merchant: &MerchantId,
) -> Result<Vec<PaymentAccount>, DbError> {
    let rows: Vec<AccountRow> = each_backend!(tx, conn => sqlx::query_as(OF_MERCHANT)
        .bind(merchant)
        .fetch_all(conn).await)?;
    rows.into_iter().map(PaymentAccount::try_from).collect()
}

/// Opens or closes an account; a conflict if it is not in `from`.
pub async fn change(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &PaymentAccountId,
    from: PaymentAccountState,
    to: PaymentAccountState,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(CHANGE)
        .bind(merchant)
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "payment_accounts", id)
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: String,
    merchant_id: String,
    institution_id: String,
    reference: String,
    currency: String,
    fee_bps: i64,
    state: String,
    created_ms: Timestamp,
}

impl TryFrom<AccountRow> for PaymentAccount {
    type Error = DbError;

    fn try_from(row: AccountRow) -> Result<Self, DbError> {
        let of = Row {
            table: "payment_accounts",
            id: &row.id,
        };
        Ok(Self {
            id: of.text("id", &row.id)?,
            merchant: of.text("merchant_id", &row.merchant_id)?,
            institution: of.text("institution_id", &row.institution_id)?,
            reference: of.text("reference", &row.reference)?,
            currency: of.text("currency", &row.currency)?,
            fee: BasisPoints::try_from(row.fee_bps)
                .map_err(|_| of.broken("fee_bps", row.fee_bps))?,
            state: of.text("state", &row.state)?,
            created_at: row.created_ms,
        })
    }
}
