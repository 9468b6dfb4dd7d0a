"""merge, unmerge, move, never-link: what a steward decides, for ever; audit: who decided what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import typer

from hub.cli.output import AsJson, emit_counts, emit_json, say, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import StoreError
from hub.pipeline.customer import find_customer, find_record_named, find_records
from hub.pipeline.desk import settle, steward_for
from hub.pipeline.steward import Steward
from hub.pipeline.workplace import Workplace
from hub.store.audit import AuditRow, list_entries, verify_trail
from hub.store.database import reading

_NAMES = "CONNECTION:TYPE:KEY[#part]"

Why = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
Customer = Annotated[str, typer.Argument(help=f"Customer id, or {_NAMES} of one of its records.")]
Record = Annotated[str, typer.Argument(help=f"The record: {_NAMES}.")]
Either = Annotated[str, typer.Argument(help=f"A record ({_NAMES}), or a customer id for them all.")]

audit = typer.Typer(help="Who changed the customer index, and why.", no_args_is_help=True)


def steward_of(work: Workplace) -> Steward:
    """The person at the keyboard, at work on the store."""
    return steward_for(work, whoami())


def tell(work: Workplace, counts: Mapping[str, int], as_json: bool) -> None:
    """Compute the golden records that a decision touches, and say what it did."""
    golden = settle(work)
    if as_json:
        emit_json({**counts, **golden})
        return
    say(f"decided: {counts['merged']} customers merged, {counts['split']} split")


def merge(one: Customer, other: Customer, reason: Why, as_json: AsJson = False) -> None:
    """Merge two customers for ever; the older id survives and the other leads to it."""
    work = open_workplace()
    with working("merging …"):
        counts = steward_of(work).merge(_party(work, one), _party(work, other), reason=reason)
    tell(work, counts, as_json)


def unmerge(
    customer: Customer,
    records: Annotated[list[str], typer.Argument(help=f"The records that leave: {_NAMES}.")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Take records out of a customer for ever; an id that was merged away comes back."""
    work = open_workplace()
    with working("taking apart …"):
        ids = [_record(work, name) for name in records]
        counts = steward_of(work).unmerge(_party(work, customer), ids, reason=reason)
    tell(work, counts, as_json)


def move(record: Record, customer: Customer, reason: Why, as_json: AsJson = False) -> None:
    """Move a record to another customer for ever."""
    work = open_workplace()
    with working("moving …"):
        target = _party(work, customer)
        counts = steward_of(work).move(_record(work, record), target, reason=reason)
    tell(work, counts, as_json)


def never_link(one: Either, other: Either, reason: Why, as_json: AsJson = False) -> None:
    """Keep two records, or two customers, apart for ever."""
    work = open_workplace()
    with working("keeping apart …"):
        ones, others = (_records(work, name) for name in (one, other))
        counts = steward_of(work).keep_apart(ones, others, reason=reason)
    tell(work, counts, as_json)


def _party(work: Workplace, text: str) -> str:
    found = find_customer(work.engine, text)
    if found is None:
        raise StoreError(f"no customer has such an id or record: name it by id or {_NAMES}")
    return found


def _record(work: Workplace, text: str) -> int:
    found = find_record_named(work.engine, text)
    if found is None:
        raise StoreError(f"there is no such record: name it {_NAMES}, as `hub show` does")
    return found


def _records(work: Workplace, text: str) -> set[int]:
    found = find_records(work.engine, text)
    if not found:
        raise StoreError(f"there is no such record or customer: name it by id or {_NAMES}")
    return found


@audit.command("list")
def show_entries(
    customer: Annotated[
        str | None, typer.Option("--customer", help=f"Of one customer: its id, or {_NAMES}.")
    ] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="Of one kind: merge, unmerge, merged, split …")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was decided and done, the newest first; records stand by their row ids."""
    work = open_workplace()
    party = None if customer is None else _party(work, customer)
    with reading(work.engine) as db:
        rows = list_entries(db, party_id=party, action=action, limit=limit)
    emit_counts([_entry(row, as_json) for row in rows], as_json)


def _entry(row: AuditRow, as_json: bool) -> dict[str, Any]:
    detail = orjson.loads(row.detail) if as_json else row.detail
    return {**row._asdict(), "run_id": str(row.run_id), "detail": detail}


@audit.command("verify")
def verify(
    head: Annotated[
        str, typer.Option("--head", help="A hash noted before, which must be in the chain.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Prove that no entry was changed, added or taken out; note the hash outside of the store."""
    with reading(open_workplace().engine) as db:
        trail = verify_trail(db, head=head)
    if trail.broken is not None:
        raise StoreError(
            f"the audit trail is broken at entry {trail.broken}: {trail.entries} entries before "
            "it hold; compare with a backup of the store"
        )
    if as_json:
        emit_json(trail._asdict())
        return
    say(f"{trail.entries} entries hold; newest hash {trail.head or '(none)'}")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(merge)
    app.command()(unmerge)
    app.command()(move)
    app.command("never-link")(never_link)
    app.add_typer(audit, name="audit")
