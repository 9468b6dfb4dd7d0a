"""Why a golden value is what it is: every candidate, what decided, and the payload it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hub.errors import StoreError
from hub.mapping import PayloadValue
from hub.pipeline.golden import candidate_of
from hub.pipeline.lineage import MappingLines
from hub.pipeline.rule_set import RuleSet
from hub.store.database import Connection, Engine, reading
from hub.store.golden import current_versions
from hub.store.material import Material, load_party_material, load_payloads, mapping_texts
from hub.store.parties import resolve_party
from hub.survivorship import Claim, Golden, explain, survive


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueClaim:
    """One record's value; ``trust`` is its source's rank for the field, the least is the best.

    ``payload`` is what the raw version holds where the mapping line reads; empty where the version
    is kept no longer.
    """

    source: str
    value: Any
    wins: bool
    why: str
    trust: int
    updated: str
    office: str
    raw_version: int
    mapping_digest: str
    mapping_path: str
    mapping_line: int | None
    payload: Sequence[PayloadValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStory:
    """A golden value with all that was compared.

    ``held`` is what the store holds; it differs where records wait to be resolved. ``trust`` is the
    stated order of connections, if hub.toml states one.
    """

    party_id: str
    field: str
    value: Any
    held: Any
    rules_digest: str
    trust: Sequence[str]
    claims: Sequence[ValueClaim]


def explain_value(engine: Engine, party_id: str, field: str, rule_set: RuleSet) -> ValueStory:
    """Why a customer's golden value is what it is; a merged id explains its survivor.

    Raises StoreError for an unknown customer, or a field that none of its records fills.
    """
    with reading(engine) as db:
        party = resolve_party(db, party_id)
        if party is None:
            raise StoreError(f"there is no customer {party_id}")
        held = _held(db, party.id)
        material = [item for _, item in load_party_material(db, [party.id])]
        found = load_explainer(db, material, rule_set).claims(field)
    if not found:
        known = ", ".join(sorted(held)) or "none"
        raise StoreError(f"no record of customer {party.id} fills {field!r}; filled: {known}")
    winners = [claim.value for claim in found if claim.wins]
    return ValueStory(
        party_id=party.id,
        field=field,
        value=winners if isinstance(held.get(field), list) else winners[0],
        held=held.get(field),
        rules_digest=rule_set.digest,
        trust=rule_set.order(_trusted_as(field)),
        claims=found,
    )


def load_explainer(db: Connection, material: Sequence[Material], rule_set: RuleSet) -> Explainer:
    """What explains a party, with the mappings and payloads of its records."""
    texts = mapping_texts(db, {item.mapping_digest for item in material})
    payloads = load_payloads(db, {(item.record_id, item.raw_version) for item in material})
    return Explainer(material, rule_set, texts, payloads)


def _held(db: Connection, party_id: str) -> Mapping[str, Any]:
    """The golden values as stored; none for a party without records."""
    golden = current_versions(db, [party_id]).get(party_id)
    return orjson.loads(golden.body) if golden else {}


def _trusted_as(field: str) -> str:
    """The attribute by which a field is trusted: the parts of a name stand and fall together."""
    return _TRUSTED_AS.get(field, field)


class Explainer:
    """Explains fields of one party from its material; payloads stand by record and version."""

    def __init__(
        self,
        material: Sequence[Material],
        rule_set: RuleSet,
        texts: Mapping[str, str],
        payloads: Mapping[tuple[int, int], str],
    ) -> None:
        self._candidates = [candidate_of(item) for item in material]
        self._lines = MappingLines(texts)
        self._rules = rule_set.rules_with(self._lines)
        self._payloads = {
            item.source: orjson.loads(payloads[item.record_id, item.raw_version])
            for item in material
            if (item.record_id, item.raw_version) in payloads
        }

    def survive(self) -> Golden:
        """The golden record that follows from the material."""
        return survive(self._candidates, self._rules)

    def claims(self, field: str) -> list[ValueClaim]:
        """Every claim to a field of the golden record, the best first."""
        return [self._claim(item, field) for item in explain(self._candidates, self._rules, field)]

    def _claim(self, claim: Claim, field: str) -> ValueClaim:
        candidate = claim.candidate
        return ValueClaim(
            source=str(candidate.source),
            value=claim.value,
            wins=claim.wins,
            why=claim.why,
            trust=self._rules.distrust(_trusted_as(field), candidate),
            updated=candidate.updated,
            office=candidate.office,
            raw_version=candidate.raw_version,
            mapping_digest=candidate.mapping_digest,
            mapping_path=claim.path,
            mapping_line=self._rules.find_line(candidate, claim.path),
            payload=self._payload(claim),
        )

    def _payload(self, claim: Claim) -> Sequence[PayloadValue]:
        payload = self._payloads.get(claim.candidate.source)
        if not isinstance(payload, dict):
            return ()
        return self._lines.payload_values(claim.candidate, claim.path, payload)


_TRUSTED_AS: Final = {
    **{f"{name}s": name for name in ("email", "phone", "web", "identifier")},
    **dict.fromkeys(("prefix", "given", "middle", "family", "suffix"), "name"),
    "addresses": "address",
}
