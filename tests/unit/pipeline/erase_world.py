"""A desk, a shop and a mailbox whose records are landed, translated and resolved for real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from hub.mapping import compile_mapping, load_mapping
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.customer import find_customer
from hub.pipeline.erase import Erased, Request, erase
from hub.pipeline.extract import extract
from hub.pipeline.golden import compute_golden
from hub.pipeline.resolve import apply, plan
from hub.pipeline.survey import Ours
from hub.pipeline.turn import StreamTask
from hub.sdk.contract import Capability, Cursor, Page, Record, Stream, Tombstone
from hub.store.database import Engine, reading
from hub.store.tables import metadata

KEY = "a key of more than sixteen characters"
OURS = Ours(domains=frozenset({"us.example"}))
MAPPING = """\
system: toy
version: 1
streams:
  person:
    - entity: party
      when: {path: name, present: true}
      fields:
        kind: {const: person}
        display_name: name
        person: {given: given, family: family}
        contact_points:
          - {kind: {const: email}, value: email}
          - {kind: {const: phone}, value: phone}
    - entity: party
      part: company
      when: {path: company, present: true}
      fields:
        kind: {const: organisation}
        display_name: company
        organisation: {legal_name: company}
        contact_points: [{kind: {const: phone}, value: company_phone}]
        addresses: [{country: country}]
    - entity: relationship
      part: job
      when: {path: company, present: true}
      fields:
        from_party: {ref: {type: person, key: id}}
        to_party: {ref: {type: person, key: id, part: company}}
        type: {const: contact_of}
  ticket:
    - entity: ticket
      fields:
        number: id
        party: {ref: {type: person, key: by}}
        contact: {ref: {type: person, key: contact}}
        subject: subject
        status: {const: open}
  mail:
    - entity: interaction
      fields:
        channel: {const: email}
        direction: {const: inbound}
        at: {const: "2026-01-31T10:00:00Z"}
        subject: subject
        participants:
          - contact_point: from
            role: {const: from}
            party: {ref: {type: mail, key: id, part: from}}
          - {contact_point: to, role: {const: to}}
          - {contact_point: cc, role: {const: cc}}
    - entity: party
      part: from
      fields:
        kind: {const: person}
        display_name: from_name
        contact_points: [{kind: {const: email}, value: from}]
  bill:
    - entity: invoice
      fields:
        number: id
        party: {ref: {type: person, key: by}}
        date: {const: "2026-01-31"}
        status: {const: open}
        currency: {const: EUR}
        net: net
        tax: {const: "0"}
        gross: net
        lines: [{description: for}]
"""
ANNA = {
    "given": "Anna",
    "family": "Zyxmann",
    "name": "Anna Zyxmann",
    "email": "anna.zyxmann@mail.example",
    "phone": "+49 89 1234567",
}
TRACES = ("zyxmann", "1234567", "anna")


class Toy:
    """Gives one page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def check(self) -> str:
        return "toy"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        yield replace(self._page, cursor={"page": 1})

    def close(self) -> None:
        """Nothing is open."""


def key() -> str:
    return KEY


def say(
    store: Engine,
    stream: str,
    *records: dict[str, Any],
    gone: Sequence[str] = (),
    full: bool = False,
) -> tuple[dict[str, Any], dict[str, int]]:
    """The system says these records; counts of landing and of translation."""
    kinds = frozenset({Capability.FULL, Capability.INCREMENTAL, Capability.DELETES})
    carried = Stream(name=stream, entities=("party",), key=("id",), cursor="v", capabilities=kinds)
    task = StreamTask(connection="toy", connector="toy", stream=carried, full=full, erasure_key=key)
    page = Page(
        records=[Record(item["id"], item, None) for item in records],
        tombstones=[Tombstone(item, None) for item in gone],
        cursor={},
    )
    landed = extract(store, Toy(page), task=task)
    mapping = compile_mapping(load_mapping(MAPPING, file="toy.yaml"))
    work = CanonicaliseTask(
        connection="toy", stream=stream, text=MAPPING, erasure_key=key, ours=OURS
    )
    return dict(landed.counts), dict(canonicalise(store, mapping, task=work).counts)


def settle(store: Engine) -> None:
    """Resolve, and compute golden records."""
    apply(store, plan(store), limit=None)
    compute_golden(store)


def party_of(store: Engine, text: str) -> str:
    """The party of a record of the toy."""
    found = find_customer(store, f"toy:{text}")
    assert found is not None
    return found


def forget(store: Engine, party: str, **more: Any) -> Erased:
    """Erase a party."""
    request = Request(party=party, actor="tester", reason="request 17", ours=OURS, **more)
    return erase(store, request, key)


def found_in(store: Engine, *needles: str) -> dict[str, list[str]]:
    """Tables and columns in which one of the texts stands, in any case."""
    found: dict[str, list[str]] = {}
    with reading(store) as db:
        for table in metadata.sorted_tables:
            for row in db.execute(sa.select(table)).mappings():
                for name, value in row.items():
                    if any(needle in _text(value) for needle in needles):
                        found.setdefault(table.name, []).append(name)
    return found


def _text(value: object) -> str:
    return (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).lower()


def rows(store: Engine, table: str) -> list[sa.RowMapping]:
    """All rows of a table."""
    with reading(store) as db:
        return list(db.execute(sa.select(metadata.tables[table])).mappings())
