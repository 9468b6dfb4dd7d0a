"""Learning: the crosswalk takes in a record that we made, in the transaction of its receipt.

The record is linked to its customer as by a person's word, so that no run takes it for another
customer. The values that we gave it stand as deliveries: read back they are echoes (law 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from hub.pipeline.bodies import build_body
from hub.pipeline.pages import to_payload
from hub.pipeline.publish import as_text
from hub.sdk.contract import Record
from hub.store import decisions, made, outbox, record_flow
from hub.store.audit import Entry, add_entries, new_act
from hub.store.canonical import Taken
from hub.store.crosswalk import ActiveLink, NewLink, load_links, load_party_links, open_links
from hub.store.database import Connection
from hub.store.decisions import MUST_LINK, Author
from hub.store.events import requeue_events
from hub.store.parties import resolve_party
from hub.store.streams import lock_stream

HUB: Final = "hub"
REASON: Final = "made by publishing for this customer"

Row = Mapping[str, Any]


class Made(NamedTuple):
    """A record that stands at a target; ``record`` is what it holds, where that could be read."""

    key: str
    version: str | None
    record: Record | None = None


def learn(db: Connection, row: Row, receipt: Made, now: datetime) -> None:
    """Note the receipt of a creation, and whose record this is; once for each creation."""
    state = lock_stream(db, row["stream_id"])
    held = dict(receipt.record.data) if receipt.record else {}
    payload = to_payload(held).decode() if held else None
    received = made.Received(receipt.key, receipt.version, payload)
    record_id = made.keep_record(db, state, received, now)
    record_flow.acknowledge_creation(db, row["id"], (record_id, receipt.key), now)
    given = list(_given(orjson.loads(row["fields"]), held))
    made.note_given(db, (row["party_id"], record_id), given, receipt.version, now)
    _link(db, row, record_id, state.mapping_digest)


def _given(fields: Mapping[str, tuple[str, str]], held: Row) -> Iterator[made.Given]:
    """What is ours in the record, as the target spells it.

    Something else in the place of a default is the target's own word: a number that it gave.
    """
    for field, (attribute, text) in fields.items():
        stands = as_text(held.get(field)) or text
        if attribute or stands == text:
            yield made.Given(field, attribute, stands)


def recognised(rows: Sequence[Row], taken: Sequence[Taken]) -> list[tuple[Row, Made]]:
    """Creations without a receipt whose external key stands in a record that was read."""
    return [
        (row, Made(one.key, one.source_version, _record(one)))
        for row in rows
        for one in taken
        if not one.deleted and (one.key == row["id"] or row["id"] in one.payload)
    ]


def _record(taken: Taken) -> Record | None:
    data = orjson.loads(taken.payload)
    return Record(taken.key, data, taken.source_version) if isinstance(data, dict) else None


def receive_seen(db: Connection, row: Row, receipt: Made) -> None:
    """Take a sync's word for a receipt, unless a worker has brought one meanwhile."""
    if record_flow.lock_unseen(db, row["id"]):
        learn(db, row, receipt, datetime.now(UTC))


def _link(db: Connection, row: Row, record_id: int, mapping: str | None) -> None:
    """The record is the customer's; one that has a customer already is left to resolution."""
    party, now = resolve_party(db, row["party_id"]), datetime.now(UTC)
    if party is None or party.status != "active":
        return
    body = build_body("party", {"kind": row["party_kind"] or "organisation"})
    canonical_id = made.keep_party(db, record_id, (body.text, body.hash), mapping or "")
    members = load_party_links(db, [party.id])
    if not load_links(db, [canonical_id]):
        open_links(db, [NewLink(canonical_id, party.id, "manual", REASON)], now)
    act = new_act(HUB, REASON)
    if members:
        pair = (_speaker(members, party.founding_id), canonical_id)
        decisions.decide(db, MUST_LINK, [pair], Author(HUB, REASON, now))
        detail = {"record": canonical_id, MUST_LINK: [sorted(pair)], "after": party.id}
        add_entries(db, act, [Entry("create_at_target", detail, {party.id})], now)
    requeue_events(db, outbox.survivors(db, [party.id]))


def _speaker(members: list[ActiveLink], founding_id: int) -> int:
    """The customer's founder where it is still there, else who has been there longest."""
    ids = [item.canonical_id for item in sorted(members, key=lambda item: (item.since, item.id))]
    return founding_id if founding_id in ids else ids[0]
