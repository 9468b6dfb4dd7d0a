"""The model as SQL: what a pair of feature rows weighs, for DuckDB and for Spark.

The same sums as :mod:`hub.match.weigh` makes for one pair in Python (tested to 1e-6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from hub.match.bits import Bits, bits_of
from hub.match.engines.queries import are_of_kind
from hub.match.engines.shares import SHARES
from hub.match.features import Features
from hub.match.levels import FIELDS, Field
from hub.match.model import LEAST_FREQUENCY, RELATIONS, KindModel, outcomes_of
from hub.match.predicates import Alike, AllOf, AnyOf, CrossedAlike, Dialect, Near, Not, Predicate
from hub.match.thresholds import CERTAIN, CONFLICT, LEANING, STRONG, VETOED
from hub.match.vetoes import ABSOLUTE, veto_sql

_SUM_NAMES: Final = {"match": "score", "kin": "kin", "colleagues": "colleagues"}


def outcome_columns(kind: str) -> tuple[str, ...]:
    """The columns of :func:`weigh_pairs` that hold the number of each field's outcome."""
    return tuple(f"{item.name}_at" for item in FIELDS[kind])


def compare_pairs(kind: str, pairs: str, dialect: Dialect = Dialect.DUCKDB) -> str:
    """A query that gives left_id, right_id and the outcome of each field, -1 where missing.

    ``pairs`` is a table of left_id and right_id; rows and their values' shares, which come along,
    are those of the table ``rated_feature``.
    """
    columns = _both_sides((*Features._fields, *SHARES))
    joined = (
        f"select p.left_id, p.right_id, {columns} from {pairs} p "
        "join rated_feature l on l.id = p.left_id join rated_feature r on r.id = p.right_id"
    )
    return _compare(kind, joined, dialect, kept=_sides(SHARES))


def compare_some(kind: str, pairs: str, *, left: str, right: str) -> str:
    """The same, without shares, of pairs whose sides are among the rows that two conditions name.

    Only pairs of the kind are told.
    """
    joined = (
        f"select p.left_id, p.right_id, {_both_sides(Features._fields)} from {pairs} p "
        f"join (select * from feature where {left}) l on l.id = p.left_id "
        f"join (select * from feature where {right}) r on r.id = p.right_id "
        f"where {are_of_kind(kind)}"
    )
    return _compare(kind, joined, Dialect.DUCKDB, kept=())


def _both_sides(columns: Iterable[str]) -> str:
    return ", ".join(f"l.{name} as {name}_l, r.{name} as {name}_r" for name in columns)


def _sides(columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}_{side}" for name in columns for side in ("l", "r"))


def _compare(kind: str, joined: str, dialect: Dialect, kept: Sequence[str]) -> str:
    """Likenesses and distances that several conditions ask for are computed once for each pair."""
    levels = ", ".join(f"{_outcome(item, dialect)} as {item.name}_at" for item in FIELDS[kind])
    once, known = joined, dict[str, str]()
    for asked in (_likenesses, _slips):
        texts = [_named(text, known) for text in _repeated(kind, dialect, asked)]
        named = {text: f"known{len(known) + place}" for place, text in enumerate(texts)}
        listed = ", ".join(("*", *(f"{text} as {name}" for text, name in named.items())))
        once, known = f"select {listed} from ({once})", {**known, **named}
    told = ", ".join(("left_id", "right_id", _named(levels, known), *kept))
    return f"select {told} from ({once})"


def _named(text: str, known: Mapping[str, str]) -> str:
    """The text with the names of what it asks for that is known by then."""
    for asked, name in known.items():
        text = text.replace(asked, name)
    return text


def _repeated(
    kind: str, dialect: Dialect, asked: Callable[[Predicate, Dialect], Iterator[str]]
) -> list[str]:
    """What more than one condition of a kind's fields asks for."""
    found = Counter(
        text
        for item in FIELDS[kind]
        for condition in (item.missing, *(level.condition for level in item.levels))
        for text in asked(condition, dialect)
    )
    return sorted(text for text, times in found.items() if times > 1)


def _parts_of(condition: Predicate) -> Iterator[Predicate]:
    """A condition and all that it is made of."""
    yield condition
    if isinstance(condition, Not):
        yield from _parts_of(condition.condition)
    elif isinstance(condition, (AllOf, AnyOf)):
        for part in condition.conditions:
            yield from _parts_of(part)


def _likenesses(condition: Predicate, dialect: Dialect) -> Iterator[str]:
    """The similarities, in SQL, that a condition asks for."""
    for part in _parts_of(condition):
        if isinstance(part, (Alike, Near)):
            yield part.likeness(dialect)
        elif isinstance(part, CrossedAlike):
            yield part.sql(dialect)


def _slips(condition: Predicate, dialect: Dialect) -> Iterator[str]:
    """The distances, in SQL, that a condition asks for, which may ask for similarities."""
    return (part.sql(dialect) for part in _parts_of(condition) if isinstance(part, Near))


def weigh_pairs(kind: str, model: KindModel, pairs: str, dialect: Dialect = Dialect.DUCKDB) -> str:
    """A query that gives of each pair what :class:`hub.match.weigh.Weight` says.

    Its columns are ``bits``, ``score``, ``kin``, ``colleagues``, ``evidence``, ``vetoed``,
    ``joins``, ``tie`` and ``against``.
    """
    return _weigh(kind, model, compare_pairs(kind, pairs, dialect))


def weigh_compared(kind: str, model: KindModel, compared: str) -> str:
    """The same of pairs with their outcomes, as :func:`compare_pairs` gives them, without shares.

    To look the shares up again costs next to nothing beside another comparison.
    """
    joined = (
        f"select c.*, {_both_sides(SHARES)} from {compared} c "
        "join share l on l.id = c.left_id join share r on r.id = c.right_id"
    )
    return _weigh(kind, model, joined)


def _weigh(kind: str, model: KindModel, compared: str) -> str:
    sums = ", ".join(
        f"{_sum(kind, model, relation)} as {_SUM_NAMES[relation]}" for relation in RELATIONS
    )
    outcomes = ", ".join(outcome_columns(kind))
    weighed = f"select left_id, right_id, {outcomes}, {sums} from ({compared})"
    decided = (
        "select *, score - log2(1 + pow(2.0, least(kin, 200.0)) + "
        f"pow(2.0, least(colleagues, 200.0))) as bits, {veto_sql(kind)} as vetoed, "
        f"score - ({model.before.match!r}) as evidence from ({weighed})"
    )
    vetoed = f"{2 * CONFLICT}" if kind in ABSOLUTE else f"least(evidence, {VETOED})"
    return (
        "select left_id, right_id, bits, score, kin, colleagues, evidence, vetoed, "
        f"(not vetoed and (bits >= {CERTAIN} or (score >= {STRONG} and bits >= {LEANING}))) "
        f"as joins, case when vetoed then least(bits, {VETOED}) else bits end as tie, "
        f"case when vetoed then {vetoed} else evidence end as against from ({decided})"
    )


def _outcome(item: Field, dialect: Dialect) -> str:
    cases = " ".join(
        f"when {level.condition.sql(dialect)} then {number}"
        for number, level in enumerate(item.levels)
    )
    return f"case when {item.missing.sql(dialect)} then -1 {cases} else {len(item.levels)} end"


def _sum(kind: str, model: KindModel, relation: str) -> str:
    parts = [_weight(item, model, relation) for item in FIELDS[kind]]
    return " + ".join((f"({getattr(model.before, relation)!r}::double)", *parts))


def _weight(item: Field, model: KindModel, relation: str) -> str:
    cases = " ".join(_cases(item, model, relation))
    return f"(case {item.name}_at {cases} else 0.0::double end)"


def _cases(item: Field, model: KindModel, relation: str) -> Iterator[str]:
    for number, outcome in enumerate(outcomes_of(item)):
        bits = bits_of(model.chances[item.name][outcome])
        weight = f"({getattr(bits, relation)!r})::double"
        column = item.levels[number].frequency if number < len(item.levels) else None
        if column and relation not in bits.by_chance:
            weight = f"({weight} + {_rarity(column, bits)})"
        yield f"when {number} then {weight}"


def _rarity(column: str, bits: Bits) -> str:
    left, right = f"{column}_share_l", f"{column}_share_r"
    share = (
        f"greatest(coalesce({left}, {right}), coalesce({right}, {left}), "
        f"{LEAST_FREQUENCY!r}::double)"
    )
    return f"coalesce(({bits.random!r})::double - log2({share}), 0.0::double)"
