"""delivery list, show, retry, abandon: the deliveries that wait for a person."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, say
from hub.cli.workplace import open_workplace, whoami
from hub.pipeline.delivery_desk import abandon_delivery, retry_delivery, show_delivery
from hub.store.audit import new_act
from hub.store.database import reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries

delivery = typer.Typer(
    help="Writes to systems: those that wait for a person, and what became of any.",
    no_args_is_help=True,
)
Id = Annotated[str, typer.Argument(help="Id of the delivery, as `hub delivery list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")]

_LISTED: Final = ("id", "kind", "state", "connection", "stream", "record_id", "field", "message")


@delivery.command("list")
def list_all(
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="planned, sending, conflict …; without it what waits."),
    ] = None,
    connection: Annotated[
        str | None, typer.Option("--connection", help="Only what goes to this system.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first; those that wait for a person without --state."""
    wanted = DeliveryFilter(connection=connection)
    wanted = wanted._replace(states=tuple(state)) if state else wanted
    with reading(open_workplace().engine) as db:
        rows = list_deliveries(db, wanted, limit)
    emit_counts([{name: row[name] for name in _LISTED} for row in rows], as_json)


@delivery.command()
def show(delivery_id: Id, as_json: AsJson = False) -> None:
    """Show a delivery with its values, attempts, times and receipt."""
    found: dict[str, Any] = show_delivery(open_workplace().engine, delivery_id)
    if as_json:
        emit_json(found)
        return
    emit_table(["field", "value"], [[name, value] for name, value in found.items()])


@delivery.command()
def retry(delivery_id: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Plan it anew with the next publish; a conflict goes over the value that was found.

    A new record of which nobody knows whether it was made is made: look at the system before.
    """
    retry_delivery(open_workplace().engine, delivery_id, new_act(whoami(), reason))
    _tell(delivery_id, "queued", as_json)


@delivery.command()
def abandon(delivery_id: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Give it up, a conflict in favour of the target; the same value is not sent again."""
    abandon_delivery(open_workplace().engine, delivery_id, new_act(whoami(), reason))
    _tell(delivery_id, "abandoned", as_json)


def _tell(delivery_id: str, state: str, as_json: bool) -> None:
    emit_json({"delivery": delivery_id, "state": state}) if as_json else say(state)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(delivery, name="delivery")
