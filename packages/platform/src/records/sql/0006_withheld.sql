-- Whether a record is withheld from a caller: asked only of rows whose patient restricts anything. A function, because its
-- plan is kept for the session: written into each search, it was planned anew with each of them, and cost more than the rows.
CREATE FUNCTION records.withheld(r_type text, r_id text, r_pats text[], r_lbl bigint[], hidden bigint[], who text[], why text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM records.restriction c
    WHERE c.pat = ANY(r_pats) AND c.lifts IS NULL
      AND CASE WHEN c.hides IS NOT NULL THEN c.hides && hidden
        ELSE r_type <> ALL('{Patient,Consent,AuditEvent}') -- never withheld by a Consent
          AND c.begins <= now() AND now() < c.ends
          AND (c.identities IS NULL OR c.identities && who)
          AND (c.purposes IS NULL OR why = ANY(c.purposes))
          AND (c.types IS NULL OR r_type = ANY(c.types))
          AND (c.records IS NULL OR r_type || '/' || r_id = ANY(c.records))
          AND (c.labels IS NULL OR COALESCE(c.labels && r_lbl, false))
          AND NOT EXISTS (SELECT 1 FROM records.restriction e
            WHERE e.source = c.source AND e.lifts = c.nr
              AND e.begins <= now() AND now() < e.ends
              AND (e.identities IS NULL OR e.identities && who)
              AND (e.purposes IS NULL OR why = ANY(e.purposes))
              AND (e.types IS NULL OR r_type = ANY(e.types))
              AND (e.records IS NULL OR r_type || '/' || r_id = ANY(e.records))
              AND (e.labels IS NULL OR COALESCE(e.labels && r_lbl, false))) END);
END $$;
