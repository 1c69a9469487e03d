"""Reads what gridsearch export writes with pandas, PyArrow, DuckDB and TensorBoard: exports.py GRIDSEARCH FOLDER [STUDY]

Trains a short quickstart in FOLDER, of which some runs are left waiting, makes one of them fail and drops another, in words that break formats, or takes the
folder of a STUDY; exports it in every format, and compares every value with the record as SQLite has it; TensorBoard's event accumulator must find every scalar, its HParams plugin one session group for the seeds of a
network. Runs the examples of docs/data.md on Parquet as they stand, and sha256sum on the bundle. The exit code is 1 where a value differs.
"""

import datetime
import json
import math
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import zipfile

import duckdb
import pandas as pd
import pyarrow.parquet as pq
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
from tensorboard.plugins.hparams import metadata as hparams_metadata

root = pathlib.Path(__file__).resolve().parent.parent.parent
SHORT = ["data.train_examples=320", "train.epochs=2", "replication.seeds=2"]
RESULT = ["top1", "top5", "loss", "examples", "steps", "train_seconds", "eval_seconds", "peak_bytes", "started", "ended", "kernel_set", "cpu", "host", "error"]
RUN = ["key", "trial", "seed", "state", *RESULT, "network", "stream", "condition", "stage"]
CURVE = ["key", "trial", "seed", "epoch", "step", "loss", "top1", "network", "stream", "condition", "stage"]
EXECUTION = ["key", "attempt", "started", "ended", "outcome", "error", "train_seconds", "eval_seconds", "wait_seconds", "peak_bytes", "host", "command_line"]


def gridsearch(*arguments):
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True).stdout.decode()  # line ends as they are


def plain(value):
    """A value of any reader as SQLite and JSON have it: None, int, float, str; times in whole microseconds since 1970."""
    if value is None or value is pd.NaT or isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime.datetime):  # and pandas' Timestamp
        assert value.utcoffset() == datetime.timedelta(0), f"{value} is not in UTC"
        return round((value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return plain(datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", value)))
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(name, found, want, columns):
    """Compares rows, dictionaries, in these columns."""
    assert len(found) == len(want), f"{name}: {len(found)} rows, want {len(want)}"
    for a, b in zip(found, want):
        for column in columns:
            x, y = plain(a[column]), plain(b[column])
            assert x == y, f"{name}: {column} of run {b['key']} is {x!r}, want {y!r}"
    print(f"{name}: {len(want)} rows of {len(columns)} columns")


def query(sql):
    return [dict(row) for row in db.execute(sql)]


def read_csv(path):
    """As pandas reads it, texts as they stand."""
    text = ["study", "key", "trial", "state", "kernel_set", "cpu", "host", "error", "network", "stream", "condition", "stage", "predictions", "control",
            "outcome", "command_line", "environment"]
    table = pd.read_csv(path, dtype={c: str for c in text}, keep_default_na=False, na_values={})
    return [{k: v for k, v in row.items()} for row in table.to_dict("records")]


def from_csv(rows, columns, texts=()):
    """Empty cells are values that there are not, or empty texts; numbers that pandas has left as text because others are missing become numbers."""
    for row in rows:
        for c in columns:
            v = row[c]
            if isinstance(v, str) and v == "" and c not in texts:
                row[c] = None
            elif isinstance(v, str) and re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", v) and c in NUMBERS:
                row[c] = float(v)
    return rows


NUMBERS = {"top1", "top5", "loss", "examples", "steps", "train_seconds", "eval_seconds", "peak_bytes", "wait_seconds", "madds", "params", "activations",
           "madds_ratio", "depth", "width", "resolution"}


def check_rows():
    runs, curves, executions = query("SELECT * FROM run_results"), query("SELECT * FROM curves"), query(
        "SELECT *, peak_rss AS peak_bytes FROM executions JOIN runs USING (key) ORDER BY position, id")
    gridsearch("export", study, "--output", "csv/")
    same("runs.csv, pandas", from_csv(read_csv("csv/runs.csv"), RUN, ("network", "stream", "condition", "stage")), runs, RUN)
    same("curves.csv, pandas", read_csv("csv/curves.csv"), curves, CURVE)
    same("executions.csv, pandas", from_csv(read_csv("csv/executions.csv"), EXECUTION, ("error", "command_line", "host")), executions, EXECUTION)
    shown = pathlib.Path("csv/runs.csv").read_bytes().decode().translate({c: f"\\u{c:04x}" for c in (0x0d, 0x1b, 0x202e)})
    assert gridsearch("export", study) == shown, "standard output has other rows than runs.csv"
    gridsearch("export", study, "--format", "parquet", "--output", "parquet")
    for name, want, columns in (("runs", runs, RUN), ("curves", curves, CURVE), ("executions", executions, EXECUTION)):
        path = f"parquet/{name}.parquet"
        table = pq.read_table(path)
        same(f"{name}.parquet, PyArrow", table.to_pylist(), want, columns)
        # nullable types of pandas keep whole numbers whole beside missing ones
        same(f"{name}.parquet, pandas", pd.read_parquet(path, dtype_backend="numpy_nullable").astype(object).replace({pd.NA: None}).to_dict("records"), want,
             columns)
        duck.execute(f"SELECT * FROM '{path}'")
        names = [d[0] for d in duck.description]
        same(f"{name}.parquet, DuckDB", [dict(zip(names, row)) for row in duck.fetchall()], want, columns)
        for column in {"started", "ended"} & set(table.column_names):
            assert str(table.schema.field(column).type) == "timestamp[us, tz=UTC]", table.schema.field(column)
        assert json.loads(table.schema.metadata[b"gridsearch"])["schema_version"] == 1
    for row in pq.read_table("parquet/executions.parquet").to_pylist():
        assert json.loads(row["environment"])["cpu"] == row["cpu"]
    lines = [json.loads(line) for line in gridsearch("export", study, "--format", "jsonl").splitlines()]
    same("jsonl", lines, runs, RUN)
    same("jsonl, curves", [{**line, **p} for line in lines for p in line["curve"]], curves, CURVE)
    same("jsonl, executions", [{**line, **e} for line in lines for e in line["executions"]], executions, EXECUTION)
    check_trials(pq.read_table("parquet/runs.parquet").to_pylist(), lines)
    return lines


def check_trials(*exports):
    """Cost and coefficients of the runs' networks are the plan's."""
    trials = {t["name"]: t for t in json.loads(pathlib.Path(folder, "plan.json").read_text())["trials"]}
    for rows in exports:
        for row in rows:
            t = trials[row["trial"]]
            for column in ("madds", "params", "activations", "madds_ratio", "depth", "width", "resolution"):
                assert row[column] == t[column], f"{column} of {row['trial']} is {row[column]}, want {t[column]}"
            for column in ("alpha", "beta", "gamma", "phi"):
                values = [float(label[column]) for label in t["labels"]]
                assert (row[f"{column}_low"], row[f"{column}_high"]) == (min(values), max(values)), f"{column} of {row['trial']}"
    print(f"cost and coefficients of {len(trials)} networks are the plan's")


def check_tensorboard(lines):
    gridsearch("export", study, "--format", "tensorboard", "--output", "events")
    ended = {line["key"]: line for line in lines if line["state"] in ("complete", "failed")}
    scalars = 0
    for path in sorted(p for p in pathlib.Path("events").iterdir() if p.is_dir()):
        line = ended[path.name.rpartition("_")[2]]
        events = event_accumulator.EventAccumulator(str(path), size_guidance={event_accumulator.TENSORS: 0, event_accumulator.SCALARS: 0})
        events.Reload()
        want = {}
        if line["state"] == "complete":
            want = {f"train/{m}": [(p["step"], p[m]) for p in line["curve"]] for m in ("loss", "top1")}
            want |= {f"val/{m}": [(line["steps"], line[m])] for m in ("top1", "top5", "loss")}
        assert set(events.Tags()["scalars"]) == set(want), f"{path}: {events.Tags()}"
        for tag, points in want.items():
            found = [(e.step, e.value) for e in events.Scalars(tag)]
            assert [s for s, _ in found] == [s for s, _ in points], f"{path}: steps of {tag}"
            assert all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for (_, a), (_, b) in zip(found, points)), f"{path}: {tag} is {found}, want {points}"
            scalars += len(found)
    print(f"tensorboard: {scalars} scalars of {len(ended)} runs in its event accumulator")
    check_hparams(ended)


def check_hparams(ended):
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory("events")
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, "events")
    backend = backend_context.Context(base_plugin.TBContext(logdir="events", multiplexer=multiplexer, data_provider=provider))
    context = RequestContext()
    content = backend.hparams_metadata(context, "")
    experiment = backend.experiment_from_metadata(context, "", True, content, [])
    assert hparams_metadata.EXPERIMENT_TAG in content["."], "there is no experiment in the folder itself"
    request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=10_000, include_metrics=True, allowed_statuses=[1, 2, 3, 0])
    for info in experiment.hparam_infos:
        request.col_params.add(hparam=info.name)
    for info in experiment.metric_infos:
        request.col_params.add(metric=info.name)
    groups = list_session_groups.Handler(context, backend, "", request).run().session_groups
    for info in experiment.hparam_infos:  # what the filters of both tabs offer
        column = f"{info.name}_low" if info.name in ("alpha", "beta", "gamma", "phi") else info.name
        values = [line[column] for line in ended.values() if line[column] is not None]
        domain = [v.string_value for v in info.domain_discrete.values]
        if domain:
            assert domain == sorted({v or "none" for v in values}, key=str.encode), f"the domain of {info.name} is {domain}"
        else:
            assert (info.domain_interval.min_value, info.domain_interval.max_value) == (min(values), max(values)), f"the domain of {info.name} is {info}"
    want = {}
    for line in ended.values():
        name = " ".join([line["trial"]] + [line["condition"]] * bool(line["condition"]) + [f"({line['stage']})"] * (line["stage"] != "search"))
        want.setdefault(name, []).append(line)
    assert {g.name for g in groups} == set(want), f"session groups are {sorted(g.name for g in groups)}, want {sorted(want)}"
    for g in groups:
        runs = want[g.name]
        assert {s.name.rpartition("_")[2] for s in g.sessions} == {r["key"] for r in runs}, f"sessions of {g.name}"
        for s in g.sessions:
            r = ended[s.name.rpartition("_")[2]]
            assert s.status == (1 if r["state"] == "complete" else 2), f"{s.name} has the status {s.status}"
            last = r["executions"][-1]
            assert abs(s.start_time_secs - plain(r["started"] or r["executions"][0]["started"]) / 1e6) < 1e-5
            assert abs(s.end_time_secs - plain(r["ended"] or last["ended"]) / 1e6) < 1e-5
        values = {k: v.string_value if v.HasField("string_value") else v.number_value for k, v in g.hparams.items()}
        for name in ("trial", "stage", "condition", "control", "depth", "width", "resolution", "madds", "madds_ratio", "params"):
            assert values[name] == ("none" if runs[0][name] == "" else runs[0][name]), f"{name} of {g.name} is {values[name]}"
        for name in ("alpha", "beta", "gamma", "phi"):
            assert values[name] == runs[0][f"{name}_low"], f"{name} of {g.name} is {values[name]}"
        means = {m.name.tag: m.value for m in g.metric_values}
        complete = [r for r in runs if r["state"] == "complete"]
        for metric in ("top1", "top5", "loss") if complete else ():
            mean = sum(r[metric] for r in complete) / len(complete)
            assert math.isclose(means[f"val/{metric}"], mean, rel_tol=1e-6), f"val/{metric} of {g.name} is {means[f'val/{metric}']}, want {mean}"
    print(f"tensorboard: {len(groups)} session groups of {len(ended)} sessions in its HParams plugin, with {len(experiment.hparam_infos)} hyperparameters and "
          f"{len(experiment.metric_infos)} metrics")


def check_bundle():
    gridsearch("export", study, "--bundle", "--output", "bundle.zip")
    with zipfile.ZipFile("bundle.zip") as archive:
        archive.extractall("bundle")
    (inside,) = pathlib.Path("bundle").iterdir()
    sums = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=inside, check=True, capture_output=True, text=True).stdout
    assert sums.count(": OK") == len([p for p in inside.rglob("*") if p.is_file()]) - 1, "a file has no checksum"
    same("study.db of the bundle", query_in(inside / "study.db"), query("SELECT * FROM run_results"), RUN)
    assert gridsearch("results", inside, "--format", "csv") == gridsearch("results", study, "--format", "csv"), "the bundle's results are others"
    assert len(pd.read_csv(inside / "results.csv")) == len(pq.read_table(inside / "runs.parquet")), "results.csv and runs.parquet have unlike rows"
    kept = list(inside.glob("runs/*/predictions.safetensors"))
    for path in kept:
        header = path.read_bytes()
        assert path.parent.name in header[8:8 + int.from_bytes(header[:8], "little")].decode(), f"{path} is of another run"
    print(f"bundle: {sums.count(': OK')} checksums, {len(kept)} files of predictions")


def query_in(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as other:
        other.row_factory = sqlite3.Row
        return [dict(row) for row in other.execute("SELECT * FROM run_results")]


AWKWARD = 'a, b;\t"c"\n=1+1\r\n\x1b[31m \'\'d <&> 花\u202e'


def spoil(folder):
    """Lets the last two waiting runs be one that failed and one that a decision has dropped, and gives a trial an awkward name. Rows of ours have no
    checksum, as those of earlier versions."""
    other = sqlite3.connect(folder / "study.db")
    *_, failed, dropped = [key for (key,) in other.execute("SELECT key FROM run_results WHERE state = 'waiting' ORDER BY rowid")]
    for attempt, outcome in enumerate(("crashed", "interrupted", "failed")):
        other.execute("INSERT INTO executions (key, attempt, started, ended, outcome, error, train_seconds, eval_seconds, wait_seconds, peak_rss, host, "
                      "command_line, environment) VALUES (?, ?, ?, ?, ?, ?, 1.5, 0, 1e-9, 0, ?, ?, ?)",
                      (failed, attempt, f"2026-03-01T00:00:0{attempt}.123456789Z", f"2026-03-01T00:01:0{attempt}Z", outcome, AWKWARD, AWKWARD, "=" + AWKWARD,
                       json.dumps({"cpu": AWKWARD, "kernel_set": "avx2"})))
    other.execute("INSERT INTO failures (key, error) VALUES (?, ?)", (failed, "the loss became NaN: " + AWKWARD))
    other.execute("INSERT INTO decisions (id, stage, input, choice, made) VALUES (1, 'search', '', '{}', '2026-03-01T00:00:00Z')")
    other.execute("INSERT INTO dropped (key, decision) VALUES (?, 1)", (dropped,))
    (name,) = other.execute("SELECT trial FROM runs WHERE key = ?", (failed,)).fetchone()
    other.execute("UPDATE runs SET trial = ? WHERE trial = ?", (AWKWARD, name))
    other.commit()
    other.close()
    path = folder / "plan.json"
    plan = json.loads(path.read_text())
    for thing in plan["trials"] + [run for stage in plan["stages"] for run in stage["runs"]]:
        for field in {"name", "trial"} & thing.keys():
            thing[field] = AWKWARD if thing[field] == name else thing[field]
    path.write_text(json.dumps(plan))


def check_page():
    """The examples of docs/data.md on Parquet."""
    blocks = [b for b in re.findall(r"^```python\n(.*?)^```$", (root / "docs" / "data.md").read_text(), re.M | re.S)
              if ".parquet" in b and "wandb.init" not in b and "aim.Repo" not in b]
    want = {t["name"]: t["mean_top1"] for t in json.loads(gridsearch("results", study, "--format", "json"))["trials"] if t["n"]}
    os.rename("parquet", "quickstart-parquet")
    for block in blocks:
        names = {}
        exec(block, names)
        table = names["table"]
        table = table.reset_index() if isinstance(table, pd.DataFrame) else table.df()
        found = dict(zip(table["trial"], table["top1"]))
        assert found.keys() == want.keys() and all(math.isclose(found[t], want[t], rel_tol=1e-12) for t in want), f"{found}, want {want}"
    assert len(blocks) == 2
    print(f"docs/data.md: {len(blocks)} examples have the means of gridsearch results")


program, work = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) / "exports"
given = [pathlib.Path(p).resolve() for p in sys.argv[3:]]
work.mkdir()
os.chdir(work)
if given:
    (folder,) = given
else:
    settings = [part for setting in SHORT for part in ("--set", setting)]
    gridsearch("run", root / "experiments" / "quickstart.toml", *settings, "--limit", "9", "--progress", "none")
    folder = pathlib.Path("studies/quickstart").resolve()
    spoil(folder)
study = folder
db = sqlite3.connect(f"file:{folder}/study.db?mode=ro", uri=True)
db.row_factory = sqlite3.Row
duck = duckdb.connect()
duck.execute("SET TimeZone = 'UTC'")
lines = check_rows()
check_tensorboard(lines)
check_bundle()
check_page()
