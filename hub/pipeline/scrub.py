"""Scrub: carries a survey out on the tables, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.errors import StoreError
from hub.match.blocking import caps_of
from hub.pipeline.matcher import terms_held
from hub.pipeline.models import LEAST_HOLDERS
from hub.pipeline.redaction import Redactor, rename_refs, texts_in
from hub.pipeline.survey import DOCUMENTS, PARTY, Fate, Survey
from hub.store import audit, footprint, searching, wording
from hub.store.database import Connection
from hub.store.footprint import Footprint, Part
from hub.store.match_look_ups import load_profiles
from hub.store.match_models import forget_terms
from hub.store.overview import known_streams
from hub.store.personal import searched_columns
from hub.store.removal import Removal
from hub.store.searching import Hit
from hub.store.suppression import Marks, pseudonym

_DROPPED: Final = frozenset({"report_break", "report_line", "mapping_gap", "match_frequency"})
"""A row that names the person says nothing else."""
_ABOUT: Final = frozenset({"report_break", "report_line"})
"""Their rows may name a party or a record, and nothing of what the person is called."""
_WRITTEN: Final = frozenset(
    {
        ("audit_entry", "reason"),
        ("decision", "reason"),
        ("link", "reason"),
        ("review_case", "reason"),
        ("mapping_gap", "value"),
    }
)
"""Where people write, or a value stands that nobody knows: a name alone is replaced too."""
_KEPT_FIELDS: Final = ("number", "account_no", "ledger", "status", "status_raw", "currency", "kind")
_Target = tuple[str, str, str]
"""Connection, type, key."""


class Scrub:
    """One erasure at work; ``counts`` are rows by table."""

    def __init__(self, db: Connection, found: Survey, marks: Marks, now: datetime) -> None:
        self._db = db
        self._found = found
        self._streams = known_streams(db)
        self._removal = Removal(db, now)
        self._names = {
            record.id: (record.place, pseudonym(marks.record(*record.place)))
            for record in found.of(Fate.EMPTY)
        }
        self._targets: dict[str, dict[tuple[str, str], str]] = {}
        for place, name in self._names.values():
            connection, type_, key = self._target(place)
            self._targets.setdefault(connection, {})[type_, key] = name

    @property
    def counts(self) -> Counter[str]:
        """Rows that were changed or deleted, by table."""
        return self._removal.counts

    def run(self) -> None:
        """Leave nothing of the person but what is held."""
        found, removal = self._found, self._removal
        self._settle_pushes()
        others = footprint.former_parties(self._db, found.mine) - set(found.parties)
        for record in found.of(Fate.CLEAN):
            self._clean(record)
        for record in found.of(Fate.HOLD):
            self._hold(record)
        removal.drop_payloads([record.id for record in found.of(Fate.HOLD)])
        self._forget_terms()
        removal.empty_parts(self._gone_parts(), caps_of)
        removal.empty_records(self._names)
        if not found.of(Fate.HOLD):
            removal.close_links(found.parties)
        removal.empty_parties(found.parties, found.parties[0])
        self._clean_history(others)
        told = audit.entries_about(self._db, found.parties)
        self.counts["audit_entry"] += audit.erase_reasons(self._db, told)
        self._search()

    def _target(self, place: footprint.Place) -> _Target:
        return (*self._streams[place[0]], place[1])

    def _gone_parts(self) -> set[int]:
        emptied = {part.id for record in self._found.of(Fate.EMPTY) for part in record.parts}
        held = {
            part.id
            for record in self._found.of(Fate.HOLD)
            for part in record.parts
            if part.entity not in DOCUMENTS
        }
        return emptied | held | set(self._found.mine)

    def _forget_terms(self) -> None:
        """No model keeps a name that few others have; the records that have it say which."""
        profiles = set(load_profiles(self._db, self._gone_parts()).values())
        terms = terms_held(self._db, profiles)
        gone = forget_terms(self._db, terms, most=LEAST_HOLDERS + len(profiles))
        self.counts["match_frequency"] += gone

    def _clean(self, record: Footprint) -> None:
        """Others are spoken of too: only the person's words go."""
        theirs = [
            part
            for part in record.parts
            if part.entity == PARTY and part.id not in self._found.mine
        ]
        keep = {text for part in theirs for text in texts_in(orjson.loads(part.body))}
        redactor = Redactor(self._found.named, names=True, keep=keep)
        for part in record.parts:
            if part.id not in self._found.mine:
                body = redactor.value(orjson.loads(part.body))
                self._rewrite_part(record, part, body)
        self._rewrite_payloads(record, redactor)
        self._removal.forget_traces([record.id])

    def _hold(self, record: Footprint) -> None:
        """Documents keep what books need; what has no canonical place goes with the payload."""
        for part in record.parts:
            if part.entity in DOCUMENTS:
                body = orjson.loads(part.body)
                keep = {body[name] for name in _KEPT_FIELDS if name in body}
                body.pop("ext", None)
                clean = Redactor(self._found.named, names=True, keep=keep).value(body)
                self._rewrite_part(record, part, clean)

    def _rewrite_part(self, record: Footprint, part: Part, body: dict[str, Any]) -> None:
        names = self._targets.get(self._streams[record.place[0]][0], {})
        text = orjson.dumps(rename_refs(body, names)).decode()
        if text != part.body:
            values = _body_values(text, part.entity)
            searching.rewrite(self._db, "canonical_record", {"id": part.id}, values)
            self.counts["canonical_record"] += 1

    def _rewrite_payloads(self, record: Footprint, redactor: Redactor) -> None:
        for version, payload in wording.payloads(self._db, record.id):
            clean = redactor.json(payload)
            if clean != payload:
                key = {"record_id": record.id, "version": version}
                searching.rewrite(self._db, "raw_version", key, {"payload": clean})
                self.counts["raw_version"] += 1

    def _clean_history(self, others: set[str]) -> None:
        """Other parties had the person's records for a time: their old versions show it."""
        for version in wording.golden_versions(self._db, others):
            keep = texts_in(orjson.loads(version.standing or "{}"))
            redactor = Redactor(self._found.named, names=True, keep=keep)
            body, provenance = redactor.json(version.body), redactor.json(version.provenance)
            if (body, provenance) != (version.body, version.provenance):
                values = {"body": body, "provenance": provenance, "body_hash": _hash(body)}
                searching.rewrite(self._db, "golden_record", {"id": version.id}, values)
                self.counts["golden_record"] += 1

    def _settle_pushes(self) -> None:
        """What waits to be landed lands first; what failed is given up."""
        needles, own = self._found.identity.needles(), Redactor(self._found.identity, names=False)
        found = searching.search(self._db, "push_delivery", "body", needles)
        hits = {hit.key["id"] for hit in found if own.json(hit.text) != hit.text}
        waiting = wording.waiting_pushes(self._db, hits)
        if waiting:
            raise StoreError(
                f"{waiting} pushed deliveries hold this person and wait to be landed: run "
                "`hub push drain`, then erase again"
            )
        self.counts["push_delivery"] += wording.empty_pushes(self._db, hits)

    def _search(self) -> None:
        """Whole tables, for what only this person can be meant by; what people wrote, for names."""
        own = Redactor(self._found.identity, names=False)
        named = Redactor(self._found.named, names=True)
        for table, column in searched_columns():
            redactor = named if (table, column) in _WRITTEN else own
            needles = self._needles(table, names=(table, column) in _WRITTEN)
            for hit in searching.search(self._db, table, column, needles):
                clean = redactor.json(hit.text)
                if clean != hit.text or (table in _ABOUT and self._is_about(hit.text)):
                    self._change((table, column), hit, clean)

    def _change(self, place: tuple[str, str], hit: Hit, clean: str) -> None:
        table, _ = place
        self.counts[table] += 1
        if table == "audit_entry":
            audit.erase_reasons(self._db, [hit.key["id"]])
        elif table in _DROPPED:
            searching.drop(self._db, table, hit.key)
        elif table == "delivery":
            self._removal.give_up(hit.key["id"], {place[1]: clean})
        else:
            searching.rewrite(self._db, table, hit.key, self._rewritten(place, hit, clean))

    def _needles(self, table: str, *, names: bool) -> list[str]:
        needles = self._found.identity.needles()
        if names:
            needles += sorted(self._found.named.words)
        if table in _ABOUT:
            needles += [*self._found.parties, *self._subjects]
        return needles

    @property
    def _subjects(self) -> set[str]:
        """Source references of the records that go, as breaks name them."""
        gone = (record for record in self._found.records.values() if self._is_gone(record))
        return {":".join(self._target(record.place)) for record in gone}

    def _is_about(self, text: str) -> bool:
        """Whether a break names the person's party or one of the records."""
        named = [f'"{subject}"' for subject in self._subjects]
        return text in self._subjects or any(n in text for n in (*named, *self._found.parties))

    def _is_gone(self, record: Footprint) -> bool:
        return self._found.fates[record.id] is not Fate.CLEAN

    def _rewritten(self, place: tuple[str, str], hit: Hit, text: str) -> Mapping[str, Any]:
        if place == ("canonical_record", "body"):
            return _body_values(text, wording.entity_of(self._db, hit.key["id"]))
        if place == ("golden_record", "body"):
            return {"body": text, "body_hash": _hash(text)}
        return {place[1]: text.encode() if place == ("push_delivery", "body") else text}


def _body_values(text: str, entity: str) -> dict[str, Any]:
    """A changed body with its hash; a party that has changed is resolved anew."""
    digest = blake2b(text.encode(), digest_size=16, person=entity[:16].encode()).digest()
    return {"body": text, "body_hash": digest, **({"pending": True} if entity == PARTY else {})}


def _hash(body: str) -> bytes:
    return blake2b(body.encode(), digest_size=16).digest()
