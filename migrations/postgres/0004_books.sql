-- Merchants' claims in double entry, and what others are told. Rows here are only ever added.

CREATE TABLE ledger_entries (
    id             TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id    TEXT    NOT NULL REFERENCES merchants (id),
    payment_id     TEXT    REFERENCES payments (id),
    result_id      TEXT    NOT NULL REFERENCES results (id),
    debit_account  TEXT    NOT NULL,
    credit_account TEXT    NOT NULL,
    amount_minor   BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency       TEXT    NOT NULL,
    created_ms     BIGINT  NOT NULL,
    CHECK (debit_account <> credit_account)
);
CREATE INDEX ledger_entries_by_merchant ON ledger_entries (merchant_id, id);

-- A memorandum beside the books: what payers of one institution paid into another, a row a payment.
CREATE TABLE positions (
    result_id            TEXT    COLLATE "C" NOT NULL PRIMARY KEY REFERENCES results (id),
    payer_institution_id TEXT    NOT NULL,
    payee_institution_id TEXT    NOT NULL,
    clearing             TEXT    NOT NULL,
    day                  TEXT    NOT NULL,
    amount_minor         BIGINT  NOT NULL,
    currency             TEXT    NOT NULL
);
CREATE INDEX positions_by_day ON positions (day, payer_institution_id, payee_institution_id);

-- `sequence` is given by the outbox worker under a lock: per merchant, rising, without holes.
CREATE TABLE events (
    id          TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id TEXT    NOT NULL REFERENCES merchants (id),
    store_id    TEXT,
    counter_id  TEXT,
    sequence    BIGINT,
    kind        TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    created_ms  BIGINT  NOT NULL,
    UNIQUE (merchant_id, sequence)
);

CREATE TABLE outbox (
    id          BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    TEXT    NOT NULL REFERENCES events (id),
    merchant_id TEXT    NOT NULL
);

-- A row a kind of worker; updating it is the lock that lets one instance work at a time.
CREATE TABLE worker_locks (
    name     TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    taken_ms BIGINT  NOT NULL
);
INSERT INTO worker_locks (name, taken_ms) VALUES ('outbox', 0);
