"""Telling matches from their look-alikes: expectation maximisation over counted outcomes.

Two-class training takes a household that shares name, address and mailbox for a match with an odd
given name. Here four relations compete for every candidate pair: one party, kin, colleagues and
strangers. What kin and colleagues look like is given; what is learnt is how common the relations
are, what matches look like, and how often strangers share what else only one party has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2, sqrt
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.match.bits import LEAST_RANDOM, against
from hub.match.levels import FIELDS, Field
from hub.match.model import UNTRIED, KindModel, Table, outcomes_of
from hub.match.prior import PRIOR, Chances

_ROUNDS: Final = 20
_SETTLED: Final = 0.01
"""Bits by which the share of matches may still move at the end."""
_PRIOR_MATCHES: Final = 200
"""The shipped chances among matches count as so many pairs seen at least."""
_PRIOR_WEIGHT: Final = MappingProxyType(
    {"given_name": 9.0, "birth_date": 3.0, "identifier": 9.0, "legal_form": 3.0}
)
_USUAL_WEIGHT: Final = 0.05
"""However much was seen, the shipped chances keep this weight beside it, by field.

Much, where a field tells who somebody is: a set of families that share name and house, and little
else, must not teach that one person has many given names.
"""
GIVEN_FIELDS: Final = frozenset({"full_name", "generation", "country", "name_and_place"})
"""Fields whose chances are the prior's; but how often a full name is the same is learnt."""
_NAMES: Final = ("full_name", "given_name", "family_name")
_FULL_NAME: Final = next(item for item in FIELDS["person"] if item.name == _NAMES[0])
_WHOLE: Final = ("same", "swapped", "swapped, with a slip")
"""Outcomes of the full name that stand for both names."""
_OF_BRANCHES: Final = frozenset({"organisation", "email", "phone", "identifier"})
"""What is learnt of branches: their names, and how often they share a mailbox, line or number."""
_BRANCH_WEIGHT: Final = 0.05
"""The weight of the shipped chances among branches, beside what was seen."""
_BESIDE_NAMES: Final = 2
"""Of branches learn only pairs that can be compared by so much beside name and legal form."""
_FAMILY_ALONE: Final = "only the family name"
_PERSONAL: Final = frozenset({"birth_date", "identifier"})
"""What a family does not share. Only pairs that can be compared by it teach how often one person
has two given names: by the others, a house full of people would be one who has many.
"""
_PRIOR_STRANGERS: Final = 1e7
_LEAST_LOOKALIKES: Final = 5.0
_LEAST_DUPLICATES: Final = 0.01
"""At least one record in a hundred is taken to have a second one somewhere."""
_OWN: Final = frozenset(
    [
        ("email", "same"),
        ("email", "slip"),
        ("email", "same name elsewhere"),
        ("email", "same domain"),
        ("phone", "same"),
        ("address", "same house"),
        ("identifier", "same"),
        ("identifier", "slip"),
    ]
)
"""Outcomes that make every such pair a candidate: so they can be counted among strangers too."""
_NOBODY_ELSES: Final = ("organisation", "email", "same")
"""What strangers do not share: beside a company only its branches read the mailbox that is its own.

It is not counted among strangers. Whatever else differs, pairs that have it would be taken for
strangers who often share one, and that would be found confirmed by them.
"""


class Counted(NamedTuple):
    """One combination of outcomes, by their numbers (-1: not comparable), and how many have it."""

    outcomes: tuple[int, ...]
    pairs: int


class Shares(NamedTuple):
    """How many of all pairs are of each relation."""

    match: float
    kin: float
    colleagues: float


class Counts(NamedTuple):
    """What was counted of a kind.

    ``candidates`` are pairs of different contents, ``copies`` those of a content with itself, one
    for each further record that has it. ``pairs`` is how many there are of different contents, and
    ``comparable`` the share of them that can be compared, by field.
    """

    candidates: Sequence[Counted]
    copies: Sequence[Counted]
    pairs: float
    comparable: Mapping[str, float]


def learn_relations(
    kind: str,
    start: Table,
    counts: Counts,
    *,
    chances: bool = True,
) -> KindModel:
    """The model that explains what was counted best, starting from two-class chances.

    Without ``chances`` they stay as they are, and only the relations' shares are learnt; the model
    is as cautious then as the shipped one. Shares are those of pairs of different contents. What
    matches look like is learnt from copies too: where most matches are copies, those that are none
    are not what a match looks like.
    """
    fields = FIELDS[kind]
    shares = Shares(*[_first_share(counts.pairs)] * 3)
    table = _without_chance(kind, start) if chances else start
    for _ in range(_ROUNDS):
        sums = _expect(fields, table, shares, counts.candidates)
        found = _shares(sums, counts.pairs)
        if chances:
            sums.add_matches(_expect(fields, table, shares, counts.copies))
            table = _maximise(kind, table, sums, counts)
        settled = abs(log2(found.match / shares.match)) < _SETTLED
        shares = found
        if settled:
            break
    matches = shares.match * counts.pairs if chances else 0.0
    return KindModel(table, *shares, caution=_caution(matches))


def _caution(matches: float) -> float:
    """Less, the more matches the chances were learnt from: as the shipped ones count for less."""
    return UNTRIED * _PRIOR_MATCHES / (_PRIOR_MATCHES + matches)


def _without_chance(kind: str, table: Table) -> Table:
    owner, field, outcome = _NOBODY_ELSES
    if kind != owner:
        return table
    found = table[field][outcome]._replace(random=LEAST_RANDOM)
    return {**table, field: {**table[field], outcome: found}}


def _first_share(pairs: float) -> float:
    """Every record has one other: among n(n-1)/2 pairs that is about 2/n."""
    return min(sqrt(2.0 / max(pairs, 1.0)), 0.01)


class _Sums:
    """Expected numbers of pairs, by relation and by field and outcome."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.totals = [0.0, 0.0, 0.0, 0.0]
        self.beside = [n for n, item in enumerate(fields[2:], 2) if item.name not in GIVEN_FIELDS]
        self.personal = [n for n, item in enumerate(fields) if item.name in _PERSONAL]
        self.names = _places_of_names(fields)
        self.names_told = [0.0] * len(outcomes_of(_FULL_NAME))
        """Matches by the outcome of their full names, of those that something personal tells."""
        self.matches = [[0.0] * len(outcomes_of(item)) for item in fields]
        self.kin = [[0.0] * len(outcomes_of(item)) for item in fields]
        self.strangers = [[0.0] * len(outcomes_of(item)) for item in fields]

    def add_matches(self, other: _Sums) -> None:
        """Take in the matches of other pairs, and nothing else of them."""
        self.matches = [
            [one + more for one, more in zip(*held, strict=True)]
            for held in zip(self.matches, other.matches, strict=True)
        ]
        both = zip(self.names_told, other.names_told, strict=True)
        self.names_told = [one + more for one, more in both]


def _expect(
    fields: Sequence[Field], table: Table, shares: Shares, counted: Sequence[Counted]
) -> _Sums:
    weights = [
        [_logs(table[item.name][outcome]) for outcome in outcomes_of(item)] for item in fields
    ]
    before = (*(log2(max(share, 1e-300)) for share in shares), 0.0)
    sums = _Sums(fields)
    for outcomes, pairs in counted:
        logs = list(before)
        for place, number in enumerate(outcomes):
            if number >= 0:
                for relation, weight in enumerate(weights[place][number]):
                    logs[relation] += weight
        _add(sums, _told_apart(outcomes, sums.names), _posterior(logs), pairs)
    return sums


def _places_of_names(fields: Sequence[Field]) -> Sequence[int]:
    """Where full, given and family name stand among the fields; empty for organisations."""
    places = {item.name: place for place, item in enumerate(fields)}
    return [places[name] for name in _NAMES if name in places]


def _told_apart(outcomes: Sequence[int], names: Sequence[int]) -> Sequence[int]:
    """One full name is one given and one family name too, though it alone is weighed."""
    if not names or outcomes[names[0]] != 0:
        return outcomes
    return [0 if place in names else number for place, number in enumerate(outcomes)]


def _logs(chances: Chances) -> tuple[float, float, float, float]:
    kin, colleagues, random = against(chances)
    return log2(max(chances.match, LEAST_RANDOM)), log2(kin), log2(colleagues), log2(random)


def _posterior(logs: Sequence[float]) -> list[float]:
    highest = max(logs)
    odds = [2.0 ** (value - highest) for value in logs]
    total = sum(odds)
    return [value / total for value in odds]


def _add(sums: _Sums, outcomes: Sequence[int], shares: Sequence[float], count: int) -> None:
    for relation, share in enumerate(shares):
        sums.totals[relation] += share * count
    match, random = shares[0] * count, shares[3] * count
    told = sum(outcomes[place] >= 0 for place in sums.beside) >= _BESIDE_NAMES
    kin = shares[1] * count if told else 0.0
    for place, number in enumerate(outcomes):
        if number >= 0:
            sums.matches[place][number] += match
            sums.kin[place][number] += kin
            sums.strangers[place][number] += random
    if _is_personal(sums, outcomes):
        sums.names_told[outcomes[sums.names[0]]] += match


def _is_personal(sums: _Sums, outcomes: Sequence[int]) -> bool:
    """Whether full names can be compared and something that tells whose they are."""
    compared = bool(sums.names) and outcomes[sums.names[0]] >= 0
    return compared and any(outcomes[place] >= 0 for place in sums.personal)


def _shares(sums: _Sums, pairs: float) -> Shares:
    """Look-alikes are never taken for impossible, however few there are."""
    match, kin, colleagues, _ = sums.totals
    pairs = max(pairs, 1.0)
    match = max(match, _LEAST_DUPLICATES * sqrt(2 * pairs))
    least = min(_LEAST_LOOKALIKES, 0.2 * max(match, 1.0))
    found = (match, max(kin, least), max(colleagues, least))
    return Shares(*(min(value / pairs, 0.1) for value in found))


class _Seen(NamedTuple):
    """How many pairs were seen with an outcome, of how many that could have had it."""

    matches: float
    all_matches: float
    strangers: float
    all_strangers: float


def _maximise(kind: str, table: Table, sums: _Sums, counts: Counts) -> Table:
    found: dict[str, dict[str, Chances]] = {}
    for place, item in enumerate(FIELDS[kind]):
        if item.name in GIVEN_FIELDS:
            found[item.name] = _learn_given(item, found, table[item.name], sums)
            continue
        weight = _PRIOR_WEIGHT.get(item.name, _USUAL_WEIGHT)
        matches, strangers = sums.matches[place], sums.strangers[place]
        pairs = counts.pairs * max(counts.comparable.get(item.name, 0.0), 1e-4)
        found[item.name] = {
            outcome: _learn(
                table[item.name][outcome],
                PRIOR[kind][item.name][outcome],
                _Seen(matches[number], sum(matches), strangers[number], pairs),
                weight=weight,
                own=(item.name, outcome) in _OWN and (kind, item.name, outcome) != _NOBODY_ELSES,
            )
            for number, outcome in enumerate(outcomes_of(item))
        }
        if kind == "organisation" and item.name in _OF_BRANCHES:
            found[item.name] = _learn_branches(item, found[item.name], sums.kin[place])
    return found


def _learn_branches(
    item: Field, table: Mapping[str, Chances], kin: Sequence[float]
) -> dict[str, Chances]:
    """What branches have alike, learnt from the pairs that all else shows to be kin."""
    prior = PRIOR["organisation"][item.name]
    held = max(_PRIOR_MATCHES, _BRANCH_WEIGHT * sum(kin))
    learnt = {}
    for number, outcome in enumerate(outcomes_of(item)):
        seen = kin[number] + held * (prior[outcome].kin or 0.0)
        learnt[outcome] = table[outcome]._replace(kin=seen / (sum(kin) + held))
    return learnt


def _learn_given(
    item: Field, learnt: Table, table: Mapping[str, Chances], sums: _Sums
) -> dict[str, Chances]:
    """Of the given chances, how often a match has one full name is learnt, swapped or not.

    So is how much rarer than by chance a match has the family name but no given name alike.
    """
    if item.name != _NAMES[0]:
        return dict(table)
    prior = PRIOR["person"][item.name]
    matches = sums.matches[sums.names[0]]
    same = (matches[0] + _PRIOR_MATCHES * prior["same"].match) / (sum(matches) + _PRIOR_MATCHES)
    whole = {
        name: table[name]._replace(match=prior[name].match * same / prior["same"].match)
        for name in _WHOLE
    }
    return {**table, **whole, _FAMILY_ALONE: _learn_alone(learnt, sums.names_told)}


def _learn_alone(learnt: Table, matches: Sequence[float]) -> Chances:
    prior = PRIOR["person"][_FULL_NAME.name][_FAMILY_ALONE]
    family = learnt["family_name"]
    together = learnt["given_name"]["different"].match * (
        family["same"].match + family["slip"].match
    )
    seen = matches[outcomes_of(_FULL_NAME).index(_FAMILY_ALONE)]
    times = (seen / together + _PRIOR_MATCHES * prior.match / prior.random) / (
        sum(matches) + _PRIOR_MATCHES
    )
    return prior._replace(match=min(prior.random * times, 1.0))


def with_full_names(table: Table, share: float) -> Table:
    """The chances of strangers to have one full name, from the share of pairs that do."""
    prior = PRIOR["person"][_NAMES[0]]
    ratio = share / prior["same"].random
    told = {name: table[_NAMES[0]][name] for name in _WHOLE}
    found = {name: old._replace(random=prior[name].random * ratio) for name, old in told.items()}
    return {**table, _NAMES[0]: {**table[_NAMES[0]], **found}}


def _learn(before: Chances, prior: Chances, seen: _Seen, *, weight: float, own: bool) -> Chances:
    """The chances of one outcome, mixed with the prior's."""
    held = max(_PRIOR_MATCHES, weight * seen.all_matches)
    match = seen.matches + held * prior.match
    found = before._replace(match=match / (seen.all_matches + held))
    if not own:
        return found
    random = seen.strangers + _PRIOR_STRANGERS * prior.random
    random /= seen.all_strangers + _PRIOR_STRANGERS
    return found._replace(random=max(random, LEAST_RANDOM))
