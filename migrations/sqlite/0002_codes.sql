-- What is printed or shown, the keys that sign it, and who scanned it.

CREATE TABLE signing_keys (
    key_id       TEXT    NOT NULL PRIMARY KEY,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('code', 'resolution', 'receipt', 'request')),
    public_key   BLOB    NOT NULL,
    sealed_seed  BLOB    NOT NULL,
    created_ms   INTEGER NOT NULL,
    retired_ms   INTEGER
) STRICT;
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (purpose) WHERE retired_ms IS NULL;

CREATE TABLE codes (
    id           TEXT    NOT NULL PRIMARY KEY,
    merchant_id  TEXT    NOT NULL REFERENCES merchants (id),
    store_id     TEXT    NOT NULL REFERENCES stores (id),
    counter_id   TEXT    REFERENCES counters (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('static', 'fixed', 'order', 'plate')),
    random       BLOB    NOT NULL UNIQUE,
    key_id       TEXT    REFERENCES signing_keys (key_id),
    text         TEXT    NOT NULL UNIQUE,
    amount_minor INTEGER,
    currency     TEXT    NOT NULL,
    payment_id   TEXT    UNIQUE,
    state        TEXT    NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    version      INTEGER NOT NULL,
    expires_ms   INTEGER,
    created_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX codes_by_merchant ON codes (merchant_id, id);

-- Written in batches beside the payment's way; a crash may lose the newest.
CREATE TABLE scans (
    id             TEXT    NOT NULL PRIMARY KEY,
    code_id        TEXT    NOT NULL,
    merchant_id    TEXT    NOT NULL,
    institution_id TEXT,
    outcome        TEXT    NOT NULL,
    scanned_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX scans_by_code ON scans (code_id, id);
