"""Spark on two cores of this machine; its settings are read once, so they are made up here."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from hub.match.engines.spark_matching import SparkMatch

_HERE = Path(sys.prefix).name == ".venv-spark"
_MISSING = [
    name
    for name, there in (("PySpark", find_spec("pyspark")), ("Java", shutil.which("java")))
    if not there
]
if _MISSING and _HERE and os.environ.get("CI") == "true":
    raise RuntimeError(f"{_MISSING} missing in .venv-spark: its tests must not be skipped in CI")
if shutil.which("java") is None and find_spec("pyspark"):
    pytest.skip("Spark needs Java", allow_module_level=True)

SETTINGS = """\
# as an administrator would write them
spark.sql.shuffle.partitions  4
spark.default.parallelism     4
# a short life is not worth an optimising compiler
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
"""
HOME = Path(tempfile.mkdtemp(prefix="hub-spark-settings-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
(HOME / "spark-defaults.conf").write_text(SETTINGS, encoding="utf-8")
os.environ["SPARK_CONF_DIR"] = str(HOME)


@pytest.fixture
def spark_match(tmp_path: Path) -> Iterator[Callable[[], SparkMatch]]:
    """Makes an engine in small memory; whatever is made is closed, and must leave nothing."""
    from hub.match.engines.spark_matching import SparkMatch

    made: list[SparkMatch] = []

    def make() -> SparkMatch:
        made.append(SparkMatch(str(tmp_path), memory="1g", master="local[2]"))
        return made[-1]

    yield make
    for engine in made:
        engine.close()
    assert list(tmp_path.glob("hub-spark-*")) == []


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session with the hub's distances."""
    from hub.match.engines.spark_distances import register_distances
    from hub.match.engines.spark_session import open_session

    folder = tmp_path_factory.mktemp("spark")
    session = open_session(folder, memory="1g", master="local[2]")
    register_distances(session)
    yield session
    session.stop()
