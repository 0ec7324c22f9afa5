-- Plates: signs that are printed blank, by the thousand, and bound to a shop where they hang.

-- Without a merchant they are the operator's, and whoever has one in hand may bind it.
CREATE TABLE plate_batches (
    id          TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    merchant_id TEXT    REFERENCES merchants (id),
    note        TEXT,
    plates      BIGINT  NOT NULL CHECK (plates BETWEEN 1 AND 100000),
    key_id      TEXT    NOT NULL REFERENCES signing_keys (key_id),
    created_ms  BIGINT  NOT NULL
);
CREATE INDEX plate_batches_by_merchant ON plate_batches (merchant_id, id);

-- What is printed on one, and the secret that binds it, follow from the batch and `random`. Behind a
-- bound one stands a code of ours, as behind another institution's.
CREATE TABLE plates (
    id          TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    batch_id    TEXT    COLLATE "C" NOT NULL REFERENCES plate_batches (id),
    number      BIGINT  NOT NULL CHECK (number >= 1),
    short_id    TEXT    NOT NULL UNIQUE,
    random      BYTEA   NOT NULL UNIQUE,
    state       TEXT    NOT NULL CHECK (state IN ('blank', 'bound', 'void')),
    code_id     TEXT    REFERENCES codes (id),
    wrong_tries BIGINT  NOT NULL CHECK (wrong_tries >= 0),
    locked_ms   BIGINT,
    version     BIGINT  NOT NULL,
    UNIQUE (batch_id, number),
    CHECK ((state = 'bound') = (code_id IS NOT NULL))
);
CREATE UNIQUE INDEX plates_by_code ON plates (code_id) WHERE code_id IS NOT NULL;
CREATE INDEX plates_in_use ON plates (batch_id, state) WHERE state <> 'blank';

-- What became of a plate, a line a change, never changed; `plate_version` is the one it led to.
CREATE TABLE plate_bindings (
    plate_id      TEXT    COLLATE "C" NOT NULL REFERENCES plates (id),
    plate_version BIGINT  NOT NULL,
    merchant_id   TEXT    REFERENCES merchants (id),
    store_id      TEXT    REFERENCES stores (id),
    counter_id    TEXT    REFERENCES counters (id),
    code_id       TEXT    REFERENCES codes (id),
    what          TEXT    NOT NULL CHECK (what IN ('bound', 'rebound', 'unbound', 'void')),
    actor         TEXT    NOT NULL,
    created_ms    BIGINT  NOT NULL,
    PRIMARY KEY (plate_id, plate_version)
);
