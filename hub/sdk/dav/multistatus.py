"""Reads what a WebDAV server answers (RFC 4918 section 13), without ever trusting the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from lxml import etree

from hub.errors import SourceSchemaError
from hub.sdk.xml import SAFE, has_doctype, open_root, refusal

DAV: Final = "DAV:"
CARDDAV: Final = "urn:ietf:params:xml:ns:carddav"
MAX_RESPONSES: Final = 200_000
_STATUS: Final = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})")
_UNSAFE: Final = re.compile(rb"[\x00-\x1f\x7f\\/]")
_PATH_CHARS: Final = "!$&'()*+,;=:@~"
"""What a path segment may hold besides letters, digits and ``-._`` (RFC 3986 section 3.3)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says about one resource: its address, its status, and the properties it has.

    ``properties`` are elements by name as ``{namespace}name``, only those with status 200.
    ``status`` is 0 where the server gives one to each property instead.
    """

    url: str
    status: int
    properties: Mapping[str, Any] = field(repr=False)

    @property
    def path(self) -> str:
        """The path of :attr:`url`; within one server it names the resource."""
        return urlsplit(self.url).path

    def text(self, name: str) -> str:
        """A property's text; '' where there is none."""
        element = self.properties.get(name)
        return "" if element is None else "".join(element.itertext()).strip()

    def has(self, name: str, child: str) -> bool:
        """Whether a property holds an element (``resourcetype``: ``collection``)."""
        element = self.properties.get(name)
        return element is not None and element.find(child) is not None

    def hrefs(self, name: str) -> list[str]:
        """The addresses that a property names, made whole."""
        element = self.properties.get(name)
        found = [] if element is None else element.iter(f"{{{DAV}}}href")
        return [resolve(one.text or "", self.url) for one in found if one.text]


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A whole answer: resource by resource, and the sync token where one was asked for."""

    answers: tuple[Answer, ...]
    sync_token: str = ""


def read_multistatus(body: bytes, *, url: str, system: str, stream: str = "") -> Multistatus:
    """The answer to a request for ``url``; SourceSchemaError for what is none, or is hostile."""
    try:
        root = _open(body, f"{{{DAV}}}multistatus")
        answers = tuple(_answers(root, url))
        token = (root.findtext(f"{{{DAV}}}sync-token") or "").strip()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(error, system, stream) from error
    return Multistatus(answers, token)


def read_conditions(body: bytes) -> frozenset[str]:
    """The preconditions that an error answer names (RFC 4918 section 16), as local names of DAV:
    and CardDAV; none where the body is no such answer.
    """
    try:
        root = _open(body, f"{{{DAV}}}error")
    except (etree.XMLSyntaxError, ValueError):
        return frozenset()
    return frozenset(etree.QName(child).localname for child in root)


def resolve(href: str, url: str) -> str:
    """An href as a whole address with its path in one spelling; ValueError where it is unsafe.

    Servers percent-encode as they like, and a key must not change with it. A path that climbs
    (``..``), hides a slash or holds control characters names nothing that we ask for.
    """
    try:
        parts = urlsplit(urljoin(url, href.strip()))
    except ValueError:
        raise ValueError("it holds an address that is none") from None
    segments = [unquote_to_bytes(segment) for segment in parts.path.split("/")]
    written = [unquote_to_bytes(segment) for segment in urlsplit(href.strip()).path.split("/")]
    if parts.query or parts.fragment or any(map(_is_unsafe, (*segments, *written))):
        raise ValueError("it holds an address that leads out of its place")
    path = "/".join(quote(segment, safe=_PATH_CHARS) for segment in segments)
    return parts._replace(path=path).geturl()


def is_within(path: str, collection: str) -> bool:
    """Whether a path is a member right below a collection (RFC 6578 section 3.3, sync-level 1)."""
    folder = collection.rstrip("/") + "/"
    name = path.removeprefix(folder)
    return path.startswith(folder) and name != "" and "/" not in name


def _is_unsafe(segment: bytes) -> bool:
    return segment in {b".", b".."} or bool(_UNSAFE.search(segment))


def _open(body: bytes, expected: str) -> Any:
    root = open_root(body)
    if has_doctype(root):
        raise ValueError("it contains a DTD, which WebDAV has no use for")
    if root is None or root.tag != expected:
        raise ValueError("it is no WebDAV answer; check that the base URL leads to the service")
    return etree.fromstring(body, etree.XMLParser(**SAFE))


def _answers(root: Any, url: str) -> Iterator[Answer]:
    responses = root.findall(f"{{{DAV}}}response")
    if len(responses) > MAX_RESPONSES:
        raise ValueError(f"it lists more than {MAX_RESPONSES} resources")
    for response in responses:
        status = _status(response.findtext(f"{{{DAV}}}status"))
        properties = dict(_properties(response))
        hrefs = [(href.text or "").strip() for href in response.findall(f"{{{DAV}}}href")]
        if not all(hrefs) or not hrefs:  # RFC 4918 section 14.24; skipped, it would be lost
            raise ValueError("it tells of a resource without an address")
        for href in hrefs:
            yield Answer(_same_server(resolve(href, url), url), status, properties)


def _same_server(found: str, url: str) -> str:
    if urlsplit(found)[:2] != urlsplit(url)[:2]:
        raise ValueError("it lists a resource of another server")
    return found


def _properties(response: Any) -> Iterator[tuple[str, Any]]:
    for part in response.findall(f"{{{DAV}}}propstat"):
        if _status(part.findtext(f"{{{DAV}}}status")) == 200:
            for holder in part.findall(f"{{{DAV}}}prop"):
                yield from ((child.tag, child) for child in holder)


def _status(line: str | None) -> int:
    found = _STATUS.match((line or "").strip())
    return int(found[1]) if found else 0


def no_answer(system: str, stream: str, what: str) -> SourceSchemaError:
    """The error for an answer that lacks what was asked for."""
    return SourceSchemaError(f"the server's answer has no {what}", system=system, stream=stream)
