"""Tests of compare.py with stand-ins for both programs: python3 -m unittest discover bench/peers."""

import json
import subprocess
import sys
import unittest

import compare
import stand_ins

FAKE_PEER = """
    import json, sys
    say = lambda value: print(json.dumps(value), flush=True)
    flags = dict(zip(sys.argv[3::2], sys.argv[4::2]))
    time = {"nchw": 30.0, "channels_last": 20.0}[flags["--layout"]]
    say({"torch": "9.9", "python": "3.99", "params": 7, "madds": 1000000, "warmup_ms": [500.0, time]})
    for line in sys.stdin:
        say({"step_ms": [time + i for i in range(int(line.split()[1]))], "peak_rss_bytes": 400000000})
"""

FAKE_GRIDSEARCH = """
    import json, sys
    if sys.argv[1] == "version":
        print("gridsearch 1.2.3")
        sys.exit()
    flags = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    assert sys.argv[1] == "bench" and flags["--baseline"] == "efficientnet-b0" and flags["--format"] == "json", sys.argv
    if flags["--resolution"] == "64":
        sys.exit("no such network")
    workload = {"step_ms_min": 5.0, "step_ms_median": 8.0, "peak_memory_bytes": 1e8, "params": PARAMS, "madds": 1000000}
    print(json.dumps({"cpu": "Fake", "kernels": "avx", "peak_gflops": 100.0, "workloads": [workload]}))
"""


class CompareTest(stand_ins.StandIns):
    """compare.py from its command line to its table."""

    def setUp(self) -> None:
        """Writes the stand-in for Python with PyTorch, which ignores which file it is told to run."""
        super().setUp()
        self.python = self.stand_in("peer", FAKE_PEER)

    def compare(self, *flags: str, params: int = 7) -> subprocess.CompletedProcess:
        """Runs compare.py against the stand-ins."""
        gridsearch = self.stand_in("gridsearch", FAKE_GRIDSEARCH.replace("PARAMS", str(params)))
        sides = ["--gridsearch", gridsearch, "--python", self.python, "--output", str(self.output)]
        return subprocess.run([sys.executable, compare.__file__, *sides, *flags], capture_output=True, text=True, check=False)

    def test_table(self) -> None:
        """The better mode is chosen, and the table holds minima, medians, ratios, shares and memory."""
        done = self.compare("--workloads", "b0-32", "b0-224-2t", "--modes", "nchw", "channels_last", "--rounds", "2", "--turn", "0.06")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Fake, ", done.stdout)
        self.assertIn("PyTorch 9.9, Python 3.99; gridsearch 1.2.3.", done.stdout)
        row = "| B0, 32 px, batch 128 | channels_last | 20.0 (21.0) | 5.0 (8.0) | 4.00 | 2.62 | 4.00–4.00 | 38% / 154% | 400 / 100 |"
        self.assertIn(row, done.stdout)
        self.assertIn("| B0, 224 px, batch 16, 2 threads |", done.stdout)
        raw = json.loads(self.output.read_text(encoding="utf-8"))
        self.assertEqual(raw["workloads"][0]["peers"]["nchw"]["rounds"], [[30.0, 31.0, 32.0]] * 2)
        again = self.compare("--table", str(self.output))
        self.assertEqual(again.stdout, done.stdout)

    def test_counts_differ(self) -> None:
        """Unlike networks are not compared."""
        done = self.compare("--workloads", "b0-32", "--modes", "nchw", "--rounds", "1", "--turn", "0.06", params=8)
        self.assertEqual(done.returncode, 1)
        self.assertIn("params are 8 in gridsearch and 7 in PyTorch", done.stderr)

    def test_failure(self) -> None:
        """What gridsearch says when it fails is shown."""
        done = self.compare("--workloads", "b0-64", "--modes", "nchw", "--rounds", "1", "--turn", "0.06")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such network", done.stderr)

    def test_flags(self) -> None:
        """Both programs are told the whole workload."""
        flags = compare.WORKLOADS["w0.5-32-2t"].flags()
        self.assertEqual(" ".join(flags), "--mode train --width 0.5 --depth 1 --resolution 32 --batch 128 --threads 2 --baseline efficientnet-b0")
        flags = compare.WORKLOADS["resnet-18"].flags()
        self.assertEqual(" ".join(flags), "--mode train --width 1 --depth 1 --resolution 64 --batch 64 --threads 1 --baseline resnet-18")


if __name__ == "__main__":
    unittest.main()
