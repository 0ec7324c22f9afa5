-- How often anything changed that decides how scans are routed, whoever changed it: what was decided
-- by what was read a moment ago is written only while this number is still the same.

CREATE TABLE rules (
    name    TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO rules (name, version) VALUES ('routing', 0);

-- A code that is issued changes nothing that was read, and a merchant's next_event is no rule.
CREATE TRIGGER rules_code_changed AFTER UPDATE ON codes
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_code_dropped AFTER DELETE ON codes
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_merchant_changed
    AFTER UPDATE OF name, time_zone, currency, mode, preference ON merchants
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_institution_added AFTER INSERT ON institutions
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_institution_changed AFTER UPDATE ON institutions
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_account_added AFTER INSERT ON payment_accounts
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_account_changed AFTER UPDATE ON payment_accounts
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_account_dropped AFTER DELETE ON payment_accounts
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_acceptance_added AFTER INSERT ON acceptances
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_acceptance_changed AFTER UPDATE ON acceptances
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_acceptance_dropped AFTER DELETE ON acceptances
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_agreement_added AFTER INSERT ON agreements
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_agreement_changed AFTER UPDATE ON agreements
    BEGIN UPDATE rules SET version = version + 1; END;
CREATE TRIGGER rules_agreement_dropped AFTER DELETE ON agreements
    BEGIN UPDATE rules SET version = version + 1; END;
