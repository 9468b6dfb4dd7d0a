"""Files that hold personal data: readable by their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from hub.errors import ConfigError


def write_private(path: Path, text: bytes) -> None:
    """Write a file that nobody else may read, from the first byte on."""
    try:
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written to ({error.strerror})") from error
