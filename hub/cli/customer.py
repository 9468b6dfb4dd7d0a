"""show: one customer in one place, with the origin of every value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import typer
from rich.text import Text

from hub.cli.output import AsJson, emit_json, emit_table, out, say
from hub.cli.workplace import open_workplace
from hub.errors import ConfigError
from hub.pipeline.customer import CustomerView, customer_view, find_customer, search_customers

_LISTS = {"emails", "phones", "webs", "addresses", "identifiers"}


def show(
    customer: str = typer.Argument(help="Customer id, CONNECTION:TYPE:KEY, or part of a name."),
    as_json: AsJson = False,
) -> None:
    """Show a customer: golden values with their origin, open business, last mails, balance."""
    work = open_workplace()
    party = find_customer(work.engine, customer)
    if party is None:
        found = search_customers(work.engine, customer)
        if len(found) != 1:
            _offer(found, as_json)
            return
        party = found[0][0]
    view = customer_view(work.engine, party)
    emit_json(_plain(view)) if as_json else _show(view)


def _offer(found: list[tuple[str, str]], as_json: bool) -> None:
    if not found:
        raise ConfigError(
            "no customer has that id, source reference (CONNECTION:TYPE:KEY) or name; "
            "after a sync, run `hub resolve`"
        )
    if as_json:
        emit_json([{"party_id": party, "name": name} for party, name in found])
        return
    emit_table(["customer id", "name"], found, f"{len(found)} customers; name one of them")


def _plain(view: CustomerView) -> dict[str, Any]:
    return {
        "party_id": view.party_id,
        "status": view.status,
        "golden": view.golden,
        "origin": view.origin,
        "sources": [{**row._asdict(), "source": str(row.source)} for row in view.sources],
        "tickets": [_fields(row) for row in view.tickets],
        "touches": [_fields(row) for row in view.touches],
        "orders": [{**row._asdict(), "source": str(row.source)} for row in view.orders],
        "invoices": [{**row._asdict(), "source": str(row.source)} for row in view.invoices],
        "balance": view.balance,
        "relationships": [asdict(relative) for relative in view.relatives],
    }


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__ if name != "source"} | {
        "source": str(row.source)
    }


def _show(view: CustomerView) -> None:
    out.print(Text(str(view.golden.get("display_name") or "(no name)"), style="bold"))
    say(f"{view.golden.get('kind', 'party')} {view.party_id}, {view.status}")
    out.print()
    columns = ["attribute", "golden", "from", "raw", "mapping", "rule", "others"]
    emit_table(columns, _golden_rows(view))
    sources = [[str(r.source), r.raw_version, r.kind, r.reason] for r in view.sources]
    _section("source records", ["record", "raw", "link", "why"], sources)
    relatives = [[r.type, r.name, r.party_id, r.bits, ", ".join(r.shared)] for r in view.relatives]
    _section("relationships", ["type", "name", "customer", "bits", "shares"], relatives)
    tickets = [[t.number, t.status, t.opened, t.subject] for t in view.tickets]
    _section("open tickets", ["ticket", "status", "opened", "subject"], tickets)
    touches = [[t.at, t.direction, t.subject] for t in view.touches]
    _section("last mails", ["at", "direction", "subject"], touches)
    orders = [[d.number, d.date, d.status, d.gross, d.currency] for d in view.orders]
    _section("open orders", ["order", "date", "status", "gross", "currency"], orders)
    invoices = [[d.number, d.date, d.gross, d.open_amount, d.currency] for d in view.invoices]
    _section("open invoices", ["invoice", "date", "gross", "open", "currency"], invoices)
    balance = ", ".join(f"{amount:,.2f} {name}" for name, amount in sorted(view.balance.items()))
    say(f"balance: {balance or 'no account'}")


def _section(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    if rows:
        emit_table(columns, rows, title)
        out.print()


def _golden_rows(view: CustomerView) -> Iterator[list[Any]]:
    for name in sorted(view.golden):
        value, origin = view.golden[name], view.origin.get(name)
        if name in _LISTS:
            for item, its_origin in zip(value, origin or (), strict=False):
                yield _golden_row(name, item, its_origin)
        elif isinstance(origin, list):
            yield _golden_row(name, ", ".join(map(str, value)), origin[0] if origin else {})
        else:
            yield _golden_row(name, value, origin or {})


def _golden_row(name: str, value: Any, origin: Mapping[str, Any]) -> list[Any]:
    source, mapping = origin.get("source") or {}, origin.get("mapping") or {}
    reference = ":".join(str(source.get(part, "")) for part in ("connection", "type", "key"))
    part = f"#{source['part']}" if source.get("part") else ""
    return [
        name,
        _readable(value),
        reference + part if source else "",
        f"v{origin['raw_version']}" if "raw_version" in origin else "",
        f"line {mapping['line']}" if mapping.get("line") else "",
        origin.get("rule", ""),
        len(origin.get("losers", ())) or None,
    ]


def _readable(value: Any) -> str:
    """An address on one line, an identifier with its scheme."""
    if not isinstance(value, Mapping):
        return str(value)
    if "scheme" in value:
        return f"{value['scheme']} {value['value']}"
    town = " ".join(str(value[name]) for name in ("postcode", "locality") if value.get(name))
    return ", ".join(filter(None, [*value.get("lines", ()), town, value.get("country")]))


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(show)
