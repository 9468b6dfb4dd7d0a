"""Splink 5 as its manual sets it up for customers: two models, trained without labels.

Manual: https://moj-analytical-services.github.io/splink/ (comparison library, blocking rules,
estimating model parameters). Nothing is tuned to a data set.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Final, NamedTuple

import duckdb

LOWEST: Final = 0.05


class Model(NamedTuple):
    """What one kind of customer is compared and blocked by."""

    comparisons: list[Any]
    blocking: list[Any]
    training: list[tuple[str, ...]]
    certain: list[tuple[str, ...]]


def filled(base: duckdb.DuckDBPyConnection, where: str) -> set[str]:
    """Columns that hold enough to be trained on."""
    names = [row[0] for row in base.execute("describe standard").fetchall()]
    counts = ", ".join(f"count({name})" for name in names)
    row = base.execute(f"select {counts}, count(*) from standard where {where}").fetchall()[0]
    return {name for name, count in zip(names, row, strict=False) if count > 0.005 * row[-1]}


def person_model(has: set[str]) -> Model:
    import splink.comparison_library as cl
    from splink import block_on

    offered: list[tuple[set[str], Any]] = [
        ({"given_name", "family_name"}, cl.ForenameSurnameComparison(
            "given_name", "family_name", forename_surname_concat_col_name="name_both")),
        ({"birth_date"}, cl.DateOfBirthComparison("birth_date", input_is_string=True)),
        ({"email"}, cl.EmailComparison("email")),
        ({"phone"}, _exact("phone")),
        ({"tax_id"}, _exact("tax_id")),
        ({"organisation"}, cl.NameComparison("organisation")),
        *_place(cl),
    ]  # fmt: skip
    rules = (
        ("email",), ("phone",), ("tax_id",), ("given_name", "family_name"),
        ("family_name", "postcode"), ("given_name", "postcode"), ("family_name", "city"),
        ("birth_date", "family_name"), ("birth_date", "given_name"), ("birth_date", "postcode"),
        ("substr(given_name, 1, 1)", "substr(family_name, 1, 4)", "city"),
        ("postcode", "street"),
    )  # fmt: skip
    blocking: list[Any] = [block_on(*rule) for rule in rules if _columns(rule) <= has]
    blocking.append("l.given_name = r.family_name and l.family_name = r.given_name")
    training = [("given_name", "family_name"), ("email",), ("birth_date",), ("phone",)]
    names = ("given_name", "family_name")
    certain = [("email",), *((*names, other) for other in ("birth_date", "phone", "postcode"))]
    return Model(
        [made for needs, made in offered if needs <= has],
        blocking,
        [rule for rule in training if set(rule) <= has],
        [rule for rule in certain if set(rule) <= has],
    )


def company_model(has: set[str]) -> Model:
    import splink.comparison_library as cl
    from splink import block_on

    offered = [
        ({"organisation"}, cl.NameComparison("organisation")),
        ({"email"}, cl.EmailComparison("email")),
        ({"phone"}, _exact("phone")),
        ({"tax_id"}, _exact("tax_id")),
        *_place(cl),
    ]
    rules = (
        ("organisation",), ("email",), ("phone",), ("tax_id",), ("postcode", "street"),
        ("substr(organisation, 1, 6)", "city"), ("substr(organisation, 1, 10)",),
        ("substr(organisation, 1, 4)", "postcode"),
    )  # fmt: skip
    certain = [("organisation", "postcode"), ("email",), ("tax_id",)]
    training = [("organisation",), ("email",), ("phone",)]
    return Model(
        [made for needs, made in offered if needs <= has],
        [block_on(*rule) for rule in rules if _columns(rule) <= has],
        [rule for rule in training if set(rule) <= has],
        [rule for rule in certain if set(rule) <= has],
    )


def _exact(column: str) -> Any:
    import splink.comparison_library as cl

    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def _place(cl: Any) -> list[tuple[set[str], Any]]:
    city = cl.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True)
    post = cl.LevenshteinAtThresholds("postcode", [1]).configure(term_frequency_adjustments=True)
    return [
        ({"city"}, city),
        ({"postcode"}, post),
        ({"street"}, cl.JaroWinklerAtThresholds("street", [0.95, 0.88])),
    ]


def _columns(rule: tuple[str, ...]) -> set[str]:
    return {part.removeprefix("substr(").split(",")[0] for part in rule}


def _repeats(records: Any, rule: tuple[str, ...]) -> bool:
    return bool(records.dropna(subset=list(rule)).duplicated(list(rule)).any())


class Scored(NamedTuple):
    """What Splink found among one kind of customer."""

    pairs: list[tuple[str, str, float]]
    seconds: dict[str, float]


def score(base: duckdb.DuckDBPyConnection, *, companies: bool) -> Scored:
    """Trains without labels, predicts, and clusters once for its time."""
    where = "is_org" if companies else "not is_org"
    records = base.execute(f"select * exclude (is_org, truth) from standard where {where}").df()
    if len(records) < 2:
        return Scored([], {})
    has = filled(base, where)
    model = company_model(has) if companies else person_model(has)
    linker, seconds = _trained(records, model)
    begin = time.monotonic()
    found = linker.inference.predict(threshold_match_probability=LOWEST)
    seconds["predict"] = time.monotonic() - begin
    begin = time.monotonic()
    linker.clustering.cluster_pairwise_predictions_at_threshold(found, 0.95)
    seconds["cluster"] = time.monotonic() - begin
    frame = found.as_pandas_dataframe()
    columns = (frame[name].tolist() for name in ("unique_id_l", "unique_id_r", "match_probability"))
    return Scored(list(zip(*columns, strict=True)), seconds)


def _trained(records: Any, model: Model) -> tuple[Any, dict[str, float]]:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    begin = time.monotonic()
    own = DuckDBAPI(duckdb.connect(":memory:"))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=model.comparisons,
        blocking_rules_to_generate_predictions=model.blocking,
        retain_matching_columns=False,
    )
    table = own.register(records, dataset_display_name="customers")
    linker = Linker(table, settings, log_level=logging.ERROR)
    loaded = time.monotonic()
    training = linker.training
    certain = [rule for rule in model.certain if _repeats(records, rule)]
    if certain:  # else Splink's default prior stands; an estimate of nought breaks its logarithms
        rules: list[Any] = [block_on(*rule) for rule in certain]
        training.estimate_probability_two_random_records_match(rules, recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in model.training:
        try:
            training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
        except Exception as error:  # noqa: BLE001  # a rule without pairs in a small set trains nothing
            print(f"training on {rule} failed: {type(error).__name__}", file=sys.stderr)
    return linker, {"register": loaded - begin, "train": time.monotonic() - loaded}
