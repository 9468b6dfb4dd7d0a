"""The generator of sparse customers: the seed decides, the rates hold, the traps are there."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.sparse.__main__ import make
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.files import shuffled
from benchmarks.sparse.rates import RATES
from benchmarks.sparse.systems import COLUMNS
from benchmarks.sparse.words import countries, street, surname
from benchmarks.sparse.world import records
from tests.architecture.source import ROOT

Row = dict[str, str]


@pytest.fixture(scope="module")
def dice() -> Dice:
    return Dice(7)


@pytest.fixture(scope="module")
def rows(dice: Dice) -> list[Row]:
    made = shuffled(Dice(8), records(dice, 12_000), 12_000)
    return [dict(zip(COLUMNS, row, strict=True)) for row in made]


def customers_by(rows: Iterable[Row], *columns: str) -> list[set[str]]:
    """The customers behind each value of the columns."""
    found: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows:
        if all(row[column] for column in columns):
            found[tuple(row[column].lower() for column in columns)].add(row["truth"])
    return list(found.values())


def shared(rows: Iterable[Row], *columns: str) -> int:
    """How many values stand for several customers."""
    return sum(len(one) > 1 for one in customers_by(rows, *columns))


def test_one_seed_makes_one_file(tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in ("1.csv", "2.csv", "3.csv"))
    told = make(first, 500, 1)
    assert make(again, 500, 1) == told
    make(other, 500, 2)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    from pyarrow import parquet

    make(tmp_path / "a.csv", 300, 1)
    make(tmp_path / "a.parquet", 300, 1)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [{name: cell or "" for name, cell in row.items()} for row in table] == wanted


def test_every_record_is_counted_once(rows: list[Row]) -> None:
    assert len(rows) == len({row["record_id"] for row in rows}) == 12_000
    assert all(row["truth"] and row["updated_at"] for row in rows)


def test_what_comes_true_follows_the_rates(dice: Dice, rows: list[Row]) -> None:
    assert rows
    for name, tried in dice.tried.items():
        rate = RATES[name]
        spread = 5 * (rate * (1 - rate) / tried) ** 0.5 + 1 / tried
        assert abs(dice.came[name] / tried - rate) <= spread, name


def test_every_rate_is_used(dice: Dice, rows: list[Row]) -> None:
    assert rows
    assert set(RATES) == set(dice.tried)


def test_systems_know_what_they_know(rows: list[Row]) -> None:
    people = [row for row in rows if row["kind"] == "person"]
    assert 0.62 < len(people) / len(rows) < 0.78
    boxes = [row for row in people if row["source"] == "mailbox"]
    assert all(row["email"] and not row["street"] and not row["given_name"] for row in boxes)
    desk = [row for row in people if row["source"] == "helpdesk"]
    assert all(row["full_name"] and not row["family_name"] for row in desk)
    erp = [row for row in people if row["source"] == "erp"]
    assert 0.4 < sum(not row["email"] for row in erp) / len(erp) < 0.7


@pytest.mark.parametrize(
    ("columns", "least"),
    [
        (("email",), 20),  # boxes of families and companies
        (("phone",), 60),  # landlines, switchboards, dummies
        (("family_name", "street", "city"), 5),  # families at home; 8 to 18 by seven seeds
        (("given_name", "family_name"), 30),  # namesakes
        (("organisation",), 30),  # franchises, and people of one company
    ],
)
def test_values_are_shared_by_strangers(
    rows: list[Row], columns: tuple[str, ...], least: int
) -> None:
    assert shared(rows, *columns) >= least


def test_ten_times_as_many_people_have_more_names_and_towns() -> None:
    """Of a full world, a draw of ten times the size finds nothing new."""
    dice, germany = Dice(9), next(one for one in countries().items if one.code == "DE")
    for draw in (surname, street, lambda dice, country: country.towns.draw(dice).name):
        few, many = ({draw(dice, germany) for _ in range(size)} for size in (2_000, 20_000))
        assert len(many) > 3 * len(few)


def test_a_village_has_one_postcode_where_codes_are_not_for_streets(rows: list[Row]) -> None:
    towns = [town for one in countries().items for town in one.towns.items[20:]]
    whole = [town for town in towns if " " not in town.post]
    assert len(whole) > len(towns) / 2
    assert not any("#" in town.post or "@" in town.post for town in whole)
    assert len({row["city"].lower() for row in rows}) > 1_000


def test_hard_negatives_come_true(dice: Dice, rows: list[Row]) -> None:
    assert rows
    hard = [name for name in RATES if name.startswith("hard: ")]
    assert [name for name in hard if not dice.came[name]] == []


def test_customers_are_known_in_several_systems_and_twice_in_one(rows: list[Row]) -> None:
    where = Counter((row["truth"], row["source"]) for row in rows)
    known = Counter(truth for truth, _ in where)
    assert sum(many > 1 for many in known.values()) > len(known) / 3
    assert sum(many > 1 for many in where.values()) > len(where) / 20


def test_order_and_numbers_tell_nothing(rows: list[Row]) -> None:
    """Neighbours belong together as seldom as any two records do."""
    together = sum(one["truth"] == two["truth"] for one, two in pairwise(rows))
    assert together <= 8
    numbered = sorted(rows, key=lambda row: (row["source"], row["record_id"]))
    pairs = pairwise(numbered)
    assert sum(one["truth"] == two["truth"] for one, two in pairs) <= 8


def test_the_time_of_change_tells_nothing(rows: list[Row]) -> None:
    stamps = customers_by(rows, "updated_at")
    pairs: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        pairs[row["truth"]].append(row["updated_at"])
    assert all(len(set(found)) == len(found) for found in pairs.values())
    assert len(stamps) > 11_900


def test_published_marginals_are_of_these_rates() -> None:
    text = (ROOT / "benchmarks" / "sparse" / "marginals.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\w+: [^|]+) \| ([\d.]+) \|", text, re.MULTILINE)
    assert {name: float(rate) for name, rate in listed} == RATES
