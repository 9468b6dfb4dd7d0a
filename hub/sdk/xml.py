"""How the SDK opens XML that it does not trust: no DTD, no entity, no network, no huge nodes."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from hub.errors import SourceSchemaError

PROLOG_BYTES: Final = 65_536
SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
"""What every parser of the SDK is made with."""


def open_root(body: bytes) -> Any:
    """The root element as its start tag is read, before anything in it is expanded; or None."""
    parser = etree.XMLPullParser(events=("start",), **SAFE)
    for start in range(0, min(len(body), PROLOG_BYTES), 2_048):
        parser.feed(body[start : start + 2_048])
        for _, root in parser.read_events():
            return root
    return None


def has_doctype(root: Any) -> bool:
    """Whether the document declares a type: then it may also declare entities."""
    return bool(root is not None and root.getroottree().docinfo.doctype)


def refusal(error: Exception, system: str, stream: str) -> SourceSchemaError:
    """Names the place and the reason, never the parser's message: that quotes the document."""
    if isinstance(error, etree.XMLSyntaxError):
        reason = (
            f"it is not well-formed XML (line {error.lineno}, error {getattr(error, 'code', 0)})"
        )
    else:
        reason = str(error)
    return SourceSchemaError(f"the answer was refused: {reason}", system=system, stream=stream)
