"""A party's main e-mail address, phone number and postal address, as fields of the party itself.

Tryton keeps them in lists of other models. A value that is written back, compared and recognised
when it returns has to be one field, so the first active row of its kind in Tryton's own order
gives ``email``, ``phone`` and the parts of the address, and says so in ``main``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

CONTACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email",),
    "phone": ("phone", "mobile"),
}
"""The kinds of contact mechanism that a field is taken from: a mobile number where no other is."""

ADDRESS: Final = ("street", "city", "postal_code", "country")
WRITABLE: Final = frozenset({"name", *CONTACTS, *ADDRESS})

NEW: Final = WRITABLE | {"code"}
"""What a new party takes; without a code Tryton numbers it."""
MARK: Final = "hub:"
"""How an identifier begins that is the hub's own name for a party."""

Row = Mapping[str, Any]


def flatten(row: Row) -> dict[str, Any]:
    """A party with its main values as fields; the rows that they are from are marked."""
    mechanisms = _sorted(row.get("contact_mechanisms") or ())
    addresses = _sorted(row.get("addresses") or ())
    fields: dict[str, Any] = {}
    for field, kinds in CONTACTS.items():
        main = _first_of_kind(mechanisms, kinds)
        fields[field] = main["value"] if main else None
        _mark(main, field)
    main = next((address for address in addresses if address.get("active")), None)
    _mark(main, "address")
    fields |= {name: (main or {}).get(name) for name in ADDRESS}
    fields["country"] = (fields["country"] or {}).get("code")
    return {**row, "contact_mechanisms": mechanisms, "addresses": addresses, **fields}


def changes(party: Row, fields: Mapping[str, str], country: int | None) -> dict[str, JsonValue]:
    """What one PUT of the party carries, so that all is done or nothing."""
    mechanisms: list[JsonValue] = [
        _change(party["contact_mechanisms"], field, {"value": fields[field]}, {"type": kinds[0]})
        for field, kinds in CONTACTS.items()
        if field in fields
    ]
    parts: dict[str, JsonValue] = {name: fields[name] for name in ADDRESS if name in fields}
    if country is not None:
        parts["country"] = country
    values: dict[str, JsonValue] = {"name": fields["name"]} if "name" in fields else {}
    if mechanisms:
        values["contact_mechanisms"] = mechanisms
    if parts:
        values["addresses"] = [_change(party["addresses"], "address", parts, {})]
    return values


def first_values(fields: Mapping[str, str], country: int | None, mark: str) -> dict[str, JsonValue]:
    """What the creation of a party carries: its rows, and the hub's name for it, at once."""
    empty = {"contact_mechanisms": (), "addresses": ()}
    values = changes(empty, fields, country)
    values["identifiers"] = [["create", [{"type": None, "code": mark}]]]
    return {**values, **({"code": fields["code"]} if "code" in fields else {})}


def _change(
    rows: Iterable[Row],
    mark: str,
    values: Mapping[str, JsonValue],
    fresh: Mapping[str, JsonValue],
) -> JsonValue:
    """Tryton's order for a list: write to the main row, or create one where there is none."""
    main = next((row["id"] for row in rows if row.get("main") == mark), None)
    if main is None:
        return ["create", [{**fresh, **values}]]
    return ["write", [main], dict(values)]


def _sorted(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """As Tryton sorts them: by sequence, those without one first, then by id."""
    return sorted((dict(row) for row in rows), key=_place)


def _place(row: Row) -> tuple[bool, int, int]:
    sequence = row.get("sequence")
    return (sequence is not None, sequence or 0, row["id"])


def _first_of_kind(rows: Sequence[dict[str, Any]], kinds: Sequence[str]) -> dict[str, Any] | None:
    active = [row for row in rows if row.get("active") and row.get("value")]
    found = (row for kind in kinds for row in active if row.get("type") == kind)
    return next(found, None)


def _mark(row: dict[str, Any] | None, mark: str) -> None:
    if row is not None:
        row["main"] = mark
