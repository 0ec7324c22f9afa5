-- The audit log becomes a chain: each line has a number and a link that is computed, with a key that
-- is not in the database, from itself and the link before it.

-- Where it came from: an address, or somebody's name on the machine.
ALTER TABLE audit ADD COLUMN source TEXT;
ALTER TABLE audit ADD COLUMN number INTEGER;
ALTER TABLE audit ADD COLUMN link   BLOB;
CREATE UNIQUE INDEX audit_chain ON audit (number);

-- The one end of the chain; updating it is the lock that lets one instance add at a time. `seal`
-- vouches for number and link together, so that the end cannot be cut off unseen. `unchained` counts
-- the lines that are older than the chain.
CREATE TABLE audit_head (
    name      TEXT    NOT NULL PRIMARY KEY,
    number    INTEGER NOT NULL,
    link      BLOB    NOT NULL,
    seal      BLOB,
    unchained INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head (name, number, link, seal, unchained)
    SELECT 'audit', 0, zeroblob(32), NULL, COUNT(*) FROM audit;
