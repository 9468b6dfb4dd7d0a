"""Tests that share servers run on one worker, one after another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

GROUPED = """
import pytest

pytestmark = pytest.mark.xdist_group("servers")


@pytest.mark.parametrize("number", range(8))
def test_it(number):
    pass
"""


def test_a_group_stays_on_one_worker(tmp_path: Path) -> None:
    """pytest-xdist says nothing where it no longer heeds groups."""
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"]
    where = [f"--rootdir={tmp_path}", "-p", "no:cacheprovider", str(tmp_path)]
    said = subprocess.run([*command, *where], capture_output=True, text=True, check=True).stdout
    workers = re.findall(r"\[(gw\d+)\].*PASSED", said)
    assert len(workers) == 8
    assert len(set(workers)) == 1
