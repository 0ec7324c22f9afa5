-- Who may do what, what was asked before, and who did what. No secret is stored in clear: tokens
-- as SHA-256 of 256 random bits.

CREATE TABLE api_keys (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    name         TEXT    NOT NULL,
    mode         TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    token_hash   BYTEA   NOT NULL UNIQUE,
    hint         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    expires_ms   BIGINT,
    revoked_ms   BIGINT,
    created_ms   BIGINT  NOT NULL
);
CREATE INDEX api_keys_by_merchant ON api_keys (merchant_id, id);

CREATE TABLE nonces (
    institution_id TEXT    NOT NULL,
    nonce          TEXT    NOT NULL,
    expires_ms     BIGINT  NOT NULL,
    PRIMARY KEY (institution_id, nonce)
);
CREATE INDEX nonces_to_drop ON nonces (expires_ms);

-- `status` is empty while the first execution runs; `lease_ms` says until when it may.
CREATE TABLE idempotency_keys (
    merchant_id  TEXT    NOT NULL,
    principal    TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BYTEA   NOT NULL,
    owner        TEXT    NOT NULL,
    lease_ms     BIGINT  NOT NULL,
    status       BIGINT,
    body         TEXT,
    created_ms   BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, principal, route, key)
);
CREATE INDEX idempotency_keys_to_drop ON idempotency_keys (created_ms);

-- One-time codes that let a device in at a counter.
CREATE TABLE pairings (
    code_hash    BYTEA   NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    counter_id   TEXT    NOT NULL REFERENCES counters (id),
    expires_ms   BIGINT  NOT NULL,
    used_ms      BIGINT,
    created_ms   BIGINT  NOT NULL
);

CREATE TABLE sessions (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash   BYTEA   NOT NULL UNIQUE,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    counter_id   TEXT    NOT NULL REFERENCES counters (id),
    expires_ms   BIGINT  NOT NULL,
    revoked_ms   BIGINT,
    created_ms   BIGINT  NOT NULL
);

CREATE TABLE audit (
    id          TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id TEXT,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    created_ms  BIGINT  NOT NULL
);
CREATE INDEX audit_by_merchant ON audit (merchant_id, id);
