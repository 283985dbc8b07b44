-- Patients alone with the time of their last change: the newest of those who bear a name, without a look at each one's row.
CREATE INDEX resource_patients ON records.resource (rid) INCLUDE (at) WHERE type = 'Patient' AND NOT deleted;
