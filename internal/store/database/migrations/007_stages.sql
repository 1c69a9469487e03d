-- Runs of several stages of one study: of which network (16 hexadecimal digits, the same under
-- every seed and condition; empty where no plan has said it yet), which stream its seed is drawn
-- from (empty for the search's), how its recipe differs from the study's (empty for not at all),
-- and the stage that it belongs to.
ALTER TABLE runs ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN stream TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN condition TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN stage TEXT NOT NULL DEFAULT 'search';

-- Results of several splits of the images. Rows keep the checksums that they were written with, so
-- that damage from before is still found.
DROP VIEW run_results;
DROP VIEW curves;
DROP VIEW trial_means;

CREATE TABLE split_results (
	key         TEXT NOT NULL REFERENCES runs (key),
	split       TEXT NOT NULL DEFAULT 'validation' CHECK (split IN ('validation', 'test')),
	top1        REAL NOT NULL,
	top5        REAL NOT NULL,
	loss        REAL NOT NULL,
	examples    INTEGER NOT NULL,
	correct     BLOB NOT NULL, -- bit i%8 of byte i/8: image i was named right
	curve       TEXT NOT NULL, -- JSON; empty for 'test'
	steps       INTEGER NOT NULL,
	predictions TEXT NOT NULL DEFAULT '',
	checksum    TEXT,
	PRIMARY KEY (key, split)
) STRICT;

INSERT INTO split_results
	(key, top1, top5, loss, examples, correct, curve, steps, predictions, checksum)
SELECT key, top1, top5, loss, examples, correct, curve, steps, predictions, checksum
FROM results ORDER BY rowid;

DROP TABLE results;
ALTER TABLE split_results RENAME TO results;

CREATE TRIGGER results_are_final BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'a result is never changed'); END;

CREATE TRIGGER results_are_kept BEFORE DELETE ON results
BEGIN SELECT RAISE(ABORT, 'a result is never deleted'); END;

-- What a stage has decided, once for everything that it has read.
CREATE TABLE decisions (
	id       INTEGER PRIMARY KEY,
	stage    TEXT NOT NULL,
	input    TEXT NOT NULL, -- SHA-256 of what was read, hexadecimal
	choice   TEXT NOT NULL, -- JSON
	made     TEXT NOT NULL, -- RFC 3339, UTC
	checksum TEXT,
	UNIQUE (stage, input)
) STRICT;

CREATE TRIGGER decisions_are_final BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END;

CREATE TRIGGER decisions_are_kept BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END;

-- Runs that a decision has found not worth training: they count as done and get no result.
CREATE TABLE dropped (
	key      TEXT PRIMARY KEY REFERENCES runs (key),
	decision INTEGER NOT NULL REFERENCES decisions (id),
	checksum TEXT
) STRICT;

CREATE VIEW run_results AS
SELECT r.key, r.trial, r.seed,
	CASE
		WHEN d.key IS NOT NULL THEN 'dropped'
		WHEN t.key IS NOT NULL THEN 'complete'
		WHEN f.key IS NOT NULL THEN 'failed'
		ELSE 'waiting'
	END AS state,
	t.top1, t.top5, t.loss, t.examples, t.steps,
	e.train_seconds, e.eval_seconds, e.peak_rss AS peak_bytes, e.started, e.ended,
	json_extract(e.environment, '$.kernel_set') AS kernel_set,
	json_extract(e.environment, '$.cpu') AS cpu,
	e.host,
	f.error,
	r.network, r.stream, r.condition, r.stage
FROM runs r
LEFT JOIN results t ON t.key = r.key AND t.split = 'validation'
LEFT JOIN dropped d ON d.key = r.key
LEFT JOIN failures f ON f.key = r.key AND t.key IS NULL AND d.key IS NULL
LEFT JOIN executions e ON e.id =
	(SELECT min(x.id) FROM executions x WHERE x.key = t.key AND x.outcome = 'complete')
ORDER BY r.position;

CREATE VIEW curves AS
SELECT r.key, r.trial, r.seed,
	json_extract(c.value, '$.epoch') AS epoch,
	json_extract(c.value, '$.step') AS step,
	json_extract(c.value, '$.loss') AS loss,
	json_extract(c.value, '$.top1') AS top1,
	r.network, r.stream, r.condition, r.stage
FROM runs r JOIN results t ON t.key = r.key AND t.split = 'validation'
	JOIN json_each(t.curve) c ON c.type = 'object'
ORDER BY r.position, epoch;

-- The search's runs alone: a mean over stages would be one of several recipes.
CREATE VIEW trial_means AS
SELECT r.trial, count(t.key) AS runs,
	avg(t.top1) AS top1, min(t.top1) AS top1_least, max(t.top1) AS top1_most,
	avg(t.top5) AS top5, avg(t.loss) AS loss
FROM runs r LEFT JOIN results t ON t.key = r.key AND t.split = 'validation'
WHERE r.stage = 'search'
GROUP BY r.trial ORDER BY min(r.position);
