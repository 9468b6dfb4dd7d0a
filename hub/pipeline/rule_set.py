"""The rules of survivorship that a company has set, as golden records are computed by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.match.absent import says_none
from hub.match.places import place_of
from hub.match.standardise import standardise_email, standardise_identifier, standardise_phone
from hub.pipeline.lineage import MappingLines
from hub.store import rules as store
from hub.store.database import Connection
from hub.survivorship import RULES_VERSION, Rules

_CODES: Final = frozenset({"kind", "status", "lang", "tz"})
"""What a mapping has checked: a status may well be unknown, and na is Nauruan."""
Trust = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """``trust`` orders connections by attribute; what is not named follows the office."""

    trust: Trust = field(default_factory=dict)
    country: str = "DE"

    @property
    def stated(self) -> str:
        """All that the outcome depends on, as JSON."""
        trust = sorted((name, list(order)) for name, order in self.trust.items())
        return orjson.dumps([RULES_VERSION, self.country, trust]).decode()

    @classmethod
    def from_stated(cls, stated: str) -> RuleSet:
        """The rules that stated themselves so; ValueError for those of another hub."""
        version, country, trust = orjson.loads(stated)
        if version != RULES_VERSION:
            raise ValueError(f"rules of version {version}, not {RULES_VERSION}")
        return cls({name: tuple(order) for name, order in trust}, country)

    @property
    def digest(self) -> str:
        """By what golden records name the rules that made them."""
        return blake2b(self.stated.encode(), digest_size=8).hexdigest()

    def order(self, attribute: str) -> tuple[str, ...]:
        """The stated order of connections for an attribute; empty where there is none."""
        return tuple(self.trust.get(attribute) or self.trust.get("*") or ())

    def rules_with(self, lines: MappingLines) -> Rules:
        """The rules, with mapping lines that are at hand already."""
        return Rules(trust=self.trust, normalise=self.normalise, find_line=lines.find)

    def normalise(self, attribute: str, value: Any) -> Any:
        """What makes two values of an attribute the same; None for what is no value."""
        if isinstance(value, str):
            return self._text_key(attribute, value)
        if attribute == "address":
            return place_of(value)
        if attribute == "identifier":
            return _identifier_key(value)
        return repr(sorted(value.items())) if isinstance(value, dict) else value

    def _text_key(self, attribute: str, value: str) -> str | None:
        if attribute == "email":
            return standardise_email(value)
        if attribute not in _CODES and says_none(value):
            return None
        return (attribute == "phone" and standardise_phone(value, self.country)) or value


def adopt_rules(db: Connection, rule_set: RuleSet) -> int:
    """Let golden records that other rules have made wait to be made anew; returns how many.

    Rules are adopted once: as long as they stay the same, this costs one look-up.
    """
    if store.adopted_rules(db) == rule_set.digest:
        return 0
    store.adopt(db, rule_set.digest, rule_set.stated, datetime.now(UTC))
    return store.queue_outdated(db, rule_set.digest)


def _identifier_key(value: Mapping[str, Any]) -> Any:
    if says_none(value["value"]):
        return None
    plain = standardise_identifier(value["scheme"], value["value"]) or value["value"]
    return (value["scheme"], value.get("issuer"), plain)
