"""The records of a list answer, read while the answer is parsed and freed as they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from hub.errors import SourceSchemaError
from hub.sdk.soap.guard import (
    MAX_NODES,
    body_of,
    check_root,
    count_nodes,
    local,
    parse_whole,
)
from hub.sdk.soap.values import (
    SoapFault,
    Value,
    ValueReader,
    find_targets,
    read_payload,
    refers,
)
from hub.sdk.xml import SAFE, refusal

_CHUNK: Final = 1 << 17

Row = dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """Where a list answer keeps its records: ``within`` names their parent, ``item`` each one.

    ``head`` names the part that says how the call went; it is handed to ``check`` before any
    record that follows it. ``pairs`` names a field that is itself a list of name and value
    (SuiteCRM's ``name_value_list``): its pairs become fields of the record.
    """

    within: str
    item: str = "item"
    head: str = "result"
    check: Callable[[Value], None] = lambda _: None
    pairs: str = ""


@dataclass(slots=True)
class RowReading:
    """One reading of a list answer; ``rest`` is the answer without its records, once all are given.

    Iterating gives each record, or the one fault that the answer is. Afterwards ``found`` says
    whether there was a list: none is not an empty one, by which all records would be deleted.
    """

    body: bytes = field(repr=False)
    shape: RowShape
    system: str
    stream: str = ""
    rest: Row = field(default_factory=dict, repr=False)
    found: bool = False

    def __iter__(self) -> Iterator[Row | SoapFault]:
        check_root(self.body, self.system, self.stream)
        try:
            yield from self._whole() if refers(self.body) else self._streamed()
        except (etree.XMLSyntaxError, ValueError) as error:
            raise refusal(error, self.system, self.stream) from error

    def missing(self) -> SourceSchemaError:
        """The error for an answer in which the list is missing."""
        return refusal(ValueError(f"it has no {self.shape.within}"), self.system, self.stream)

    def _streamed(self) -> Iterator[Row | SoapFault]:
        """Records are complete, and may go, once another one follows them.

        The parser tells where their parent begins and nothing else: each event costs time.
        """
        shape, to_row = self.shape, _row_maker(self.shape, ValueReader())
        parser = etree.XMLPullParser(events=("start",), tag=f"{{*}}{shape.within}", **SAFE)
        container: Any = None
        frame, held, checked = _Frame(), 0, False
        for start in range(0, len(self.body), _CHUNK):
            chunk = self.body[start : start + _CHUNK]
            held += count_nodes(chunk)
            if held > MAX_NODES:
                raise ValueError(f"a record or its frame has more than {MAX_NODES} elements")
            parser.feed(chunk)
            if container is None:
                container, frame.nodes = _begun(parser), held
                checked = container is not None and self._check_head(container.iterancestors())
            if container is not None and len(container) > frame.elements + 1:
                yield from frame.take(container, shape.item, to_row)
                held = frame.nodes
        root = parser.close()
        if not checked:
            self._check_head([body_of(root)[0]], ended=True)
        yield from self._end(root, container, to_row)

    def _check_head(self, elements: Iterable[Any], *, ended: bool = False) -> bool:
        """Hand the head to ``check`` where it is there already, under the answer's wrapper.

        Until the document has ended, only what follows an element shows that it is complete.
        """
        if not self.shape.head:
            return True
        wrapper = next((one for one in elements if _is_wrapper(one)), None)
        head = None if wrapper is None else wrapper.find(f"{{*}}{self.shape.head}")
        if head is None or local(head.tag) == self.shape.within:
            return False
        if head.getnext() is None and not ended:
            return False
        self.shape.check(ValueReader().value(head))
        return True

    def _end(
        self, root: Any, container: Any, to_row: Callable[[Any], Row]
    ) -> Iterator[Row | SoapFault]:
        payload = body_of(root)[0]
        if container is not None:
            items = container.findall(f"{{*}}{self.shape.item}")
            yield from map(to_row, items)
            for item in items:
                container.remove(item)
        answer = read_payload(payload, ValueReader())
        if isinstance(answer, SoapFault):
            yield answer
            return
        self.rest, self.found = answer, container is not None

    def _whole(self) -> Iterator[Row | SoapFault]:
        """An answer with references: a record may stand behind the list that names it."""
        shape, envelope = self.shape, body_of(parse_whole(self.body))
        reader = ValueReader(find_targets(envelope))
        payload = envelope[0]
        container = next(payload.iter(f"{{*}}{shape.within}"), None)
        if container is None or local(payload.tag) == "Fault":
            yield from self._end(envelope.getparent(), None, lambda _: {})
            return
        for head in payload:
            if local(head.tag) == shape.head and head is not container:
                shape.check(reader.value(head))
        yield from _rows_of(reader.value(container), shape)
        container.attrib.pop("href", None)
        del container[:]
        answer = read_payload(payload, reader)
        assert isinstance(answer, dict)
        self.rest, self.found = answer, True


def read_rows(
    body: bytes, shape: RowShape, *, system: str, stream: str = ""
) -> Iterator[Row | SoapFault]:
    """The records of a list answer, one by one, each freed once it is given; or one fault."""
    reading, fault = RowReading(body, shape, system, stream), False
    for row in reading:
        fault = isinstance(row, SoapFault)
        yield row
    if not (reading.found or fault):
        raise reading.missing()


@dataclass(slots=True)
class _Frame:
    """What stays in memory: the nodes before the list, and elements in it that are no records."""

    nodes: int = 0
    elements: int = 0

    def take(self, container: Any, item: str, to_row: Callable[[Any], Row]) -> list[Row]:
        """The complete records, cut out; the last stays, where the parser is still at work.

        An element goes quickly only while no name is left for it here.
        """
        if {local(tag) for tag in {one.tag for one in container[self.elements : -1]}} == {item}:
            rows = [to_row(element) for element in container[self.elements : -1]]
            del container[self.elements : -1]
            return rows
        done = container[self.elements : -1]
        records = [element for element in done if local(element.tag) == item]
        others = [element for element in done if local(element.tag) != item]
        rows = [to_row(element) for element in records]
        for element in records:
            container.remove(element)
        self.elements += len(others)
        self.nodes += sum(1 for element in others for _ in element.iter())
        return rows


def _row_maker(shape: RowShape, reader: ValueReader) -> Callable[[Any], Row]:
    """What turns an element into a record; plain texts, as most fields are, go the short way."""
    names = _LocalNames()
    pairs, empty, value = shape.pairs, reader.empty, reader.value

    def to_row(element: Any) -> Row:
        row: Row = {}
        for part in element:
            name = names[part.tag]
            if name == pairs:
                row |= _named(part, empty)
            elif name in row:
                return _repeated(element, reader)
            else:
                row[name] = (part.text or empty(part)) if len(part) == 0 else value(part)
        return row or _bare(element, reader)

    return to_row


class _LocalNames(dict[str, str]):
    """Local names by tag, each worked out once."""

    def __missing__(self, tag: str) -> str:
        self[tag] = name = local(tag)
        return name


def _bare(element: Any, reader: ValueReader) -> Row:
    """A record without fields; a text in its place is none."""
    if len(element) == 0 and (element.text or reader.empty(element)):
        raise ValueError("a record is no structure but a plain text")
    return {}


def _repeated(element: Any, reader: ValueReader) -> Row:
    """A record in which a name comes more than once, and then is a list."""
    row: Row = reader.value(element)
    return row


def _named(pairs: Any, empty: Callable[[Any], Value]) -> Row:
    """The fields that a list of name and value stands for, in whichever order both come."""
    names = [part.text for part in pairs.iterdescendants("{*}name")]
    values = [part.text or empty(part) for part in pairs.iterdescendants("{*}value")]
    if len(names) != len(values):
        raise ValueError("a list of names and values has not as many of both")
    return dict(zip(names, values, strict=True))


def _rows_of(value: Value, shape: RowShape) -> Iterator[Row]:
    """The records in a list that was read as a whole."""
    found = value.get(shape.item) if isinstance(value, dict) else value
    items = found if isinstance(found, list) else [found] if found else []
    for item in items:
        yield _row_of(item or {}, shape)


def _row_of(item: Value, shape: RowShape) -> Row:
    if not isinstance(item, dict):
        raise ValueError("a record is no structure but a plain text or a list")  # noqa: TRY004  # the document is wrong
    row = dict(item)
    pairs = row.pop(shape.pairs, None) if shape.pairs else None
    return row | _paired(pairs or ())


def _paired(pairs: Iterable[Any]) -> Row:
    if not all(isinstance(one, dict) and set(one) == {"name", "value"} for one in pairs):
        raise ValueError("a list of names and values has not as many of both")
    return {str(pair["name"]): pair["value"] for pair in pairs}


def _begun(parser: Any) -> Any:
    """The records' parent, once its start is read; it lies within the Body."""
    for _, element in parser.read_events():
        if any(local(parent.tag) == "Body" for parent in element.iterancestors()):
            return element
    return None


def _is_wrapper(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and local(parent.tag) == "Body"
