"""What the tests of the comparisons share: programs that stand in for gridsearch and for Python with PyTorch."""

import pathlib
import sys
import tempfile
import textwrap
import unittest


class StandIns(unittest.TestCase):
    """A folder of stand-ins, and a file for raw numbers in it."""

    def setUp(self) -> None:
        """Makes the folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.output = self.folder / "raw.json"

    def stand_in(self, name: str, code: str) -> str:
        """Writes a program and returns its path."""
        program = self.folder / name
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}", encoding="utf-8")
        program.chmod(0o755)
        return str(program)
