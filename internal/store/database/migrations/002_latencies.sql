-- How long a trial's network takes for a batch of images, on the machine that measured it last.
CREATE TABLE latencies (
	trial      TEXT NOT NULL,
	batch      INTEGER NOT NULL,
	threads    INTEGER NOT NULL,
	repeats    INTEGER NOT NULL,
	shortest   REAL NOT NULL, -- seconds
	median     REAL NOT NULL, -- seconds
	cpu        TEXT NOT NULL,
	kernel_set TEXT NOT NULL,
	measured   TEXT NOT NULL, -- RFC 3339, UTC
	PRIMARY KEY (trial, batch)
) STRICT;
