"""Tests of compare_trial.py with stand-ins for both programs: python3 -m unittest discover bench/peers."""

import json
import subprocess
import sys
import unittest

import compare_trial
import stand_ins

FAKE_PEER = """
    import json, os, pathlib, sys, time
    flags = dict(zip(sys.argv[3::2], sys.argv[4::2]))
    compiled = pathlib.Path(os.environ["TORCHINDUCTOR_CACHE_DIR"], "code")
    if flags["--engine"] == "compile" and not compiled.exists():
        time.sleep(0.5)
        compiled.touch()
    time.sleep(0.7 if flags["--engine"] == "eager" else 0.5)
    print(json.dumps({"train_seconds": 2.5, "top1": 0.5, "params": 7, "madds": int(flags["--resolution"]) * 1000000}))
"""

FAKE_GRIDSEARCH = """
    import json, sys
    if sys.argv[1] == "version":
        print("gridsearch 1.2.3")
    elif sys.argv[1] == "doctor":
        print(json.dumps({"cpu": "Fake", "kernels": "avx"}))
    elif sys.argv[1] == "run":
        settings = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
        if settings["train.epochs"] != "4":
            sys.exit("no such training")
    else:
        print(json.dumps({"trials": [{"mean_top1": 0.625, "params": PARAMS, "madds": 18000000}]}))
"""


class CompareTrialTest(stand_ins.StandIns):
    """compare_trial.py from its command line to its table."""

    def compare(self, *flags: str, params: int = 7) -> subprocess.CompletedProcess:
        """Runs compare_trial.py against the stand-ins."""
        sides = ["--gridsearch", self.stand_in("gridsearch", FAKE_GRIDSEARCH.replace("PARAMS", str(params))), "--python", self.stand_in("peer", FAKE_PEER)]
        command = [sys.executable, compare_trial.__file__, *sides, "--output", str(self.output), *flags]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_table(self) -> None:
        """Every mode has a row, compiled ones two, and the first to end is named."""
        done = self.compare("--modes", "channels_last", "compile", "--rounds", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Fake, one core; kernels avx; 18.00 million multiply-adds; gridsearch 1.2.3.", done.stdout)
        for row in ("| gridsearch | ", "| PyTorch channels_last | ", "| PyTorch compile, first seed | ", "| PyTorch compile, later seed | "):
            self.assertIn(row, done.stdout)
        self.assertIn("| 2.5 | 50.00 |", done.stdout)
        self.assertIn("The first of PyTorch's to end is PyTorch compile, later seed: ", done.stdout)
        self.assertEqual(len(json.loads(self.output.read_text(encoding="utf-8"))["trials"]["PyTorch channels_last"]), 2)
        self.assertEqual(self.compare("--table", str(self.output)).stdout, done.stdout)

    def test_counts_differ(self) -> None:
        """Unlike networks are not compared."""
        done = self.compare("--modes", "nchw", params=8)
        self.assertEqual(done.returncode, 1)
        self.assertIn("params are 8 in gridsearch and 7 in PyTorch nchw", done.stderr)

    def test_failure(self) -> None:
        """What gridsearch says when it fails is shown."""
        done = self.compare("--epochs", "5")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such training", done.stderr)


if __name__ == "__main__":
    unittest.main()
