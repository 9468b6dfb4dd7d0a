"""How rare a full name is, from the shares of its names and the number of its holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.match.engines.bulk import settle_full_names
from hub.match.full_names import OWN, TOGETHER, company_share, full_name_share, own_records
from tests.unit.match.crowd import person, rows_of
from tests.unit.match.workspace import filled_workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _share(db: DuckDBPyConnection, name: str) -> float:
    query = "select max(full_name_share) from feature where full_name = ?"
    return float(db.execute(query, [name]).fetchall()[0][0])


def test_rare_names_are_as_rare_as_their_product_says() -> None:
    assert full_name_share(1e-4, 1e-4, 1e-5) == pytest.approx(TOGETHER * 1e-8, rel=0.02)


def test_what_one_record_alone_has_is_no_oftener_than_that() -> None:
    assert full_name_share(0.1, 0.1, 1e-5) < 1e-5


def test_a_name_of_many_records_is_no_longer_rare() -> None:
    names = [("Anna", "Berg")] * 30 + [("Otto", "Holm")] * 3 + [("Ida", "Falk")] * 30
    bodies = [person(*name, phone=f"+43 316 {n:06}") for n, name in enumerate(names)]
    with filled_workspace(rows_of(bodies)) as db:
        before = [_share(db, name) for name in ("anna berg", "holm otto")]
        settle_full_names(db, OWN)
        after = [_share(db, name) for name in ("anna berg", "holm otto")]
    assert after[0] > 50 * before[0]
    assert after[1] == before[1]


def test_where_everybody_has_many_copies_they_are_no_sign_of_strangers() -> None:
    assert own_records(0.2) == OWN
    assert own_records(10.0) == pytest.approx(20.0)


def test_a_company_of_more_words_has_its_name_alone() -> None:
    shares = [company_share(name, 1e-5) for name in ("winkler", "holz winkler")]
    assert shares == pytest.approx([1e-5, 2.5e-6])
