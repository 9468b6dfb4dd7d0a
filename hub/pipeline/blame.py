"""Where a connector broke down: the line that its author has to look at."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Final

_NOT_ITS_OWN: Final = sys.stdlib_module_names | {"hub"}


def name_breakdown(error: BaseException) -> str:
    """The error's class, and file and line of the connector's last step; never the error's text,
    which may quote a record.

    The connector's own code goes before that of the libraries that it calls.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [step for step in frames if _package(step[0]) not in _NOT_ITS_OWN]
    called = [step for step in own if not _is_library(step[0])]
    if not frames:
        return type(error).__name__
    frame, line = (called or own or frames)[-1]
    path = Path(frame.f_code.co_filename)
    return f"{type(error).__name__} at {path.parent.name}/{path.name}:{line}"


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_library(frame: FrameType) -> bool:
    """A connector imports the hub somewhere in its package; a library does not."""
    package = _package(frame)
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == package]
    return not any(
        str(getattr(value, "__module__", "")).startswith("hub.")
        for module in modules
        for value in vars(module).values()
    )
