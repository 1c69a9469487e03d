-- The runs of the plan, in plan order.
CREATE TABLE runs (
	key      TEXT PRIMARY KEY,
	position INTEGER NOT NULL UNIQUE,
	trial    TEXT NOT NULL,
	seed     INTEGER NOT NULL
) STRICT;

-- What a run ended with. A row is written once and never changed: two executions of a run give the same one.
CREATE TABLE results (
	key      TEXT PRIMARY KEY REFERENCES runs (key),
	top1     REAL NOT NULL,
	top5     REAL NOT NULL,
	loss     REAL NOT NULL,
	examples INTEGER NOT NULL,
	correct  BLOB NOT NULL, -- bit i%8 of byte i/8: validation image i was named right
	curve    TEXT NOT NULL, -- JSON
	steps    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER results_are_final BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'a result is never changed'); END;

CREATE TRIGGER results_are_kept BEFORE DELETE ON results
BEGIN SELECT RAISE(ABORT, 'a result is never deleted'); END;

-- Every attempt at a run, with where and how long; measured times live here, not in results.
CREATE TABLE executions (
	id            INTEGER PRIMARY KEY,
	key           TEXT NOT NULL REFERENCES runs (key),
	attempt       INTEGER NOT NULL,
	started       TEXT NOT NULL, -- RFC 3339, UTC
	ended         TEXT NOT NULL,
	outcome       TEXT NOT NULL CHECK (outcome IN ('complete', 'failed', 'crashed', 'interrupted', 'differs')),
	error         TEXT NOT NULL,
	train_seconds REAL NOT NULL,
	eval_seconds  REAL NOT NULL,
	wait_seconds  REAL NOT NULL,
	peak_rss      INTEGER NOT NULL, -- bytes
	host          TEXT NOT NULL,
	command_line  TEXT NOT NULL,
	environment   TEXT NOT NULL -- JSON
) STRICT;

CREATE INDEX executions_by_run ON executions (key);

-- Runs that are given up until somebody asks for another try.
CREATE TABLE failures (
	key   TEXT PRIMARY KEY REFERENCES runs (key),
	error TEXT NOT NULL
) STRICT;
