-- Work that is too long for one transaction, and what was told of a silence.

-- How many plates of a batch have been made; they are made in the order of their numbers. A batch whose
-- making was cut off has fewer than it was ordered with.
ALTER TABLE plate_batches ADD COLUMN made BIGINT NOT NULL DEFAULT 0
    CHECK (made BETWEEN 0 AND plates);
UPDATE plate_batches SET made = plates;

-- What the request under a key has begun, for whoever goes on with it.
ALTER TABLE idempotency_keys ADD COLUMN begun TEXT COLLATE "C";

-- Whether a silence was told, so that its end is told as well; that of a stopped code was not.
ALTER TABLE code_watch ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE code_watch SET told = TRUE WHERE silent_ms IS NOT NULL
    AND code_id IN (SELECT id FROM codes WHERE state = 'active');
