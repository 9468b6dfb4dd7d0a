"""Loads a WSDL and what it imports, from files beside it and our own copies, from nowhere else.

Every location is looked at before zeep sees the document: a WSDL is often a stranger's file, and an
import is a request that the hub would make for him (CVE-2026-58501 in zeep before 4.3.3).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from hub.errors import ConfigError

SCHEMAS: Final = Path(__file__).parent / "schemas"
ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
_COPIES: Final = {
    ENCODING: SCHEMAS / "soap-encoding.xsd",
    "http://schemas.xmlsoap.org/wsdl/": SCHEMAS / "wsdl.xsd",
    "http://schemas.xmlsoap.org/soap/envelope/": SCHEMAS / "soap-envelope.xsd",
    "http://www.w3.org/XML/1998/namespace": SCHEMAS / "xml.xsd",
    "http://www.w3.org/2005/08/addressing": SCHEMAS / "ws-addressing.xsd",
}
_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_INCLUSIONS: Final = "{http://www.w3.org/2001/XInclude}"
_LOCATIONS: Final = {
    f"{_WSDL}import": "location",
    **{f"{_XSD}{name}": "schemaLocation" for name in ("import", "include", "redefine", "override")},
}
_MAX_BYTES: Final = 32 * 1024 * 1024
_HOW_TO: Final = "save what it imports beside it, and let its imports name those files"


def load(path: Path, folder: Path) -> bytes:
    """A WSDL or schema of ``folder``, or one of ours, each import pointing to a file we may read.

    Well-known namespaces are taken from our copies, wherever the document says they are; zeep reads
    the SOAP encoding even where nothing imports it, so that import is added.
    """
    place = path.resolve()
    if not any(place.is_relative_to(root) for root in (folder.resolve(), SCHEMAS)):
        raise _refuse(path, "it lies outside the WSDL's own folder")
    root = _parse(place)
    for element in root.iter(*_LOCATIONS, f"{_INCLUSIONS}*"):
        if element.tag.startswith(_INCLUSIONS):
            raise _refuse(path, "it uses XInclude")
        _point(element, place, folder)
    for schema in root.iter(f"{_XSD}schema"):
        _import_encoding(schema)
    rewritten: bytes = etree.tostring(root)
    return rewritten


def _parse(place: Path) -> Any:
    """The document; a DTD is refused before anything in it is expanded."""
    if not place.is_file() or place.stat().st_size > _MAX_BYTES:
        raise _refuse(place, f"it is no file, or one above {_MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        root: Any = etree.fromstring(place.read_bytes(), parser)
    except (etree.XMLSyntaxError, ValueError, OSError) as error:
        raise _refuse(place, "it is no well-formed XML") from error
    if root.getroottree().docinfo.doctype:
        raise _refuse(place, "it has a DTD")
    return root


def _point(element: Any, place: Path, folder: Path) -> None:
    """Make an import absolute, or refuse it; without a location it only names a namespace."""
    name = _LOCATIONS[element.tag]
    copy = _COPIES.get(element.get("namespace", "")) if name == "schemaLocation" else None
    location = element.get(name)
    if copy is not None:
        element.set(name, str(copy))
    elif location is not None:
        element.set(name, str(_find(location, place, folder)))


def _find(location: str, place: Path, folder: Path) -> Path:
    text = location.strip()
    if not _is_relative(text):
        raise _refuse(place, "an import points to a remote or absolute place")
    target = (place.parent / text).resolve()
    roots = (SCHEMAS,) if place.is_relative_to(SCHEMAS) else (folder.resolve(),)
    if not any(target.is_relative_to(root) for root in roots):
        raise _refuse(place, "an import points to a file outside the WSDL's own folder")
    if not target.is_file():
        raise _refuse(place, "an import points to a file that is not there")
    return target


def _is_relative(text: str) -> bool:
    """A plain relative path: no scheme, no host, no root, no escapes, no signs of Windows."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme or parts.netloc or not text:
        return False
    return not text.startswith("/") and not {"\\", "\0", "%"} & set(text)


def _import_encoding(schema: Any) -> None:
    if schema.get("targetNamespace") == ENCODING:
        return
    imported = {node.get("namespace") for node in schema.findall(f"{_XSD}import")}
    if ENCODING not in imported:
        location = str(_COPIES[ENCODING])
        added = etree.Element(f"{_XSD}import", namespace=ENCODING, schemaLocation=location)
        schema.insert(0, added)


def _refuse(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"{path.name} was refused: {reason}; {_HOW_TO}")
