"""Proof: collects how a golden record came about, for one file that needs no store to be checked.

Two times as in a history: ``valid`` is when the values held in the world, ``known`` what the hub
knew by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import StoreError
from hub.pipeline.proof_evidence import weigh_records
from hub.pipeline.proof_ledger import (
    collect_audit,
    collect_decisions,
    collect_fates,
    collect_links,
    family_of,
    known_by,
)
from hub.pipeline.proof_past import named_in, past_values
from hub.pipeline.proof_records import collect_past_records, collect_records
from hub.pipeline.proof_replay import explainer_of, tell_values
from hub.reports.proof import FORMAT, canonical, digest_of
from hub.reports.proof_page import page_version, render_proof
from hub.store import audit
from hub.store.database import Connection, Engine, snapshot, writing
from hub.store.evidence import held_rows
from hub.store.fates import Fate, party_as_of
from hub.store.golden_history import golden_as_of

ACTION: Final = "proof"
"""The audit entry of a bundle's making, which names its digest."""
Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose proof, by what was known when, and who makes it why."""

    party_id: str
    actor: str
    reason: str = ""
    country: str = "DE"
    valid: datetime | None = None
    known: datetime | None = None


def hub_version() -> str:
    """The version of the hub at hand."""
    return version("customer-hub")


class Made(NamedTuple):
    """A bundle's page, its digest, and the number of the audit entry that names it."""

    page: str
    sha256: str
    entry: int


def make_proof(engine: Engine, wanted: Wanted) -> Made:
    """Make a bundle and let the audit trail vouch for it before it is handed out.

    Raises StoreError where there was no such customer.
    """
    content = collect(engine, wanted)
    page = render_proof(content)
    sha256 = digest_of(content)
    entry = audit.Entry(ACTION, {"sha256": sha256}, {content["party"]["id"]})
    act = audit.new_act(wanted.actor, wanted.reason)
    with writing(engine) as db:
        audit.add_entries(db, act, [entry], datetime.now(UTC))
        return Made(page, sha256, max(audit.entries_about(db, entry.parties)))


def collect(engine: Engine, wanted: Wanted) -> Content:
    """All that a bundle says, as its JSON gives it back."""
    now = datetime.now(UTC)
    valid, known = wanted.valid or now, wanted.known or now
    with snapshot(engine) as db:
        state = party_as_of(db, wanted.party_id, known)
        if state is None:
            raise StoreError(f"no customer {wanted.party_id} was known at {known.isoformat()}")
        found = _Collection(db, state, valid=valid, known=known).content(wanted.country)
    content = {
        "format": FORMAT,
        "hub_version": hub_version(),
        "page": page_version(),
        "made_at": _text(now),
        "made_by": wanted.actor,
        "reason": wanted.reason,
        "asked": {"party_id": wanted.party_id, "valid": _text(valid), "known": _text(known)},
        **found,
    }
    return dict(orjson.loads(canonical(content)))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class _Collection:
    """One customer at one time."""

    def __init__(self, db: Connection, state: Fate, *, valid: datetime, known: datetime) -> None:
        self._db = db
        self._state = state
        self._valid, self._known = valid, known
        self._links = collect_links(db, state.party_id, _text(known))
        self._golden = self._find_golden()
        self._rules = self._find_rules()

    def content(self, country: str) -> Content:
        """Everything but who asked."""
        db, known = self._db, _text(self._known)
        records, values = self._records_and_values()
        family = family_of(db, self._state.party_id)
        mine = {link["canonical_id"] for link in self._links}
        stated = self._rules and orjson.loads(self._rules["stated"])
        return {
            "party": self._party(),
            "golden": self._golden,
            "versions": self._versions(),
            "rules": self._rules,
            "values": values,
            "records": records,
            "mappings": self._mappings(records),
            "links": self._links,
            "fates": collect_fates(db, family, known),
            "decisions": collect_decisions(db, mine, known),
            "audit": collect_audit(db, family, known),
            "erasure": self._erasure(),
            "evidence": weigh_records(db, records, stated[1] if stated else country),
        }

    def _find_golden(self) -> Content | None:
        times = {"valid": self._valid, "known": self._known}
        found = golden_as_of(self._db, self._state.party_id, **times)
        if found is None:
            return None
        rows = held_rows(self._db, "golden_record", "id", [found.id])
        return {**known_by(rows, _text(self._known))[0], "live": False}

    def _find_rules(self) -> Content | None:
        """The rules as adopted last under the digest that the golden record names."""
        if self._golden is None:
            return None
        digest = self._golden["rules_digest"]
        rows = held_rows(self._db, "rule_set", "digest", [digest])
        return rows[-1] if rows else None

    def _records_and_values(self) -> tuple[list[Content], list[Content]]:
        """The records that made the golden record; it is live where they still do."""
        known = _text(self._known)
        linked = {
            link["canonical_id"]
            for link in self._links
            if link["recorded_to"] is None or link["recorded_to"] > known
        }
        records = collect_records(self._db, linked)
        if self._golden is None:
            return records, []
        told = self._live_values(records)
        if told is not None:
            self._golden["live"] = True
            return records, told
        named = named_in(orjson.loads(self._golden["provenance"]))
        records = collect_past_records(self._db, linked, named, self._known)
        return records, past_values(self._golden, records, self._mappings(records))

    def _live_values(self, records: Sequence[Content]) -> list[Content] | None:
        """Every claim, where the records as they stand give the golden record to the letter."""
        golden = self._golden
        if golden is None or self._rules is None:
            return None
        try:
            explainer = explainer_of(records, self._mappings(records), self._rules["stated"])
        except ValueError:  # the rules of another hub
            return None
        made = explainer.survive()
        if (_sorted(made.body), _sorted(made.provenance)) != (golden["body"], golden["provenance"]):
            return None
        return tell_values(explainer, orjson.loads(golden["body"]))

    def _party(self) -> Content:
        (row,) = held_rows(self._db, "master_party", "id", [self._state.party_id])
        return {
            "id": row["id"],
            "status": self._state.status,
            "created_at": row["created_at"],
            "founding_row": row["founding_id"],
        }

    def _versions(self) -> list[Content]:
        names = ("version", "body_hash", "rules_digest")
        times = ("valid_from", "valid_to", "recorded_from", "recorded_to")
        rows = held_rows(self._db, "golden_record", "party_id", [self._state.party_id])
        known = _text(self._known)
        told = [{name: row[name] for name in (*names, *times)} for row in rows]
        return sorted(known_by(told, known), key=lambda row: row["version"])

    def _mappings(self, records: Sequence[Content]) -> list[Content]:
        used = {record["mapping_digest"] for record in records} - {None}
        return held_rows(self._db, "mapping_version", "digest", used)

    def _erasure(self) -> Content | None:
        rows = held_rows(self._db, "erasure", "party_id", [self._state.party_id])
        names = ("actor", "reason", "erased_at", "cleaned_at")
        return {name: rows[0][name] for name in names} if rows else None


def _sorted(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
