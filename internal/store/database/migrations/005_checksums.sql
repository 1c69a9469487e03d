-- Of a row's other values, hexadecimal: a damaged row is found when it is read. NULL for rows that are older.
ALTER TABLE results ADD COLUMN checksum TEXT;
ALTER TABLE executions ADD COLUMN checksum TEXT;
ALTER TABLE failures ADD COLUMN checksum TEXT;
ALTER TABLE latencies ADD COLUMN checksum TEXT;
