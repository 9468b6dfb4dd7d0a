"""From a record's body to what the index keeps of it: digest, match keys, features."""

from __future__ import annotations

import orjson

from hub.match.blocking import match_keys
from hub.match.features import build_features
from hub.match.packing import pack_features
from hub.match.profile import build_profile
from hub.store.match_keys import ProfileChange


def content_of(record: int, body: str, country: str) -> ProfileChange:
    """The content of a canonical party body; ``country`` is that of phones without a prefix."""
    profile = build_profile(orjson.loads(body), country)
    features = build_features(profile)
    return ProfileChange(record, profile.digest, match_keys(features), pack_features(features))
