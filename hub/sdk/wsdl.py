"""Builds SOAP requests from a WSDL file that ships with the connector; zeep never sees the network.

zeep reads the WSDL and seals the envelope; sending is the REST client's work, with its limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlparse

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError

from hub.errors import ConfigError, ContractError

_SCHEMAS: Final = Path(__file__).parent / "schemas"
_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
_COPIES: Final = {
    _ENCODING: _SCHEMAS / "soap-encoding.xsd",
    "http://schemas.xmlsoap.org/wsdl/": _SCHEMAS / "wsdl.xsd",
}
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """A finished envelope with the headers that belong to it."""

    body: bytes
    headers: Mapping[str, str]


class Wsdl:
    """One WSDL, read once; ``wsse`` is a zeep WS-Security object where the service asks for it."""

    def __init__(self, path: Path, *, wsse: Any = None) -> None:
        self._name = path.name
        settings = zeep.Settings(
            strict=True,
            raw_response=True,
            forbid_dtd=True,
            forbid_entities=True,
            forbid_external=True,
            xml_huge_tree=False,
        )
        transport = _Sealer(path.resolve().parent)
        try:
            self._client = cast("Any", zeep.Client)(
                str(path.resolve()), wsse=wsse, transport=transport, settings=settings
            )
        except (ZeepError, etree.LxmlError, OSError) as error:
            raise ConfigError(
                f"the WSDL {self._name} was refused ({type(error).__name__}): it must be complete, "
                "without a DTD, and import only files that lie beside it"
            ) from error

    def seal(self, operation: str, parts: Mapping[str, Any]) -> SealedRequest:
        """The request for one operation; an absent part is left out."""
        try:
            sealed: SealedRequest = getattr(self._client.service, operation)(**parts)
        except (ZeepError, AttributeError, TypeError, ValueError) as error:
            raise ContractError(
                f"{operation} of {self._name}: the values do not fit the WSDL "
                f"({type(error).__name__}); see its message for the part names"
            ) from error
        return sealed


class _Sealer(zeep.Transport):
    """Loads files beside the WSDL and our schema copies; keeps the envelope instead of sending."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
        self._folders = (folder, _SCHEMAS)

    def load(self, url: str) -> bytes:
        if urlparse(url).scheme not in ("", "file"):
            raise ConfigError("the WSDL points to a remote document; save it beside the WSDL")
        path = Path(url.removeprefix("file://")).resolve()
        if not any(path.is_relative_to(folder) for folder in self._folders):
            raise ConfigError("the WSDL points to a file outside its own folder")
        return _use_local_copies(path.read_bytes())

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> SealedRequest:
        del address
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return SealedRequest(body, dict(headers))


def _use_local_copies(content: bytes) -> bytes:
    """Point imports of well-known namespaces to our copies: zeep would fetch the namespace URL.

    It fetches the SOAP encoding even where nothing imports it, so that import is added.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root: Any = etree.fromstring(content, parser)
    if root.getroottree().docinfo.doctype:
        return content  # zeep's own parser refuses it, with its reason
    for schema in root.iter(f"{_XSD}schema"):
        imports = {node.get("namespace"): node for node in schema.findall(f"{_XSD}import")}
        if schema.get("targetNamespace") != _ENCODING and _ENCODING not in imports:
            imports[_ENCODING] = etree.Element(f"{_XSD}import", namespace=_ENCODING)
            schema.insert(0, imports[_ENCODING])
        for namespace in imports.keys() & _COPIES.keys():
            imports[namespace].set("schemaLocation", str(_COPIES[namespace]))
    rewritten: bytes = etree.tostring(root)
    return rewritten
