-- The newest records of a type by their clinical date, across patients: worklists of studies, orders, encounters.
CREATE INDEX resource_clinical ON records.resource (type, dt DESC, rid DESC) WHERE NOT deleted;
