-- As whom a job was asked for: what patients withhold from such a caller is asked again when its turn comes.
ALTER TABLE privacy.job ADD COLUMN IF NOT EXISTS asked_as jsonb;
