"""Law 3 at a tenth of the benchmark: builders killed, calls failed, files damaged, races, loads during commits; not one bad state."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.slow
def test_the_index_is_the_old_one_or_the_new_one_whatever_happens() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.durability", "0.1"], cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("held: ") == 5
