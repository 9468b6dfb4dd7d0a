"""Builds SOAP requests from a WSDL file that ships with the connector; zeep never sees the network.

zeep reads the WSDL and seals the envelope; sending is the REST client's work, with its limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.xsd.types.builtins import Boolean

from hub.errors import ConfigError, ContractError
from hub.sdk.soap.imports import load

_ARRAY_TYPE: Final = "arrayType"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """A finished envelope with the headers that belong to it."""

    body: bytes
    headers: Mapping[str, str]


class Wsdl:
    """One WSDL, read once; ``port`` names the port where the first is not the one.

    ``wsse`` secures each envelope (an object with zeep's ``apply``). A list for an array of the
    SOAP encoding is written as items, a dict in it as a structure.
    """

    def __init__(self, path: Path, *, port: str = "", wsse: Any = None) -> None:
        self._name = path.name
        self._client = open_wsdl(path, wsse=wsse)
        try:
            self._service = self._bind(port)
            self._types = {
                name: _input_type(operation)
                for name, operation in self._service._binding._operations.items()  # noqa: SLF001  # zeep's only list
            }
        except (ZeepError, ValueError, AttributeError, StopIteration) as error:
            message = f"the WSDL {self._name} has no {port or 'SOAP'} port that can be used"
            raise ConfigError(message) from error

    def seal(
        self, operation: str, parts: Mapping[str, Any], headers: Sequence[Any] = ()
    ) -> SealedRequest:
        """The request for one operation; an absent part is left out. ``headers`` are elements."""
        extra = {"_soapheaders": list(headers)} if headers else {}
        try:
            coded = {
                name: _encode(self._types[operation].get(name), value)
                for name, value in parts.items()
            }
            sealed: SealedRequest = getattr(self._service, operation)(**coded, **extra)
        except (ZeepError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ContractError(
                f"{operation} of {self._name}: the values do not fit the WSDL "
                f"({type(error).__name__}); `hub connector inspect` lists the operations' parts"
            ) from error
        return sealed

    def _bind(self, port: str) -> Any:
        if not port:
            return self._client.service
        service = next(
            name for name, one in self._client.wsdl.services.items() if port in one.ports
        )
        return self._client.bind(service, port)


def open_wsdl(path: Path, *, wsse: Any = None) -> Any:
    """The WSDL as zeep reads it, or the error that says why it is refused."""
    place = path.resolve()
    settings = zeep.Settings(
        strict=True,
        raw_response=True,
        forbid_dtd=True,
        forbid_entities=True,
        forbid_external=True,
        xml_huge_tree=False,
    )
    try:
        return cast("Any", zeep.Client)(
            str(place), wsse=wsse, transport=_Sealer(place.parent), settings=settings
        )
    except (ZeepError, etree.LxmlError, OSError, LookupError, RecursionError) as error:
        raise ConfigError(
            f"the WSDL {path.name} was refused ({type(error).__name__}): it must be complete, "
            "without a DTD, and import only files that lie beside it"
        ) from error


class _Sealer(zeep.Transport):
    """Loads files beside the WSDL and our schema copies; keeps the envelope instead of sending."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
        self._folder = folder

    def load(self, url: str) -> bytes:
        """:mod:`hub.sdk.soap.imports` has made every location an absolute path."""
        if urlsplit(url).scheme:
            raise ConfigError("the WSDL points to a remote document; save it beside the WSDL")
        return load(Path(url), self._folder)

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> SealedRequest:
        del address
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return SealedRequest(body, dict(headers))


class _DigitBoolean(Boolean):
    """Writes 1 and 0: to a server that types nothing (PHP), the text "false" is true."""

    def xmlvalue(self, value: Any) -> str:
        return "1" if value and value not in ("false", "0") else "0"


def _input_type(operation: Any) -> dict[str, Any]:
    """The types of an operation's parts by name."""
    kind: Any = getattr(operation.input.body, "type", None)
    types = _types_of(kind)
    if operation.style == "rpc":
        for _, element in kind.elements if types else ():
            if isinstance(element.type, Boolean):
                element.type = cast("Any", _DigitBoolean)()
    return types


def _types_of(kind: Any) -> dict[str, Any]:
    return {
        name: element.type
        for name, element in getattr(kind, "elements", None) or ()
        if hasattr(element, "type")
    }


def _encode(kind: Any, value: Any) -> Any:
    """A value as zeep takes it; arrays of the SOAP encoding become ready elements."""
    if isinstance(value, list | tuple) and _is_array(kind):
        return [_element("item", item) for item in value]
    if isinstance(value, dict) and kind is not None:
        types = _types_of(kind)
        return {name: _encode(types.get(name), part) for name, part in value.items()}
    return value


def _is_array(kind: Any) -> bool:
    return any(name == _ARRAY_TYPE for name, _ in getattr(kind, "attributes", None) or ())


def _element(name: str, value: Any) -> Any:
    element = etree.Element(name)
    if value is None:
        element.set(_NIL, "true")
    elif isinstance(value, Mapping):
        element.extend([_element(key, part) for key, part in value.items()])
    elif isinstance(value, list | tuple):
        element.extend([_element("item", part) for part in value])
    else:
        element.text = value if isinstance(value, str) else str(value)
    return element
