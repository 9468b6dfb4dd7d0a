"""history: what a customer was at any time, and who or what made it so."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_json, emit_table, say
from hub.cli.workplace import open_workplace
from hub.errors import ConfigError
from hub.pipeline.customer import named_customer
from hub.pipeline.history import AsOf, Moment, customer_as_of, customer_history

_TIME = "A date or an ISO 8601 time (UTC where it has no zone)."
PastCustomer = Annotated[
    str, typer.Argument(help="Customer id (merged ones too), or CONNECTION:TYPE:KEY.")
]
AsOfTime = Annotated[str | None, typer.Option("--as-of", help=f"What held at that time. {_TIME}")]
KnownTime = Annotated[
    str | None, typer.Option("--known", help=f"What the hub knew at that time. {_TIME}")
]


def history(
    customer: PastCustomer,
    as_of: AsOfTime = None,
    known: KnownTime = None,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to a customer, or what it was at a time."""
    engine = open_workplace().engine
    party = named_customer(engine, customer)
    at, known_at = read_moment(as_of), read_moment(known)
    if at is not None:
        view = customer_as_of(engine, party, valid=at, known=known_at)
        emit_json(asdict(view)) if as_json else _show_state(view, party)
        return
    moments = customer_history(engine, party, known=known_at)
    emit_json([item._asdict() for item in moments]) if as_json else _show(moments)


def read_moment(text: str | None) -> datetime | None:
    """A time as people type it; ConfigError for what is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no ISO 8601 time: write 2026-03-01T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _show_state(view: AsOf, asked: str) -> None:
    stood = "" if view.party_id == asked else f" ({asked} stood for it)"
    say(f"customer {view.party_id}{stood}, {view.status}, version {view.version or 'none'}")
    emit_table(["attribute", "value"], sorted((view.golden or {}).items()))
    emit_table(["record"], [[record] for record in view.records])


def _show(moments: list[Moment]) -> None:
    rows = [[m.at, m.what, m.actor, _told(m.detail), m.reason] for m in moments]
    emit_table(["at", "what", "by", "detail", "message"], rows)


def _told(detail: Any) -> str:
    if "fields" in detail:
        since = detail["valid_from"].strftime("%Y-%m-%d")
        return f"v{detail['version']} since {since}: {', '.join(detail['fields'])}"
    return " ".join(_word(value) for value in detail.values())


def _word(value: Any) -> str:
    return " / ".join(value) if isinstance(value, list) else str(value)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(history)
