"""Hears everything a connector says: every logger at DEBUG, what it prints, its tracebacks."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
from collections.abc import Iterator
from typing import Final

_FORMER: Final = ("urllib3", "requests", "zeep", "imaplib")


class Ears(logging.Handler):
    """Keeps every log record as text, its hidden parts included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.printed = io.StringIO()
        self._heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, the arguments, and a traceback that comes with it."""
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._heard.append(f"{record.getMessage()} {vars(record)!r} {trace}")

    def text(self) -> str:
        """All there was."""
        return "\n".join([*self._heard, self.printed.getvalue()])


@contextlib.contextmanager
def listening() -> Iterator[Ears]:
    """Every logger there is speaks at DEBUG, and is heard; so is what is printed."""
    ears = Ears()
    known = [logging.getLogger(name) for name in (*_FORMER, *logging.root.manager.loggerDict)]
    loggers = list(dict.fromkeys([logging.root, *known]))
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        if logger is logging.root or not logger.propagate:
            logger.addHandler(ears)
    try:
        with contextlib.redirect_stdout(ears.printed), contextlib.redirect_stderr(ears.printed):
            yield ears
    finally:
        for logger, level in before:
            logger.setLevel(level)
            logger.removeHandler(ears)


def traced(error: BaseException) -> str:
    """An error as it would be printed, its causes and notes included."""
    return "".join(traceback.format_exception(error))
