"""The manual of the mapping language is run: every example, and the table of functions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub.errors import UnmappableRecordError
from hub.mapping import FUNCTIONS, compile_mapping, load_mapping
from hub.model import ENTITIES

MANUAL = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"<!-- mapping -->\n```yaml\n(.*?)```\n```json\n(.*?)```\n```json\n(.*?)```", MANUAL, re.DOTALL
)


def translate(text: str, record: dict[str, Any]) -> list[dict[str, Any]] | str:
    mapping = load_mapping(text, file="manual.yaml")
    stream = compile_mapping(mapping).stream(mapping.streams[0])
    assert stream.excluded_by(record) is None
    try:
        made = stream.translate(record)
    except UnmappableRecordError as error:
        return f"UnmappableRecordError: {str(error).split(': ', 1)[1]}"
    for one in made:
        ENTITIES[one.entity].model_validate(one.body)
    return [one.body for one in made]


def test_every_marked_mapping_has_a_record_and_a_result() -> None:
    assert len(EXAMPLES) == MANUAL.count("<!-- mapping -->") >= 6


@pytest.mark.parametrize(("text", "record", "result"), EXAMPLES)
def test_example(text: str, record: str, result: str) -> None:
    assert translate(text, json.loads(record)) == json.loads(result)


def table_of_functions() -> str:
    rows = [
        f"| `{name}` | {function.argument.replace('|', '/') or '—'} | {function.doc} |"
        for name, function in FUNCTIONS.items()
    ]
    return "\n".join(["| Function | Argument | What it does |", "|---|---|---|", *rows])


def test_the_table_of_functions_is_the_one_of_the_code() -> None:
    """Print it anew with: python -m tests.docs.test_mapping_docs"""
    assert MANUAL.split("<!-- functions -->\n")[1].strip() == table_of_functions()


if __name__ == "__main__":
    print(table_of_functions())  # noqa: T201  # the output is the purpose
