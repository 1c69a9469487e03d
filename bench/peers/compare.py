"""Compares gridsearch's training engine with PyTorch on this machine, both in turn in one run, and prints a Markdown table.

    compare.py --gridsearch PROGRAM [--workloads NAME...] [--modes NAME...] [--rounds N] [--output FILE]
    compare.py --table FILE...     prints the table of earlier runs

For every workload each of PyTorch's modes is a process of its own (peer.py serve) that waits while the others work. A round gives each of them and gridsearch
a turn of the same number of steps; who begins changes from round to round. The times of all turns are written to the output file.
"""

import argparse
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent

MODES = {
    "nchw": ["--layout", "nchw", "--engine", "eager"],
    "channels_last": ["--layout", "channels_last", "--engine", "eager"],
    "compile": ["--layout", "nchw", "--engine", "compile"],
    "compile+channels_last": ["--layout", "channels_last", "--engine", "compile"],
    "onnx": ["--layout", "nchw", "--engine", "onnx"],  # inference only
}

HEADER = [
    "workload",
    "best mode",
    "PyTorch, ms",
    "gridsearch, ms",
    "ratio",
    "of medians",
    "round by round",
    "share of peak",
    "peak memory, MB",
]


class Workload(NamedTuple):
    """What both programs time, with 10 classes."""

    mode: str
    width: float
    depth: float
    resolution: int
    batch: int
    threads: int
    baseline: str = "efficientnet-b0"

    def flags(self) -> list[str]:
        """The flags that both programs understand."""
        return [word for name, value in self._asdict().items() for word in (f"--{name}", f"{value:g}" if isinstance(value, (int, float)) else value)]

    def title(self) -> str:
        """Names the workload in a table."""
        network = {"efficientnet-b0": "B0"}.get(self.baseline, self.baseline) + (f" width {self.width:g}" if self.width != 1 else "") + (f" depth {self.depth:g}" if self.depth != 1 else "")
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"{'inference ' if self.mode == 'infer' else ''}{network}, {self.resolution} px, batch {self.batch}{threads}"


NETWORKS = {
    "b0-32": Workload("train", 1, 1, 32, 128, 1),
    "w0.5-32": Workload("train", 0.5, 1, 32, 128, 1),
    "w0.25-24": Workload("train", 0.25, 1, 24, 64, 1),
    "b0-64": Workload("train", 1, 1, 64, 64, 1),
    "b0-224": Workload("train", 1, 1, 224, 16, 1),
    "infer-1": Workload("infer", 1, 1, 224, 1, 1),
    "infer-16": Workload("infer", 1, 1, 224, 16, 1),
}
CLASSICS = {name: Workload("train", 1, 1, 64, 64, 1, name) for name in ("mobilenet-v1", "mobilenet-v2", "resnet-18", "resnet-50")}
WORKLOADS = NETWORKS | CLASSICS | {f"{name}-2t": workload._replace(threads=2) for name, workload in NETWORKS.items()}
DEFAULT = [*NETWORKS, "b0-224-2t", *CLASSICS]


def main() -> None:
    """Runs the command line."""
    args = arguments()
    if args.table:
        runs = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in args.table]
    else:
        runs = [run(args)]
    print("\n\n".join(report(r) for r in runs))


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="gridsearch against PyTorch, in turn in one run")
    parser.add_argument("--gridsearch", default="./gridsearch", metavar="PROGRAM", help="the program (default %(default)s)")
    parser.add_argument("--python", default=str(HERE / ".venv/bin/python"), help="Python that has PyTorch (default: what install.sh made)")
    parser.add_argument(
        "--workloads", nargs="+", default=DEFAULT, choices=WORKLOADS, metavar="NAME", help=f"of {', '.join(WORKLOADS)} (default: {' '.join(DEFAULT)})"
    )
    parser.add_argument(
        "--modes", nargs="+", default=list(MODES), choices=MODES, metavar="NAME", help=f"of {', '.join(MODES)} (default: all that apply)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="turns of each (default %(default)s)")
    parser.add_argument("--turn", type=float, default=3, metavar="SECONDS", help="length of PyTorch's turn in its fastest mode (default %(default)s)")
    parser.add_argument("--output", default=str(HERE / "compare.json"), help="file for the raw numbers, written after every workload (default %(default)s)")
    parser.add_argument("--table", nargs="+", metavar="FILE", help="measure nothing: print the tables of these files")
    return parser.parse_args()


class Peer:
    """A process of PyTorch that is warm and waits."""

    def __init__(self, python: str, workload: Workload, mode: str):
        command = [python, str(HERE / "peer.py"), "serve", *workload.flags(), *MODES[mode]]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
        self.facts = self.read()
        self.facts["rounds"] = []

    def read(self) -> dict:
        """Waits for a line of JSON."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare.py: {shlex.join(self.process.args)} ended with status {self.process.wait()}")
        return json.loads(line)

    def turn(self, steps: int) -> None:
        """Has some steps made and keeps their times."""
        self.process.stdin.write(f"step {steps}\n")
        self.process.stdin.flush()
        answer = self.read()
        self.facts["rounds"].append(answer["step_ms"])
        self.facts["peak_rss_bytes"] = answer["peak_rss_bytes"]

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()


class Gridsearch:
    """gridsearch's side of a workload: a process a turn, which warms up before it times."""

    def __init__(self, program: str, workload: Workload):
        self.command = [program, "bench", *workload.flags(), "--format", "json"]
        self.facts = {"rounds": [], "peak_gflops": 0}

    def turn(self, steps: int) -> None:
        """Has some steps made and keeps what it says of them. The peak of a core is the best of all turns: other work can only lower it."""
        command = [*self.command, "--rounds", str(steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        if done.returncode:
            sys.exit(f"compare.py: {shlex.join(command)} ended with status {done.returncode}\n{done.stderr}")
        answer = json.loads(done.stdout)
        self.facts["rounds"].append(answer.pop("workloads")[0])
        self.facts |= answer | {"peak_gflops": max(self.facts["peak_gflops"], answer["peak_gflops"])}


def environment() -> dict[str, str]:
    """The environment without settings made for other libraries' sake."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}


def run(args: argparse.Namespace) -> dict:
    """Measures every workload and returns the raw numbers."""
    result = {"machine": machine(args.gridsearch), "workloads": []}
    for name in args.workloads:
        result["workloads"].append(measure(WORKLOADS[name], args))
        pathlib.Path(args.output).write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def machine(program: str) -> dict:
    """Says what the numbers are of."""
    version = subprocess.run([program, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"cores": len(os.sched_getaffinity(0)), "system": platform.platform(), "gridsearch": " ".join(version.split())}


def measure(workload: Workload, args: argparse.Namespace) -> dict:
    """Times one workload in all modes, in turn."""
    modes = [mode for mode in args.modes if mode != "onnx" or workload.mode == "infer"]
    peers = {}
    for mode in modes:
        note(f"{workload.title()}: warming up {mode}")
        if "compile" in mode:
            fill_cache(args.python, workload, mode)
        peers[mode] = Peer(args.python, workload, mode)
    fastest = min(min(peer.facts["warmup_ms"]) for peer in peers.values())
    steps = max(3, round(args.turn * 1e3 / fastest))
    engine = Gridsearch(args.gridsearch, workload)
    sides = [*peers.values(), engine]
    for turn in range(args.rounds):
        note(f"{workload.title()}: round {turn + 1} of {args.rounds}, {steps} steps")
        first = turn % len(sides)
        for side in sides[first:] + sides[:first]:
            side.turn(steps)
    for peer in peers.values():
        peer.close()
    check_counts(workload, next(iter(peers.values())).facts, engine.facts["rounds"][-1])
    return {"workload": workload._asdict(), "peers": {mode: peer.facts for mode, peer in peers.items()}, "gridsearch": engine.facts}


def fill_cache(python: str, workload: Workload, mode: str) -> None:
    """Compiles in a process of its own: what compiling leaves resident would count as memory of the steps."""
    command = [python, str(HERE / "peer.py"), "bench", *workload.flags(), *MODES[mode], "--rounds", "1"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment())


def check_counts(workload: Workload, peer: dict, engine: dict) -> None:
    """Ends the program if the two sides did not time the same network."""
    for name in ("params", "madds"):
        if engine[name] != peer[name]:
            sys.exit(f"compare.py: {workload.title()}: {name} are {engine[name]} in gridsearch and {peer[name]} in PyTorch")


def note(text: str) -> None:
    """Tells whoever waits how far the run is."""
    print(text, file=sys.stderr, flush=True)


class Summary(NamedTuple):
    """One side of a workload: minima and medians of its rounds, in milliseconds, and peak memory in bytes."""

    minima: list[float]
    medians: list[float]
    memory: int

    @property
    def minimum(self) -> float:
        """The shortest step of all rounds."""
        return min(self.minima)

    @property
    def median(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.medians)


def summary_of_peer(facts: dict) -> Summary:
    """Sums up one of PyTorch's modes."""
    return Summary([min(r) for r in facts["rounds"]], [statistics.median(r) for r in facts["rounds"]], facts["peak_rss_bytes"])


def summary_of_gridsearch(facts: dict) -> Summary:
    """Sums up gridsearch's side."""
    rounds = facts["rounds"]
    return Summary([r["step_ms_min"] for r in rounds], [r["step_ms_median"] for r in rounds], max(r["peak_memory_bytes"] for r in rounds))


def report(result: dict) -> str:
    """Writes the table of a run in Markdown."""
    machine_facts, first = result["machine"], result["workloads"][0]
    peer, engine = next(iter(first["peers"].values())), first["gridsearch"]
    lines = [
        f"{engine['cpu']}, {machine_facts['cores']} cores of {engine['peak_gflops']:.0f} GFLOP/s; kernels {engine['kernels']}.",
        f"PyTorch {peer['torch']}, Python {peer['python']}{onnx_version(result)}; {machine_facts['gridsearch']}.",
        "",
        row(HEADER),
        row(["---"] * len(HEADER)),
    ]
    return "\n".join(lines + [row(cells(w)) for w in result["workloads"]])


def onnx_version(result: dict) -> str:
    """Names ONNX Runtime where it was measured."""
    versions = {peer["onnxruntime"] for w in result["workloads"] for peer in w["peers"].values() if "onnxruntime" in peer}
    return "".join(f", ONNX Runtime {version}" for version in sorted(versions))


def row(values: list[str]) -> str:
    """Writes a row of a Markdown table."""
    return "| " + " | ".join(values) + " |"


def cells(measured: dict) -> list[str]:
    """Writes the cells of one workload."""
    workload = Workload(**measured["workload"])
    peers = {mode: summary_of_peer(facts) for mode, facts in measured["peers"].items()}
    best = min(peers, key=lambda mode: peers[mode].minimum)
    torch, ours = peers[best], summary_of_gridsearch(measured["gridsearch"])
    by_round = sorted(a / b for a, b in zip(torch.minima, ours.minima, strict=True))
    madds, peak = measured["peers"][best]["madds"], measured["gridsearch"]["peak_gflops"]
    return [
        workload.title(),
        best,
        f"{torch.minimum:.1f} ({torch.median:.1f})",
        f"{ours.minimum:.1f} ({ours.median:.1f})",
        f"{torch.minimum / ours.minimum:.2f}",
        f"{torch.median / ours.median:.2f}",
        f"{by_round[0]:.2f}–{by_round[-1]:.2f}",
        " / ".join(f"{share_of_peak(workload, madds, peak, side.minimum):.0%}" for side in (torch, ours)),
        " / ".join(f"{side.memory / 1e6:.0f}" for side in (torch, ours)),
    ]


def share_of_peak(workload: Workload, madds: int, peak_gflops: float, milliseconds: float) -> float:
    """Share of the peak of the cores in use: two operations a multiply-add, three times as many in training (forward, two gradients)."""
    operations = 2 * madds * workload.batch * (3 if workload.mode == "train" else 1)
    return operations / (milliseconds * 1e6) / (peak_gflops * workload.threads)


if __name__ == "__main__":
    main()
