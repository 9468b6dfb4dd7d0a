"""What a WSDL offers, as plain values: ports, operations, and what goes in and out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.errors import ConfigError

_DEPTH: Final = 5
_ARRAY: Final = "arrayType"


@dataclass(frozen=True, slots=True)
class Field:
    """One element: ``type`` is its type's local name, ``fields`` what is inside where it is known.

    ``many`` says that it may come more than once, ``array`` that it holds items of SOAP encoding.
    """

    name: str
    type: str
    optional: bool = False
    many: bool = False
    array: bool = False
    fields: tuple[Field, ...] = ()

    def describe(self) -> str:
        """Name and type, ``?`` where it may be left out, ``[]`` where there may be several."""
        several = "[]" if self.many or self.array else ""
        return f"{self.name}{'?' if self.optional else ''}: {self.type}{several}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, and what its answer, an element ``wrapper``, holds."""

    name: str
    action: str
    style: str
    wrapper: str
    takes: tuple[Field, ...]
    gives: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """One port of a service, with the address that the WSDL names."""

    service: str
    name: str
    address: str
    version: str
    operations: tuple[Operation, ...]


def describe_wsdl(location: str | Path) -> tuple[Port, ...]:
    """The SOAP ports of a WSDL file; a file and what lies beside it, nothing else is read."""
    from hub.sdk.soap.wsdl import open_wsdl

    if "://" in str(location):
        raise ConfigError(
            "a WSDL is read from a file, never from the network: save it first, with the schemas "
            "that it imports beside it (curl -o service.wsdl URL), then name the file"
        )
    path = Path(location)
    if not path.is_file():
        raise ConfigError(f"there is no file {path}")
    wsdl = open_wsdl(path).wsdl
    ports = tuple(
        _port(service, name, port)
        for service, described in wsdl.services.items()
        for name, port in described.ports.items()
        if hasattr(port.binding, "envelope") or "Soap" in type(port.binding).__name__
    )
    if not ports:
        raise ConfigError(f"{path.name} describes no SOAP service")
    return ports


def _port(service: str, name: str, port: Any) -> Port:
    operations = port.binding._operations  # noqa: SLF001  # zeep's only list
    return Port(
        service=str(service),
        name=str(name),
        address=str(port.binding_options.get("address") or ""),
        version="1.2" if "12" in type(port.binding).__name__ else "1.1",
        operations=tuple(_operation(one) for _, one in sorted(operations.items())),
    )


def _operation(operation: Any) -> Operation:
    return Operation(
        name=str(operation.name),
        action=str(operation.soapaction or ""),
        style=str(operation.style),
        wrapper=_wrapper(operation),
        takes=_parts(operation.input),
        gives=_parts(operation.output),
    )


def _wrapper(operation: Any) -> str:
    """Of a document the element's name; else the operation's (SOAP 1.1 section 7.1)."""
    body = getattr(operation.output, "body", None)
    named = str(getattr(body, "name", None) or "") if operation.style == "document" else ""
    return named or f"{operation.name}Response"


def _parts(message: Any) -> tuple[Field, ...]:
    kind = getattr(getattr(message, "body", None), "type", None)
    return tuple(_field(element, name, ()) for name, element in _elements(kind))


def _field(element: Any, name: str, above: tuple[str, ...]) -> Field:
    kind = getattr(element, "type", None)
    known = str(getattr(kind, "name", None) or "any")
    items = _item_type(kind)
    inside = kind if items is None else items
    deeper = () if len(above) >= _DEPTH or known in above else (*above, known)
    fields = tuple(_field(one, part, deeper) for part, one in _elements(inside)) if deeper else ()
    shown = str(getattr(inside, "name", None) or known)
    return Field(
        name=str(getattr(element, "name", None) or name),
        type=shown,
        optional=bool(getattr(element, "is_optional", False)),
        many=bool(getattr(element, "accepts_multiple", False)),
        array=items is not None,
        fields=fields,
    )


def _elements(kind: Any) -> Iterator[tuple[str, Any]]:
    for name, element in getattr(kind, "elements", None) or ():
        if hasattr(element, "type"):
            yield str(name), element


def _item_type(kind: Any) -> Any:
    """The type of an encoded array's items, by wsdl:arrayType; None where it is no array."""
    for name, attribute in getattr(kind, "attributes", None) or ():
        if name == _ARRAY:
            return getattr(attribute, "array_type", None) or kind
    return None
