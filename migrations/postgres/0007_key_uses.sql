-- When each key was last used, by institution and direction: their calls to us, ours to them. It
-- says when an old key may go. Written beside the calls, at most once a minute and key.

CREATE TABLE key_uses (
    institution_id TEXT   COLLATE "C" NOT NULL REFERENCES institutions (id),
    direction      TEXT   NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    key_id         TEXT   COLLATE "C" NOT NULL,
    last_used_ms   BIGINT NOT NULL,
    PRIMARY KEY (institution_id, direction, key_id)
);
