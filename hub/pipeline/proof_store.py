"""Holds a proof bundle against a store: whether it still says the same, and knows of the bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from hub.match.model import Model, dump_model, load_model
from hub.pipeline.models import SHIPPED, named_model, with_frequencies
from hub.pipeline.proof import ACTION
from hub.reports.proof import Bundle, digest_of
from hub.reports.proof_checks import Check, Outcome, run_check
from hub.store.audit import entries_about, verify_trail
from hub.store.database import Connection, Engine, reading
from hub.store.evidence import held_payloads, held_rows
from hub.store.match_models import load_shares

Content = Mapping[str, Any]
_SAME: Final = {
    "link": ("canonical_id", "party_id", "kind", "valid_from", "recorded_from"),
    "decision": ("kind", "left_id", "right_id", "actor", "decided_at"),
}
"""What of a row never changes; reasons go with an erasure."""
_ERASED: Final = "erased"


def check_store(engine: Engine, bundle: Bundle) -> list[Check]:
    """Every check that asks the store."""
    content = bundle.content
    with reading(engine) as db:
        erased = _is_erased(db, content)
        checks = [
            run_check(
                "the store's audit trail contains that of the bundle", lambda: _chain(db, content)
            ),
            run_check("the store's audit trail names the bundle", lambda: _named(db, content)),
            run_check("the store has the same links", lambda: _rows(db, "link", content["links"])),
            run_check(
                "the store has the same decisions",
                lambda: _rows(db, "decision", content["decisions"]),
            ),
            run_check("the store has the same model", lambda: _model(db, content)),
        ]
        if erased:
            told = "the customer was erased since: delete the bundle too"
            return [*checks, Check("the store has the same values", Outcome.OPEN, told)]
        return [
            *checks,
            run_check("the store has the same values", lambda: _golden(db, content)),
            run_check("the store has the same payloads", lambda: _payloads(db, content)),
        ]


def _is_erased(db: Connection, content: Content) -> bool:
    party = content.get("party")
    ids = [party["id"]] if isinstance(party, dict) and isinstance(party.get("id"), str) else []
    rows = held_rows(db, "master_party", "id", ids)
    return bool(rows) and rows[0]["status"] == _ERASED and content["party"].get("status") != _ERASED


def _chain(db: Connection, content: Content) -> Iterator[str]:
    head = content["audit"]["head"]
    trail = verify_trail(db, head=head["hash"] if head else "")
    if trail.broken is not None:
        yield f"the chain is broken, or is another one: see `hub audit verify` ({trail.broken})"
    told = {entry["id"]: entry["hash"] for entry in content["audit"]["entries"]}
    held = {row["id"]: row["hash"] for row in held_rows(db, "audit_entry", "id", told)}
    yield from (f"entry {id_} is another one" for id_ in sorted(told) if held.get(id_) != told[id_])


def _named(db: Connection, content: Content) -> Iterator[str]:
    digest = digest_of(content)
    entries = held_rows(db, "audit_entry", "id", entries_about(db, [content["party"]["id"]]))
    made = [orjson.loads(row["detail"]) for row in entries if row["action"] == ACTION]
    if not any(detail.get("sha256") == digest for detail in made):
        yield "no entry says that this bundle was made here"


def _rows(db: Connection, table: str, told: list[Content]) -> Iterator[str]:
    held = {row["id"]: row for row in held_rows(db, table, "id", [row["id"] for row in told])}
    for row in told:
        mine = held.get(row["id"])
        if mine is None or any(mine[name] != row[name] for name in _SAME[table]):
            yield f"{table} {row['id']} is another one"


def _model(db: Connection, content: Content) -> Iterator[str]:
    """Of frequencies, a bundle has those of its records' values; the shipped model is no row."""
    version, text = content["evidence"]["model"]["version"], content["evidence"]["model"]["text"]
    if version == SHIPPED:
        return
    held = named_model(db, version)
    columns = next(iter(load_model(text).kinds.values())).frequencies.items()
    terms = {f"{column}:{value}" for column, shares in columns for value in shares}
    if held is None or text != _dumped(with_frequencies(held, load_shares(db, version, terms))):
        yield f"model {version} is another one"


def _dumped(model: Model) -> str:
    return dump_model(model).decode()


def _golden(db: Connection, content: Content) -> Iterator[str]:
    golden = content["golden"]
    if golden is None:
        return
    held = held_rows(db, "golden_record", "id", [golden["id"]])
    names = ("party_id", "version", "body_hash", "valid_from", "recorded_from")
    if not held or any(held[0][name] != golden[name] for name in names):
        yield f"version {golden['version']} is another one, or was cleaned by an erasure since"


def _payloads(db: Connection, content: Content) -> Iterator[str]:
    """A version that is kept no longer says nothing against the bundle."""
    told = {
        (record["source_row"], record["raw_version"]): record
        for record in content["records"]
        if record["payload"] is not None
    }
    for place, held in held_payloads(db, told).items():
        if held["payload_hash"] != told[place]["payload_hash"]:
            yield f"record {told[place]['row']} has another payload"
