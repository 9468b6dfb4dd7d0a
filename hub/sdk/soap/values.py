"""SOAP answers as plain values: a text, None, a dict by element name, or a list.

Absent, nil and empty are told apart: an absent element has no key, ``xsi:nil`` is None, an empty
element is ''. Multi-reference values (SOAP 1.1 section 5.4.1, as Axis 1 writes them) are followed
inside the answer; a value may appear in many places, but never within itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from hub.sdk.soap.guard import body_of, check_root, local, parse_whole
from hub.sdk.xml import refusal

Value = Any
"""A text, None, a dict by element name, or a list."""

_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ARRAYS: Final = (
    "{http://schemas.xmlsoap.org/soap/encoding/}arrayType",
    "{http://www.w3.org/2003/05/soap-encoding}itemType",
)
_ENCODING_12: Final = "{http://www.w3.org/2003/05/soap-encoding}"
_REFERENCE: Final = re.compile(rb"""[\s:](?:href|ref)\s*=\s*["']""")
_MAX_DEPTH: Final = 100
_MAX_UNITS: Final = 1_000_000
"""What references may unfold to: an element is one unit, and so are 64 characters."""


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault: its code and subcode as local names, and its text, which stays out of errors."""

    code: str
    subcode: str
    text: str


def read_answer(body: bytes, *, system: str, stream: str = "") -> dict[str, Value] | SoapFault:
    """The parts of a whole answer by name, or the fault that it is."""
    check_root(body, system, stream)
    try:
        envelope = body_of(parse_whole(body))
        reader = ValueReader(find_targets(envelope) if refers(body) else None)
        return read_payload(envelope[0], reader)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(error, system, stream) from error


def refers(body: bytes) -> bool:
    """Whether an answer may hold references; a text that looks like one does no harm."""
    mark = b":ref" if b"2003/05/soap-envelope" in body[:4_096] else b"href"
    return mark in body and _REFERENCE.search(body) is not None


def read_payload(payload: Any, reader: ValueReader) -> dict[str, Value] | SoapFault:
    """What stands first in a Body: the parts of an answer, or a fault."""
    if local(payload.tag) == "Fault":
        return _fault(reader.value(payload))
    return {local(part.tag): reader.value(part) for part in payload}


def find_targets(body: Any) -> dict[str, Any]:
    """The values of a Body that can be referred to, by id; an id that comes twice is refused."""
    targets: dict[str, Any] = {}
    for element in body.iterdescendants():
        name = element.get("id") or element.get(f"{_ENCODING_12}id")
        if name and targets.setdefault(name, element) is not element:
            targets[name] = None  # refused when something refers to it: not every id is a target
    return targets


class ValueReader:
    """Reads the elements of one answer; without ``targets`` a reference is refused."""

    def __init__(self, targets: Mapping[str, Any] | None = None) -> None:
        self._targets = targets
        self._known: dict[str, tuple[Value, int]] = {}
        self._open: set[str] = set()
        self._depth = 0
        self._units = 0

    def value(self, element: Any) -> Value:
        """The element's value; a repeated element name gives a list."""
        self._units += 1
        if len(element) == 0:
            text = element.text
            if not text:
                return self.empty(element)
            self._units += len(text) >> 6
            return text
        if self._depth >= _MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        self._depth += 1
        inside = self._list(element) if is_array(element) else self._record(element)
        self._depth -= 1
        return inside

    def empty(self, element: Any) -> Value:
        """The value of an element without content: None, '', an empty list or a reference's."""
        if element.get(_NIL) in ("true", "1"):
            return None
        href = element.get("href") or element.get(f"{_ENCODING_12}ref")
        if href is not None:
            return self._follow(href.removeprefix("#"), href)
        return [] if is_array(element) else ""

    def _list(self, element: Any) -> list[Value]:
        return [self.value(item) for item in element]

    def _record(self, element: Any) -> dict[str, Value]:
        record: dict[str, Value] = {}
        repeated: set[str] = set()
        for child in element:
            name = local(child.tag)
            value = self.value(child)
            if name not in record:
                record[name] = value
            elif name in repeated:
                record[name].append(value)
            else:
                record[name] = [record[name], value]
                repeated.add(name)
        return record

    def _follow(self, name: str, href: str) -> Value:
        """Each target is read once; what it unfolds to counts each time it is used."""
        if name in self._open:
            raise ValueError("a multi-reference value contains itself")
        if name not in self._known:
            if ":" in href:
                raise ValueError("it refers to something outside of itself")
            before = self._units
            self._open.add(name)
            value = self.value(self._find(name))
            self._open.discard(name)
            self._known[name] = (value, self._units - before)
        else:
            self._units += self._known[name][1]
        if self._units > _MAX_UNITS:
            raise ValueError("its multi-reference values unfold to too much; ask for less")
        return self._known[name][0]

    def _find(self, name: str) -> Any:
        element = (self._targets or {}).get(name)
        if element is None:
            raise ValueError("it refers to a value that it does not hold, or holds twice")
        return element


def is_array(element: Any) -> bool:
    """Whether the element says that it is an array of the SOAP encoding."""
    return any(element.get(name) is not None for name in _ARRAYS)


def _fault(value: Value) -> SoapFault:
    """SOAP 1.1 section 4.4 (faultcode, faultstring) and SOAP 1.2 section 5.4 (Code, Reason)."""
    fields = value if isinstance(value, dict) else {}
    code = fields.get("Code")
    if isinstance(code, dict):
        sub = code.get("Subcode")
        subcode = sub.get("Value") if isinstance(sub, dict) else ""
        return SoapFault(_name(code.get("Value")), _name(subcode), _text(fields.get("Reason")))
    first, _, rest = _text(fields.get("faultcode")).rpartition(":")[2].partition(".")
    return SoapFault(_name(first), _name(rest), _text(fields.get("faultstring")))


def _name(value: Value) -> str:
    """A code cut down to what may stand in a message."""
    name = _text(value).rpartition(":")[2]
    return "".join(char for char in name if char.isalnum() or char in "._-")[:60]


def _text(value: Value) -> str:
    if isinstance(value, dict):
        value = value.get("Text")
    return value if isinstance(value, str) else ""
