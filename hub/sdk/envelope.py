"""Reads SOAP answers into plain values, without ever trusting the document.

No DTD, no entity, no network, no huge nodes; what breaks these rules is refused before its content
is looked at. Absent, nil and empty are told apart: an absent element has no key, ``xsi:nil`` is
None, an empty element is ''.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from lxml import etree

from hub.sdk.xml import SAFE, has_doctype, open_root, refusal

Value = Any
"""A text, None, a dict by element name, or a list."""

_ENVELOPES: Final = (
    "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
    "{http://www.w3.org/2003/05/soap-envelope}Envelope",
)
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ARRAY_TYPE: Final = "{http://schemas.xmlsoap.org/soap/encoding/}arrayType"
_FREED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """Where a list answer keeps its records: ``within`` names their parent, ``item`` each one.

    ``head`` names the part that says how the call went; it is handed to ``check`` before any
    record that follows it.
    """

    within: str
    item: str = "item"
    head: str = "result"
    check: Callable[[Value], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault: its code and subcode as local names, and its text, which stays out of errors."""

    code: str
    subcode: str
    text: str


def read_answer(body: bytes, *, system: str, stream: str = "") -> dict[str, Value] | SoapFault:
    """The parts of a whole answer by name, or the fault that it is."""
    _check_root(body, system, stream)
    try:
        root = etree.fromstring(body, etree.XMLParser(**SAFE))
        payload = _payload(root)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(error, system, stream) from error
    if _local(payload.tag) == "Fault":
        return _fault(payload)
    try:
        return {_local(part.tag): _value(part) for part in payload}
    except ValueError as error:
        raise refusal(error, system, stream) from error


def read_rows(
    body: bytes, shape: RowShape, *, system: str, stream: str = ""
) -> Iterator[dict[str, Value] | SoapFault]:
    """The records of a list answer, one by one, each freed once it is given; or one fault."""
    _check_root(body, system, stream)
    tags = tuple({f"{{*}}{name}" for name in (shape.item, shape.within, shape.head, "Fault")})
    try:
        yield from _walk(etree.iterparse(BytesIO(body), tag=tags, **SAFE), shape)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(error, system, stream) from error


def _walk(events: Any, shape: RowShape) -> Iterator[dict[str, Value] | SoapFault]:
    given = 0
    seen: set[str] = set()
    for _, element in events:
        parent = element.getparent()
        place = _local(parent.tag)
        if place == shape.within:
            yield _row(element)
            element.clear()
            given += 1
            if given % _FREED_AT_ONCE == 0:
                del parent[: parent.index(element)]  # the parser holds this one and reads ahead
            continue
        name = _local(element.tag)
        seen.add(name)
        if (place, name) == ("Body", "Fault"):
            yield _fault(element)
        elif name == shape.head and _is_part(parent):
            shape.check(_value(element))
    if not seen & {shape.within, "Fault"}:  # no list is not an empty list: all would be deleted
        raise ValueError(f"it has no {shape.within}")


def _row(element: Any) -> dict[str, Value]:
    """A record; most of its fields are plain texts, so those take the short way."""
    row: dict[str, Value] = {}
    if len(element) == 0:
        _empty(element)
    for field in element:
        tag = field.tag
        name = tag if tag[0] != "{" else _local(tag)
        row[name] = (field.text or _empty(field)) if len(field) == 0 else _value(field)
    return row


def _is_part(wrapper: Any) -> bool:
    """Whether the element's parent is the answer's wrapper, right under the body."""
    return (
        wrapper is not None
        and wrapper.getparent() is not None
        and (_local(wrapper.getparent().tag) == "Body")
    )


def _value(element: Any) -> Value:
    if len(element) == 0:
        return element.text or _empty(element)
    if element.get(_ARRAY_TYPE) is not None:
        return [_value(item) for item in element]
    record: dict[str, Value] = {}
    repeated: set[str] = set()
    for child in element:
        name = _local(child.tag)
        value = _value(child)
        if name not in record:
            record[name] = value
        elif name in repeated:
            record[name].append(value)
        else:
            record[name] = [record[name], value]
            repeated.add(name)
    return record


def _empty(element: Any) -> Value:
    if element.get(_NIL) in ("true", "1"):
        return None
    if element.get("href") is not None:
        raise ValueError("it uses multi-reference values (href), which this reader does not follow")
    return [] if element.get(_ARRAY_TYPE) is not None else ""


def _payload(root: Any) -> Any:
    for child in root:
        if _local(child.tag) == "Body" and len(child):
            return child[0]
    raise ValueError("the envelope has no body")


def _fault(element: Any) -> SoapFault:
    """SOAP 1.1 section 4.4 (faultcode, faultstring) and SOAP 1.2 section 5.4 (Code, Reason)."""
    value = _value(element)
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
    local = _text(value).rpartition(":")[2]
    return "".join(char for char in local if char.isalnum() or char in "._-")[:60]


def _text(value: Value) -> str:
    if isinstance(value, dict):
        value = value.get("Text")
    return value if isinstance(value, str) else ""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _check_root(body: bytes, system: str, stream: str) -> None:
    """An envelope, and without a DTD (SOAP 1.1 section 3): seen before anything is expanded."""
    try:
        root = open_root(body)
    except etree.XMLSyntaxError as error:
        raise refusal(error, system, stream) from error
    if has_doctype(root):
        raise refusal(ValueError("it contains a DTD, which SOAP forbids"), system, stream)
    if root is None or root.tag not in _ENVELOPES:
        reason = "it is no SOAP envelope; check that the address leads to the service"
        raise refusal(ValueError(reason), system, stream)
