//! Who did what, when, from where, to which thing, and how it ended. Lines are only ever added, and
//! each is tied to all before it.
//!
//! A line's link is a keyed fingerprint of the link before it and of everything the line says; the
//! key is not in the database. So a line that is changed, taken out or moved breaks the chain at its
//! place, and whoever has only the database cannot mend it. The end of the chain is sealed likewise.
//! Where the chain cannot be continued the whole transaction fails, and with it what was to be done.

use serde_json::json;

use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::{DbError, Tx, each_backend, exactly_one};
use crate::id::{AuditId, MerchantId};

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct Line {
    /// Its name.
    pub id: AuditId,
    /// Whose things were touched; nothing where the operator's were.
    #[serde(rename = "merchant")]
    pub merchant_id: Option<MerchantId>,
    /// Who: an API key, a session, an institution, `cli`, `server`.
    pub actor: String,
    /// What: `pairing.invite`.
    pub action: String,
    /// On which thing.
    pub object: String,
    /// `done`, or the problem's code.
    pub result: String,
    /// From where: an address, or somebody's name on the machine.
    pub source: Option<String>,
    /// When.
    #[sqlx(rename = "created_ms")]
    pub at: Timestamp,
}

/// A line in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Chained {
    /// Its place, from 1 without holes.
    pub number: i64,
    /// What it says.
    #[sqlx(flatten)]
    pub line: Line,
    /// What ties it to all before it.
    pub link: Vec<u8>,
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Head {
    /// The last line's place; 0 where there is none.
    pub number: i64,
    /// The last line's link.
    pub link: Vec<u8>,
    /// Vouches for both.
    pub seal: Option<Vec<u8>>,
    /// How many lines are older than the chain.
    pub unchained: i64,
}

// The lock, and the place, in one statement.
const NEXT: &str = "UPDATE audit_head SET number = number + 1 WHERE name = 'audit' \
     RETURNING number - 1 AS number, link, seal, unchained";
const ADVANCE: &str = "UPDATE audit_head SET link = $2, seal = $3 \
     WHERE name = 'audit' AND number = $1";
const HEAD: &str = "SELECT number, link, seal, unchained FROM audit_head WHERE name = 'audit'";
const INSERT: &str = "INSERT INTO audit
    (id, merchant_id, actor, action, object, result, source, created_ms, number, link)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const LATEST: &str = "SELECT id, merchant_id, actor, action, object, result, source, created_ms
    FROM audit ORDER BY id DESC LIMIT $1";
const CHAIN: &str = "SELECT number, id, merchant_id, actor, action, object, result, source, \
     created_ms, link FROM audit WHERE number > $1 ORDER BY number LIMIT $2";
const BACKWARDS: &str = "SELECT number, id, merchant_id, actor, action, object, result, source, \
     created_ms, link FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2";
const UNCHAINED: &str = "SELECT COUNT(*) FROM audit WHERE number IS NULL OR link IS NULL";

/// Adds a line; says where it stands. An error here means that nothing of the transaction may stay.
pub async fn append(tx: &mut Tx, sealer: &Sealer, line: &Line) -> Result<i64, DbError> {
    let added = add(tx, sealer, line).await;
    added.map_err(|error| DbError::Unaudited(Box::new(error)))
}

async fn add(tx: &mut Tx, sealer: &Sealer, line: &Line) -> Result<i64, DbError> {
    let head: Option<Head> =
        each_backend!(tx, conn => sqlx::query_as(NEXT).fetch_optional(conn).await)?;
    let broken = |found: &str| DbError::Inconsistent {
        table: "audit_head",
        column: "seal",
        id: "audit".to_owned(),
        found: found.to_owned(),
    };
    let head = head.ok_or_else(|| broken("no row"))?;
    if !head.is_sound(sealer) {
        return Err(broken(
            "another end of the chain, or the seal of another master key",
        ));
    }
    let number = head.number.saturating_add(1);
    let link = link(sealer, &head.link, number, line);
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&line.id)
        .bind(&line.merchant_id)
        .bind(&line.actor)
        .bind(&line.action)
        .bind(&line.object)
        .bind(&line.result)
        .bind(&line.source)
        .bind(line.at)
        .bind(number)
        .bind(link.as_slice())
        .execute(conn)
        .await
        .map(|_| ()))?;
    let seal = seal(sealer, number, &link);
    let moved = each_backend!(tx, conn => sqlx::query(ADVANCE)
        .bind(number)
        .bind(link.as_slice())
        .bind(seal.as_slice())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(moved, "audit_head", &number)?;
    // Whoever keeps the log elsewhere can prove later what the chain was.
    tracing::info!(
        audit_number = number,
        audit_link = hex(&link),
        action = line.action,
        "audit line {number}: {} {} {}",
        line.actor,
        line.action,
        line.object
    );
    Ok(number)
}

/// The newest lines, newest first.
pub async fn latest(tx: &mut Tx, limit: i64) -> Result<Vec<Line>, DbError> {
    let lines = each_backend!(tx, conn => sqlx::query_as(LATEST)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(lines)
}

/// Lines behind a place, in their order.
pub async fn after(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<Chained>, DbError> {
    let lines = each_backend!(tx, conn => sqlx::query_as(CHAIN)
        .bind(number)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(lines)
}

/// Lines before a place, newest first.
pub async fn before(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<Chained>, DbError> {
    let lines = each_backend!(tx, conn => sqlx::query_as(BACKWARDS)
        .bind(number)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(lines)
}

/// The end of the chain; nothing where somebody took it away.
pub async fn head(tx: &mut Tx) -> Result<Option<Head>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_as(HEAD).fetch_optional(conn).await)?)
}

/// How many lines have no place in the chain.
pub async fn unchained(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(UNCHAINED).fetch_one(conn).await)?)
}

impl Chained {
    /// Whether it says what it said when it was added behind `previous`.
    pub fn is_sound(&self, sealer: &Sealer, previous: &[u8]) -> bool {
        let said = said(previous, self.number, &self.line);
        sealer.check_mac(Purpose::Audit, &said, &self.link)
    }
}

impl Head {
    /// Whether it is as it was written.
    pub fn is_sound(&self, sealer: &Sealer) -> bool {
        match &self.seal {
            Some(seal) => sealer.check_mac(Purpose::Audit, &sealed(self.number, &self.link), seal),
            None => self.number == 0,
        }
    }
}

fn link(sealer: &Sealer, previous: &[u8], number: i64, line: &Line) -> [u8; 32] {
    sealer.mac(Purpose::Audit, &said(previous, number, line))
}

fn seal(sealer: &Sealer, number: i64, link: &[u8]) -> [u8; 32] {
    sealer.mac(Purpose::Audit, &sealed(number, link))
}

/// Everything that a line says, in one spelling. The first word parts lines from heads.
fn said(previous: &[u8], number: i64, line: &Line) -> Vec<u8> {
    let fields = json!([
        "line",
        hex(previous),
        number,
        line.id,
        line.merchant_id,
        line.actor,
        line.action,
        line.object,
        line.result,
        line.source,
        line.at.millis(),
    ]);
    fields.to_string().into_bytes()
}

fn sealed(number: i64, link: &[u8]) -> Vec<u8> {
    json!(["head", number, hex(link)]).to_string().into_bytes()
}
