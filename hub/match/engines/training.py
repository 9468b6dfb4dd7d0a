"""Training: Splink estimates the model from the records themselves, without labels.

Splink samples random pairs for the chances among strangers, and runs expectation maximisation for
those among matches (https://moj-analytical-services.github.io/splink/); then
:mod:`hub.match.lookalikes` tells matches from households, colleagues and branches. What a data set
is too small or too sparse to say keeps the shipped prior's word, in proportion.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hub.match.engines.bulk import of_kind
from hub.match.engines.counting import count_all, count_rows, keep_copies
from hub.match.engines.frequencies import (
    frequencies,
    mean_full_name_share,
    one_country_share,
    rarest_shares,
    settle_full_names,
    settle_organisations,
)
from hub.match.levels import DIFFERENT, FIELDS, Field
from hub.match.lookalikes import GIVEN_FIELDS, Counts, learn_relations, with_full_names
from hub.match.model import LEAST_FREQUENCY, KindModel, Model, Table, outcomes_of, prior_model
from hub.match.predicates import Dialect, Incomparable
from hub.match.prior import PRIOR, Chances

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_RECORDS: Final = 1_000
"""Of fewer records of a kind, Splink is not asked: the prior knows more."""
_PAIRS: Final = 1_000_000
_SESSION_PAIRS: Final = 100_000
"""So many pairs say of a session what all of them do, to the fourth digit of F1."""
_HASHES: Final = 2**64
MOST_RECORDS: Final = 250_000
"""Of more records of a kind Splink reads so many: a session reads all, for no more pairs."""
_PRIOR_PAIRS: Final = 20_000
"""The shipped chances among strangers count as so many pairs seen."""
_TRUST: Final = 0.7
"""How far Splink's chances among matches are taken; the rest is the prior's."""
_UNTOLD: Final = frozenset({"given_name"})
"""Of these Splink tells strangers alone: to two classes, a family in one house is a match."""
_NOT_ASKED: Final = GIVEN_FIELDS | {"middle_name"}
"""Given, or seen in too few random pairs: beside one given name, where both tell a second."""
_SETTLED: Final = 0.01
"""A session ends where no chance moves by more: what it finds is mixed with the shipped ones."""
_LEAST_PAIRS: Final = 300
_NAMES: Final = MappingProxyType(
    {
        "person": ("full_name", settle_full_names),
        "organisation": ("organisation", settle_organisations),
    }
)
"""The name that is rare as a whole, by kind, and how its frequencies are settled."""
_FREQUENCY_KEYS: Final = (
    "tf_adjustment_column",
    "tf_minimum_u_value",
    "disable_tf_exact_match_detection",
)
_SINGLE_NAMES: Final = MappingProxyType({"given_name": "given", "family_name": "family"})
_SESSIONS: Final = MappingProxyType(
    {
        "person": (
            "l.given = r.given and l.family = r.family",
            "l.mailbox = r.mailbox",
            "l.birth_date = r.birth_date",
            "l.phones[1] = r.phones[1]",
            "l.postcode = r.postcode and l.house_number = r.house_number",
        ),
        "organisation": (
            "l.organisation = r.organisation",
            "l.mailbox = r.mailbox",
            "l.phones[1] = r.phones[1]",
            "l.postcode = r.postcode and l.house_number = r.house_number",
        ),
    }
)
"""The pairs that the sessions of expectation maximisation look at."""


def train_model(
    db: DuckDBPyConnection,
    least: int = 2,
    copies: Mapping[int, int] = MappingProxyType({}),
    *,
    most: int = MOST_RECORDS,
) -> Model:
    """A model of the records that a workspace holds, prepared by ``bulk.prepare``.

    It keeps the frequencies of values that at least so many records have. ``copies`` is how many
    further records have a row's content, by the row's number. Splink reads about ``most`` records
    of a kind, where there are more.
    """
    keep_copies(db, copies)
    records = db.execute("select count(*) from feature").fetchall()[0][0]
    prior = prior_model(records)
    told, counted = _ask_and_count(db, prior, most)
    trained = {kind: _train_kind(db, kind, told.get(kind), counted[kind]) for kind in FIELDS}
    found, rarest = frequencies(db, least), rarest_shares(db, least)
    kinds = {
        kind: replace(item, frequencies=found, rarest=rarest) for kind, item in trained.items()
    }
    return Model(MappingProxyType(kinds), records)


def _rounded(model: KindModel) -> KindModel:
    """To nine digits: the last ones depend on the order in which an engine adds."""
    chances = {
        name: {
            outcome: Chances(
                _to_digits(found.match),
                _to_digits(found.random),
                None if found.kin is None else _to_digits(found.kin),
                None if found.colleagues is None else _to_digits(found.colleagues),
            )
            for outcome, found in outcomes.items()
        }
        for name, outcomes in model.chances.items()
    }
    return replace(
        model,
        chances=chances,
        match_share=_to_digits(model.match_share),
        kin_share=_to_digits(model.kin_share),
        colleague_share=_to_digits(model.colleague_share),
        caution=_to_digits(model.caution),
    )


def _to_digits(number: float) -> float:
    return float(f"{number:.9g}")


def _train_kind(
    db: DuckDBPyConnection, kind: str, told: Mapping[str, Any] | None, counted: Counts
) -> KindModel:
    """The model of a kind; ``told`` is Splink's, of a kind with enough records."""
    count = count_rows(db, kind)
    start: Table = PRIOR[kind]
    if told is not None:
        start = _clean(_with_prior(told, kind, count), 1.0 / count)
        if kind == "person":
            start = with_full_names(start, mean_full_name_share(db))
        start = _of_one_country(start, one_country_share(db, of_kind(kind)))
    found = _rounded(learn_relations(kind, start, counted, chances=told is not None))
    name, settle = _NAMES[kind]
    settle(db, found.match_share * count * found.chances[name]["same"].match)
    return found


def _take_some(db: DuckDBPyConnection, kind: str, share: float) -> None:
    """Fill the table ``trained_…`` with such a share of a kind's rows, drawn by their numbers."""
    drawn = f"hash(id) < {int(share * _HASHES)}" if share < 1 else "true"
    db.execute(
        f"create or replace table trained_{kind} as "
        f"select * from feature where {of_kind(kind)} and {drawn}"
    )


def settings(kind: str, model: KindModel, dialect: Dialect = Dialect.DUCKDB) -> dict[str, Any]:
    """The model as Splink's settings, which its linkers load and score with.

    They know no caution: it lies in the share of matches that they are told.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": 1 / (1 + 2.0**-model.before.match),
        "blocking_rules_to_generate_predictions": ["1 = 0"],
        "comparisons": [_comparison(item, model, dialect) for item in FIELDS[kind]],
        "retain_matching_columns": False,
        "em_convergence": _SETTLED,
    }


def _comparison(item: Field, model: KindModel, dialect: Dialect) -> dict[str, Any]:
    conditions = [*((level.condition.sql(dialect), level.frequency) for level in item.levels)]
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": item.missing.sql(dialect),
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    for outcome, (condition, column) in zip(
        outcomes_of(item), (*conditions, ("ELSE", None)), strict=True
    ):
        chances = model.chances[item.name][outcome]
        levels.append(
            {
                "sql_condition": condition,
                "label_for_charts": outcome,
                "m_probability": chances.match,
                "u_probability": chances.random,
                **(_frequency(column) if column else {}),
            }
        )
    return {"output_column_name": item.name, "comparison_levels": levels}


def _frequency(column: str) -> dict[str, Any]:
    values = (column, LEAST_FREQUENCY, True)
    return dict(zip(_FREQUENCY_KEYS, values, strict=True))


def _ask_and_count(
    db: DuckDBPyConnection, prior: Model, most: int
) -> tuple[dict[str, Mapping[str, Any]], dict[str, Counts]]:
    """Splink's trained models, of the kinds with enough records; our own counts, of each kind.

    Most of Splink's queries keep one core busy, so it is asked for both kinds at once, and what is
    counted without it is counted meanwhile.
    """
    sizes = {kind: count_rows(db, kind) for kind in FIELDS}
    asked = [kind for kind, size in sizes.items() if size >= LEAST_RECORDS]
    for kind in asked:
        _take_some(db, kind, most / sizes[kind])
    with _quiet(), ThreadPoolExecutor(len(FIELDS)) as beside:
        under_way = {
            kind: beside.submit(_ask_of_kind, db.cursor(), kind, prior.kinds[kind])
            for kind in asked
        }
        counted = {kind: count_all(db, kind) for kind in FIELDS}
        told = {kind: one.result() for kind, one in under_way.items()}
    for kind in asked:
        db.execute(f"drop table trained_{kind}")
    return told, counted


def _ask_of_kind(db: DuckDBPyConnection, kind: str, prior: KindModel) -> Mapping[str, Any]:
    """Splink's model of one kind, over a cursor of its own: it shares no open results."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    learnt = settings(kind, replace(prior, caution=0.0))
    learnt["comparisons"] = [
        _told_alone(item)
        for item in learnt["comparisons"]
        if item["output_column_name"] not in _NOT_ASKED
    ]
    records = DuckDBAPI(db).register(db.table(f"trained_{kind}"))
    linker = Linker(records, SettingsCreator(**learnt))
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=1)
    for rule in _useful_sessions(db, kind):
        with contextlib.suppress(ValueError):  # a chance of 0.0: the session says nothing
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, max_pairs=_SESSION_PAIRS
            )
    found: Mapping[str, Any] = linker.misc.save_model_to_json()
    return found


def _told_alone(comparison: dict[str, Any]) -> dict[str, Any]:
    """A single name is learnt from all pairs, those that the full name speaks for included."""
    missing, *levels = comparison["comparison_levels"]
    column = _SINGLE_NAMES.get(comparison["output_column_name"])
    if column is not None:
        missing = {**missing, "sql_condition": Incomparable((column,)).sql(Dialect.DUCKDB)}
    plain = [
        {key: value for key, value in level.items() if key not in _FREQUENCY_KEYS}
        for level in levels
    ]
    return {**comparison, "comparison_levels": [missing, *plain]}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Splink prints its progress and warns of what the prior is there for."""
    silent = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(silent)


def _useful_sessions(db: DuckDBPyConnection, kind: str) -> list[str]:
    """Sessions with enough pairs: one that fails takes its comparisons out of the model."""
    return [
        rule
        for rule in _SESSIONS[kind]
        if db.execute(
            f"select count(*) from (select 1 from trained_{kind} l join trained_{kind} r "
            f"on {rule} and l.id < r.id limit {_LEAST_PAIRS})"
        ).fetchall()[0][0]
        >= _LEAST_PAIRS
    ]


def _with_prior(found: Mapping[str, Any], kind: str, count: int) -> Table:
    """Splink's chances, as far as it has seen each outcome."""
    trained = {
        (item["output_column_name"], level["label_for_charts"]): level
        for item in found["comparisons"]
        for level in item["comparison_levels"]
    }
    pairs = min(count * (count - 1) / 2, _PAIRS)
    return {
        name: {
            outcome: _blend(
                trained.get((name, outcome), {}), prior, pairs, told=name not in _UNTOLD
            )
            for outcome, prior in outcomes.items()
        }
        for name, outcomes in PRIOR[kind].items()
    }


def _blend(level: Mapping[str, Any], prior: Chances, pairs: float, *, told: bool) -> Chances:
    match, random = level.get("m_probability"), level.get("u_probability")
    if told and isinstance(match, float):
        prior = prior._replace(match=_TRUST * match + (1 - _TRUST) * prior.match)
    if isinstance(random, float):
        seen = (pairs * random + _PRIOR_PAIRS * prior.random) / (pairs + _PRIOR_PAIRS)
        prior = prior._replace(random=seen)
    return prior


def _of_one_country(table: Table, share: float) -> Table:
    """Where strangers live, of those who live in one country: names and the country tell that."""
    found = {
        outcome: chances._replace(random=min(chances.random / share, 0.5))
        for outcome, chances in table["address"].items()
        if outcome != DIFFERENT
    }
    elsewhere = max(1.0 - sum(chances.random for chances in found.values()), 0.5)
    different = table["address"][DIFFERENT]._replace(random=elsewhere)
    return {**table, "address": {**found, DIFFERENT: different}}


def _clean(table: Table, share: float) -> Table:
    """Among random pairs are matches too: without them, strangers share still less."""
    return {
        name: {
            outcome: chances._replace(
                random=max(chances.random - share * chances.match, chances.random / 50)
            )
            for outcome, chances in outcomes.items()
        }
        for name, outcomes in table.items()
    }
