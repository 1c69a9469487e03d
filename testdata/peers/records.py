"""Runs the examples of docs/data.md on the record of a real study: records.py GRIDSEARCH FOLDER

Trains a short quickstart in FOLDER, executes the page's blocks of pandas and of DuckDB as they stand, and holds the means that they find against those of
gridsearch results. The exit code is 1 if a block fails or a number differs.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

page = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "data.md"
quickstart = page.parent.parent / "experiments" / "quickstart.toml"
SHORT = ["data.train_examples=320", "train.epochs=2", "replication.seeds=2"]


def gridsearch(*arguments):
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def examples(text):
    """The page's Python blocks on the record that have a text in them."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.M | re.S)
    return [b for b in blocks if "study.db" in b and text in b]


def means(table):
    """Trial to multiply-adds and mean top-1, of a frame with those columns."""
    return {row["trial"]: (row["madds"], row["top1"]) for row in table.to_dict("records")}


def check(name, found, want):
    assert found.keys() == want.keys(), f"{name}: the trials are {sorted(found)}, want {sorted(want)}"
    for trial, (madds, top1) in want.items():
        assert found[trial][0] == madds and abs(found[trial][1] - top1) < 1e-12, f"{name}: {trial} has {found[trial]}, want {(madds, top1)}"
    print(f"{name}: multiply-adds and mean top-1 of {len(want)} trials are those of gridsearch results")


program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) / "records"
folder.mkdir()
os.chdir(folder)
gridsearch("run", quickstart, *(part for setting in SHORT for part in ("--set", setting)), "--progress", "none")
trials = json.loads(gridsearch("results", "quickstart", "--format", "json"))["trials"]
want = {t["name"]: (t["madds"], t["mean_top1"]) for t in trials if t["n"]}
(pandas_block,) = examples("import sqlite3, pandas")
(duckdb_block,) = examples("import sqlite3, duckdb")

names = {}
exec(pandas_block, names)
check("pandas", means(names["table"][["madds", "top1"]].mean().reset_index()), want)
names = {}
exec(duckdb_block, names)
check("DuckDB", means(names["table"].df()), want)
