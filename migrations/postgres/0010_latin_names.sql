-- What a merchant is called where only Latin letters are read; spelled from its name where there is
-- none.
ALTER TABLE merchants ADD COLUMN latin_name TEXT;
