-- What people query, under plain names (docs/data.md). The program itself reads the tables.

-- Every run of the plan, with its result and the execution that gave it: later ones gave the same.
CREATE VIEW run_results AS
SELECT r.key, r.trial, r.seed,
	CASE
		WHEN t.key IS NOT NULL THEN 'complete'
		WHEN f.key IS NOT NULL THEN 'failed'
		ELSE 'waiting'
	END AS state,
	t.top1, t.top5, t.loss, t.examples, t.steps,
	e.train_seconds, e.eval_seconds, e.peak_rss AS peak_bytes, e.started, e.ended,
	json_extract(e.environment, '$.kernel_set') AS kernel_set,
	json_extract(e.environment, '$.cpu') AS cpu,
	e.host,
	f.error
FROM runs r
LEFT JOIN results t ON t.key = r.key
LEFT JOIN failures f ON f.key = r.key AND t.key IS NULL
LEFT JOIN executions e ON e.id =
	(SELECT min(x.id) FROM executions x WHERE x.key = t.key AND x.outcome = 'complete')
ORDER BY r.position;

-- The training of every complete run, epoch by epoch. A curve without an epoch is null in JSON.
CREATE VIEW curves AS
SELECT r.key, r.trial, r.seed,
	json_extract(c.value, '$.epoch') AS epoch,
	json_extract(c.value, '$.step') AS step,
	json_extract(c.value, '$.loss') AS loss,
	json_extract(c.value, '$.top1') AS top1
FROM runs r JOIN results t ON t.key = r.key JOIN json_each(t.curve) c ON c.type = 'object'
ORDER BY r.position, epoch;

-- Every trial over its complete runs, in the order of the plan.
CREATE VIEW trial_means AS
SELECT r.trial, count(t.key) AS runs,
	avg(t.top1) AS top1, min(t.top1) AS top1_least, max(t.top1) AS top1_most,
	avg(t.top5) AS top5, avg(t.loss) AS loss
FROM runs r LEFT JOIN results t ON t.key = r.key
GROUP BY r.trial ORDER BY min(r.position);
