-- Codes that other institutions issued and that stand for merchants here.

-- A code of ours may pay into one account only; the one behind an adopted code does.
ALTER TABLE codes ADD COLUMN payment_account_id TEXT REFERENCES payment_accounts (id);

-- `text` is the one spelling of the code; an institution and its statements name it by `text_hash`.
CREATE TABLE adoptions (
    id                 TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id        TEXT    NOT NULL REFERENCES merchants (id),
    store_id           TEXT    NOT NULL REFERENCES stores (id),
    counter_id         TEXT    REFERENCES counters (id),
    network            TEXT    NOT NULL,
    text               TEXT    NOT NULL,
    text_hash          BYTEA   NOT NULL,
    payment_account_id TEXT    NOT NULL REFERENCES payment_accounts (id),
    institution_id     TEXT    NOT NULL REFERENCES institutions (id),
    account_reference  TEXT    NOT NULL,
    order_number       TEXT    NOT NULL UNIQUE,
    amount_minor       BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency           TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('requested', 'proven', 'ended')),
    tries_left         BIGINT  NOT NULL CHECK (tries_left >= 0),
    why                TEXT,
    code_id            TEXT    REFERENCES codes (id),
    version            BIGINT  NOT NULL,
    pay_before_ms      BIGINT  NOT NULL,
    opened_ms          BIGINT,
    next_ask_ms        BIGINT  NOT NULL,
    asks               BIGINT  NOT NULL,
    requested_ms       BIGINT  NOT NULL,
    decided_ms         BIGINT
);
CREATE INDEX adoptions_by_merchant ON adoptions (merchant_id, id);
-- A merchant asks for a code once at a time.
CREATE UNIQUE INDEX adoptions_live ON adoptions (merchant_id, network, text_hash)
    WHERE state IN ('requested', 'proven');
CREATE INDEX adoptions_by_text ON adoptions (merchant_id, network, text_hash, requested_ms);
CREATE INDEX adoptions_to_ask ON adoptions (next_ask_ms) WHERE state = 'requested';
CREATE UNIQUE INDEX adoptions_by_code ON adoptions (code_id) WHERE code_id IS NOT NULL;

-- Who holds a code now: one merchant at most, whoever proved it first.
CREATE TABLE foreign_codes (
    network     TEXT    NOT NULL,
    text_hash   BYTEA   NOT NULL,
    adoption_id TEXT    NOT NULL UNIQUE REFERENCES adoptions (id),
    code_id     TEXT    NOT NULL REFERENCES codes (id),
    PRIMARY KEY (network, text_hash)
);
