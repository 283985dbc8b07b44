-- What is explained, as it was when the job began: its result can be shown when the model is served no more.
ALTER TABLE explain.job ADD COLUMN explained jsonb NOT NULL;
