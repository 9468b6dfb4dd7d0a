"""Removal: empties a person's rows and keeps their skeleton (ids, times, states)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from hub.store.creations import WAITING
from hub.store.footprint import Place
from hub.store.landing import GONE, GONE_HASH
from hub.store.match_keys import Caps, ProfileChange, replace_profiles
from hub.store.match_look_ups import load_profiles
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    decision,
    delivery,
    document,
    golden_record,
    link,
    master_party,
    party_event,
    quarantine,
    raw_version,
    receipt,
    record_delivery,
    review_case,
    scanned_record,
    source_record,
)
from hub.store.whole import CREATE

NOTE: Final = "erased"
"""What stands where people had written something."""
_OPEN: Final = ("planned", "sending", "unknown", "conflict", "dead")
_CHUNK: Final = 500


class Removal:
    """One erasure at work in the caller's transaction; ``counts`` are rows by table."""

    def __init__(self, db: Connection, now: datetime) -> None:
        self.counts: Counter[str] = Counter()
        self._db = db
        self._now = now

    def empty_records(self, names: Mapping[int, tuple[Place, str]]) -> None:
        """Leave nothing of source records, given by id with place and pseudonym."""
        for id_, ((stream_id, key), name) in sorted(names.items()):
            self._rename(stream_id, key, name)
            self._set(source_record, source_record.c.id, [id_], source_key=name, **_GONE_RECORD)
        self._set(raw_version, raw_version.c.record_id, names, **_GONE_VERSION)
        self.forget_traces(names)

    def drop_payloads(self, record_ids: Collection[int]) -> None:
        """Keep the records and their hashes, and nothing that the system said."""
        self._set(raw_version, raw_version.c.record_id, record_ids, payload=GONE)
        self.forget_traces(record_ids)

    def forget_traces(self, record_ids: Collection[int]) -> None:
        """Quarantine, key scans, and what was written to the records."""
        self._delete(quarantine, quarantine.c.record_id, record_ids)
        self._delete(scanned_record, scanned_record.c.record_id, record_ids)
        self._empty_deliveries(delivery.c.record_id, record_ids)

    def empty_parts(self, canonical_ids: Collection[int], caps: Caps) -> None:
        """Leave nothing of canonical records; ``caps`` are those of match keys."""
        ids = sorted(canonical_ids)
        self._set(canonical_record, canonical_record.c.id, ids, **_GONE_PART)
        self._delete(canonical_ref, canonical_ref.c.canonical_id, ids)
        self._delete(document, document.c.canonical_id, ids)
        held = load_profiles(self._db, ids)
        replace_profiles(self._db, [ProfileChange(id_) for id_ in ids], held, caps)
        self._set(link, link.c.canonical_id, ids, reason=NOTE)
        for side in ("left_id", "right_id"):
            self._settle_pairs(side, ids)

    def give_up(self, delivery_id: str, values: Mapping[str, str]) -> None:
        """A delivery of somebody else that holds the person's values must not be sent any more."""
        here = delivery.c.id == delivery_id
        self._db.execute(sa.update(delivery).where(here).values(dict(values)))
        unsent = sa.update(delivery).where(here, delivery.c.state.in_(_OPEN))
        self._db.execute(unsent.values(state="superseded", settled_at=self._now))

    def close_links(self, parties: Collection[str]) -> None:
        """Nothing belongs to the parties any more."""
        standing = sa.and_(link.c.party_id.in_(sorted(parties)), link.c.recorded_to.is_(None))
        ended = sa.update(link).where(standing).values(valid_to=self._now, recorded_to=self._now)
        self.counts["link"] += self._db.execute(ended).rowcount

    def empty_parties(self, parties: Collection[str], survivor: str) -> None:
        """The golden records go; the survivor's id says from now on that it was erased."""
        ids = sorted(parties)
        self._delete(golden_record, golden_record.c.party_id, ids)
        self._set(party_event, party_event.c.party_id, ids, fields="[]", pending=False)
        self._set(link, link.c.party_id, ids, reason=NOTE)
        self._empty_deliveries(delivery.c.party_id, ids)
        self._give_up_records(ids)
        self._set(master_party, master_party.c.id, ids, golden_pending=False)
        self._set(master_party, master_party.c.id, [survivor], status=NOTE)

    def _rename(self, stream_id: int, key: str, name: str) -> None:
        here = (canonical_ref.c.stream_id == stream_id) & (canonical_ref.c.source_key == key)
        done = self._db.execute(sa.update(canonical_ref).where(here).values(source_key=name))
        self.counts["canonical_ref"] += done.rowcount
        merged = (source_record.c.stream_id == stream_id) & (source_record.c.merged_into == key)
        self._db.execute(sa.update(source_record).where(merged).values(merged_into=name))

    def _empty_deliveries(self, column: sa.Column[Any], ids: Collection[Any]) -> None:
        """What is not settled is given up; the lease is taken from whoever sends it."""
        for chunk in _chunks(ids):
            mine = sa.select(delivery.c.id).where(column.in_(chunk))
            self._db.execute(
                sa.update(receipt).where(receipt.c.delivery_id.in_(mine)).values(target_version="")
            )
            open_ones = sa.update(delivery).where(column.in_(chunk), delivery.c.state.in_(_OPEN))
            self._db.execute(open_ones.values(state="superseded", settled_at=self._now))
        self._set(delivery, column, ids, **_GONE_DELIVERY)

    def _give_up_records(self, parties: Collection[str]) -> None:
        """No record is made any more; of those that were, it stays known that they were."""
        table = record_delivery
        for chunk in _chunks(parties):
            mine = (table.c.party_id.in_(chunk)) & (table.c.kind == CREATE)
            unsent = sa.update(table).where(mine, table.c.state.in_(WAITING))
            self._db.execute(unsent.values(state="superseded", settled_at=self._now))
            emptied = sa.update(table).where(mine).values(fields="{}", source_key=None)
            self.counts[table.name] += self._db.execute(emptied).rowcount

    def _settle_pairs(self, side: str, ids: Collection[int]) -> None:
        """Pairs stay as pairs of row ids; nothing follows from them any more."""
        self._set(
            decision,
            decision.c[side],
            ids,
            reason=NOTE,
            revoked_at=sa.func.coalesce(decision.c.revoked_at, sa.literal(self._now, _TIME)),
        )
        state = sa.case((review_case.c.state == "open", "obsolete"), else_=review_case.c.state)
        settled = sa.func.coalesce(review_case.c.settled_at, sa.literal(self._now, _TIME))
        emptied = {"evidence": "[]", "reason": NOTE, "state": state, "settled_at": settled}
        self._set(review_case, review_case.c[side], ids, **emptied)

    def _set(
        self, table: Table, column: sa.Column[Any], ids: Collection[Any], **values: Any
    ) -> None:
        for chunk in _chunks(ids):
            change = sa.update(table).where(column.in_(chunk)).values(values)
            self.counts[table.name] += self._db.execute(change).rowcount

    def _delete(self, table: Table, column: sa.Column[Any], ids: Collection[Any]) -> None:
        for chunk in _chunks(ids):
            gone = self._db.execute(sa.delete(table).where(column.in_(chunk)))
            self.counts[table.name] += gone.rowcount


_TIME: Final = link.c.recorded_to.type
_GONE_RECORD: Final[Mapping[str, Any]] = {
    "source_version": None,
    "payload_hash": GONE_HASH,
    "deleted": True,
    "merged_into": None,
    "pending": False,
}
_GONE_VERSION: Final[Mapping[str, Any]] = {
    "payload": GONE,
    "payload_hash": GONE_HASH,
    "source_version": None,
}
_GONE_PART: Final[Mapping[str, Any]] = {
    "body": "{}",
    "body_hash": b"",
    "active": False,
    "pending": False,
}
_GONE_DELIVERY: Final[Mapping[str, Any]] = {
    "value": "",
    "before": None,
    "found": None,
    "expected_version": None,
    "message": None,
    "lease_holder": None,
    "lease_until": None,
}


def _chunks(ids: Iterable[Any]) -> Iterable[list[Any]]:
    items = sorted(ids)
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
