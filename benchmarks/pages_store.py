"""A store for measuring the pages: customers by the million, put in without any run."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from hub.pipeline.rule_set import RuleSet, adopt_rules
from hub.store import bulk
from hub.store.columns import new_id
from hub.store.database import Connection, Engine, writing
from hub.store.ids import take_block
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    connection,
    document,
    golden_record,
    link,
    master_party,
    match_content,
    match_profile,
    review_case,
    run,
    source_record,
    stream,
)

CHUNK = 10_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MICROS = int(NOW.timestamp() * 1e6)
STREAMS = 20
RUNS = 500
RULES = RuleSet({}, "DE")
CASES = 50_000
LARGE = 2_000
"""Invoices of one customer."""
GIVEN = ("Anna", "Bert", "Clara", "David", "Eva", "Felix", "Greta", "Hugo", "Ida", "Jonas")
SYLLABLES = ("ber", "ga", "lin", "mo", "ros", "ta", "wen", "ka", "stein", "fel", "dor", "hau")
TOWNS = ("Hamburg", "Berlin", "Köln", "Leipzig", "Wien", "Zürich", "Bremen", "Graz", "Essen")


@dataclass(frozen=True, slots=True)
class Made:
    """What there is to ask for: some parties, the one with most documents, cases, names."""

    parties: Sequence[str]
    large: str
    cases: Sequence[str]
    names: Sequence[str]

    def typed(self, draw: random.Random) -> str:
        """What a person has typed when the search goes off: a name or two, half written."""
        words = draw.choice(self.names).split()
        kind = draw.random()
        if kind < 0.4:
            return words[-1][: draw.randint(2, 6)]
        if kind < 0.7:
            return f"{words[0]} {words[-1][:4]}"
        return f"{words[-1][:5]} {draw.choice(TOWNS)[:4]}" if kind < 0.9 else words[0][:3]


def fill(engine: Engine, customers: int) -> Made:
    """Every customer has a record, one in three a second; every other one documents and mails."""
    draw = random.Random(7)
    with writing(engine) as db:
        streams = _streams(db)
        adopt_rules(db, RULES)
    parties: list[str] = []
    names: list[str] = []
    records: list[int] = []
    for start in range(0, customers, CHUNK):
        size = min(CHUNK, customers - start)
        with writing(engine) as db:
            block = _Block(db, streams, draw, start)
            block.add(size)
        parties += random.Random(start).sample(block.parties, min(50, size))
        names += random.Random(start).sample(block.names, min(50, size))
        records += block.seconds
    with writing(engine) as db:
        cases = _cases(db, records, draw)
        _documents_of(db, streams[2], parties[0], LARGE, draw)
        if db.dialect.name == "postgresql":
            db.execute(sa.text("ANALYZE"))
    return Made(parties, parties[0], cases, names)


def _streams(db: Connection) -> list[int]:
    found = []
    for number in range(STREAMS):
        connected, id_ = new_id(), take_block(db, "stream", 1)
        known = {"id": connected, "name": f"system{number}", "connector": "file", "office": "front"}
        db.execute(sa.insert(connection).values(created_at=NOW, **known))
        db.execute(sa.insert(stream).values(id=id_, connection_id=connected, name="party"))
        rows: list[bulk.Row] = [
            (
                bulk.driver_uuid(db, new_id()),
                "extract",
                id_,
                MICROS + 3_600_000_000 * turn,
                MICROS + 3_600_000_000 * turn + 9_000_000,
                "ok" if (turn + number) % 50 else "failed",
                '{"read":1200,"new":10,"changed":90}',
            )
            for turn in range(RUNS)
        ]
        columns = ("id", "step", "stream_id", "started_at", "ended_at", "state", "counts")
        bulk.insert(db, run, columns, rows)
        found.append(id_)
    return found


class _Block:
    """Ten thousand customers with all that hangs on them, in one transaction."""

    def __init__(
        self, db: Connection, streams: Sequence[int], draw: random.Random, start: int
    ) -> None:
        self.parties: list[str] = []
        self.names: list[str] = []
        self.seconds: list[int] = []
        self._db, self._streams, self._draw, self._start = db, streams, draw, start

    def add(self, size: int) -> None:
        self.parties = [new_id() for _ in range(size)]
        self.names = [self._name() for _ in range(size)]
        doubled = [n for n in range(size) if n % 3 == 0]
        bodies = [self._body(n) for n in range(size)]
        firsts = _records(self._db, self._streams[0], self._keys("a", range(size)), bodies)
        again = [bodies[n] for n in doubled]
        self.seconds = _records(self._db, self._streams[1], self._keys("b", doubled), again)
        self._add_parties(firsts)
        self._add_links(list(enumerate(firsts)) + list(zip(doubled, self.seconds, strict=True)))
        self._add_golden(bodies)
        self._add_business([n for n in range(size) if n % 2 == 0])

    def _keys(self, mark: str, numbers: Sequence[int] | range) -> list[str]:
        return [f"{mark}{self._start + n}" for n in numbers]

    def _name(self) -> str:
        draw = self._draw
        family = "".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))).title()
        return f"{draw.choice(GIVEN)} {family}"

    def _body(self, n: int) -> dict[str, Any]:
        given, family = self.names[n].split()
        number = self._start + n
        address = {"lines": [f"Weg {number % 99}"], "locality": TOWNS[number % len(TOWNS)]}
        return {
            "kind": "person",
            "display_name": self.names[n],
            "person": {"given": given, "family": family},
            "contact_points": [
                {"kind": "email", "value": f"{given}.{family}{number}@post.example".lower()},
                {"kind": "phone", "value": f"+49 40 {number:08}"},
            ],
            "addresses": [{**address, "postcode": f"{number % 90000 + 10000}", "country": "DE"}],
            "identifiers": [{"scheme": "customer_no", "value": f"K{number}", "issuer": "erp"}],
        }

    def _add_parties(self, firsts: Sequence[int]) -> None:
        seq = take_block(self._db, "master_party", len(firsts))
        rows: list[bulk.Row] = [
            (bulk.driver_uuid(self._db, party), seq + n, firsts[n], "active", MICROS, False)
            for n, party in enumerate(self.parties)
        ]
        columns = ("id", "seq", "founding_id", "status", "created_at", "golden_pending")
        bulk.insert(self._db, master_party, columns, rows)

    def _add_links(self, pairs: Sequence[tuple[int, int]]) -> None:
        first = take_block(self._db, "link", len(pairs))
        rows: list[bulk.Row] = [
            (
                first + n,
                record,
                bulk.driver_uuid(self._db, self.parties[place]),
                "auto",
                "made",
                MICROS,
                MICROS,
            )
            for n, (place, record) in enumerate(pairs)
        ]
        columns = ("id", "canonical_id", "party_id", "kind", "reason", "valid_from")
        bulk.insert(self._db, link, (*columns, "recorded_from"), rows)

    def _add_golden(self, bodies: Sequence[dict[str, Any]]) -> None:
        first = take_block(self._db, "golden_record", len(bodies))
        rows: list[bulk.Row] = []
        for n, body in enumerate(bodies):
            golden, origin = _golden(body, f"a{self._start + n}")
            text = orjson.dumps(golden).decode()
            party = bulk.driver_uuid(self._db, self.parties[n])
            row = (first + n, party, 1, text, origin, _digest(text), RULES.digest, MICROS, MICROS)
            rows.append(row)
        columns = (
            *("id", "party_id", "version", "body", "provenance", "body_hash", "rules_digest"),
            *("valid_from", "recorded_from"),
        )
        bulk.insert(self._db, golden_record, columns, rows)

    def _add_business(self, owners: Sequence[int]) -> None:
        keys = self._keys("a", owners)
        for kind, make in _BUSINESS.items():
            bodies = [make(self._start + n, self._draw) for n in owners]
            numbers = [f"{kind}{self._start + n}" for n in owners]
            _referring(
                self._db, (self._streams[2], self._streams[0]), kind, (numbers, keys, bodies)
            )


def _golden(body: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    mail, phone = (point["value"] for point in body["contact_points"])
    golden = {
        **{name: body[name] for name in ("kind", "display_name", "addresses", "identifiers")},
        "given": body["person"]["given"],
        "family": body["person"]["family"],
        "email": mail,
        "emails": [mail],
        "phone": phone,
        "phones": [phone],
        "address": body["addresses"][0],
        "status": "active",
    }
    said = {
        "source": {"connection": "system0", "type": "party", "key": key, "part": ""},
        "raw_version": 1,
        "rule": "recency",
        "losers": [],
        "mapping": {"line": 12},
    }
    origin = {name: [said] if isinstance(value, list) else said for name, value in golden.items()}
    return golden, orjson.dumps(origin).decode()


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _records(
    db: Connection, stream_id: int, keys: Sequence[str], bodies: Sequence[dict[str, Any]]
) -> list[int]:
    """Party records with their profiles; returns their canonical ids."""
    ids = _canonical(db, stream_id, "party", (keys, bodies))
    profiles: list[bulk.Row] = [(id_, f"p{id_}") for id_ in ids]
    bulk.insert(db, match_profile, ("canonical_id", "profile"), profiles)
    contents: list[bulk.Row] = [(f"p{id_}", "[]") for id_ in ids]
    bulk.insert(db, match_content, ("profile", "features"), contents)
    return ids


def _canonical(
    db: Connection,
    stream_id: int,
    entity: str,
    said: tuple[Sequence[str], Sequence[dict[str, Any]]],
) -> list[int]:
    keys, bodies = said
    source = take_block(db, "source_record", len(keys))
    first = take_block(db, "canonical_record", len(keys))
    columns = ("id", "stream_id", "source_key", "version", "payload_hash", "epoch", "pending")
    rows: list[bulk.Row] = [
        (source + n, stream_id, key, 1, b"x", 1, False) for n, key in enumerate(keys)
    ]
    bulk.insert(db, source_record, columns, rows)
    texts = [orjson.dumps(body).decode() for body in bodies]
    made: list[bulk.Row] = [
        (first + n, source + n, "", entity, text, b"x", 1, "m", True, False)
        for n, text in enumerate(texts)
    ]
    held = ("id", "record_id", "part", "entity", "body", "body_hash", "raw_version")
    bulk.insert(db, canonical_record, (*held, "mapping_digest", "active", "pending"), made)
    return list(range(first, first + len(keys)))


def _referring(
    db: Connection,
    streams: tuple[int, int],
    entity: str,
    said: tuple[Sequence[str], Sequence[str], Sequence[dict[str, Any]]],
) -> None:
    """Documents and touches that refer to party records."""
    numbers, targets, bodies = said
    ids = _canonical(db, streams[0], entity, (numbers, bodies))
    refs: list[bulk.Row] = [
        (id_, "party", streams[1], key, "") for id_, key in zip(ids, targets, strict=True)
    ]
    bulk.insert(
        db, canonical_ref, ("canonical_id", "role", "stream_id", "source_key", "part"), refs
    )
    if entity not in {"invoice", "order"}:
        return
    rows: list[bulk.Row] = [
        (
            id_,
            entity,
            entity,
            body["number"],
            body["date"],
            body["status"],
            "EUR",
            int(float(body["gross"]) * 10000),
            int(float(body.get("open_amount", 0)) * 10000),
            0,
        )
        for id_, body in zip(ids, bodies, strict=True)
    ]
    columns = ("canonical_id", "entity", "kind", "number", "date", "status", "currency", "gross")
    bulk.insert(db, document, (*columns, "open_amount", "checksum"), rows)


def _invoice(number: int, draw: random.Random) -> dict[str, Any]:
    gross = f"{draw.randint(1_000, 900_000) / 100:.2f}"
    return {
        "number": f"R{number}",
        "date": f"2026-01-{number % 28 + 1:02}",
        "status": "open",
        "currency": "EUR",
        "gross": gross,
        "net": gross,
        "tax": "0",
        "kind": "invoice",
        "open_amount": gross if number % 5 == 0 else "0",
        "due_date": "2026-02-15",
    }


def _order(number: int, draw: random.Random) -> dict[str, Any]:
    return _invoice(number, draw) | {"number": f"S{number}"}


def _ticket(number: int, _draw: random.Random) -> dict[str, Any]:
    opened = f"2026-02-{number % 28 + 1:02}T10:00:00Z"
    return {"number": str(number), "subject": "A question", "status": "open", "opened": opened}


def _interaction(number: int, _draw: random.Random) -> dict[str, Any]:
    at = f"2026-02-{number % 28 + 1:02}T10:00:00Z"
    return {"channel": "email", "direction": "inbound", "at": at, "subject": "Re: a question"}


_BUSINESS: dict[str, Callable[[int, random.Random], dict[str, Any]]] = {
    "invoice": _invoice,
    "order": _order,
    "ticket": _ticket,
    "interaction": _interaction,
}


def _documents_of(
    db: Connection, stream_id: int, party_id: str, count: int, draw: random.Random
) -> None:
    """Many invoices for one customer."""
    query = (
        sa.select(source_record.c.stream_id, source_record.c.source_key)
        .join(canonical_record, canonical_record.c.record_id == source_record.c.id)
        .join(link, link.c.canonical_id == canonical_record.c.id)
        .where(link.c.party_id == party_id, sa.text("link.recorded_to IS NULL"))
        .limit(1)
    )
    owner, key = db.execute(query).one()
    numbers = [f"large{n}" for n in range(count)]
    bodies = [_invoice(n, draw) for n in range(count)]
    _referring(db, (stream_id, owner), "invoice", (numbers, [key] * count, bodies))


def _cases(db: Connection, records: Sequence[int], draw: random.Random) -> list[str]:
    """Doubts between second records of different customers."""
    pairs = list(zip(records[::2], records[1::2], strict=False))[:CASES]
    evidence = orjson.dumps(
        [
            {"field": "family", "outcome": "same", "weight": 90},
            {"field": "before", "outcome": "odds of any two records", "weight": -60},
        ]
    ).decode()
    ids = [new_id() for _ in pairs]
    rows: list[bulk.Row] = [
        (
            bulk.driver_uuid(db, id_),
            left,
            right,
            draw.choice(("probable", "possible")),
            draw.randint(-20, 140),
            evidence,
            "not certain",
            "open",
            MICROS,
        )
        for id_, (left, right) in zip(ids, pairs, strict=True)
    ]
    columns = ("id", "left_id", "right_id", "grade", "weight", "evidence", "reason", "state")
    bulk.insert(db, review_case, (*columns, "opened_at"), rows)
    return ids[:200]
