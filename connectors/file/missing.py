"""Libraries that only some formats need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import ConfigError


@contextmanager
def needs_files_extra(form: str) -> Iterator[None]:
    """Say what to install where a library is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"file: {form} needs a library: pip install 'customer-hub[files]'"
        raise ConfigError(message) from error
