"""Keep out: what systems still say of erased people is emptied or cleaned as it is translated.

A new record of an erased person is emptied. One that speaks of others too loses the person's part
and words. A document of theirs keeps what books need. What belongs to a living customer stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from hub.match.blocking import caps_of
from hub.pipeline.redaction import (
    PLACEHOLDER,
    Identity,
    Redactor,
    identity_of,
    rename_refs,
    texts_in,
)
from hub.pipeline.survey import DOCUMENTS, PARTY, Ours, is_other
from hub.store import footprint, searching, wording
from hub.store.canonical import Taken, Translated
from hub.store.database import Connection
from hub.store.removal import Removal
from hub.store.suppression import (
    EMAIL,
    HELD,
    PART,
    PHONE,
    RECORD,
    WORD,
    Marks,
    add_marks,
    find_marks,
    pseudonym,
)

_Target = tuple[str, str, str]
"""Type, key and part that a record refers to."""
_Names = Mapping[_Target, str | None]
_LOOKED_UP: Final = (RECORD, HELD, PART, EMAIL, PHONE)


class Verdict(NamedTuple):
    """Rows that may be stored, and the records that are suppressed whole."""

    rows: list[Translated]
    suppressed: set[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How a stream's erased people are recognised."""

    marks: Marks
    stream_id: int
    stream_of: Callable[[str], int]
    ours: Ours


def keep_out(
    db: Connection, gate: Gate, chunk: Sequence[Taken], rows: Iterable[Translated]
) -> Verdict:
    """Take erased people out of a chunk, in the transaction that stores it."""
    by_record: dict[int, list[Translated]] = {}
    for row in rows:
        by_record.setdefault(row.record_id, []).append(row)
    chosen = {taken.id: taken for taken in chunk if taken.id in by_record}
    candidates = [_Candidate(gate, chosen[id_], found) for id_, found in by_record.items()]
    living = wording.living_parts(db, list(by_record))
    wanted = {mark for candidate in candidates for mark in candidate.marks()}
    known = find_marks(db, _LOOKED_UP, wanted)
    desk = _Desk(db, gate)
    for candidate in candidates:
        desk.judge(candidate, known, living.get(candidate.taken.id, frozenset()))
    return desk.close()


class _Candidate:
    """A source record with what it was translated to."""

    def __init__(self, gate: Gate, taken: Taken, rows: list[Translated]) -> None:
        self.taken = taken
        self.rows = rows
        self._gate = gate
        self._bodies = {row.part: orjson.loads(row.body) for row in rows}

    def body(self, row: Translated) -> dict[str, Any]:
        found: dict[str, Any] = self._bodies[row.part]
        return found

    @property
    def own_mark(self) -> bytes:
        return self._gate.marks.record(self._gate.stream_id, self.taken.key)

    def marks(self) -> Iterator[bytes]:
        """Everything by which an erased person may be recognised in it."""
        yield self.own_mark
        for row in self.rows:
            for marks in self.ref_marks(row).values():
                yield from marks
            if row.entity == PARTY:
                yield from self.party_marks(row)

    def ref_marks(self, row: Translated) -> dict[_Target, tuple[bytes, bytes]]:
        """Type, key and part of each reference, with the marks of record and part."""
        marks, found = self._gate.marks, {}
        for _, type_, key, part in row.refs:
            stream_id = self._gate.stream_of(type_)
            both = (marks.record(stream_id, key), marks.part(stream_id, key, part))
            found[type_, key, part] = both
        return found

    def names(self, known: Collection[bytes]) -> dict[_Target, str | None]:
        """References that mean an erased person; with the pseudonym of an emptied record."""
        found: dict[_Target, str | None] = {}
        for row in self.rows:
            for target, (record, part) in self.ref_marks(row).items():
                if record in known:
                    found[target] = pseudonym(record)
                elif part in known:
                    found[target] = None
        return found

    def party_marks(self, row: Translated) -> Iterator[bytes]:
        """Of the part itself, and of a person's own addresses and numbers."""
        yield self._gate.marks.part(self._gate.stream_id, self.taken.key, row.part)
        body = self.body(row)
        if body.get("kind") == "organisation":
            return
        identity = identity_of([body], self._gate.ours.country)
        yield from map(self._gate.marks.email, identity.emails)
        for number in identity.phones:
            for family in identity.families:
                yield self._gate.marks.phone(number, family)

    def is_placeholder(self, row: Translated) -> bool:
        """Whether nothing is left of the party but what stands for it."""
        body = self.body(row)
        points = [point["value"] for point in body.get("contact_points", ())]
        return PLACEHOLDER in [body.get("display_name"), *points]


class _Desk:
    """Collects what is decided about a chunk, and carries it out."""

    def __init__(self, db: Connection, gate: Gate) -> None:
        self._db = db
        self._gate = gate
        self._now = datetime.now(UTC)
        self._rows: list[Translated] = []
        self._emptied: dict[int, tuple[footprint.Place, str]] = {}
        self._held: dict[int, bytes] = {}

    def judge(self, found: _Candidate, known: set[bytes], living: Collection[str]) -> None:
        """Decide about one record; parts of living customers are never suspected."""
        gone = [row for row in found.rows if self._is_gone(found, row, known, living)]
        names = found.names(known)
        held = found.own_mark in known
        if gone or names or held:
            self._decide(found, gone, names, held=held)
        else:
            self._rows += found.rows

    def _decide(
        self, found: _Candidate, gone: Sequence[Translated], names: _Names, *, held: bool
    ) -> None:
        kept = [row for row in found.rows if row not in gone]
        if not held and self._speaks_of_others(found, kept, names):
            self._clean(found, (gone, kept), names)
        elif any(row.entity in DOCUMENTS for row in kept):
            self._hold(found, kept, names)
        else:
            mark = found.own_mark
            self._emptied[found.taken.id] = (self._place(found), pseudonym(mark))

    def close(self) -> Verdict:
        """Empty what is suppressed, drop the payloads of what is held."""
        removal = Removal(self._db, self._now)
        records = footprint.load_footprints(self._db, list(self._emptied))
        parts = {part.id for record in records.values() for part in record.parts}
        removal.empty_parts(parts, caps_of)
        marks = [self._gate.marks.record(*place) for place, _ in self._emptied.values()]
        removal.empty_records(self._emptied)
        removal.drop_payloads(list(self._held))
        add_marks(self._db, {RECORD: marks, HELD: self._held.values()}, self._now)
        return Verdict(self._rows, set(self._emptied))

    def _place(self, found: _Candidate) -> footprint.Place:
        return (self._gate.stream_id, found.taken.key)

    def _is_gone(
        self, found: _Candidate, row: Translated, known: set[bytes], living: Collection[str]
    ) -> bool:
        if row.entity != PARTY or row.part in living:
            return False
        marks = {found.own_mark, *found.party_marks(row)}
        return bool(marks & known) or found.is_placeholder(row)

    def _speaks_of_others(
        self, found: _Candidate, kept: Sequence[Translated], names: _Names
    ) -> bool:
        """Another party's part, a reference to somebody else, somebody else who takes part."""
        identity = self._identity(found, [row for row in found.rows if row not in kept])
        for row in kept:
            people = [r for r in row.refs if r[0].rpartition(".")[2] in ("party", "contact")]
            others = {(type_, key, part) for _, type_, key, part in people} - names.keys()
            points = [p["contact_point"] for p in found.body(row).get("participants", ())]
            talk = any(is_other(point, identity, self._gate.ours) for point in points)
            strangers = {key for _, key, _ in others} - {found.taken.key}
            if row.entity == PARTY or strangers or talk:
                return True
        return False

    def _identity(self, found: _Candidate, gone: Sequence[Translated]) -> Identity:
        return identity_of((found.body(row) for row in gone), self._gate.ours.country)

    def _clean(
        self,
        found: _Candidate,
        parted: tuple[Sequence[Translated], Sequence[Translated]],
        names: _Names,
    ) -> None:
        gone, kept = parted
        identity = self._known_words(found, self._identity(found, gone))
        theirs = [found.body(row) for row in kept if row.entity == PARTY]
        redactor = Redactor(identity, names=True, keep=texts_in(theirs))
        self._rows += [self._rewritten(found, row, redactor, names) for row in kept]
        payload = redactor.json(found.taken.payload)
        if payload != found.taken.payload:
            key = {"record_id": found.taken.id, "version": found.taken.version}
            searching.rewrite(self._db, "raw_version", key, {"payload": payload})

    def _hold(self, found: _Candidate, kept: Sequence[Translated], names: _Names) -> None:
        redactor = Redactor(self._known_words(found, Identity()), names=True)
        self._held[found.taken.id] = found.own_mark
        for row in kept:
            if row.entity in DOCUMENTS:
                found.body(row).pop("ext", None)
                self._rows.append(self._rewritten(found, row, redactor, names))

    def _known_words(self, found: _Candidate, identity: Identity) -> Identity:
        """Names and addresses in the record that an erasure has marked."""
        values = [orjson.loads(found.taken.payload), *(found.body(row) for row in found.rows)]
        texts = {self._gate.marks.word(text): text.strip() for text in texts_in(values)}
        words = {texts[mark] for mark in find_marks(self._db, (WORD,), texts)}
        return identity.with_words(words)

    def _rewritten(
        self,
        found: _Candidate,
        row: Translated,
        redactor: Redactor,
        names: _Names,
    ) -> Translated:
        short = {(type_, key): name for (type_, key, _), name in names.items() if name}
        text = orjson.dumps(rename_refs(redactor.value(found.body(row)), short))
        digest = blake2b(text, digest_size=16, person=row.entity[:16].encode()).digest()
        refs = [
            (role, type_, short.get((type_, key), key), part) for role, type_, key, part in row.refs
        ]
        return row._replace(body=text.decode(), hash=digest, refs=refs)
