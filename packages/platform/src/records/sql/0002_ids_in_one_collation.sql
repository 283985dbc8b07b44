-- References are kept in the collation "C"; ids in another could not be looked up by them in an index, so that includes and
-- chains walked through the records of a type.
ALTER TABLE records.resource ALTER COLUMN id TYPE text COLLATE "C";
ALTER TABLE records.version ALTER COLUMN id TYPE text COLLATE "C";
