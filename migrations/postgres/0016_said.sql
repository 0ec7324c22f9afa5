-- What an institution is asked about: the text as it stands on the wall, `text` being the one spelling by
-- which it is kept. Nothing where an instance of the version before wrote the row: it asked about `text`.
ALTER TABLE adoptions ADD COLUMN said TEXT COLLATE "C";
UPDATE adoptions SET said = text;
