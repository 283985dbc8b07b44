-- A program signs in for many people under one subject: a glass is broken by the person, and counted for the subject.
ALTER TABLE records.break_glass ADD COLUMN name text NOT NULL DEFAULT '';
