"""Review cases as a person needs them: the two records side by side, with what speaks for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from hub.errors import StoreError
from hub.store import review
from hub.store.crosswalk import load_links
from hub.store.database import Connection, Engine, reading
from hub.store.party_records import load_bodies, load_records
from hub.store.review import CaseFilter

_UNTOLD = frozenset({"rank", "ext"})


class FieldPair(NamedTuple):
    """One field of both records; None where a record says nothing."""

    name: str
    left: str | None
    right: str | None
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list; ``bits`` is the match weight, ``age`` how long it has been open."""

    case: str
    grade: str
    bits: float
    left: str
    right: str
    reason: str
    state: str
    assignee: str | None
    age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case in full."""

    line: CaseLine
    left_party: str | None
    right_party: str | None
    fields: Sequence[FieldPair]
    evidence: Sequence[Mapping[str, Any]]
    settled_by: str | None


def list_cases(
    engine: Engine, wanted: CaseFilter | None = None, *, limit: int = 20
) -> list[CaseLine]:
    """The cases wanted, the most certain first."""
    with reading(engine) as db:
        return _lines(db, review.list_cases(db, wanted, limit=limit))


def case_view(engine: Engine, case_id: str) -> CaseView:
    """One case with its records field by field; raises StoreError where there is none."""
    with reading(engine) as db:
        case = review.get_case(db, case_id)
        if case is None:
            raise StoreError(f"there is no review case {case_id}; see `hub review list`")
        sides = (case["left_id"], case["right_id"])
        bodies = load_bodies(db, sides)
        links = {link.canonical_id: link.party_id for link in load_links(db, sides)}
        (line,) = _lines(db, [case])
    left, right = (dict(flat_body(orjson.loads(bodies.get(side, "{}")))) for side in sides)
    return CaseView(
        line=line,
        left_party=links.get(sides[0]),
        right_party=links.get(sides[1]),
        fields=_side_by_side(left, right),
        evidence=orjson.loads(case["evidence"]),
        settled_by=case["settled_by"],
    )


def _lines(db: Connection, cases: Sequence[Any]) -> list[CaseLine]:
    sides = {case[side] for case in cases for side in ("left_id", "right_id")}
    names = {id_: str(record.source) for id_, record in load_records(db, sides).items()}
    now = datetime.now(UTC)
    return [
        CaseLine(
            case=case["id"],
            grade=case["grade"],
            bits=case["weight"] / 10,
            left=names[case["left_id"]],
            right=names[case["right_id"]],
            reason=case["reason"],
            state=case["state"],
            assignee=case["assignee"],
            age=(case["settled_at"] or now) - case["opened_at"],
        )
        for case in cases
    ]


def _side_by_side(left: Mapping[str, str], right: Mapping[str, str]) -> list[FieldPair]:
    names = dict.fromkeys([*left, *right])
    return [
        FieldPair(name, left.get(name), right.get(name), left.get(name) == right.get(name))
        for name in names
    ]


def flat_body(body: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a body by its dotted name; a list's items stand in one line each kind."""
    for name, value in body.items():
        if name in _UNTOLD or value in (None, [], {}):
            continue
        if isinstance(value, Mapping):
            yield from flat_body(value, f"{path}{name}.")
        elif isinstance(value, list):
            yield from _listed(f"{path}{name}", value)
        else:
            yield f"{path}{name}", str(value)


def _listed(name: str, items: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Items of one kind (e-mails, a scheme's numbers) together, in order."""
    kinds: dict[str, list[str]] = {}
    for item in items:
        kind, text = _named(name, item)
        kinds.setdefault(kind, []).append(text)
    for kind, texts in kinds.items():
        yield kind, "; ".join(sorted(texts))


def _named(name: str, item: Any) -> tuple[str, str]:
    if not isinstance(item, Mapping):
        return name, str(item)
    kind = item.get("kind") or item.get("scheme")
    if kind and "value" in item:
        return str(kind), str(item["value"])
    told = [text for _, text in flat_body({k: v for k, v in item.items() if k != "period"})]
    return name, ", ".join(told)
