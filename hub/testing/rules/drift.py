"""Silver: a system that changes the form of its records while they are read."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from hub.errors import PermanentSourceError
from hub.sdk.contract import Page
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import BrokenRuleError, NotDeclaredError, Tier, expect, expect_keys, rule
from hub.testing.rules.reading import each_stream, key_of
from hub.testing.stock import COUNT
from hub.testing.subject import Subject
from hub.testing.wire import Exchange
from hub.testing.xmlrows import xml_rows

Row = dict[str, Any]
Spoil = Callable[[Row], None]
ODD: Final = "Zoë O'Hara “Ω” 漢字 😀 <b> & \\"
SPOILT: Final = COUNT // 2
"""The record that changes its form; the others stay as they were."""


@rule(Tier.SILVER, cases=each_stream)
def drift(subject: Subject, case: str) -> None:
    """A field that vanishes, changes its type or comes anew in mid-run costs no other record."""
    with Bench(subject, case) as bench:
        fields = _fields(bench)
    for change in CHANGES:
        _bear(subject, case, fields, change)
    _bear_one(
        subject, case, spoil=lambda row: row.update(conformance_kit={}), what="a field is new"
    )


@rule(Tier.SILVER, cases=each_stream)
def characters(subject: Subject, case: str) -> None:
    """Text with accents, quotes, markup, other scripts and emoji comes as the system sent it."""
    with Bench(subject, case) as bench:
        fields = [field for field in _fields(bench) if field not in subject.streams[case].key]
    texts = _decorated(subject, case, fields)
    if not texts:
        raise NotDeclaredError("no text of an answer stands in a record as it came")
    changed = sorted(field for field, (sent, found) in texts.items() if found not in sent)
    expect(not changed, f"{', '.join(changed)} came otherwise than it was sent")


class _Said:
    """What was sent in one field: texts, and what is no text and so was left as it was."""

    def __init__(self, field: str) -> None:
        self._field = field
        self.texts: list[str] = []
        self.others: list[object] = []

    def __call__(self, row: Row) -> None:
        if isinstance(row.get(self._field), str):
            row[self._field] = f"{row[self._field]} {ODD}"
            self.texts.append(row[self._field])
        elif self._field in row:
            self.others.append(row[self._field])

    def compare(self, came: object) -> tuple[set[str], str] | None:
        """What was sent and what came; None where it is no text.

        A record of another stream may have the same key: where one of the two is no text, nobody
        knows which came. Entities that a system puts into its texts may be undone.
        """
        if not self.texts or self.others or not isinstance(came, str):
            return None
        return {*self.texts, *map(html.unescape, self.texts)}, came


def _decorated(
    subject: Subject, stream: str, fields: list[str]
) -> Mapping[str, tuple[set[str], str]]:
    """What was sent and what came by field: a record for each, all in one read where that goes."""
    said = {field: _Said(field) for field in fields}
    with Bench(subject, stream, count=max(len(fields), 1)) as bench:
        keys = [bench.key(number) for number in range(1, len(fields) + 1)]
        _Drift(bench, dict(zip(keys, said.values(), strict=True)))
        try:
            records = {record.key: record for page in bench.read() for record in page.records}
        except PermanentSourceError:  # one field is not taken as any text: find out which
            alone = [_decorated(subject, stream, [field]) for field in fields if len(fields) > 1]
            return {field: pair for one in alone for field, pair in one.items()}
    found = {
        field: said[field].compare(records[key].data.get(field))
        for field, key in zip(fields, keys, strict=True)
        if key in records
    }
    return {field: pair for field, pair in found.items() if pair}


def _vanish(field: str) -> Spoil:
    return lambda row: row.pop(field, None)


def _turn(field: str) -> Spoil:
    return lambda row: row.update({field: {"was": "something else"}})


CHANGES: Final[Mapping[str, Callable[[str], Spoil]]] = {
    "vanishes": _vanish,
    "changes its type": _turn,
}


class _Drift:
    """Spoils records, found by their keys, in every answer that passes."""

    def __init__(self, bench: Bench, spoils: Mapping[str, Spoil]) -> None:
        self.met = 0
        self._spoils = spoils
        self._stream = bench.subject.streams[bench.stream]
        self._names = set(self._stream.key)
        bench.proxy.after = self._pass

    def _pass(self, exchange: Exchange) -> None:
        if exchange.answer.lstrip()[:1] == b"<":
            self._pass_xml(exchange)
            return
        try:
            body = orjson.loads(exchange.answer)
        except orjson.JSONDecodeError:
            return
        for key, row in list(self._rows(body)):
            self.met += 1
            self._spoils[key](row)
        exchange.answer = orjson.dumps(body)

    def _pass_xml(self, exchange: Exchange) -> None:
        from lxml import etree

        try:
            root = etree.fromstring(exchange.answer, etree.XMLParser(resolve_entities=False))
        except etree.XMLSyntaxError:
            return
        for found in xml_rows(root, self._names):
            key = key_of(self._stream, found.row)
            if key in self._spoils:
                self.met += 1
                self._spoils[key](found.row)
                found.save()
        exchange.answer = etree.tostring(root, encoding="utf-8")

    def _rows(self, node: Any) -> Iterator[tuple[str, Row]]:
        """The objects whose key fields make one of the keys."""
        if isinstance(node, dict):
            key = key_of(self._stream, node) if self._names <= set(node) else None
            if key is not None and key in self._spoils:
                yield key, node
                return
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            yield from self._rows(child)


def _fields(bench: Bench) -> list[str]:
    """The fields of the records, as they stand in the answers."""
    if bench.address is None or not bench.address.http:
        raise NotDeclaredError("the answers are not JSON or XML over HTTP")
    found: dict[str, None] = {}
    drifting = _Drift(bench, dict.fromkeys(bench.source_keys(), found.update))
    bench.read()
    if not drifting.met:
        raise NotDeclaredError("nothing in the answers has the key fields of the record")
    return list(found)


def _bear(subject: Subject, stream: str, fields: list[str], change: str) -> None:
    """Spoil each field: all in one read where that goes, else each half by itself."""
    spoils = [CHANGES[change](field) for field in fields]
    if len(fields) == 1:
        _bear_one(subject, stream, spoil=spoils[0], what=f"{fields[0]} {change}")
    elif fields and not _bears_all(subject, stream, spoils):
        half = len(fields) // 2
        for some in (fields[:half], fields[half:]):
            _bear(subject, stream, some, change)


def _bears_all(subject: Subject, stream: str, spoils: list[Spoil]) -> bool:
    """Whether each record spoilt in another field still comes, or is counted: the quick way."""
    with Bench(subject, stream, count=len(spoils)) as bench:
        _Drift(bench, dict(zip(bench.source_keys(), spoils, strict=True)))
        try:
            return _counted(bench.read()) >= bench.count
        except Exception:  # noqa: BLE001  # which field it was is found out one by one
            return False


def _bear_one(subject: Subject, stream: str, *, spoil: Spoil, what: str) -> None:
    with Bench(subject, stream) as bench:
        _Drift(bench, {bench.key(SPOILT): spoil})
        try:
            pages = bench.read()
        except PermanentSourceError:
            return
        except Exception as error:
            raise BrokenRuleError(
                f"{what}: {type(error).__name__} leaves read(); give the record as "
                "Unreadable, or raise SourceSchemaError where nothing can be read"
            ) from error
        others = bench.source_keys(n for n in range(1, bench.count + 1) if n != SPOILT)
        expect_keys([key for key in keys_of(pages) if key in others], others, what)
        note = "the record is neither given nor Unreadable nor excluded"
        expect(_counted(pages) >= bench.count, f"{what}: {note}")


def _counted(pages: list[Page]) -> int:
    """How many records came, one way or the other."""
    told = sum(len(page.unreadable) + sum(page.excluded.values()) for page in pages)
    return len(set(keys_of(pages))) + told
