-- Work that is too long for one transaction, and what was told of a silence.

-- How many plates of a batch have been made; they are made in the order of their numbers. A batch whose
-- making was cut off has fewer than it was ordered with.
ALTER TABLE plate_batches ADD COLUMN made BIGINT NOT NULL DEFAULT 0
    CHECK (made BETWEEN 0 AND plates);
UPDATE plate_batches SET made = plates;

-- Unique, as ids are: so a merchant's plates are read in the order of batches and numbers, and not sorted.
DROP INDEX plate_batches_by_merchant;
CREATE UNIQUE INDEX plate_batches_by_merchant ON plate_batches (merchant_id, id);

-- What the request under a key has begun, for whoever goes on with it.
ALTER TABLE idempotency_keys ADD COLUMN begun TEXT COLLATE "C";

-- Whether a silence was told, so that its end is told as well; that of a stopped code was not.
ALTER TABLE code_watch ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE code_watch SET told = TRUE WHERE silent_ms IS NOT NULL
    AND code_id IN (SELECT id FROM codes WHERE state = 'active');
