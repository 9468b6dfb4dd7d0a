from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from hub.match.tabular_dates import DAY_FIRST, MONTH_FIRST, date_reader, decide_order, order_of


@pytest.mark.parametrize(
    ("cell", "day_first", "month_first"),
    [
        ("1978-11-12", "1978-11-12", "1978-11-12"),
        ("1978-11-12T00:00:00", "1978-11-12", "1978-11-12"),
        ("19781112", "1978-11-12", "1978-11-12"),
        ("12/11/1978", "1978-11-12", "1978-12-11"),
        ("12.11.1978", "1978-11-12", "1978-12-11"),
        ("3/31/1954", "1954-03-31", "1954-03-31"),
        ("31/3/1954", "1954-03-31", "1954-03-31"),
        ("1/7/80", "1980-07-01", "1980-01-07"),
        ("19-Feb-91", "1991-02-19", "1991-02-19"),
        ("Mar 1 1970", "1970-03-01", "1970-03-01"),
        ("March 1st, 1970", "1970-03-01", "1970-03-01"),
        ("1. März 1970", "1970-03-01", "1970-03-01"),
        ("30 juin 1970", "1970-06-30", "1970-06-30"),
        ("5 de mayo", "", ""),
        ("31/02/1990", "1990-02-31", "1990-02-31"),
        ("1856-86-18", "1856-86-18", "1856-86-18"),
        ("19450493", "1945-04-93", "1945-04-93"),
        ("1856-00-18", "", ""),
        ("1856-05-00", "", ""),
        ("5 Smarch 1990", "", ""),
        ("1978", "", ""),
        ("0000-00-00", "", ""),
        ("١٩٧٨", "", ""),
        ("", "", ""),
    ],
)
def test_a_cell_is_read(cell: str, day_first: str, month_first: str) -> None:
    assert date_reader(DAY_FIRST)(cell) == day_first
    assert date_reader(MONTH_FIRST)(f" {cell} ") == month_first


def test_nobody_is_born_in_the_future() -> None:
    next_year = (datetime.now(UTC).year + 1) % 100
    read = date_reader(DAY_FIRST)(f"1/2/{next_year:02d}")
    assert int(read[:4]) < datetime.now(UTC).year


def test_a_pattern_is_followed() -> None:
    assert date_reader("%Y%d%m")(" 19781211 ") == "1978-11-12"
    assert date_reader("%Y%d%m")("12.11.1978") == ""


def test_the_column_decides() -> None:
    cells = ["12/11/1978", "3/31/1954", "12/25/1960", "25/12/1960", "1960-12-25"]
    evidence = Counter(map(order_of, cells))
    assert evidence == {"": 2, MONTH_FIRST: 2, DAY_FIRST: 1}
    assert decide_order(evidence) == MONTH_FIRST
    assert decide_order(Counter()) == DAY_FIRST
