"""Whoever changes a bundle is found out, even where digest and page are made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.reports.proof_hashes import entry_hash, payload_hash
from hub.store.database import open_store
from hub.store.schema import migrate
from tests.unit.pipeline.proof_world import (
    Content,
    content_of,
    failing,
    left_open,
    prove,
    resealed,
    tell,
)

Change = Callable[[Content], object]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("proof")
    engine = open_store(f"sqlite:///{folder / 'hub.db'}")
    migrate(engine)
    yield prove(engine, tell(engine)).page
    engine.dispose()


def edit(item: Content, name: str, change: Callable[[Any], Any]) -> None:
    item[name] = change(item[name])


def swap(text: str) -> str:
    return text.replace("zyxmann", "forged").replace("Zyxmann", "Forged")


def golden(content: Content) -> Content:
    return dict_of(content["golden"])


def dict_of(value: Any) -> Content:
    assert isinstance(value, dict)
    return value


def forge_golden(content: Content) -> None:
    edit(golden(content), "body", swap)
    golden(content)["body_hash"] = payload_hash(golden(content)["body"])
    for value in content["values"]:
        value.update(orjson.loads(swap(orjson.dumps(value).decode())))


def forge_payload(content: Content) -> None:
    record = content["records"][0]
    edit(record, "payload", swap)
    record["payload_hash"] = payload_hash(record["payload"])


def swap_payloads(content: Content) -> None:
    one, other = content["records"][:2]
    for name in ("payload", "payload_hash"):
        one[name], other[name] = other[name], one[name]


def forge_entry(content: Content) -> None:
    entry = content["audit"]["entries"][0]
    entry["actor"] = "nobody"
    entry["hash"] = entry_hash(entry)


TAMPERED: dict[str, tuple[Change, str]] = {
    "golden value": (
        lambda c: edit(golden(c), "body", swap),
        "golden values have their hash",
    ),
    "golden value with its hash": (forge_golden, "rules make the golden record of the records"),
    "golden origin": (
        lambda c: edit(golden(c), "provenance", lambda t: t.replace('"line":1', '"line":2')),
        "stored origins are those of the winning claims",
    ),
    "payload": (
        lambda c: edit(c["records"][0], "payload", swap),
        "payloads have their hashes",
    ),
    "payload with its hash": (forge_payload, "mappings make the records of the payloads"),
    "canonical body": (
        lambda c: edit(c["records"][0], "body", swap),
        "canonical bodies have their hashes",
    ),
    "winning claim": (
        lambda c: edit(c["values"][0]["claims"][0], "value", lambda _: "x"),
        "golden values are those of the winning claims",
    ),
    "losing claim": (
        lambda c: edit(c["values"][0]["claims"][-1], "why", lambda _: "luck"),
        "rules make the golden record of the records",
    ),
    "what a payload says": (
        lambda c: edit(c["values"][0]["claims"][0], "payload", lambda _: []),
        "rules make the golden record of the records",
    ),
    "rules": (lambda c: edit(c["rules"], "stated", swap_rules), "rules have their digest"),
    "mapping": (
        lambda c: edit(c["mappings"][0], "text", lambda t: t + "\n"),
        "mapping texts have their digests",
    ),
    "link": (lambda c: edit(c, "links", lambda _: []), "values come from linked records"),
    "reason in the trail": (
        lambda c: edit(c["audit"]["entries"][0], "reason", lambda _: "no"),
        "audit reasons have their hashes",
    ),
    "actor in the trail": (
        lambda c: edit(c["audit"]["entries"][0], "actor", lambda _: "nobody"),
        "audit entries have their hashes",
    ),
    "entry with its hash": (forge_entry, "audit entries follow one another"),
    "order of the trail": (
        lambda c: edit(c["audit"], "entries", lambda e: e[::-1]),
        "audit entries follow one another",
    ),
    "head of the trail": (
        lambda c: edit(c["audit"], "head", lambda _: None),
        "audit entries follow one another",
    ),
    "reason of a decision": (
        lambda c: edit(c["decisions"][0], "reason", lambda _: "no"),
        "decisions stand in the audit trail",
    ),
    "actor of a decision": (
        lambda c: edit(c["decisions"][0], "actor", lambda _: "nobody"),
        "decisions stand in the audit trail",
    ),
    "decision left out": (
        lambda c: edit(c, "decisions", lambda d: d[1:]),
        "decisions of the audit trail are all there",
    ),
    "kind of a decision": (
        lambda c: edit(c["decisions"][0], "kind", lambda _: "never_link"),
        "decisions of the audit trail are all there",
    ),
    "model": (
        lambda c: edit(c["evidence"]["model"], "text", lambda t: t.replace("0.9", "0.8", 1)),
        "the model is the one that is named",
    ),
    "payload of another record": (
        swap_payloads,
        "mappings make the records of the payloads",
    ),
    "weight": (
        lambda c: edit(c["evidence"]["pairs"][0], "bits", lambda b: b + 1),
        "weights are the sums of their parts",
    ),
    "outcome of a field": (
        lambda c: edit(c["evidence"]["pairs"][0]["parts"][0], "outcome", lambda _: "luck"),
        "the model weighs the records so",
    ),
}


def swap_rules(text: str) -> str:
    return text.replace('"DE"', '"AT"')


@pytest.mark.parametrize(("change", "check"), TAMPERED.values(), ids=TAMPERED)
def test_a_careful_forger_is_caught_by_the_part(page: str, change: Change, check: str) -> None:
    forged = resealed(page, change)
    assert forged != page
    assert check in failing(forged)


@pytest.mark.parametrize("change", [change for change, _ in TAMPERED.values()], ids=TAMPERED)
def test_a_careless_one_by_the_digest(page: str, change: Change) -> None:
    before = content_of(page)
    after = content_of(resealed(page, change))
    old, new = (
        orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode() for item in (before, after)
    )
    forged = page.replace(old.replace("<", "\\u003c"), new.replace("<", "\\u003c"))
    assert forged != page
    assert "the digest is that of the content" in failing(forged)


def test_what_people_read_is_what_the_json_says(page: str) -> None:
    forged = page.replace("<td>married in May</td>", "<td>as asked</td>", 1)
    assert forged != page
    assert failing(forged) == {"the page shows the content"}


def test_a_second_spelling_of_the_json_is_refused(page: str) -> None:
    doubled = page.replace('"reason":"audit 7"', '"reason":"audit 8","reason":"audit 7"')
    assert "the digest is that of the content" in failing(doubled)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], [{}], {"entries": [3]}], ids=repr)
def test_a_damaged_part_fails_and_breaks_nothing(page: str, value: Any) -> None:
    from hub.pipeline.proof_verify import verify_proof
    from hub.reports.proof import embedded

    content = content_of(page)
    for name in content.keys() - {"format", "page", "hub_version"}:
        damaged = embedded({**content, name: value})
        assert verify_proof(damaged)
        assert failing(damaged), name


def test_another_hub_checks_hashes_and_says_what_it_left(page: str) -> None:
    other = resealed(page, lambda c: c.update(hub_version="99.0", page="of 2099"))
    assert failing(other) == set()
    told = left_open(other)
    assert "made by hub 99.0" in told["rules make the golden record of the records"]
    assert "the page shows the content" in told
