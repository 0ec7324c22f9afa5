-- Who receives money, where, and from whom. Times are milliseconds since 1970 UTC, amounts minor
-- units. Every table has its twin of the same shape for the other database.

CREATE TABLE merchants (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    mcc          TEXT    NOT NULL,
    city         TEXT    NOT NULL,
    country      TEXT    NOT NULL,
    time_zone    TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    mode         TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    preference   TEXT    NOT NULL,
    next_event   BIGINT  NOT NULL,
    created_ms   BIGINT  NOT NULL
);

CREATE TABLE stores (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    name         TEXT    NOT NULL,
    city         TEXT    NOT NULL,
    created_ms   BIGINT  NOT NULL
);
CREATE INDEX stores_by_merchant ON stores (merchant_id, id);

CREATE TABLE counters (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    name         TEXT    NOT NULL,
    created_ms   BIGINT  NOT NULL
);
CREATE INDEX counters_by_merchant ON counters (merchant_id, id);

CREATE TABLE institutions (
    id           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name_zh      TEXT    NOT NULL,
    name_en      TEXT    NOT NULL,
    base_url     TEXT,
    state        TEXT    NOT NULL CHECK (state IN ('active', 'suspended')),
    created_ms   BIGINT  NOT NULL
);

-- The algorithm stands here and is never taken from a message. Ed25519 keys are public; HMAC
-- secrets are sealed with the master key, which is not in the database.
CREATE TABLE institution_keys (
    key_id         TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    institution_id TEXT    NOT NULL REFERENCES institutions (id),
    algorithm      TEXT    NOT NULL CHECK (algorithm IN ('ed25519', 'hmac_sha256')),
    material       BYTEA   NOT NULL,
    not_before_ms  BIGINT  NOT NULL,
    not_after_ms   BIGINT,
    revoked_ms     BIGINT,
    created_ms     BIGINT  NOT NULL
);
CREATE INDEX institution_keys_by_institution ON institution_keys (institution_id);

CREATE TABLE payment_accounts (
    id             TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id    TEXT    NOT NULL REFERENCES merchants (id),
    institution_id TEXT    NOT NULL REFERENCES institutions (id),
    reference      TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    fee_bps        BIGINT  NOT NULL CHECK (fee_bps BETWEEN 0 AND 10000),
    state          TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
    created_ms     BIGINT  NOT NULL,
    UNIQUE (institution_id, reference)
);
CREATE INDEX payment_accounts_by_merchant ON payment_accounts (merchant_id, id);

CREATE TABLE acceptances (
    id                  TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id         TEXT    NOT NULL REFERENCES merchants (id),
    institution_id      TEXT    NOT NULL REFERENCES institutions (id),
    state               TEXT    NOT NULL
                        CHECK (state IN ('invited', 'applied', 'enabled', 'suspended', 'closed')),
    platform            TEXT,
    cohort              TEXT,
    opens_ms            BIGINT,
    consent_ms          BIGINT,
    payment_limit_minor BIGINT,
    day_limit_minor     BIGINT,
    created_ms          BIGINT  NOT NULL,
    UNIQUE (merchant_id, institution_id)
);

CREATE TABLE agreements (
    id                   TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    payer_institution_id TEXT    NOT NULL REFERENCES institutions (id),
    payee_institution_id TEXT    NOT NULL REFERENCES institutions (id),
    ways                 TEXT    NOT NULL,
    clearing             TEXT    NOT NULL,
    attester_id          TEXT    REFERENCES institutions (id),
    currency             TEXT    NOT NULL,
    payment_limit_minor  BIGINT,
    state                TEXT    NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
    starts_ms            BIGINT  NOT NULL,
    ends_ms              BIGINT,
    created_ms           BIGINT  NOT NULL,
    UNIQUE (payer_institution_id, payee_institution_id, clearing),
    CHECK (payer_institution_id <> payee_institution_id)
);
