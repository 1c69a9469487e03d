-- How often the workers of a run have died at a place, which is a program on a machine. A run that is
-- given up for that is tried again where it has not crashed yet.
CREATE TABLE crashes (
	key   TEXT NOT NULL REFERENCES runs (key),
	place TEXT NOT NULL, -- JSON: host, CPU, kernels asked for, SHA-256 of the program
	times INTEGER NOT NULL,
	PRIMARY KEY (key, place)
) STRICT;
