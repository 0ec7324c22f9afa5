-- What may be paid by a printed code, and how much: by the class of the acceptance's protection and
-- by the class of the code.

ALTER TABLE acceptances ADD COLUMN protection TEXT NOT NULL DEFAULT 'd'
    CHECK (protection IN ('a', 'b', 'c', 'd'));
ALTER TABLE codes ADD COLUMN class TEXT NOT NULL DEFAULT 'business'
    CHECK (class IN ('business', 'personal'));

-- What counts against a merchant's quotas is counted along these.
CREATE INDEX codes_kept ON codes (merchant_id) WHERE kind <> 'order' AND state <> 'revoked';
CREATE INDEX payments_open ON payments (merchant_id) WHERE state IN ('created', 'waiting');
