"""From a record's body to what the index keeps of it: digest, match keys, features."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from hub.match.blocking import match_keys
from hub.match.features import build_features
from hub.match.packing import pack_features
from hub.match.profile import build_profile
from hub.store.match_keys import ProfileChange
from hub.store.waiting import Waiting


def statements(waiting: Iterable[Waiting]) -> list[tuple[int, str | None]]:
    """Records with their bodies, None for one that is gone: what :func:`contents_of` takes."""
    return [(item.id, item.body if item.active else None) for item in waiting]


def held_profiles(waiting: Iterable[Waiting]) -> dict[int, str]:
    """The profiles that records are indexed with, those that are."""
    return {item.id: item.profile for item in waiting if item.profile is not None}


def contents_of(said: Iterable[tuple[int, str | None]], country: str) -> list[ProfileChange]:
    """The contents of records by their canonical party bodies (JSON); None for one that is gone."""
    return [
        ProfileChange(record) if body is None else content_of(record, body, country)
        for record, body in said
    ]


def content_of(record: int, body: str, country: str) -> ProfileChange:
    """The content of a canonical party body; ``country`` is that of phones without a prefix."""
    profile = build_profile(orjson.loads(body), country)
    features = build_features(profile)
    return ProfileChange(record, profile.digest, match_keys(features), pack_features(features))
