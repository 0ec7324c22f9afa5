-- What a merchant is owed once, the tries to pay it, and the signed statements about them.

CREATE TABLE payments (
    id             TEXT    NOT NULL PRIMARY KEY,
    merchant_id    TEXT    NOT NULL REFERENCES merchants (id),
    store_id       TEXT    NOT NULL REFERENCES stores (id),
    counter_id     TEXT    REFERENCES counters (id),
    code_id        TEXT    REFERENCES codes (id),
    reference      TEXT,
    description    TEXT,
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    currency       TEXT    NOT NULL,
    state          TEXT    NOT NULL
                   CHECK (state IN ('created', 'waiting', 'paid', 'partly_refunded', 'refunded',
                                    'closed', 'expired')),
    attempt_id     TEXT,
    captured_minor INTEGER NOT NULL CHECK (captured_minor >= 0),
    refunded_minor INTEGER NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    version        INTEGER NOT NULL,
    expires_ms     INTEGER,
    created_ms     INTEGER NOT NULL,
    paid_ms        INTEGER
) STRICT;
CREATE INDEX payments_by_merchant ON payments (merchant_id, id);
CREATE INDEX payments_by_code ON payments (code_id, id);
CREATE INDEX payments_to_expire ON payments (expires_ms) WHERE state = 'created';

CREATE TABLE attempts (
    id                   TEXT    NOT NULL PRIMARY KEY,
    payment_id           TEXT    NOT NULL REFERENCES payments (id),
    merchant_id          TEXT    NOT NULL REFERENCES merchants (id),
    order_number         TEXT    NOT NULL UNIQUE,
    payer_institution_id TEXT    NOT NULL REFERENCES institutions (id),
    payee_institution_id TEXT    NOT NULL REFERENCES institutions (id),
    payment_account_id   TEXT    NOT NULL REFERENCES payment_accounts (id),
    account_reference    TEXT    NOT NULL,
    route_kind           TEXT    NOT NULL CHECK (route_kind IN ('direct', 'interop')),
    route_reason         TEXT    NOT NULL,
    agreement_id         TEXT    REFERENCES agreements (id),
    clearing             TEXT,
    attester_id          TEXT    REFERENCES institutions (id),
    way                  TEXT    NOT NULL CHECK (way IN ('api', 'page')),
    payer_reference      TEXT    NOT NULL,
    request_digest       BLOB    NOT NULL,
    payer_ref_hash       BLOB,
    source_hash          BLOB,
    amount_minor         INTEGER NOT NULL CHECK (amount_minor > 0),
    currency             TEXT    NOT NULL,
    state                TEXT    NOT NULL
                         CHECK (state IN ('started', 'waiting', 'paid', 'failed', 'closed')),
    handover             TEXT,
    version              INTEGER NOT NULL,
    pay_before_ms        INTEGER NOT NULL,
    close_ms             INTEGER NOT NULL,
    reported_ms          INTEGER,
    next_query_ms        INTEGER NOT NULL,
    queries              INTEGER NOT NULL,
    started_ms           INTEGER NOT NULL,
    decided_ms           INTEGER,
    UNIQUE (payer_institution_id, payer_reference)
) STRICT;
-- The hold and the one success live in the database, so that no interleaving of instances can
-- have two of either.
CREATE UNIQUE INDEX attempts_hold ON attempts (payment_id) WHERE state IN ('started', 'waiting');
CREATE UNIQUE INDEX attempts_success ON attempts (payment_id) WHERE state = 'paid';
CREATE INDEX attempts_to_query ON attempts (next_query_ms) WHERE state IN ('started', 'waiting');
CREATE INDEX attempts_by_source ON attempts (payment_id, source_hash);

-- What a payer of one institution spent at one merchant on one of the merchant's days.
CREATE TABLE payer_days (
    payer_institution_id TEXT    NOT NULL,
    merchant_id          TEXT    NOT NULL,
    payer_ref_hash       BLOB    NOT NULL,
    day                  TEXT    NOT NULL,
    currency             TEXT    NOT NULL,
    spent_minor          INTEGER NOT NULL CHECK (spent_minor >= 0),
    PRIMARY KEY (payer_institution_id, merchant_id, payer_ref_hash, day, currency)
) STRICT;

CREATE TABLE results (
    id              TEXT    NOT NULL PRIMARY KEY,
    institution_id  TEXT    NOT NULL REFERENCES institutions (id),
    payee_reference TEXT    NOT NULL,
    order_number    TEXT    NOT NULL,
    attempt_id      TEXT    REFERENCES attempts (id),
    merchant_id     TEXT    REFERENCES merchants (id),
    status          TEXT    NOT NULL CHECK (status IN ('paid', 'failed', 'closed')),
    amount_minor    INTEGER NOT NULL,
    currency        TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    jws             TEXT    NOT NULL,
    paid_ms         INTEGER,
    received_ms     INTEGER NOT NULL,
    UNIQUE (institution_id, payee_reference, status)
) STRICT;
CREATE INDEX results_by_order ON results (order_number);

-- Money that arrived outside the plan. `merchant_id` is empty where no order is known.
CREATE TABLE exceptions (
    id           TEXT    NOT NULL PRIMARY KEY,
    result_id    TEXT    NOT NULL UNIQUE REFERENCES results (id),
    merchant_id  TEXT    REFERENCES merchants (id),
    payment_id   TEXT    REFERENCES payments (id),
    code         TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('open', 'settled')),
    created_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX exceptions_by_merchant ON exceptions (merchant_id, id);

CREATE TABLE receipts (
    id          TEXT    NOT NULL PRIMARY KEY,
    payment_id  TEXT    NOT NULL UNIQUE REFERENCES payments (id),
    merchant_id TEXT    NOT NULL REFERENCES merchants (id),
    store_id    TEXT    NOT NULL REFERENCES stores (id),
    day         TEXT    NOT NULL,
    number      TEXT    NOT NULL,
    jws         TEXT    NOT NULL,
    issued_ms   INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL,
    shown_ms    INTEGER,
    shown_at    TEXT,
    UNIQUE (store_id, day, number)
) STRICT;
