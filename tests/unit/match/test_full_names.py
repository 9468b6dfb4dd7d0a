"""How rare a full name is, from the shares of its names and the number of its holders."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from hub.match.engines.frequencies import settle_full_names
from hub.match.full_names import (
    OWN,
    RELIABILITY,
    TOGETHER,
    company_share,
    full_name_share,
    strangers,
    times_as_frequent,
)
from tests.unit.match.crowd import person, rows_of
from tests.unit.match.workspace import filled_workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _share(db: DuckDBPyConnection, name: str) -> float:
    query = "select max(full_name_share) from rated_feature where full_name = ?"
    return float(db.execute(query, [name]).fetchall()[0][0])


def test_rare_names_are_as_rare_as_their_product_says() -> None:
    assert full_name_share(1e-4, 1e-4, 1e-5) == pytest.approx(TOGETHER * 1e-8, rel=0.02)


def test_what_one_record_alone_has_is_no_oftener_than_that() -> None:
    assert full_name_share(0.1, 0.1, 1e-5) < 1e-5


def test_a_name_of_many_records_is_no_longer_rare() -> None:
    names = [("Anna", "Berg")] * 30 + [("Otto", "Holm")] * 2 + [("Ida", "Falk")] * 30
    bodies = [person(*name, phone=f"+43 316 {n:06}") for n, name in enumerate(names)]
    with filled_workspace(rows_of(bodies)) as db:
        before = [_share(db, name) for name in ("anna berg", "holm otto")]
        settle_full_names(db, OWN)
        after = [_share(db, name) for name in ("anna berg", "holm otto")]
    assert after[0] > 50 * before[0]
    assert after[1] == before[1]


def test_every_further_holder_makes_strangers_more_likely() -> None:
    found = [strangers(holders, 0.8, RELIABILITY) for holders in range(1, 60)]
    assert found[0] == 0.0
    assert all(one < other for one, other in pairwise(found))
    assert found[-1] == pytest.approx(57, abs=1.5)


def test_what_a_name_counts_goes_on_evenly_where_the_sum_is_no_longer_made() -> None:
    assert strangers(1_001, 2.0, RELIABILITY) == pytest.approx(1_000, rel=0.02)
    assert strangers(1_002, 2.0, RELIABILITY) == 1_001


def test_where_everybody_has_many_copies_they_are_no_sign_of_strangers() -> None:
    assert times_as_frequent(6, 10.0) < 2
    assert times_as_frequent(6, 0.5) > 5


def test_a_name_that_is_rare_by_shape_has_few_strangers() -> None:
    assert strangers(4, 0.8, 0.025) < strangers(4, 0.8, RELIABILITY)


def test_a_company_of_more_words_has_its_name_alone() -> None:
    shares = [company_share(name, 1e-5) for name in ("winkler", "holz winkler")]
    assert shares == pytest.approx([1e-5, 2.5e-6])
