"""The checks of a new package, as whoever has made it runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Check = Callable[[Path], str]


@pytest.fixture(scope="session")
def make_check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Runs ``make check`` in a package, which must pass; gives what it prints.

    The packages share what mypy has learnt of the hub itself.
    """
    cache = str(tmp_path_factory.mktemp("mypy"))
    environment = {**os.environ, "MYPY_CACHE_DIR": cache}

    def check(folder: Path) -> str:
        run = subprocess.run(
            ["make", "check", f"PYTHON={sys.executable}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    return check
