"""The hub's command line as a person calls it, within the tests' own process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from hub.cli.main import run


class Said(NamedTuple):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """What a person reads: the error where it failed, else its output."""
        return self.err if self.code else self.out


Command = Callable[..., Said]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the hub with the given words."""

    def hub(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["hub", *map(str, words)])
        code: object = 0
        try:
            run()
        except SystemExit as end:
            code = end.code or 0
        told = capsys.readouterr()
        return Said(code if isinstance(code, int) else 1, told.out, told.err)

    return hub
