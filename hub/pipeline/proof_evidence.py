"""What speaks for and against a customer's records being one: each pair under a matching model.

The model, and all else that a weight depends on, goes into the bundle, so that the weights can be
made anew without the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import orjson

from hub.match.blocking import caps_of, contact_keys, without_shared
from hub.match.features import Features, build_features
from hub.match.model import Model, dump_model, load_model
from hub.match.profile import build_profile
from hub.match.verdict import judge
from hub.match.weigh import weigh
from hub.pipeline.matcher import terms_of
from hub.pipeline.models import SHIPPED, model_in_force, with_frequencies
from hub.store.database import Connection
from hub.store.match_look_ups import find_frequent
from hub.store.match_models import load_shares

_MOST: Final = 40
"""Pairs of so many different contents are told: more is no reading for people."""
Content = Mapping[str, Any]


def weigh_records(db: Connection, records: Sequence[Content], country: str) -> dict[str, Any]:
    """The model in force, and what it says of each pair of different contents."""
    contents = _contents(records, country)
    version, model = _model_for(db, contents)
    evidence: dict[str, Any] = {
        "model": {"version": version, "text": dump_model(model).decode()},
        "country": country,
        "shared": _shared_contacts(db, contents),
        "left_out": max(len(contents) - _MOST, 0),
    }
    return {**evidence, "pairs": weigh_anew(records, evidence)}


def _model_for(db: Connection, rows: Iterable[Features]) -> tuple[str, Model]:
    """The model in force, with the frequencies of the values that the records have."""
    version, model = model_in_force(db)
    if version == SHIPPED:
        return version, model
    terms = {term for row in rows for term in terms_of(row)}
    return version, with_frequencies(model, load_shares(db, version, terms))


def _shared_contacts(db: Connection, rows: Iterable[Features]) -> list[str]:
    """Keys of contact points that too many records have: they are nobody's own."""
    over = find_frequent(db, {key for row in rows for key in contact_keys(row)})
    return sorted(key for key, cap in over.items() if cap >= caps_of(key)[0])


def weigh_anew(records: Sequence[Content], evidence: Content) -> list[dict[str, Any]]:
    """Every pair of different contents, by the names of their first records."""
    model, shared = load_model(evidence["model"]["text"]), frozenset(evidence["shared"])
    contents = _contents(records, evidence["country"])
    firsts = sorted((names[0], row) for row, names in contents.items())[:_MOST]
    rows = [(name, without_shared(row, shared)) for name, row in firsts]
    return [_pair(one, other, model=model) for one, other in combinations(rows, 2)]


def _contents(records: Sequence[Content], country: str) -> dict[Features, list[str]]:
    """The different contents of records, each with the names of those that have it."""
    found: dict[Features, list[str]] = {}
    for record in sorted(records, key=lambda item: str(item["name"])):
        if record["body"] is not None:
            row = build_features(build_profile(orjson.loads(record["body"]), country))
            found.setdefault(row, []).append(record["name"])
    return found


def _pair(
    one: tuple[str, Features], other: tuple[str, Features], *, model: Model
) -> dict[str, Any]:
    weight = weigh(one[1], other[1], model)
    verdict = judge(weight)
    return {
        "records": [one[0], other[0]],
        "kind": weight.kind if weight else None,
        "bits": verdict.bits,
        "grade": str(verdict.grade),
        "vetoes": list(verdict.vetoes),
        "parts": [item._asdict() for item in verdict.evidence],
    }
