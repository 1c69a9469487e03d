"""Brings what gridsearch export writes into W&B and Aim, as docs/data.md shows, and reads it back there: trackers.py GRIDSEARCH FOLDER [STUDY]

Takes the study that exports.py has left in FOLDER, or a STUDY. W&B works offline and without an account: its reader of event files and the page's example
make runs, whose every value and hyperparameter its own reader of logs must find. `aim convert tensorboard` and the page's example fill a repository of Aim,
which its SDK reads. Of the two, what is not installed is left out, with a line that says so: pip install -r testdata/peers/trackers.txt. The exit code is 1
where a value differs.
"""

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

root = pathlib.Path(__file__).resolve().parent.parent.parent
PARAMETERS = ["trial", "seed", "control", "stage", "condition", "depth", "width", "resolution", "madds", "params", "alpha_low", "beta_low", "gamma_low", "phi_low"]


def run(*command):
    done = subprocess.run([*map(str, command)], capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ends with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def aim_command(*arguments):
    run(pathlib.Path(sys.executable).parent / "aim", *arguments)


def single(value):
    """As an event file has it, in float32."""
    return struct.unpack("f", struct.pack("f", value))[0]


def scalars(line, kept=float):
    """What a run must have, {step: {tag: value}}."""
    steps = {}
    if line["state"] == "complete":
        for p in line["curve"]:
            steps[p["step"]] = {f"train/{m}": kept(p[m]) for m in ("loss", "top1")}
        steps.setdefault(line["steps"], {}).update({f"val/{m}": kept(line[m]) for m in ("top1", "top5", "loss")})
    return steps


def version(package):
    return importlib.metadata.version(package)


def example(word):
    """The block of docs/data.md that has the word, run as it stands."""
    (block,) = [b for b in re.findall(r"^```python\n(.*?)^```$", (root / "docs" / "data.md").read_text(), re.M | re.S) if word in b]
    exec(block, {})


def folders():
    """Event files of the runs, by the key of each."""
    return {p.name.rpartition("_")[2]: p for p in sorted(pathlib.Path("quickstart-tensorboard").iterdir()) if p.is_dir()}


# W&B

def records(folder):
    """The logs of W&B's runs in a folder, {id: [record]}."""
    import wandb

    logs = {}
    for path in sorted(pathlib.Path(folder).glob("wandb/offline-run-*/*.wandb")):
        # the program behind wandb leet inspect, which itself takes a second
        lines = run(pathlib.Path(wandb.__file__).parent / "bin" / "wandb-core", "leet", "inspect", "--no-observability", "--json", "--run-file", path,
                    path.parent.parent).splitlines()
        logs[path.stem.removeprefix("run-")] = [json.loads(line) for line in lines]
    return logs


def history(log, step):
    """The rows of a log, {step: {tag: value}}, without what W&B adds."""
    rows = [r["history"] for r in log if r["type"] == "history"]
    return {step(r): {k: v for k, v in r["item"].items() if "/" in k} for r in rows}


def check_wandb_events():
    """W&B's reader takes the files that a run writes, by the time and the host of their names: it gets copies called so, as if they had just been written."""
    import wandb
    from tensorboard.summary.writer import event_file_writer

    os.mkdir("wandb-events")
    for key, path in folders().items():
        copy = pathlib.Path("written", path.name).resolve()
        copy.mkdir(parents=True)
        (file,) = path.iterdir()
        shutil.copy(file, copy / f"events.out.tfevents.{int(time.time()) + 3600}.{socket.gethostname()}")
        wandb.tensorboard.patch(root_logdir=str(copy), save=False)
        with wandb.init(dir="wandb-events", project="quickstart", id=key):
            event_file_writer.EventFileWriter(str(copy)).close()  # tells W&B the folder
        wandb.tensorboard.unpatch()
    logs = records("wandb-events")
    assert logs.keys() == folders().keys(), f"W&B has the runs {sorted(logs)}, want {sorted(folders())}"
    n = 0
    for key, log in logs.items():
        found, want = history(log, lambda r: r["item"]["global_step"]), scalars(lines[key], single)
        found = {step: {tag: single(v) for tag, v in row.items()} for step, row in found.items()}
        assert found == want, f"W&B has {found} of run {key}, want {want}"
        n += sum(map(len, found.values()))
    print(f"W&B {version('wandb')}: {n} scalars of {len(logs)} event files")


def check_wandb_rows():
    example("wandb.init")
    logs = records(".")
    want = {key for key, line in lines.items() if line["state"] == "complete"}
    assert logs.keys() == want, f"W&B has the runs {sorted(logs)}, want {sorted(want)}"
    groups = set()
    for key, log in logs.items():
        line = lines[key]
        (made,) = [r["run"] for r in log if r["type"] == "run"]
        assert made["run_group"] == line["trial"], f"group of {key} is {made['run_group']!r}"
        groups.add(made["run_group"])
        config = {}
        for record in [made.get("config"), *[r["config"] for r in log if r["type"] == "config"]]:
            config |= (record or {}).get("update", {})
        for name in PARAMETERS:
            assert config.get(name) == line[name], f"{name} of {key} is {config.get(name)!r}, want {line[name]!r}"
        found = history(log, lambda r: int(r["step"]["num"]))
        assert found == scalars(line), f"W&B has {found} of run {key}, want {scalars(line)}"
    print(f"W&B {version('wandb')}: {len(logs)} runs of docs/data.md in {len(groups)} groups, with every value and {len(PARAMETERS)} hyperparameters")


# Aim

def check_aim():
    import aim
    from aim.sdk.types import QueryReportMode

    aim_command("init")
    aim_command("convert", "tensorboard", "--logdir", "quickstart-tensorboard")
    example("aim.Repo")
    aim_command("storage", "reindex", "--yes")
    repo = aim.Repo(".")
    hashes = repo.list_all_runs()
    assert len(hashes) == repo.total_runs_count() == len(folders()), f"Aim has {len(hashes)} runs, {repo.total_runs_count()} of them in its index"
    seen, n = set(), 0
    for name in hashes:
        converted = aim.Run(name, repo=repo, read_only=True)
        key = pathlib.Path(converted["tensorboard_logdir"]).name.rpartition("_")[2]
        line, want = lines[key], scalars(lines[key], single)
        seen.add(key)
        found = {}
        for metric in converted.metrics():
            for step, (value, _, _) in zip(*read(metric)):
                found.setdefault(step, {})[metric.name] = value
                n += 1
        assert found == want, f"Aim has {found} of run {key}, want {want}"
        found = converted.experiment, converted.name
        assert found == ("quickstart", f"{line['trial']} seed {line['seed']}"), f"experiment and name of run {key} are {found}"
        for p in PARAMETERS:
            assert converted["hparams"].get(p) == line[p], f"{p} of run {key} is {converted['hparams'].get(p)!r}, want {line[p]!r}"
    assert seen == folders().keys()
    trial = lines[key]["trial"]
    query = f"metric.name == 'val/top1' and run.hparams.trial == {trial!r}"
    found = {m.run.hash for m in repo.query_metrics(query, report_mode=QueryReportMode.DISABLED)}
    want = sum(1 for line in lines.values() if line["trial"] == trial and line["state"] == "complete")
    assert len(found) == want, f"Aim finds {len(found)} seeds of {trial}, want {want}"
    print(f"Aim {version('aim')}: {n} scalars of {len(seen)} event files, with {len(PARAMETERS)} hyperparameters; {want} seeds of a trial by a query")


def read(metric):
    """Steps, and (value, epoch, time) of each."""
    steps, columns = metric.data.items_list()
    return steps, zip(*columns)


program, work = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
study = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else work / "exports" / "studies" / "quickstart").resolve()
installed = {package: importlib.util.find_spec(package) is not None for package in ("wandb", "aim", "tensorflow")}
work /= "trackers"
work.mkdir()
os.chdir(work)
os.environ |= {"HOME": str(work), "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false", "AIM_UI_TELEMETRY_ENABLED": "0",
               "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
run(program, "export", study, "--format", "tensorboard", "--output", "quickstart-tensorboard")
run(program, "export", study, "--format", "parquet", "--output", "quickstart-parquet")
lines = {line["key"]: line for line in map(json.loads, run(program, "export", study, "--format", "jsonl").splitlines())}
if installed["wandb"]:
    check_wandb_events()
    check_wandb_rows()
else:
    print("W&B is not installed and was left out: pip install -r testdata/peers/trackers.txt")
if installed["aim"] and installed["tensorflow"]:
    check_aim()
else:
    print("Aim, or TensorFlow, with which it reads event files, is not installed and was left out: pip install -r testdata/peers/trackers.txt")
