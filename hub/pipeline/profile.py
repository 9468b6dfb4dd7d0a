"""A customer's profile: golden values with where each is from, records side by side, kin, past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import StoreError
from hub.pipeline.cases import flat_body
from hub.store import relationships
from hub.store.database import Connection, Engine, reading
from hub.store.dossier import LinkedRecord, linked_records
from hub.store.golden import current_versions
from hub.store.parties import PartyState, resolve_party
from hub.store.party_records import load_bodies
from hub.store.stated_ties import stated_ties

_SHOWN_RECORDS: Final = 60
_LISTS: Final = frozenset({"emails", "phones", "webs", "addresses", "identifiers"})
_BEST: Final = {
    "email": "emails",
    "phone": "phones",
    "web": "webs",
    "address": "addresses",
    "customer_no": "identifiers",
}
"""The first of a list stands in the golden record by itself too: it is shown once."""
_ORDER: Final = {
    name: place
    for place, name in enumerate(
        (
            *("display_name", "legal_name", "trading_names", "prefix", "given", "middle"),
            *("family", "suffix", "birth_date", "emails", "phones", "webs", "addresses"),
            *("identifiers", "roles", "lang"),
        )
    )
}
"""As a person reads them; what is not named comes last."""


class Origin(NamedTuple):
    """Where a value is from, and what it was preferred to."""

    source: str
    raw_version: int | None
    mapping_line: int | None
    rule: str
    losers: Sequence[tuple[str, str]]


class Value(NamedTuple):
    """A golden value with its origin; ``best`` marks the one of a list that is used."""

    field: str
    text: str
    origin: Origin | None
    best: bool = False


class SideRow(NamedTuple):
    """A field over all records; None where a record says nothing."""

    field: str
    cells: Sequence[str | None]
    same: bool


class Relative(NamedTuple):
    """Another customer; ``how`` says what the two are to each other, ``why`` who says so."""

    party_id: str
    name: str
    how: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The head of a customer's page; ``merged_from`` is the id that was asked for, if merged."""

    party: PartyState
    golden: Mapping[str, Any]
    values: Sequence[Value]
    records: Sequence[LinkedRecord]
    side_by_side: Sequence[SideRow]
    left_out: int
    relatives: Sequence[Relative]
    merged_from: str | None


def read_profile(engine: Engine, party_id: str) -> Profile:
    """Golden record and sources of a customer; a merged id shows its survivor.

    Raises StoreError where there is no such customer.
    """
    with reading(engine) as db:
        party = resolve_party(db, party_id)
        if party is None:
            raise StoreError(f"there is no customer {party_id}")
        golden = current_versions(db, [party.id]).get(party.id)
        records = linked_records(db, party.id)
        shown = records[:_SHOWN_RECORDS]
        bodies = load_bodies(db, [record.canonical_id for record in shown])
        kin = _relatives(db, records)
    body = orjson.loads(golden.body) if golden else {}
    origin = orjson.loads(golden.provenance) if golden else {}
    return Profile(
        party=party,
        golden=body,
        values=list(_values(body, origin)),
        records=records,
        side_by_side=_side_by_side(
            [orjson.loads(bodies.get(record.canonical_id, "{}")) for record in shown]
        ),
        left_out=len(records) - len(shown),
        relatives=kin,
        merged_from=party_id if party_id != party.id else None,
    )


def _values(golden: Mapping[str, Any], origins: Mapping[str, Any]) -> Iterator[Value]:
    for name in sorted(golden, key=lambda name: (_ORDER.get(name, len(_ORDER)), name)):
        value = golden[name]
        origin = origins.get(name)
        if told_twice(golden, name):
            continue
        if name in _LISTS:
            yield from _listed(name, value, origin)
        elif isinstance(value, list):
            first = origin[0] if isinstance(origin, list) and origin else origin
            yield Value(name, ", ".join(map(readable, value)), _origin(first))
        else:
            yield Value(name, readable(value), _origin(origin))


def told_twice(golden: Mapping[str, Any], name: str) -> bool:
    """Whether a value stands in a list as well, which is shown."""
    schemes = {item["scheme"] for item in golden.get("identifiers", ())}
    return name in schemes or (name in _BEST and bool(golden.get(_BEST[name])))


def _listed(name: str, items: Sequence[Any], origins: Any) -> Iterator[Value]:
    """Every item of a list with its own origin; the first is the one that is used."""
    given = origins if isinstance(origins, list) else []
    for place, item in enumerate(items):
        its = given[place] if place < len(given) else None
        yield Value(name, readable(item), _origin(its), place == 0 and len(items) > 1)


def readable(value: Any) -> str:
    """An address on one line, an identifier with its scheme."""
    if not isinstance(value, Mapping):
        return str(value)
    if "scheme" in value:
        issuer = f" ({value['issuer']})" if value.get("issuer") else ""
        return f"{value['scheme'].replace('_', ' ')} {value['value']}{issuer}"
    town = " ".join(str(value[name]) for name in ("postcode", "locality") if value.get(name))
    parts = (*value.get("lines", ()), town, value.get("region"), value.get("country"))
    return ", ".join(str(part) for part in parts if part)


def _origin(given: Any) -> Origin | None:
    if not isinstance(given, Mapping) or "source" not in given:
        return None
    return Origin(
        source=_reference(given["source"]),
        raw_version=given.get("raw_version"),
        mapping_line=(given.get("mapping") or {}).get("line"),
        rule=given.get("rule", ""),
        losers=[(readable(item["value"]), _reference(item["source"])) for item in given["losers"]],
    )


def _reference(source: Mapping[str, str]) -> str:
    part = f"#{source['part']}" if source.get("part") else ""
    return f"{source['connection']}:{source['type']}:{source['key']}{part}"


def _side_by_side(bodies: Sequence[Mapping[str, Any]]) -> list[SideRow]:
    told = [dict(flat_body(body)) for body in bodies]
    names = dict.fromkeys(name for body in told for name in body)
    rows = []
    for name in names:
        cells = [body.get(name) for body in told]
        rows.append(SideRow(name, cells, len({cell for cell in cells if cell}) <= 1))
    return rows


def _relatives(db: Connection, records: Sequence[LinkedRecord], limit: int = 50) -> list[Relative]:
    """What systems state first, then what matching holds for likely."""
    stated = stated_ties(db, records, limit)
    derived = relationships.relatives(db, [record.canonical_id for record in records])[:limit]
    wanted = {tie.party_id for tie in stated} | {item.party_id for item in derived}
    golden = current_versions(db, list(wanted))
    names = {party: orjson.loads(item.body).get("display_name") for party, item in golden.items()}
    found = [
        Relative(tie.party_id, _name(names, tie.party_id), _how(tie.type, tie.outward), why)
        for tie in stated
        for why in [tie.job_title or "stated by a system"]
    ]
    for item in derived:
        shared = ", ".join(said["field"] for said in orjson.loads(item.relationship.evidence))
        how = item.relationship.type.replace("_", " ")
        why = f"matching, {item.relationship.weight / 10:.0f} bits: same {shared}"
        found.append(Relative(item.party_id, _name(names, item.party_id), how, why))
    return found


def _name(names: Mapping[str, Any], party_id: str) -> str:
    return str(names.get(party_id) or "(no name)")


_INVERSE: Final = {
    "contact_of": "has the contact",
    "parent_company": "is parent of",
    "ultimate_parent": "is ultimate parent of",
    "household_member": "household member",
}


def _how(type_: str, outward: bool) -> str:
    told = type_.replace("_", " ")
    return told if outward else _INVERSE.get(type_, f"{told} (the other way)")
