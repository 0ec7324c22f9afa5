-- What of a payer's day was paid by static codes, which have a limit of their own. Before, one sum
-- served both limits; what it holds goes on counting towards both.

ALTER TABLE payer_days ADD COLUMN static_minor BIGINT NOT NULL DEFAULT 0
    CHECK (static_minor >= 0);
UPDATE payer_days SET static_minor = spent_minor;

-- One of our request keys may be for a single institution: the others' have none here (not NULL,
-- which no unique index compares). A key is published before it signs, and the one before it signs
-- until then: `retired_ms` may lie ahead.

ALTER TABLE signing_keys ADD COLUMN institution_id TEXT NOT NULL DEFAULT '';
ALTER TABLE signing_keys ADD COLUMN signs_from_ms BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET signs_from_ms = created_ms;
DROP INDEX signing_keys_current;
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (purpose, institution_id)
    WHERE retired_ms IS NULL;
