"""What the fault runs share: a launcher, and one clean site to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harness import Hub, Systems


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """Runs `hub` commands."""
    with closing(Hub()) as launcher:
        yield launcher


@pytest.fixture(scope="module")
def systems() -> Iterator[Systems]:
    """The systems of a small company, slow enough for kills to land in requests."""
    with closing(Systems(customers=120, latency=0.01)) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a module's sites lie."""
    return tmp_path_factory.mktemp("sites")
