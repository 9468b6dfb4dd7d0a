"""The hashes of the store, computed again from a bundle's texts alone.

They are written down a second time on purpose: a verifier that called the code which made them
would prove that code right by itself. A test holds both to the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

import orjson

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def payload_hash(text: str) -> str:
    """Of a raw payload, or of golden values: BLAKE2b-128."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def body_hash(text: str) -> str:
    """Of a canonical party record: BLAKE2b-128, personalised by the kind of record."""
    return blake2b(text.encode(), digest_size=16, person=b"party").hexdigest()


def mapping_digest(text: str) -> str:
    """Of a mapping file: SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def rules_digest(stated: str) -> str:
    """Of rules of survivorship as stated: BLAKE2b-64."""
    return blake2b(stated.encode(), digest_size=8).hexdigest()


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Of an audit entry: BLAKE2b-256 over all of it, the hash of the one before included."""
    at = (datetime.fromisoformat(entry["at"]) - _EPOCH) // timedelta(microseconds=1)
    covered = [
        entry["id"],
        entry["run_id"],
        at,
        *(entry[name] for name in ("actor", "action", "reason_hash", "detail", "previous")),
    ]
    return blake2b(orjson.dumps(covered), digest_size=32).hexdigest()


def reason_hash(entry: Mapping[str, Any]) -> str:
    """Of a reason, under the salt of its entry: BLAKE2b-256."""
    salt = bytes.fromhex(entry["reason_salt"])
    return blake2b(entry["reason"].encode(), key=salt, digest_size=32).hexdigest()
