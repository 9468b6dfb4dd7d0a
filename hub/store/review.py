"""Review cases: pairs of records on which a person has to decide."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hub.store import bulk
from hub.store.bulk import LookUp, driver_uuid, look_up
from hub.store.columns import new_id, to_micros
from hub.store.driver import send
from hub.store.pairs import CASES, ask_pairs
from hub.store.standing import OPEN_CASE, as_uuid
from hub.store.tables import review_case


class NewCase(NamedTuple):
    """A doubtful pair; evidence names fields and outcomes, never values (law 10)."""

    left_id: int
    right_id: int
    grade: str
    weight: int
    evidence: Any
    reason: str


class OpenCase(NamedTuple):
    id: str
    left_id: int
    right_id: int
    reason: str


_NEW_CASE: Final = (
    *("id", "left_id", "right_id", "grade", "weight", "evidence", "reason", "state", "opened_at"),
)


def ask_open_cases(db: Connection, canonical_ids: Collection[int]) -> Callable[[], list[OpenCase]]:
    """Open cases that one of the records takes part in, called for later."""
    columns = ("id", "left_id", "right_id", "reason")
    rows = ask_pairs(db, CASES, columns, canonical_ids, condition=OPEN_CASE)
    return lambda: sorted(
        OpenCase(as_uuid(row.id), row.left_id, row.right_id, row.reason) for row in rows()
    )


def add_cases(db: Connection, cases: Sequence[NewCase], now: datetime) -> None:
    """Open cases for pairs that have none open."""
    at = to_micros(now)
    rows: list[bulk.Row] = [
        (
            driver_uuid(db, new_id()),
            *(case.left_id, case.right_id, case.grade, case.weight),
            orjson.dumps(case.evidence).decode(),
            *(case.reason, "open", at),
        )
        for case in cases
    ]
    bulk.insert(db, review_case, _NEW_CASE, rows)


def settle_cases(
    db: Connection, case_ids: Collection[str], *, state: str, by: str, now: datetime
) -> None:
    """Close cases as accepted, rejected or obsolete, as far as they are open."""
    if not case_ids:
        return
    lite = db.dialect.name == "sqlite"
    ids = bulk.bound_list(db, [driver_uuid(db, case_id) for case_id in sorted(case_ids)])
    given, mark = ("IN (SELECT value FROM json_each(?))", "?") if lite else (_GIVEN, "%s")
    sql = (
        f"UPDATE review_case SET state = {mark}, settled_by = {mark}, settled_at = {mark} "
        f"WHERE id {given} AND {OPEN_CASE}"
    )
    send(db, sql, (state, by, to_micros(now), *ids))


_GIVEN: Final = "= ANY(%s::uuid[])"


def assign_case(db: Connection, case_id: str, assignee: str | None) -> None:
    """Say who is to decide an open case."""
    db.execute(
        sa.update(review_case)
        .where(review_case.c.id == case_id, review_case.c.state == "open")
        .values(assignee=assignee)
    )


def get_case(db: Connection, case_id: str) -> RowMapping | None:
    """One case, whatever its state; evidence is still JSON text."""
    query = sa.select(review_case).where(review_case.c.id == case_id)
    return db.execute(query).mappings().one_or_none()


def case_pairs(db: Connection, case_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """The two records of each case."""
    ids = [driver_uuid(db, case_id) for case_id in case_ids]
    rows = look_up(db, review_case, ("id", "left_id", "right_id"), LookUp("id", ids))
    return {as_uuid(row.id): (row.left_id, row.right_id) for row in rows}


class CaseFilter(NamedTuple):
    """Which cases to list; ``assignee`` "" means those that nobody has."""

    state: str = "open"
    grade: str | None = None
    assignee: str | None = None
    opened_before: datetime | None = None

    def query(self) -> sa.Select[Any]:
        """The cases wanted, in no order."""
        case = review_case.c
        standing = sa.text(OPEN_CASE) if self.state == "open" else case.state == self.state
        query = sa.select(review_case).where(standing)
        if self.grade is not None:
            query = query.where(case.grade == self.grade)
        if self.assignee is not None:
            query = query.where(sa.func.coalesce(case.assignee, "") == self.assignee)
        if self.opened_before is not None:
            query = query.where(case.opened_at < self.opened_before)
        return query


def list_cases(
    db: Connection, wanted: CaseFilter | None = None, *, limit: int = 100
) -> list[RowMapping]:
    """The cases wanted, heaviest first; evidence is still JSON text."""
    case = review_case.c
    query = (wanted or CaseFilter()).query()
    ordered = query.order_by(case.weight.desc(), case.opened_at, case.id).limit(limit)
    return list(db.execute(ordered).mappings())
