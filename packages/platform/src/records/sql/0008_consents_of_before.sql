-- Consents from before restrictions were compiled from them (0005): SQL cannot read them, so the next start does, before anything
-- is answered, and takes each away from here when it rules.
CREATE TABLE records.consent_backlog (id text COLLATE "C" PRIMARY KEY);
INSERT INTO records.consent_backlog (id)
  SELECT r.id FROM records.resource r WHERE r.type = 'Consent' AND NOT r.deleted
    AND NOT EXISTS (SELECT 1 FROM records.restriction c WHERE c.source = 'Consent/' || r.id);
