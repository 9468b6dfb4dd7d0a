"""What holds of a ledger after whatever has happened to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa

from hub.pipeline import golden
from hub.pipeline.history import customer_as_of
from hub.pipeline.resolve import plan
from hub.store.audit import verify_trail
from hub.store.database import Connection, reading, writing
from hub.store.digest import digest
from hub.store.golden import current_versions
from hub.store.material import load_party_material
from hub.store.tables import metadata
from tests.faults.sequences import RULES, Life

_T: Final = metadata.tables
_SETTLES: Final = {
    "link": {"valid_to", "recorded_to"},
    "golden_record": {"valid_to", "recorded_to", "provenance", "rules_digest"},
    "party_event": {"pending"},
    "party_fate": set[str](),
    "audit_entry": set[str](),
    "decision": {"revoked_at"},
}
"""Tables of history, with the columns that may be filled or brought up to date later."""

Rows = dict[str, dict[Any, dict[str, Any]]]


def one_active_link(db: Connection, _life: Life) -> None:
    """Every settled active record has exactly one active link, every settled gone one none."""
    record, link = _T["canonical_record"], _T["link"]
    owned = sa.select(link.c.canonical_id).where(link.c.recorded_to.is_(None))
    linked = list(db.scalars(owned))
    assert len(linked) == len(set(linked))
    settled = db.execute(sa.select(record).where(~record.c.pending)).mappings().all()
    for row in settled:
        assert (row["id"] in linked) == row["active"], f"record {row['id']}"


def links_lead_to_active_parties(db: Connection, _life: Life) -> None:
    """Links lead to active parties, and every active party has links."""
    link, party = _T["link"], _T["master_party"]
    linked = set(db.scalars(sa.select(link.c.party_id).where(link.c.recorded_to.is_(None))))
    assert linked == set(db.scalars(sa.select(party.c.id).where(party.c.status == "active")))


def ids_resolve_for_ever(db: Connection, _life: Life) -> None:
    """A merged id leads, without a circle, to one that is not merged; others lead nowhere."""
    party = _T["master_party"]
    parties = {row.id: row for row in db.execute(sa.select(party))}
    for row in parties.values():
        assert (row.status == "merged") == (row.replaced_by is not None)
        seen, current = {row.id}, row
        while current.replaced_by is not None:
            current = parties[current.replaced_by]
            assert current.id not in seen
            seen.add(current.id)


def the_oldest_survives(db: Connection, _life: Life) -> None:
    """Of two living customers that merge, the older one keeps its id."""
    party, event = _T["master_party"], _T["party_event"]
    seq = {row.id: row.seq for row in db.execute(sa.select(party.c.id, party.c.seq))}
    merged = sa.select(event.c.party_id, event.c.fields).where(event.c.kind == "merged")
    for survivor, fields in db.execute(merged):
        assert seq[survivor] < seq[orjson.loads(fields)["from"]]


def decisions_hold(db: Connection, _life: Life) -> None:
    """Never-linked records are apart; must-linked ones together unless decisions contradict.

    A tie holds through a record that is gone: what a person put together does not fall apart with
    one of its records. What is decided of copies of its content is no excuse.
    """
    table, link = _T["decision"], _T["link"]
    active = sa.select(link.c.canonical_id, link.c.party_id).where(link.c.recorded_to.is_(None))
    owner = {row.canonical_id: row.party_id for row in db.execute(active)}
    standing = db.execute(sa.select(table).where(table.c.revoked_at.is_(None))).mappings().all()
    never = [(r["left_id"], r["right_id"]) for r in standing if r["kind"] == "never_link"]
    must = [(r["left_id"], r["right_id"]) for r in standing if r["kind"] == "must_link"]
    for one, other in never:
        assert one not in owner or owner[one] != owner.get(other), f"never-link {one} {other}"
    for group in _groups(must):
        if not any({one, other} <= group for one, other in never):
            assert len({owner[record] for record in group & owner.keys()}) <= 1, f"must {group}"


def _groups(pairs: list[tuple[int, int]]) -> list[set[int]]:
    found: list[set[int]] = []
    for pair in pairs:
        joined = set(pair).union(*(group for group in found if group & set(pair)))
        found = [group for group in found if not group & joined] + [joined]
    return found


def golden_is_recomputed_golden(db: Connection, _life: Life) -> None:
    """A customer whose records are resolved has the golden record that they give, or none."""
    party, link, record = _T["master_party"], _T["link"], _T["canonical_record"]
    waiting = (
        sa.select(link.c.party_id)
        .join(record, record.c.id == link.c.canonical_id)
        .where(link.c.recorded_to.is_(None), record.c.pending)
    )
    settled = sa.select(party.c.id).where(~party.c.golden_pending, party.c.id.not_in(waiting))
    ids = list(db.scalars(settled))
    held = current_versions(db, ids)
    found = golden.compare(db, load_party_material(db, ids), held, RULES)
    assert held.keys() == found.keys()
    assert {item.kind for item in found.values()} <= {"same"}


def events_are_counted_without_gap(db: Connection, _life: Life) -> None:
    """Events are numbered 1, 2, 3 …; each merge has its loss, each customer one beginning."""
    event = _T["party_event"]
    rows = db.execute(sa.select(event).order_by(event.c.seq)).mappings().all()
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(row["party_id"])
    assert len(kinds["merged"]) == len(kinds["lost_merge"])
    assert len(kinds["created"]) == len(set(kinds["created"]))


def the_audit_trail_holds(db: Connection, _life: Life) -> None:
    """The chain is whole, and names no value."""
    assert verify_trail(db).broken is None
    texts = "".join(db.scalars(sa.select(_T["audit_entry"].c.detail)))
    assert "example" not in texts
    assert "Berg" not in texts


EVER: Final[tuple[Callable[[Connection, Life], None], ...]] = (
    one_active_link,
    links_lead_to_active_parties,
    ids_resolve_for_ever,
    the_oldest_survives,
    golden_is_recomputed_golden,
    events_are_counted_without_gap,
    the_audit_trail_holds,
)
"""Hold after every step."""


def history_rows(db: Connection) -> Rows:
    """Every row of history by its id."""
    return {
        name: {row["id"]: dict(row) for row in db.execute(sa.select(_T[name])).mappings()}
        for name in _SETTLES
    }


def history_only_grows(before: Rows, after: Rows) -> None:
    """No row goes, and none changes but for an end that is set once."""
    for name, settles in _SETTLES.items():
        for id_, row in before[name].items():
            assert id_ in after[name], f"{name} lost a row"
            _unchanged(name, row, after[name][id_], settles)


def _unchanged(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], settles: set[str]
) -> None:
    changed = {column for column in old if old[column] != new[column]}
    assert changed <= settles, f"{name}: {changed}"
    ends = changed & {"valid_to", "recorded_to", "revoked_at"}
    assert all(old[column] is None for column in ends), f"{name}: ended twice"


def the_present_is_known_now(life: Life) -> None:
    """As of now, every id stands for what it stands for, with its records and values."""
    name = {record: key for key, record in life.world.records.items()}
    with reading(life.engine) as db:
        party = _T["master_party"]
        ids = list(db.scalars(sa.select(party.c.id)))
        held = current_versions(db, ids)
    for id_ in ids:
        state = customer_as_of(life.engine, id_)
        assert list(state.records) == sorted(name[r] for r in life.members(state.party_id))
        version = held.get(state.party_id)
        assert state.version == (version.version if version else None)


def a_second_run_changes_nothing(life: Life) -> None:
    """With every record touched again, nothing but their being settled is left to do."""
    before = digest(life.engine)
    life.touch_all()
    counts = dict(plan(life.engine).counts)
    settled = counts.pop("settled")
    assert settled == len(life.world.records)
    assert set(counts.values()) == {0}, counts
    life.finish()
    assert digest(life.engine) == before


def order_is_irrelevant(life: Life, other: Life) -> None:
    """The same records and decisions, put in another order all at once, give the same customers."""
    with reading(life.engine) as db:
        table = _T["decision"]
        rows = db.execute(sa.select(table).where(table.c.revoked_at.is_(None))).mappings().all()
    keys = sorted(life.world.records)
    other.random.shuffle(keys)
    for key in keys:
        other.world.put(key, life.bodies.get(key, {"kind": "person"}))
    for key in set(keys) - life.bodies.keys():
        other.world.remove(key)
    name = {record: key for key, record in life.world.records.items()}
    ids = other.world.records
    with writing(other.engine) as db:
        for row in rows:
            pair = sorted((ids[name[row["left_id"]]], ids[name[row["right_id"]]]))
            values = {**row, "left_id": pair[0], "right_id": pair[1]}
            db.execute(sa.insert(table).values(**values))
    other.finish()
    assert other.world.partition() == life.world.partition()
