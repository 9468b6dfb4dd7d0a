"""What an answer must be before it is read: an envelope without a DTD, and no bomb.

No DTD, no entity, no network, no huge nodes (libxml2 then refuses a text above 10 MB and a nesting
above 256), and no more elements than fit the memory: an element of four bytes takes a hundred.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from hub.sdk.xml import SAFE, has_doctype, open_root, refusal

MAX_NODES: Final = 600_000
"""Elements and attributes, counted by their marks, that are held in memory at one time."""
ENVELOPES: Final = (
    "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
    "{http://www.w3.org/2003/05/soap-envelope}Envelope",
)


def parse_whole(body: bytes) -> Any:
    """The root of an answer that is small enough to be held as a tree; raises as the parser does.

    Call :func:`check_root` before.
    """
    if count_nodes(body) > MAX_NODES:
        message = f"it has more than {MAX_NODES} elements; ask for smaller pages, or read its rows"
        raise ValueError(message)
    return etree.fromstring(body, etree.XMLParser(**SAFE))


def count_nodes(chunk: bytes) -> int:
    """How many nodes these bytes can make, by the marks that begin them; never too few."""
    return chunk.count(b"<") + chunk.count(b"=")


def check_root(body: bytes, system: str, stream: str) -> None:
    """An envelope, and without a DTD (SOAP 1.1 section 3): seen before anything is expanded."""
    try:
        root = open_root(body)
    except etree.XMLSyntaxError as error:
        raise refusal(error, system, stream) from error
    if has_doctype(root):
        raise refusal(ValueError("it contains a DTD, which SOAP forbids"), system, stream)
    if root is None or root.tag not in ENVELOPES:
        reason = "it is no SOAP envelope; check that the address leads to the service"
        raise refusal(ValueError(reason), system, stream)


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def body_of(root: Any) -> Any:
    """The Body of an envelope; it must hold something."""
    for child in root:
        if local(child.tag) == "Body" and len(child):
            return child
    raise ValueError("the envelope has no body")
