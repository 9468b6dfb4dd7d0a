"""How rare a full name is, from the shares of its names and the number of its holders."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from hub.match.engines.frequencies import settle_full_names, settle_organisations
from hub.match.full_names import (
    OWN,
    RELIABILITY,
    TOGETHER,
    Others,
    company_share,
    full_name_share,
    strangers,
    times_as_frequent,
)
from tests.unit.match.crowd import company, person, rows_of
from tests.unit.match.workspace import filled_workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _share(db: DuckDBPyConnection, name: str, column: str = "full_name") -> float:
    query = f"select max({column}_share) from rated_feature where {column} = ?"
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


_USUAL = Others(own=0.8, expected=RELIABILITY)


def test_a_companys_name_is_as_rare_as_its_words() -> None:
    """Six hold each name; the words of one stand in many other names too."""
    names = ["Winkler Holz", "Omblex Tavira"] * 6
    names += [f"{word} {n:x}q" for word in ("Winkler", "Holz") for n in range(100, 400)]
    bodies = [company(name, phone=f"+43 316 {n:06}") for n, name in enumerate(names)]
    with filled_workspace(rows_of(bodies)) as db:
        settle_organisations(db, OWN)
        common, coined = (
            _share(db, name, "organisation") for name in ("holz winkler", "omblex tavira")
        )
    assert common > 5 * coined


def test_every_further_holder_makes_strangers_more_likely() -> None:
    found = [strangers(holders, _USUAL) for holders in range(1, 60)]
    assert found[0] == 0.0
    assert all(one < other for one, other in pairwise(found))
    assert found[-1] == pytest.approx(57, abs=1.5)


def test_what_a_name_counts_goes_on_evenly_where_the_sum_is_no_longer_made() -> None:
    assert strangers(1_001, _USUAL._replace(own=2.0)) == pytest.approx(1_000, rel=0.02)
    assert strangers(1_002, _USUAL._replace(own=2.0)) == 1_001
    assert 900 < times_as_frequent(1_002, _USUAL) < 1_000_000


def test_where_everybody_has_many_copies_they_are_no_sign_of_strangers() -> None:
    assert times_as_frequent(6, _USUAL._replace(own=10.0)) < 1.2
    assert times_as_frequent(6, _USUAL._replace(own=0.5)) > 4


def test_a_name_that_is_rare_by_shape_has_few_strangers() -> None:
    rare = Others(own=0.8, expected=0.025, shape=0.025)
    assert strangers(4, rare) < strangers(4, _USUAL)


def test_records_of_a_name_that_nobody_is_expected_to_share_are_one_persons() -> None:
    """The same five holders: of a rare name they are one's own, of a common one strangers."""
    rare, common = (_USUAL._replace(expected=expected) for expected in (0.001, 10.0))
    assert strangers(5, rare) < 0.3 < 2 < strangers(5, common)


def test_a_crowd_holds_a_common_name_whatever_its_parts_expect() -> None:
    """Thirty churches of one saint are no church of thirty records; three records may well be."""
    saint = _USUAL._replace(expected=0.0001)
    assert strangers(4, saint) < 0.1
    assert strangers(30, saint) > 27
    assert times_as_frequent(30, saint) > 1_000 * times_as_frequent(4, saint)


def test_two_holders_say_what_the_rarity_says() -> None:
    """The share is made such that its odds are those of the one other holder."""
    others, records = Others(own=0.8, expected=0.1), 1_000.0
    share = full_name_share(0.1 / (TOGETHER * records), 1.0, 1 / records)
    odds = strangers(2, others) / (1 - strangers(2, others))
    assert share * records / others.own == pytest.approx(odds, rel=0.2)
    assert times_as_frequent(2, others) == 1.0


def test_a_company_of_more_words_has_its_name_alone() -> None:
    shares = [company_share(name, 1e-5) for name in ("winkler", "holz winkler")]
    assert shares == pytest.approx([1e-5, 2.5e-6])
