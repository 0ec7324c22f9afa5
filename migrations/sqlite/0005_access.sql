-- Who may do what, what was asked before, and who did what. No secret is stored in clear: tokens
-- as SHA-256 of 256 random bits.

CREATE TABLE api_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    name         TEXT    NOT NULL,
    mode         TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    token_hash   BLOB    NOT NULL UNIQUE,
    hint         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    expires_ms   INTEGER,
    revoked_ms   INTEGER,
    created_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_by_merchant ON api_keys (merchant_id, id);

CREATE TABLE nonces (
    institution_id TEXT    NOT NULL,
    nonce          TEXT    NOT NULL,
    expires_ms     INTEGER NOT NULL,
    PRIMARY KEY (institution_id, nonce)
) STRICT;
CREATE INDEX nonces_to_drop ON nonces (expires_ms);

-- `status` is empty while the first execution runs; `lease_ms` says until when it may.
CREATE TABLE idempotency_keys (
    merchant_id  TEXT    NOT NULL,
    principal    TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BLOB    NOT NULL,
    owner        TEXT    NOT NULL,
    lease_ms     INTEGER NOT NULL,
    status       INTEGER,
    body         TEXT,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, principal, route, key)
) STRICT;
CREATE INDEX idempotency_keys_to_drop ON idempotency_keys (created_ms);

-- One-time codes that let a device in at a counter.
CREATE TABLE pairings (
    code_hash    BLOB    NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    counter_id   TEXT    NOT NULL REFERENCES counters (id),
    expires_ms   INTEGER NOT NULL,
    used_ms      INTEGER,
    created_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id           TEXT    NOT NULL PRIMARY KEY,
    token_hash   BLOB    NOT NULL UNIQUE,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    counter_id   TEXT    NOT NULL REFERENCES counters (id),
    expires_ms   INTEGER NOT NULL,
    revoked_ms   INTEGER,
    created_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id          TEXT    NOT NULL PRIMARY KEY,
    merchant_id TEXT,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_merchant ON audit (merchant_id, id);
