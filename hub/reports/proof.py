"""A proof bundle as a document: canonical JSON under a SHA-256, sealed in a page and read back.

The JSON is canonical in the plain sense: UTF-8, keys sorted, no spaces. Texts that a hash in the
store covers (payloads, canonical bodies, golden values, rules, mappings) stand in it as texts,
byte for byte, so that anybody can compute the hashes again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from hub.errors import ConfigError

FORMAT: Final = "customer-hub proof, version 1"
_OPEN: Final = '<script type="application/json" id="proof">'
_CLOSE: Final = "</script>"


class Bundle(NamedTuple):
    """A bundle as read: what it says, the digest that stands in it, and the whole page."""

    content: Mapping[str, Any]
    stated: str
    page: str


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that the digest covers."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


def embedded(content: Mapping[str, Any]) -> str:
    r"""The sealed JSON as it stands in the page: without any "<", so that no text can end it.

    ``\u003c`` is the same character in JSON
    (https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements).
    """
    sealed = canonical({"proof": content, "sha256": digest_of(content)}).decode()
    return _OPEN + sealed.replace("<", "\\u003c") + _CLOSE


def read_bundle(page: str) -> Bundle:
    """The bundle in a page; ConfigError where there is none, or one of an unknown format."""
    sealed = _sealed(page)
    content = sealed.get("proof") if isinstance(sealed, dict) else None
    if not isinstance(content, dict) or not isinstance(sealed.get("sha256"), str):
        raise ConfigError("the embedded proof is incomplete: the file is damaged")
    if content.get("format") != FORMAT:
        raise ConfigError(f"this bundle has another format than {FORMAT!r}: use a newer hub")
    return Bundle(content, sealed["sha256"], page)


def _sealed(page: str) -> Any:
    before, tag, rest = page.partition(_OPEN)
    text, end, after = rest.partition(_CLOSE)
    if not tag or not end or _OPEN in before + after:
        raise ConfigError(
            "this is no proof bundle: it has not exactly one embedded proof, or is cut off"
        )
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError("the embedded proof is no JSON: the file is damaged") from error
