"""A customer of three records, one of them joined by a steward, and bundles to tamper with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from hub.pipeline.proof import Made, Wanted, make_proof
from hub.pipeline.proof_verify import verify_proof
from hub.pipeline.steward import Steward
from hub.reports.proof import read_bundle
from hub.reports.proof_checks import Outcome
from hub.reports.proof_page import render_proof
from hub.store.database import Engine
from tests.unit.pipeline.erase_world import ANNA, party_of, say, settle

Content = dict[str, Any]
COUSIN = {
    "given": "Anna",
    "family": "Koch",
    "name": "<b>Anna</b> Koch </script>",
    "email": "koch@mail.example",
}


def tell(store: Engine) -> str:
    """Two records that match, one that a steward adds, one that she keeps away."""
    say(store, "person", {"id": "1", **ANNA}, {"id": "2", **ANNA, "phone": "+49 89 7654321"})
    say(store, "person", {"id": "3", **COUSIN}, {"id": "4", "given": "Otto", "name": "Otto"})
    settle(store)
    steward = Steward(store, "eva")
    party = party_of(store, "person:1")
    steward.merge(party, party_of(store, "person:3"), reason="married in May")
    settle(store)
    ids = {key: find(store, key) for key in ("1", "4")}
    steward.keep_apart([ids["1"]], [ids["4"]], reason="not her brother")
    settle(store)
    return party


def find(store: Engine, key: str) -> int:
    from hub.pipeline.customer import find_record_named

    found = find_record_named(store, f"toy:person:{key}")
    assert found is not None
    return found


def prove(store: Engine, party: str, **more: Any) -> Made:
    wanted: dict[str, Any] = {"actor": "tom", "reason": "audit 7", **more}
    return make_proof(store, Wanted(party_id=party, **wanted))


def content_of(page: str) -> Content:
    return dict(orjson.loads(orjson.dumps(read_bundle(page).content)))


def failing(page: str, engine: Engine | None = None) -> set[str]:
    return {c.name for c in verify_proof(page, engine) if c.outcome is Outcome.FAILS}


def left_open(page: str, engine: Engine | None = None) -> dict[str, str]:
    return {c.name: c.detail for c in verify_proof(page, engine) if c.outcome is Outcome.OPEN}


def resealed(page: str, change: Callable[[Content], object]) -> str:
    """What a careful forger makes: the change, with digest and page made anew."""
    content = content_of(page)
    change(content)
    return render_proof(content)
