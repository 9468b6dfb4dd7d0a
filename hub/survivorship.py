"""Which value wins, and why: the golden record as a pure function of the linked records.

For each attribute the candidates are ordered by: the steward's own assertions, then the sources
trusted for that attribute, then recency, then how many records agree, then how complete the record
is, then the source key, so that the outcome never depends on the order of arrival. Names survive
together, and so do the parts of an address; a full name beats a lone given name. What only says
that there is no value ("n/a") never wins. E-mails, phones, addresses and identifiers are collected;
the first of them is the primary one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from hub.model.envelope import SourceKey

RULES_VERSION: Final = 2
STEWARD: Final = "steward"
"""The connection whose assertions are a steward's corrections."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One linked record; ``updated`` is an ISO moment, ``office`` the connection's kind."""

    source: SourceKey
    office: str
    updated: str
    body: Body
    raw_version: int
    mapping_digest: str


class Golden(NamedTuple):
    """The golden values, and for each attribute where they come from."""

    body: dict[str, Any]
    provenance: dict[str, Any]


class Claim(NamedTuple):
    """What one record has for an attribute, and why it wins or loses; the best stands first."""

    candidate: Candidate
    path: str
    value: Any
    wins: bool
    why: str


class _Offer(NamedTuple):
    """A value that a candidate has for an attribute, and where in its body."""

    candidate: Candidate
    path: str
    value: Any
    rank: int = 0
    whole: Any = None
    """The offer of the whole name that a part of one stands and falls with."""


Normalise = Callable[[str, Any], Any]
"""Attribute and value to what makes two values the same; None for a value that is unusable."""
FindLine = Callable[[Candidate, str], int | None]
"""The mapping line that wrote a path of a candidate's body."""


def _as_it_is(_attribute: str, value: Any) -> Any:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else value


def _no_line(_candidate: Candidate, _path: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a company sets: the order of trusted connections for an attribute.

    An attribute that is not named is trusted by office: the back office for what it invoices by,
    the front office over service desks for names and ways to reach a customer.
    """

    trust: Mapping[str, Sequence[str]] = field(default_factory=dict)
    normalise: Normalise = _as_it_is
    find_line: FindLine = _no_line

    def distrust(self, attribute: str, candidate: Candidate) -> int:
        """Rank of a source for an attribute; the steward is always first."""
        if candidate.source.connection == STEWARD:
            return -1
        named = self.trust.get(attribute) or self.trust.get("*")
        if named is not None:
            known = candidate.source.connection in named
            return list(named).index(candidate.source.connection) if known else len(named)
        order = _BACK_FIRST if attribute in _LEDGER else _SERVICE_LAST
        return order.get(candidate.office, 1)


_LEDGER: Final = frozenset({"legal_name", "legal_form", "identifiers", "customer_no", "eu_vat"})
_BACK_FIRST: Final = {"back": 0, "front": 1, "service": 2}
_SERVICE_LAST: Final = {"back": 0, "front": 0, "service": 1}
_SINGLE: Final = {
    "kind": "kind",
    "status": "status",
    "lang": "lang",
    "tz": "tz",
    "birth_date": "person.birth_date",
    "preferred": "person.preferred",
    "legal_name": "organisation.legal_name",
    "legal_form": "organisation.legal_form",
    "employees": "organisation.employees",
}
_UNSEEN: Final = frozenset({"fax", "derived"})
"""Purposes of contact points that serve matching at most."""
_MERITS: Final = ("steward", "rank", "trust", "recency", "frequency", "completeness")
"""The rules by which one value is told from another, in order; the source key settles the rest."""
_AGAIN: Final = "the same value again"
_NAME_PARTS: Final = ("prefix", "given", "middle", "family", "suffix")


def survive(candidates: Sequence[Candidate], rules: Rules) -> Golden:
    """The golden record of one party; without candidates it is empty."""
    made = _make(candidates, rules)
    return Golden(made.body, made.provenance)


def explain(candidates: Sequence[Candidate], rules: Rules, attribute: str) -> list[Claim]:
    """Every value that the records have for an attribute of the golden record, the best first.

    Of a collected attribute (``emails``) each distinct value wins; its copies lose to it.
    """
    made = _make(candidates, rules)
    return [
        Claim(offer.candidate, offer.path, offer.value, not why, why or made.reason_of(attribute))
        for offer, why in made.claims(attribute)
    ]


def _make(candidates: Sequence[Candidate], rules: Rules) -> _Maker:
    made = _Maker(sorted(candidates, key=lambda item: item.source), rules)
    for attribute, path in _SINGLE.items():
        made.single(attribute, path)
    made.name()
    for kind in ("email", "phone", "web"):
        made.collect(kind, f"{kind}s", made.contact_points(kind))
    made.collect("address", "addresses", made.listed("addresses"))
    made.identifiers()
    made.roles()
    made.consents()
    return made


class _Maker:
    """Builds one golden record, attribute by attribute."""

    def __init__(self, candidates: Sequence[Candidate], rules: Rules) -> None:
        self.body: dict[str, Any] = {}
        self.provenance: dict[str, Any] = {}
        self._ranked: dict[str, list[_Offer]] = {}
        self._kept: dict[str, Collection[_Offer]] = {}
        self._unusable: dict[str, list[_Offer]] = {}
        self._counts: dict[str, dict[Any, int]] = {}
        self._candidates = candidates
        self._rules = rules

    def single(self, attribute: str, path: str) -> None:
        """One value wins."""
        offers = [
            _Offer(candidate, path, value)
            for candidate in self._candidates
            if (value := _at(candidate.body, path)) is not None
        ]
        self._settle(attribute, self._ordered(attribute, offers))

    def name(self) -> None:
        """The name's parts from the record with the best claim, fullest names first."""
        whole = [c for c in self._candidates if self._is_called(c, "family")]
        full = [c for c in whole if self._is_called(c, "given")] or whole
        shown = [
            _Offer(candidate, "display_name", candidate.body["display_name"])
            for candidate in full or self._candidates
            if candidate.body.get("display_name") and "@" not in candidate.body["display_name"]
        ]
        parts = [_Offer(candidate, "person", candidate.body["person"]) for candidate in full]
        if ordered := self._ordered("name", parts):
            self._settle_parts(ordered)
        self._settle("display_name", self._ordered("display_name", shown))

    def _is_called(self, candidate: Candidate, part: str) -> bool:
        name = _at(candidate.body, f"person.{part}")
        return bool(name) and self._rules.normalise(part, name) is not None

    def _usable(self, attribute: str, offers: list[_Offer]) -> list[_Offer]:
        """The offers that have a value to compare; the others are kept to be told of."""
        usable = [o for o in offers if self._rules.normalise(attribute, o.value) is not None]
        if len(usable) < len(offers):
            self._unusable[attribute] = [offer for offer in offers if offer not in usable]
        return usable

    def reason_of(self, attribute: str) -> str:
        """The rule by which the attribute's winner was chosen."""
        origin = self.provenance.get(attribute)
        return origin["rule"] if isinstance(origin, dict) else "collected"

    def claims(self, attribute: str) -> Iterator[tuple[_Offer, str]]:
        """Every offer for an attribute, the best first, with why it lost; "" for what won."""
        ranked = self._ranked.get(attribute, [])
        kept = {id(offer) for offer in self._kept.get(attribute, ranked[:1])}
        for offer in ranked:
            if id(offer) in kept:
                yield offer, ""
            elif attribute in self._kept:
                yield offer, "a later word counts" if attribute == "consents" else _AGAIN
            else:
                yield offer, self._why(attribute, ranked[0], offer)
        for offer in self._unusable.get(attribute, ()):
            yield offer, "not usable as it is"

    def _settle_parts(self, ordered: list[_Offer]) -> None:
        winner = ordered[0].candidate
        for part in _NAME_PARTS:
            offers = [
                _Offer(offer.candidate, f"person.{part}", offer.value[part], whole=offer)
                for offer in ordered
                if self._is_called(offer.candidate, part)
            ]
            if part in ("given", "family", "middle"):
                offers = [o for o in offers if o.candidate is winner] and offers
            self._settle(part, offers)

    def contact_points(self, kind: str) -> list[_Offer]:
        """Usable ways to reach the party; the source's own rank comes first."""
        return [
            _Offer(candidate, f"contact_points[{place}].value", point["value"], _demerits(point))
            for candidate in self._candidates
            for place, point in enumerate(candidate.body.get("contact_points", ()))
            if point["kind"] == kind and _UNSEEN.isdisjoint(point.get("purpose", ()))
        ]

    def listed(self, name: str) -> list[_Offer]:
        """Every item of a list, ranked as the source ranks it."""
        return [
            _Offer(candidate, f"{name}[{place}]", _plain(item), item.get("rank", 1))
            for candidate in self._candidates
            for place, item in enumerate(candidate.body.get(name, ()))
        ]

    def collect(self, primary: str, attribute: str, offers: list[_Offer]) -> None:
        """All distinct values, the best first; that one is the primary value too."""
        ordered = self._ordered(primary, offers)
        distinct: dict[Any, _Offer] = {}
        for offer in ordered:
            distinct.setdefault(self._rules.normalise(primary, offer.value), offer)
        kept = list(distinct.values())
        if kept:
            self.body[attribute] = [offer.value for offer in kept]
            self.provenance[attribute] = [self._origin(primary, offer, ()) for offer in kept]
        self._settle(primary, ordered)
        self._ranked[primary] = self._ranked[attribute] = ordered
        self._kept[attribute] = kept
        self._unusable[attribute] = self._unusable.get(primary, [])

    def identifiers(self) -> None:
        """All numbers; the customer and VAT number with the best claim stand by themselves."""
        offers = self.listed("identifiers")
        self.collect("identifier", "identifiers", offers)
        self.body.pop("identifier", None)
        self.provenance.pop("identifier", None)
        for scheme in ("customer_no", "eu_vat"):
            held = [_number(offer) for offer in offers if offer.value["scheme"] == scheme]
            self._settle(scheme, self._ordered(scheme, held))

    def roles(self) -> None:
        """What the party is to us in any system."""
        offers: dict[str, _Offer] = {}
        for offer in self.listed("roles"):
            self._ranked.setdefault("roles", []).append(offer)
            offers.setdefault(offer.value["role"], offer)
        self._kept["roles"] = list(offers.values())
        if offers:
            self.body["roles"] = held = sorted(offers)
            self.provenance["roles"] = [self._origin("roles", offers[r], ()) for r in held]

    def consents(self) -> None:
        """The latest word for each purpose and channel; in doubt it is out."""
        offers: dict[tuple[str, str], list[_Offer]] = {}
        for offer in self.listed("consents"):
            value = offer.value
            offers.setdefault((value["purpose"], value["channel"]), []).append(offer)
        latest = [max(offers[name], key=_consent_age) for name in sorted(offers)]
        if latest:
            self.body["consents"] = [offer.value for offer in latest]
            self._ranked["consents"] = [offer for same in offers.values() for offer in same]
            self._kept["consents"] = latest
            self.provenance["consents"] = [self._origin("consents", o, ()) for o in latest]

    def _ordered(self, attribute: str, offers: list[_Offer]) -> list[_Offer]:
        """The usable ones, best claim first; sorts are stable, so the last key counts most."""
        offers = self._usable(attribute, offers)
        if len(offers) < 2:
            return offers
        counts: dict[Any, int] = {}
        for offer in offers:
            same = self._rules.normalise(attribute, offer.value)
            counts[same] = counts.get(same, 0) + 1
        self._counts[attribute] = counts
        merits = {id(offer): self._merits(attribute, offer) for offer in offers}
        ordered = sorted(offers, key=lambda o: (o.candidate.source, o.path))
        ordered.sort(key=lambda o: merits[id(o)][3:], reverse=True)
        ordered.sort(key=lambda o: merits[id(o)][:3])
        return ordered

    def _merits(self, attribute: str, offer: _Offer) -> tuple[bool, int, int, str, int, int]:
        """What is compared, in order: of the first three the smaller wins, then the greater."""
        if offer.whole is not None:
            return self._merits("name", offer.whole)
        candidate = offer.candidate
        return (
            candidate.source.connection != STEWARD,
            offer.rank,
            self._rules.distrust(attribute, candidate),
            candidate.updated,
            self._counts[attribute][self._rules.normalise(attribute, offer.value)],
            _completeness(offer.value),
        )

    def _lost(self, attribute: str, winner: _Offer, offer: _Offer) -> str:
        """The first rule by which an offer loses to another."""
        both = (self._merits(attribute, one) for one in (winner, offer))
        pairs = zip(_MERITS, *both, strict=True)
        return next((name for name, mine, its in pairs if mine != its), "source key")

    def _settle(self, attribute: str, ordered: list[_Offer]) -> None:
        if ordered:
            self.body[attribute] = ordered[0].value
            self.provenance[attribute] = self._origin(attribute, ordered[0], ordered[1:])
            self._ranked[attribute] = ordered

    def _why(self, attribute: str, winner: _Offer, offer: _Offer) -> str:
        head = "the same value; " if offer.value == winner.value else ""
        head = "the name survives whole; " if offer.whole is not None else head
        return head + self._lost(attribute, winner, offer)

    def _origin(self, attribute: str, offer: _Offer, losers: Iterable[_Offer]) -> dict[str, Any]:
        candidate = offer.candidate
        line = self._rules.find_line(candidate, offer.path)
        return {
            "source": candidate.source._asdict(),
            "raw_version": candidate.raw_version,
            "mapping": {"digest": candidate.mapping_digest, "path": offer.path, "line": line},
            "rule": self._reason(attribute, offer, tuple(losers)),
            "rules_version": RULES_VERSION,
            "losers": [
                {"source": o.candidate.source._asdict(), "value": o.value}
                for o in losers
                if o.value != offer.value
            ],
        }

    def _reason(self, attribute: str, offer: _Offer, losers: tuple[_Offer, ...]) -> str:
        """The rule that told the winner from the best of the others."""
        if offer.candidate.source.connection == STEWARD:
            return "steward"
        rivals = [o for o in losers if o.value != offer.value]
        return self._lost(attribute, offer, rivals[0]) if rivals else "only value"


def _at(body: Body, path: str) -> Any:
    found: Any = body
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _plain(item: Body) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("rank", "period")}


def _number(offer: _Offer) -> _Offer:
    return offer._replace(path=f"{offer.path}.value", value=offer.value["value"])


def _demerits(point: Body) -> int:
    """Rank, with what bounced, is invalid or is shared behind everything else."""
    fault = {"bounced": 100, "invalid": 200}.get(point.get("status", "ok"), 0)
    return int(point.get("rank", 1)) + fault + (50 if point.get("shared") else 0)


def _completeness(value: Any) -> int:
    return len(value) if isinstance(value, Mapping | str) else 1


def _consent_age(offer: _Offer) -> tuple[str, bool]:
    said = offer.value.get("captured_at") or offer.candidate.updated
    return said, offer.value["state"] == "out"
