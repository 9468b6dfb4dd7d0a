"""A breakdown is told by its class and place, and never by its text."""

from __future__ import annotations

import json

from hub.errors import ConfigError
from hub.pipeline.blame import name_breakdown
from hub.sdk.records import compile_path
from tests.architecture.source import ROOT

LINES = (ROOT / "tests" / "unit" / "pipeline" / "test_blame.py").read_text("utf-8").splitlines()


def line_of(text: str) -> int:
    return 1 + next(number for number, line in enumerate(LINES) if line.strip() == text)


def caught(run: object) -> BaseException:
    try:
        run()  # type: ignore[operator]  # any of the below
    except Exception as error:  # noqa: BLE001  # whatever a connector raises
        return error
    raise AssertionError("nothing was raised")


def own() -> object:
    return {"ann@example.com": 1}["bob@example.com"]


def library() -> object:
    return json.loads("{ann@example.com")


def sdk() -> object:
    return compile_path("a[")


def test_the_line_of_its_own_code_is_named() -> None:
    line = line_of('return {"ann@example.com": 1}["bob@example.com"]')
    assert name_breakdown(caught(own)) == f"KeyError at pipeline/test_blame.py:{line}"


def test_where_a_library_raises_the_line_that_called_it_is_named() -> None:
    line = line_of('return json.loads("{ann@example.com")')
    assert name_breakdown(caught(library)) == f"JSONDecodeError at pipeline/test_blame.py:{line}"
    line = line_of('return compile_path("a[")')
    assert name_breakdown(caught(sdk)).endswith(f" at pipeline/test_blame.py:{line}")


def test_an_error_that_was_never_raised_has_its_class() -> None:
    assert name_breakdown(ConfigError("x")) == "ConfigError"
