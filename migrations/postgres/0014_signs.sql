-- When each code on a wall is looked at next, and whether its silence has been told.
CREATE TABLE code_watch (
    code_id      TEXT   COLLATE "C" NOT NULL PRIMARY KEY REFERENCES codes (id),
    next_look_ms BIGINT NOT NULL,
    silent_ms    BIGINT
);
CREATE INDEX code_watch_to_look ON code_watch (next_look_ms);

INSERT INTO code_watch (code_id, next_look_ms)
    SELECT id, 0 FROM codes WHERE kind <> 'order' AND state <> 'revoked';

-- Orders of adoptions that are over, which institutions still look out for.
CREATE INDEX adoptions_to_close ON adoptions (next_ask_ms)
    WHERE state = 'ended' AND why IN ('cancelled', 'failed') AND opened_ms IS NOT NULL;
