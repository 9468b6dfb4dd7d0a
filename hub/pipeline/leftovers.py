"""Leftovers: what we wrote about an erased person at systems, and what is to become of it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from hub.pipeline.survey import Fate, Survey
from hub.store.creations import PlannedRecord
from hub.store.database import Connection
from hub.store.deliveries import AcknowledgedWrite, acknowledged_writes
from hub.store.footprint import Footprint
from hub.store.overview import known_streams
from hub.store.record_flow import created_kinds
from hub.store.suppression import Marks
from hub.store.whole import BLANK, DELETE

KEEP: Final = "keep"


def leftovers(
    db: Connection, found: Survey, marks: Marks, policies: Mapping[str, str]
) -> list[PlannedRecord]:
    """A delivery for each record that holds a value of ours; call it before anything is emptied.

    It keeps no value: a keyed mark says at the target whether the value is still ours.
    """
    records = {record.id: record for fate in (Fate.EMPTY, Fate.HOLD) for record in found.of(fate)}
    written = acknowledged_writes(db, list(records))
    created, streams = created_kinds(db, list(records)), known_streams(db)
    planned = []
    for record_id, writes in sorted(written.items()):
        record = records[record_id]
        policy = policies.get(streams[record.place[0]][0], BLANK)
        kind = policy if policy != DELETE or record_id in created else BLANK
        fields = dict(_ours(writes, marks))
        if kind != KEEP and fields:
            planned.append(_planned(found.parties[0], record, kind, fields))
    return planned


def _ours(
    writes: Sequence[AcknowledgedWrite], marks: Marks
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The fields in which a value of ours stands, as far as we know, with its mark."""
    newest: dict[str, str] = {}
    for write in writes:
        newest.setdefault(write.field, write.value)
    for name, value in newest.items():
        if value:
            yield name, ("", marks.word(value).hex())


def _planned(
    party: str, record: Footprint, kind: str, fields: Mapping[str, tuple[str, str]]
) -> PlannedRecord:
    return PlannedRecord(
        kind=kind,
        party_id=party,
        stream_id=record.place[0],
        fields=orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode(),
        record_id=record.id,
        source_key=record.place[1],
    )
