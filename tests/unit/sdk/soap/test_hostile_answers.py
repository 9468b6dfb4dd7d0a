"""Documents that are made to hurt: each is refused at once, with little memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import SourceSchemaError
from hub.sdk.soap.rows import RowShape, read_rows
from hub.sdk.soap.values import read_answer
from tests.unit.sdk.soap.service import ENVELOPE, answer


def laughs(content: str) -> str:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
    )
    return f"<!DOCTYPE lolz [{entities}]>" + answer(content)


HOSTILE: dict[str, bytes] = {
    "billion laughs": laughs("<id>&l9;</id>").encode(),
    "billion laughs in an attribute": laughs('<id a="&l9;"/>').encode(),
    "late doctype": (f"<!-- {'x' * 30_000} -->" + laughs("<id>&l9;</id>")).encode(),
    "utf-16": laughs("<id>&l9;</id>").encode("utf-16"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>' + laughs("<id/>").encode("utf-7"),
    "external entity": (
        '<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + answer("<id>&f;</id>")
    ).encode(),
    "external dtd": ('<!DOCTYPE e SYSTEM "http://127.0.0.1:9/e.dtd">' + answer("<id/>")).encode(),
    "parameter entity": (
        '<!DOCTYPE e [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>' + answer("<id/>")
    ).encode(),
    "empty dtd": ("<!DOCTYPE e>" + answer("<id/>")).encode(),
    "quadratic": (
        f'<!DOCTYPE e [<!ENTITY a "{"a" * 50_000}">]>' + answer(f"<id>{'&a;' * 50_000}</id>")
    ).encode(),
    "deep": answer("<a>" * 100_000).encode(),
    "huge text": answer(f"<id>{'x' * 11_000_000}</id>").encode(),
    "endless prolog": (b"<?x y?>" * 100_000) + answer("<id/>").encode(),
    "truncated": answer("<id>1</id>")[:-30].encode(),
    "undefined entity": answer("<id>&nbsp;</id>").encode(),
    "html": b"<html><body>log in</body></html>",
    "json": b'{"error": "x"}',
    "nothing": b"",
    "binary": bytes(range(256)) * 100,
    "no body": (ENVELOPE % "").encode(),
    "reference": answer('<id href="#1"/>').encode(),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("read", ["whole", "rows"])
def test_hostile_answers_are_refused_at_once(name: str, read: str) -> None:
    readers: dict[str, Callable[[bytes], Any]] = {
        "whole": lambda body: read_answer(body, system="t"),
        "rows": lambda body: list(
            read_rows(body, RowShape(within="askResponse", item="id"), system="t")
        ),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(SourceSchemaError) as caught:
        readers[read](HOSTILE[name])
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert "root:" not in str(caught.value)
