//! Payment institutions and the keys they sign with.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, each_backend, exactly_one};
use crate::merchant::{
    Institution, InstitutionId, InstitutionKey, InstitutionState, KeyAlgorithm, KeyMaterial,
};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, name_zh, name_en, base_url, state, created_ms FROM institutions ",
            $tail
        )
    };
}
macro_rules! select_key {
    ($tail:literal) => {
        concat!(
            "SELECT k.key_id, k.institution_id, k.algorithm, k.material, k.not_before_ms,
                    k.not_after_ms, k.revoked_ms, k.created_ms, i.state
             FROM institution_keys k JOIN institutions i ON i.id = k.institution_id ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO institutions (id, name_zh, name_en, base_url, state, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const FIND: &str = select!("WHERE id = $1");
const LIST: &str = select!("WHERE id > $1 ORDER BY id LIMIT $2");
const CHANGE: &str = "UPDATE institutions SET state = $3 WHERE id = $1 AND state = $2";
const INSERT_KEY: &str = "INSERT INTO institution_keys
    (key_id, institution_id, algorithm, material, not_before_ms, not_after_ms, revoked_ms,
     created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const FIND_KEY: &str = select_key!("WHERE k.key_id = $1");
const KEYS: &str = select_key!("WHERE k.institution_id = $1 ORDER BY k.created_ms, k.key_id");
const REVOKE_KEY: &str =
    "UPDATE institution_keys SET revoked_ms = $2 WHERE key_id = $1 AND revoked_ms IS NULL";

const END_KEY: &str = "UPDATE institution_keys SET not_after_ms = $2
    WHERE key_id = $1 AND revoked_ms IS NULL";
const IS_PUBLIC: &str = "SELECT EXISTS (
    SELECT 1 FROM institution_keys WHERE algorithm = 'ed25519' AND material = $1
    UNION ALL SELECT 1 FROM signing_keys WHERE public_key = $1)";

/// Keeps a new institution; `false` if its id is taken.
pub async fn insert(tx: &mut Tx, institution: &Institution) -> Result<bool, DbError> {
    tx.changes_rules();
    let kept = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&institution.id)
        .bind(&institution.name_zh)
        .bind(&institution.name_en)
        .bind(institution.base_url.as_deref())
        .bind(institution.state.as_str())
        .bind(institution.created_at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(kept == 1)
}

/// The institution with this id.
pub async fn find(tx: &mut Tx, id: &InstitutionId) -> Result<Option<Institution>, DbError> {
    let row: Option<InstitutionRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    row.map(Institution::try_from).transpose()
}

/// Institutions in the order of ids.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Institution>, DbError> {
    let rows: Vec<InstitutionRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Institution::try_from).collect()
}

/// Locks an institution out or lets it in again; a conflict if it is not in `from`.
pub async fn change(
    tx: &mut Tx,
    id: &InstitutionId,
    from: InstitutionState,
    to: InstitutionState,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(CHANGE)
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "institutions", id)
}

/// Keeps a new key; `false` if its id is taken, by whomever.
pub async fn insert_key(tx: &mut Tx, key: &InstitutionKey) -> Result<bool, DbError> {
    let material: &[u8] = match &key.material {
        KeyMaterial::Ed25519(public) => public,
        KeyMaterial::HmacSha256(sealed) => sealed,
    };
    let kept = each_backend!(tx, conn => sqlx::query(INSERT_KEY)
        .bind(&key.key_id)
        .bind(&key.institution)
        .bind(key.material.algorithm().as_str())
        .bind(material)
        .bind(key.not_before)
        .bind(key.not_after)
        .bind(key.revoked_at)
        .bind(key.created_at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(kept == 1)
}

/// The key with this id, and whether its institution is let in.
pub async fn find_key(
    tx: &mut Tx,
    key_id: &str,
) -> Result<Option<(InstitutionKey, InstitutionState)>, DbError> {
    let row: Option<KeyRow> = each_backend!(tx, conn => sqlx::query_as(FIND_KEY)
        .bind(key_id)
        .fetch_optional(conn).await)?;
    row.map(KeyRow::into_key).transpose()
}

/// All keys of an institution, the oldest first.
pub async fn keys(tx: &mut Tx, id: &InstitutionId) -> Result<Vec<InstitutionKey>, DbError> {
    let rows: Vec<KeyRow> =
        each_backend!(tx, conn => sqlx::query_as(KEYS).bind(id).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|row| row.into_key().map(|(key, _)| key))
        .collect()
}

/// Takes a key out of use for good; a conflict if it was already.
pub async fn revoke_key(tx: &mut Tx, key_id: &str, at: Timestamp) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(REVOKE_KEY)
        .bind(key_id)
        .bind(at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "institution_keys", &key_id)
}

/// Has a key that was not revoked count until `at`.
pub async fn end_key(tx: &mut Tx, key_id: &str, at: Timestamp) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(END_KEY)
        .bind(key_id)
        .bind(at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "institution_keys", &key_id)
}

/// Whether these bytes are the public half of a key that somebody signs with.
pub async fn is_public(tx: &mut Tx, bytes: &[u8]) -> Result<bool, DbError> {
    let found = each_backend!(tx, conn => sqlx::query_scalar(IS_PUBLIC)
        .bind(bytes)
        .fetch_one(conn).await)?;
    Ok(found)
}

#[derive(sqlx::FromRow)]
struct InstitutionRow {
    id: String,
    name_zh: String,
    name_en: String,
    base_url: Option<String>,
    state: String,
    created_ms: Timestamp,
}

impl TryFrom<InstitutionRow> for Institution {
    type Error = DbError;

    fn try_from(row: InstitutionRow) -> Result<Self, DbError> {
        let of = Row {
            table: "institutions",
            id: &row.id,
        };
        Ok(Self {
            id: of.text("id", &row.id)?,
            name_zh: of.text("name_zh", &row.name_zh)?,
            name_en: of.text("name_en", &row.name_en)?,
            state: of.text("state", &row.state)?,
            created_at: row.created_ms,
            base_url: row.base_url,
        })
    }
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_id: String,
    institution_id: String,
    algorithm: String,
    material: Vec<u8>,
    not_before_ms: Timestamp,
    not_after_ms: Option<Timestamp>,
    revoked_ms: Option<Timestamp>,
    created_ms: Timestamp,
    state: String,
}

impl KeyRow {
    fn into_key(self) -> Result<(InstitutionKey, InstitutionState), DbError> {
        let of = Row {
            table: "institution_keys",
            id: &self.key_id,
        };
        let material = material(&self.key_id, &self.algorithm, &self.material)?;
        let state = of.text("state", &self.state)?;
        let key = InstitutionKey {
            institution: of.text("institution_id", &self.institution_id)?,
            material,
            not_before: self.not_before_ms,
            not_after: self.not_after_ms,
            revoked_at: self.revoked_ms,
            created_at: self.created_ms,
            key_id: self.key_id,
        };
        Ok((key, state))
    }
}

/// A key from its two columns.
pub(super) fn material(
    key_id: &str,
    algorithm: &str,
    material: &[u8],
) -> Result<KeyMaterial, DbError> {
    let of = Row {
        table: "institution_keys",
        id: key_id,
    };
    Ok(match of.text("algorithm", algorithm)? {
        KeyAlgorithm::Ed25519 => KeyMaterial::Ed25519(of.bytes("material", material)?),
        KeyAlgorithm::HmacSha256 => KeyMaterial::HmacSha256(material.to_vec()),
    })
}
