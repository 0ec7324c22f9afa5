-- How often anything changed that decides how scans are routed, whoever changed it: what was decided
-- by what was read a moment ago is written only while this number is still the same.

CREATE TABLE rules (
    name    TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT  NOT NULL
);
INSERT INTO rules (name, version) VALUES ('routing', 0);

CREATE FUNCTION rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rules SET version = version + 1;
    RETURN NULL;
END $$;

-- Deferred to the commit: the row is locked for a moment and after all others, so that two who
-- change rules cannot wait for each other. A code that is issued changes nothing that was read, and
-- a merchant's next_event is no rule.
CREATE CONSTRAINT TRIGGER rules_code AFTER UPDATE OR DELETE ON codes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
CREATE CONSTRAINT TRIGGER rules_merchant
    AFTER UPDATE OF name, time_zone, currency, mode, preference ON merchants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
CREATE CONSTRAINT TRIGGER rules_institution AFTER INSERT OR UPDATE ON institutions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
CREATE CONSTRAINT TRIGGER rules_account AFTER INSERT OR UPDATE OR DELETE ON payment_accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
CREATE CONSTRAINT TRIGGER rules_acceptance AFTER INSERT OR UPDATE OR DELETE ON acceptances
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
CREATE CONSTRAINT TRIGGER rules_agreement AFTER INSERT OR UPDATE OR DELETE ON agreements
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rules_changed();
