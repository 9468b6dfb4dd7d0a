"""A Spark session for one run: on this machine unless Spark's own settings say otherwise.

What ``spark-defaults.conf`` in ``$SPARK_CONF_DIR`` states wins over everything here
(https://spark.apache.org/docs/latest/configuration.html).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NO_JAVA: Final = "--engine spark needs Java 17 or later: install a JRE, or set JAVA_HOME"
_LOOPBACK: Final = "127.0.0.1"


def open_session(folder: Path, *, memory: str, master: str) -> SparkSession:
    """A session that writes into ``folder`` alone; the caller stops it."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _require_java()
    settings = _settings(folder, memory, master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # a session reads it here alone
    if "spark.driver.bindAddress" in settings:
        os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
    builder = SparkSession.builder.appName("customer-hub")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except PySparkException as error:
        raise ConfigError(f"Spark did not start, see its messages above; {_NO_JAVA}") from error
    spark.sparkContext.setCheckpointDir(folder.as_uri() + "/checkpoints")
    return spark


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which(f"{home}/bin/java" if home else "java") is None:
        raise ConfigError(_NO_JAVA)


def _settings(folder: Path, memory: str, master: str) -> Mapping[str, str]:
    stated = _stated()
    settings = {
        "spark.master": master,
        "spark.driver.memory": memory,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if "spark.master" not in stated:
        settings |= {
            "spark.driver.host": _LOOPBACK,
            "spark.driver.bindAddress": _LOOPBACK,
            "spark.authenticate": "true",
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 2)),
        }
    return {name: value for name, value in settings.items() if name not in stated}


def _stated() -> frozenset[str]:
    """The settings that the administrator has made."""
    folder = os.environ.get("SPARK_CONF_DIR")
    path = Path(folder or ".") / "spark-defaults.conf"
    if not folder or not path.is_file():
        return frozenset()
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(words[0] for words in lines if words and not words[0].startswith("#"))
