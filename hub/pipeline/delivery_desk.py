"""What a person decides of a delivery: to plan it anew, or to give it up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hub.errors import StoreError
from hub.store import delivery_desk as store
from hub.store import outbox
from hub.store.audit import Act, Entry, add_entries
from hub.store.creations import PlannedRecord, insert_records
from hub.store.database import Connection, Engine, reading, writing
from hub.store.deliveries import GONE
from hub.store.events import requeue_events
from hub.store.record_flow import forget_key
from hub.store.whole import BLANK, CREATE, DELETE

_RETRIED: Final = ("conflict", "dead", "rejected", "abandoned")
_WHOLE_RETRIED: Final = ("dead", "rejected", "unknown")
_GIVEN_UP: Final = ("planned", "conflict", "dead", "incomplete", "rejected", "unknown")


def show_delivery(engine: Engine, delivery_id: str) -> dict[str, Any]:
    """All that is known of one delivery; StoreError where there is none."""
    with reading(engine) as db:
        return _get(db, delivery_id)


def retry_delivery(engine: Engine, delivery_id: str, act: Act) -> None:
    """Let a conflict go over the value that was found; have any other planned anew.

    What was found is compared again before it is written over. Of one that is planned anew, what
    it writes follows from what was last read of the target. A record that nobody knows to be made
    or not is made: a person has looked.
    """
    with writing(engine) as db:
        outbox.take_turn(db)
        row = _get(db, delivery_id)
        if row["kind"] != "field" and row["state"] in _WHOLE_RETRIED:
            _make_again(db, row, act)
            return
        if row["kind"] == CREATE and row["state"] == "acknowledged":
            _make_another(db, row, act)
            return
        row = _require(db, delivery_id, _RETRIED)
        if row["state"] == "conflict" and row["message"] != GONE:
            _overrule(db, row, act)
            return
        _end(db, row, state="superseded", said=_said(act, "retry_delivery", row))
        requeue_events(db, outbox.survivors(db, [row["party_id"]]))


def _make_again(db: Connection, row: dict[str, Any], act: Act) -> None:
    now = datetime.now(UTC)
    if not store.plan_record_again(db, row["id"], seen=row["state"], now=now):
        raise StoreError(f"delivery {row['id']} has changed just now; look at it again")
    add_entries(db, act, [_said(act, "retry_delivery", row)[1]], now)


def _make_another(db: Connection, row: dict[str, Any], act: Act) -> None:
    """A record that was made, and deleted at the target since, gets a successor."""
    if row["record_id"] not in store.deleted_records(db, [row["record_id"]]):
        raise StoreError(f"delivery {row['id']} made a record, which is still there")
    now = datetime.now(UTC)
    names = ("kind", "party_id", "stream_id", "fields", "party_kind")
    insert_records(db, [PlannedRecord(**{name: row[name] for name in names})], now, approved=True)
    add_entries(db, act, [_said(act, "retry_delivery", row)[1]], now)


def _overrule(db: Connection, row: dict[str, Any], act: Act) -> None:
    now = datetime.now(UTC)
    if not store.overrule(db, row["id"], row["found"] or None, now):
        raise StoreError(f"delivery {row['id']} has changed just now; look at it again")
    add_entries(db, act, [_said(act, "overrule_target", row)[1]], now)


def abandon_delivery(engine: Engine, delivery_id: str, act: Act) -> None:
    """Give the delivery up; the same value is not planned again for this field."""
    with writing(engine) as db:
        outbox.take_turn(db)
        row = _require(db, delivery_id, _GIVEN_UP)
        _end(db, row, state="abandoned", said=_said(act, "abandon_delivery", row))
        if row["kind"] in (BLANK, DELETE):
            forget_key(db, row["id"])


def _get(db: Connection, delivery_id: str) -> dict[str, Any]:
    try:
        row = store.get_delivery(db, str(UUID(delivery_id)))
    except ValueError:
        row = None
    if row is None:
        raise StoreError(f"there is no delivery {delivery_id}; `hub delivery list` shows them")
    return dict(row)


def _require(db: Connection, delivery_id: str, states: tuple[str, ...]) -> dict[str, Any]:
    row = _get(db, delivery_id)
    if row["state"] not in states:
        raise StoreError(
            f"delivery {row['id']} is {row['state']}; this is for those that are "
            f"{', '.join(states)}"
        )
    return row


def _end(db: Connection, row: dict[str, Any], *, state: str, said: tuple[Act, Entry]) -> None:
    now = datetime.now(UTC)
    if not store.end_delivery(db, row["id"], seen=row["state"], state=state, now=now):
        raise StoreError(f"delivery {row['id']} has changed just now; look at it again")
    act, entry = said
    add_entries(db, act, [entry], now)


def _said(act: Act, action: str, row: dict[str, Any]) -> tuple[Act, Entry]:
    names = ("id", "state", "kind", "connection", "stream", "record_id", "field")
    return act, Entry(action, {name: row[name] for name in names}, {row["party_id"]})
