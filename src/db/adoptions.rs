//! Adoptions, as kept, and which merchant holds which of the other institutions' codes.

use crate::clock::Timestamp;
use crate::crypto::digest::sha256;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend, exactly_one};
use crate::id::{AdoptionId, CodeId, CounterId, MerchantId, PaymentAccountId, StoreId};
use crate::merchant::{AccountReference, InstitutionId};
use crate::payment::OrderNumber;
use crate::payment::adoption::{Adoption, AdoptionState, Standing};

macro_rules! columns {
    () => {
        "id, merchant_id, store_id, counter_id, network, text, text_hash, said, \
         payment_account_id, institution_id, account_reference, order_number, amount_minor, currency, state, tries_left, \
         why, code_id, version, pay_before_ms, opened_ms, next_ask_ms, asks, requested_ms, decided_ms"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT ", columns!(), " FROM adoptions ", $tail)
    };
}

// The unique index says whether this merchant asks for this code already.
const INSERT: &str = concat!(
    "INSERT INTO adoptions (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
     $19, $20, $21, $22, $23, $24, $25) ON CONFLICT DO NOTHING"
);
const FIND: &str = select!("WHERE id = $1");
const BY_ORDER: &str = select!("WHERE order_number = $1");
const OF_CODE: &str = select!("WHERE code_id = $1");
const LIST: &str = select!("WHERE merchant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
const UPDATE: &str = "UPDATE adoptions SET state = $3, tries_left = $4, why = $5, code_id = $6, \
     decided_ms = $7, version = $8 WHERE id = $1 AND version = $2";
const COUNT_SINCE: &str = "SELECT COUNT(*) FROM adoptions \
     WHERE merchant_id = $1 AND network = $2 AND text_hash = $3 AND requested_ms > $4";
// Claimed and pushed back in one statement, so that two instances do not ask for the same one.
const CLAIM_DUE: &str = concat!(
    "UPDATE adoptions SET next_ask_ms = $2, asks = asks + 1 WHERE id IN (SELECT id FROM adoptions \
     WHERE state = 'requested' AND next_ask_ms <= $1 ORDER BY next_ask_ms LIMIT $3) \
     AND next_ask_ms <= $1 RETURNING ",
    columns!()
);
// The same of those that are over, but that their institution still looks out for.
const CLAIM_TO_CLOSE: &str = concat!(
    "UPDATE adoptions SET next_ask_ms = $2, asks = asks + 1 WHERE id IN (SELECT id FROM adoptions \
     WHERE state = 'ended' AND why IN ('cancelled', 'failed') AND opened_ms IS NOT NULL \
     AND next_ask_ms <= $1 ORDER BY next_ask_ms LIMIT $3) AND next_ask_ms <= $1 RETURNING ",
    columns!()
);
const IS_DUE: &str = "SELECT EXISTS (SELECT 1 FROM adoptions \
     WHERE state = 'requested' AND next_ask_ms <= $1) OR EXISTS (SELECT 1 FROM adoptions \
     WHERE state = 'ended' AND why IN ('cancelled', 'failed') AND opened_ms IS NOT NULL \
     AND next_ask_ms <= $1)";
const CLOSED: &str = "UPDATE adoptions SET opened_ms = NULL WHERE id = $1 AND state = 'ended'";
const OPENED: &str = "UPDATE adoptions SET opened_ms = $2 WHERE id = $1 AND opened_ms IS NULL";
const POSTPONE: &str = "UPDATE adoptions SET next_ask_ms = $2 WHERE id = $1 AND next_ask_ms = $3";
const TAKE: &str = "INSERT INTO foreign_codes (network, text_hash, adoption_id, code_id) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const LET_GO: &str = "DELETE FROM foreign_codes WHERE adoption_id = $1";
const HOLDER: &str = "SELECT a.merchant_id FROM foreign_codes f \
     JOIN adoptions a ON a.id = f.adoption_id WHERE f.network = $1 AND f.text_hash = $2";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "adp_~";

#[derive(sqlx::FromRow)]
struct AdoptionRow {
    id: AdoptionId,
    merchant_id: MerchantId,
    store_id: StoreId,
    counter_id: Option<CounterId>,
    network: String,
    text: String,
    text_hash: Vec<u8>,
    said: Option<String>,
    payment_account_id: PaymentAccountId,
    institution_id: InstitutionId,
    account_reference: AccountReference,
    order_number: OrderNumber,
    amount_minor: i64,
    currency: String,
    state: String,
    tries_left: i64,
    why: Option<String>,
    code_id: Option<CodeId>,
    version: i64,
    pay_before_ms: Timestamp,
    opened_ms: Option<Timestamp>,
    next_ask_ms: Timestamp,
    asks: i64,
    requested_ms: Timestamp,
    decided_ms: Option<Timestamp>,
}

/// What of a standing has columns of its own.
struct Kept<'a> {
    tries_left: i64,
    why: Option<&'static str>,
    code: Option<&'a CodeId>,
    decided_at: Option<Timestamp>,
}

/// Writes a new adoption; false where this merchant has asked for the code, or holds it.
pub async fn insert(tx: &mut Tx, adoption: &Adoption) -> Result<bool, DbError> {
    let kept = Kept::of(&adoption.standing);
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&adoption.id)
        .bind(&adoption.merchant)
        .bind(&adoption.store)
        .bind(&adoption.counter)
        .bind(&adoption.network)
        .bind(&adoption.text)
        .bind(adoption.text_hash.as_slice())
        .bind(&adoption.said)
        .bind(&adoption.account)
        .bind(&adoption.institution)
        .bind(&adoption.account_reference)
        .bind(&adoption.order_number)
        .bind(adoption.amount.minor())
        .bind(adoption.amount.currency().code())
        .bind(adoption.standing.state().as_str())
        .bind(kept.tries_left)
        .bind(kept.why)
        .bind(kept.code)
        .bind(adoption.version)
        .bind(adoption.pay_before)
        .bind(adoption.opened_at)
        .bind(adoption.next_ask_at)
        .bind(adoption.asks)
        .bind(adoption.requested_at)
        .bind(kept.decided_at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The merchant's adoption with this id.
pub async fn find_of(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AdoptionId,
) -> Result<Option<Adoption>, DbError> {
    let row: Option<AdoptionRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    let found = row.map(Adoption::try_from).transpose()?;
    Ok(found.filter(|adoption| adoption.merchant == *merchant))
}

/// The adoption of whose proof an institution speaks.
pub async fn by_order(tx: &mut Tx, number: &OrderNumber) -> Result<Option<Adoption>, DbError> {
    let row: Option<AdoptionRow> = each_backend!(tx, conn => sqlx::query_as(BY_ORDER)
        .bind(number)
        .fetch_optional(conn)
        .await)?;
    row.map(Adoption::try_from).transpose()
}

/// The adoption behind which this code of ours stands.
pub async fn of_code(tx: &mut Tx, code: &CodeId) -> Result<Option<Adoption>, DbError> {
    let row: Option<AdoptionRow> =
        each_backend!(tx, conn => sqlx::query_as(OF_CODE).bind(code).fetch_optional(conn).await)?;
    row.map(Adoption::try_from).transpose()
}

/// At most `limit` of the merchant's adoptions older than `before`, newest first.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    before: Option<&AdoptionId>,
    limit: i64,
) -> Result<Vec<Adoption>, DbError> {
    let rows: Vec<AdoptionRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(before.map_or(AFTER_ALL, AdoptionId::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Adoption::try_from).collect()
}

/// Stores a standing that follows from the version before.
pub async fn update(tx: &mut Tx, adoption: &Adoption) -> Result<(), DbError> {
    let kept = Kept::of(&adoption.standing);
    let rows = each_backend!(tx, conn => sqlx::query(UPDATE)
        .bind(&adoption.id)
        .bind(adoption.version.saturating_sub(1))
        .bind(adoption.standing.state().as_str())
        .bind(kept.tries_left)
        .bind(kept.why)
        .bind(kept.code)
        .bind(kept.decided_at)
        .bind(adoption.version)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "adoptions", &adoption.id)
}

/// How often this merchant has asked for this code since then.
pub async fn count_since(
    tx: &mut Tx,
    adoption: &Adoption,
    since: Timestamp,
) -> Result<i64, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(COUNT_SINCE)
        .bind(&adoption.merchant)
        .bind(&adoption.network)
        .bind(adoption.text_hash.as_slice())
        .bind(since)
        .fetch_one(conn)
        .await)?)
}

/// Whether any adoption is due for a question.
pub async fn is_due(tx: &mut Tx) -> Result<bool, DbError> {
    let now = tx.now();
    Ok(each_backend!(tx, conn => sqlx::query_scalar(IS_DUE).bind(now).fetch_one(conn).await)?)
}

/// Takes adoptions that are due for a question, so that nobody else asks before `until`.
pub async fn claim_due(
    tx: &mut Tx,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Adoption>, DbError> {
    claim(tx, CLAIM_DUE, until, limit).await
}

/// Takes adoptions that are over and whose orders are to be closed, in the same way.
pub async fn claim_to_close(
    tx: &mut Tx,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Adoption>, DbError> {
    claim(tx, CLAIM_TO_CLOSE, until, limit).await
}

/// The institution looks out for it no longer.
pub async fn closed(tx: &mut Tx, adoption: &Adoption) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(CLOSED)
        .bind(&adoption.id)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

async fn claim(
    tx: &mut Tx,
    sql: &'static str,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Adoption>, DbError> {
    let now = tx.now();
    let rows: Vec<AdoptionRow> = each_backend!(tx, conn => sqlx::query_as(sql)
        .bind(now)
        .bind(until)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Adoption::try_from).collect()
}

/// Notes that the institution looks out for the proof.
pub async fn opened(tx: &mut Tx, adoption: &Adoption) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(OPENED)
        .bind(&adoption.id)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Asks about a claimed adoption again at `at`.
pub async fn postpone(tx: &mut Tx, claimed: &Adoption, at: Timestamp) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(POSTPONE)
        .bind(&claimed.id)
        .bind(at)
        .bind(claimed.next_ask_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Lets the code stand for the merchant from now on; false where another holds it.
pub async fn take(tx: &mut Tx, adoption: &Adoption, code: &CodeId) -> Result<bool, DbError> {
    tx.changes_rules();
    let rows = each_backend!(tx, conn => sqlx::query(TAKE)
        .bind(&adoption.network)
        .bind(adoption.text_hash.as_slice())
        .bind(&adoption.id)
        .bind(code)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Lets the code stand for nobody from now on.
pub async fn let_go(tx: &mut Tx, adoption: &Adoption) -> Result<(), DbError> {
    tx.changes_rules();
    let rows = each_backend!(tx, conn => sqlx::query(LET_GO)
        .bind(&adoption.id)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "foreign_codes", &adoption.id)
}

/// The merchant who holds this code.
pub async fn holder(
    tx: &mut Tx,
    network: &str,
    text_hash: &[u8; 32],
) -> Result<Option<MerchantId>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(HOLDER)
        .bind(network)
        .bind(text_hash.as_slice())
        .fetch_optional(conn)
        .await)?)
}

impl<'a> Kept<'a> {
    fn of(standing: &'a Standing) -> Self {
        let code = standing.code();
        let (tries_left, why, decided_at) = match standing {
            Standing::Requested { tries_left } => (i64::from(*tries_left), None, None),
            Standing::Proven { at, .. } => (0, None, Some(*at)),
            Standing::Ended { at, why, .. } => (0, Some(why.as_str()), Some(*at)),
        };
        Self {
            tries_left,
            why,
            code,
            decided_at,
        }
    }
}

impl TryFrom<AdoptionRow> for Adoption {
    type Error = DbError;

    fn try_from(row: AdoptionRow) -> Result<Self, DbError> {
        let of = Row {
            table: "adoptions",
            id: row.id.as_str(),
        };
        let state: AdoptionState = of.text("state", &row.state)?;
        let decided = || {
            row.decided_ms
                .ok_or_else(|| of.broken("decided_ms", "nothing"))
        };
        let standing = match state {
            AdoptionState::Requested => Standing::Requested {
                tries_left: u8::try_from(row.tries_left)
                    .map_err(|_| of.broken("tries_left", row.tries_left))?,
            },
            AdoptionState::Proven => Standing::Proven {
                at: decided()?,
                code: row.code_id.ok_or_else(|| of.broken("code_id", "nothing"))?,
            },
            AdoptionState::Ended => Standing::Ended {
                at: decided()?,
                why: of.text("why", row.why.as_deref().unwrap_or_default())?,
                code: row.code_id,
            },
        };
        let said = row.said.unwrap_or_else(|| row.text.clone());
        Ok(Self {
            said_hash: sha256(said.as_bytes()),
            said,
            text_hash: of.bytes("text_hash", &row.text_hash)?,
            amount: of.amount("amount_minor", row.amount_minor, &row.currency)?,
            standing,
            merchant: row.merchant_id,
            store: row.store_id,
            counter: row.counter_id,
            network: row.network,
            text: row.text,
            account: row.payment_account_id,
            institution: row.institution_id,
            account_reference: row.account_reference,
            order_number: row.order_number,
            pay_before: row.pay_before_ms,
            opened_at: row.opened_ms,
            next_ask_at: row.next_ask_ms,
            asks: row.asks,
            version: row.version,
            requested_at: row.requested_ms,
            id: row.id,
        })
    }
}
