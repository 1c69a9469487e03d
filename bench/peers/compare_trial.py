"""Times a whole trial of a search, from the start of a process to the recorded accuracy, by gridsearch and as a user of PyTorch would write it (trial.py).

    compare_trial.py --gridsearch PROGRAM [--width W] [--depth D] [--resolution R] [--modes NAME...] [--rounds N]
    compare_trial.py --table FILE...     prints the table of earlier runs

The trial is one of experiments/fashion-mnist.toml: its recipe on a network scaled by the flags, on one core. Compiled modes run twice in each round: the first
seed of a network compiles it, a later one finds the code in PyTorch's cache. Both programs are timed from outside, one after the other, and must train
networks of equally many parameters and multiply-adds.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import compare

HERE = pathlib.Path(__file__).resolve().parent
EXPERIMENT = HERE.parent.parent / "experiments/fashion-mnist.toml"

MODES = [mode for mode in compare.MODES if mode != "onnx"]
HEADER = ["program", "seconds", "all rounds", "training alone", "top-1 %", "ratio"]
OURS = "gridsearch"


def main() -> None:
    """Runs the command line."""
    args = arguments()
    results = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in args.table or []] or [run(args)]
    print("\n\n".join(report(result) for result in results))


def arguments() -> argparse.Namespace:
    """Reads the command line. The default trial is the study's median one."""
    parser = argparse.ArgumentParser(description="a whole trial in gridsearch and in PyTorch")
    parser.add_argument("--gridsearch", default="./gridsearch", metavar="PROGRAM", help="the program (default %(default)s)")
    parser.add_argument("--python", default=str(HERE / ".venv/bin/python"), help="Python that has PyTorch (default: what install.sh made)")
    parser.add_argument("--data", help="folder of Fashion-MNIST's files (default: where its Debian package puts them)")
    parser.add_argument("--width", type=float, default=1.25, help="coefficient of the channels (default %(default)s)")
    parser.add_argument("--depth", type=float, default=1, help="coefficient of the repeats (default %(default)s)")
    parser.add_argument("--resolution", type=int, default=18, help="pixels on a side (default %(default)s)")
    parser.add_argument("--train-examples", type=int, default=40_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES, metavar="NAME", help=f"of {', '.join(MODES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=1, help="trials of each (default %(default)s)")
    parser.add_argument("--output", default=str(HERE / "compare_trial.json"), help="file for the raw numbers (default %(default)s)")
    parser.add_argument("--table", nargs="+", metavar="FILE", help="measure nothing: print the tables of these files")
    return parser.parse_args()


def run(args: argparse.Namespace) -> dict:
    """Makes all trials and returns what is known of each, by program."""
    _, text = timed([args.gridsearch, "doctor", "--quick", "--format", "json"])
    doctor = json.loads(text)
    result = {"machine": compare.machine(args.gridsearch) | {name: doctor[name] for name in ("cpu", "kernels")}, "trials": {}}
    for turn in range(args.rounds):
        for name, trial in round_of_trials(args):
            compare.note(f"round {turn + 1} of {args.rounds}: {name} took {trial['wall_seconds']:.1f} s")
            result["trials"].setdefault(name, []).append(trial)
            check_counts(name, trial, result["trials"][OURS][0])
            pathlib.Path(args.output).write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def round_of_trials(args: argparse.Namespace):
    """Yields the name and the facts of each trial of a round; gridsearch's is the first."""
    yield OURS, engine_trial(args)
    for mode in args.modes:
        with tempfile.TemporaryDirectory() as cache:
            if "compile" not in mode:
                yield f"PyTorch {mode}", peer_trial(args, mode, cache)
                continue
            yield f"PyTorch {mode}, first seed", peer_trial(args, mode, cache)
            yield f"PyTorch {mode}, later seed", peer_trial(args, mode, cache)


def engine_trial(args: argparse.Namespace) -> dict:
    """Runs a study of the one network and reads its record."""
    with tempfile.TemporaryDirectory() as studies:
        settings = {
            "model.width_coefficient": args.width,
            "model.depth_coefficient": args.depth,
            "model.resolution": args.resolution,
            "search.method": "list",
            "search.points": '[["1", "1", "1"]]',  # the base network itself
            "search.controls": "[]",
            "constraint": "[]",
            "replication.seeds": 1,
            "execution.workers": 1,
            "train.epochs": args.epochs,
            "data.train_examples": args.train_examples,
        }
        if args.data:
            settings["data.path"] = os.path.abspath(args.data)
        flags = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        seconds, _ = timed([args.gridsearch, "run", str(EXPERIMENT), "--dir", studies, "--progress", "none", *flags])
        _, text = timed([args.gridsearch, "results", "fashion-mnist", "--dir", studies, "--format", "json"])
    trial = json.loads(text)["trials"][0]
    return {"wall_seconds": seconds, "top1": trial["mean_top1"], "params": trial["params"], "madds": trial["madds"]}


def peer_trial(args: argparse.Namespace, mode: str, cache: str) -> dict:
    """Runs trial.py and returns what it prints. PyTorch keeps compiled code in the cache folder."""
    numbers = {"width": args.width, "depth": args.depth, "resolution": args.resolution, "epochs": args.epochs, "train-examples": args.train_examples}
    flags = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    if args.data:
        flags += ["--data", args.data]
    command = [args.python, str(HERE / "trial.py"), str(HERE / "fashion-mnist.json"), *flags, *compare.MODES[mode]]
    seconds, text = timed(command, TORCHINDUCTOR_CACHE_DIR=cache)
    return {"wall_seconds": seconds} | json.loads(text)


def timed(command: list[str], **variables: str) -> tuple[float, str]:
    """Runs a program and returns the seconds from its start to its end, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=compare.environment() | variables)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"compare_trial.py: {' '.join(command)} ended with status {done.returncode}\n{done.stderr}")
    return seconds, done.stdout


def check_counts(name: str, trial: dict, ours: dict) -> None:
    """Ends the program if the two sides did not train the same network."""
    for count in ("params", "madds"):
        if trial[count] != ours[count]:
            sys.exit(f"compare_trial.py: {count} are {ours[count]} in gridsearch and {trial[count]} in {name}")


def report(result: dict) -> str:
    """Writes the table of a run in Markdown, and a line with the faster of PyTorch's modes."""
    trials = result["trials"]
    ours = shortest(trials[OURS])["wall_seconds"]
    facts = result["machine"]
    lines = [f"{facts['cpu']}, one core; kernels {facts['kernels']}; {trials[OURS][0]['madds'] / 1e6:.2f} million multiply-adds; {facts['gridsearch']}.", ""]
    lines += [compare.row(HEADER), compare.row(["---"] * len(HEADER))]
    lines += [compare.row(cells(name, rounds, ours)) for name, rounds in trials.items()]
    best = min((name for name in trials if name != OURS), key=lambda name: shortest(trials[name])["wall_seconds"])
    return "\n".join([*lines, "", f"The first of PyTorch's to end is {best}: {shortest(trials[best])['wall_seconds'] / ours:.2f} times gridsearch's time."])


def shortest(rounds: list[dict]) -> dict:
    """The trial that took the least time."""
    return min(rounds, key=lambda trial: trial["wall_seconds"])


def cells(name: str, rounds: list[dict], ours: float) -> list[str]:
    """Writes the cells of one program."""
    best = shortest(rounds)
    return [
        name,
        f"{best['wall_seconds']:.1f}",
        ", ".join(f"{trial['wall_seconds']:.1f}" for trial in rounds),
        f"{best['train_seconds']:.1f}" if "train_seconds" in best else "",
        f"{100 * best['top1']:.2f}",
        f"{best['wall_seconds'] / ours:.2f}",
    ]


if __name__ == "__main__":
    main()
