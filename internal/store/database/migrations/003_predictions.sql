-- SHA-256 of the file of the run's predictions, hexadecimal; empty where none was kept. The logits stay in that file.
ALTER TABLE results ADD COLUMN predictions TEXT NOT NULL DEFAULT '';
