"""A whole run on what real files hold: nothing, copies, one phone for all, names in any script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from hub.match.engines.engine import Matched
from hub.match.engines.matching import BulkMatch
from hub.match.engines.rows import Row
from hub.match.features import Features
from hub.match.model import Model, prior_model
from hub.match.thresholds import CERTAIN
from tests.unit.match.crowd import Body, company, crowd, person, rows_of


def _word(random: Random) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=9)).title()


@pytest.fixture
def run() -> Iterator[BulkMatch]:
    engine = BulkMatch()
    yield engine
    engine.close()


def _match(run: BulkMatch, bodies: Sequence[Body], model: Model | None = None) -> Matched:
    """The shipped prior is the model unless another is given."""
    return run.run(rows_of(bodies), model or prior_model(len(bodies)))


def test_copies_are_found(run: BulkMatch) -> None:
    mail = "winklerbarbara75@example.org"
    bodies = [
        person("Barbara", "Winkler", email=mail, born="1975-10-12"),
        person("Barbara", "Winkler", email=mail, phone="+43 316 123456"),
        person("Georg", "Falk", email="falk7@example.org"),
    ]
    assert _match(run, bodies).clusters == [(0, 1)]
    (edge,) = run.edges(CERTAIN)
    assert edge[:2] == (0, 1)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_almost_nothing(run: BulkMatch, count: int) -> None:
    found = _match(run, crowd(200)[:count], prior_model(10))
    assert found.clusters == []
    assert list(run.edges(CERTAIN)) == []


def test_records_that_say_nothing(run: BulkMatch) -> None:
    rows = [Row(number, Features("person")) for number in range(1_200)]
    assert run.run(rows, prior_model(len(rows))).clusters == []


def test_one_phone_for_everybody_joins_nobody(run: BulkMatch) -> None:
    random, line = Random(1), "+43 1 9999999"
    bodies = [person(_word(random), _word(random), phone=line) for _ in range(10_000)]
    assert _match(run, bodies).clusters == []


NAMES = [
    ("😀", "🎉🎉"), ("محمد", "الأحمد"), ("דוד", "כהן"), ("李", "明"), ("A", "B"), ("", ""),
    (" ", "-"), ("J", "Winkler"), ("Zoë", "Grünwald"), ("\u202eZoë", "\u200b"),
    ("é" * 300, "x" * 5_000),
]  # fmt: skip


def test_names_in_any_script(run: BulkMatch) -> None:
    """The same name alone, on a line of its own each, says too little."""
    bodies = [
        person(*name, phone=f"+43 316 20{place:02}{turn:02}0")
        for place, name in enumerate(NAMES)
        for turn in range(2)
    ]
    found = _match(run, bodies)
    assert all(members[0] // 2 == members[-1] // 2 for members in found.clusters)


def test_names_in_any_script_with_a_mailbox_are_found(run: BulkMatch) -> None:
    names = [("محمد", "الأحمد"), ("דוד", "כהן"), ("小明", "李"), ("Zoë", "Grünwald")]
    bodies = [
        person(*name, email=f"k{place}7731@example.org", born=f"19{60 + place}-04-0{place + 1}")
        for place, name in enumerate(names)
        for _ in range(2)
    ]
    assert _match(run, bodies).clusters == [(0, 1), (2, 3), (4, 5), (6, 7)]


def test_one_letter_names_in_one_town_are_not_one(run: BulkMatch) -> None:
    """How common a name is here says what it is worth: so the model is trained."""
    lines = range(200_000, 200_050)
    bodies = [person("A", "B", town=("8010", "Graz"), phone=f"+43 316 {line}") for line in lines]
    assert run.run(rows_of(bodies)).clusters == []


@pytest.mark.parametrize("born", ["1900-01-01", "1970-01-01"])
def test_a_placeholder_for_a_birth_date_joins_nobody(run: BulkMatch, born: str) -> None:
    random = Random(1)
    bodies = [person(_word(random), _word(random), born=born) for _ in range(1_000)]
    found = _match(run, bodies)
    assert found.clusters == []
    assert list(run.edges(CERTAIN)) == []


def test_a_company_and_its_person_are_two(run: BulkMatch) -> None:
    reach = {"phone": "+43 316 123456", "street": "Holzgasse 7", "town": ("8010", "Graz")}
    bodies = [company("Falk Holz GmbH", **reach), person("Ana", "Falk", born="1980-02-03", **reach)]
    assert _match(run, bodies).clusters == []


def test_the_order_of_rows_does_not_matter(run: BulkMatch) -> None:
    rows, model = rows_of(crowd(400)), prior_model(400)
    turned = BulkMatch()
    found = turned.run(rows[::-1], model)
    turned.close()
    expected = run.run(rows, model)
    assert sorted(found.clusters) == sorted(expected.clusters)
    assert expected.clusters
    assert set(expected.seconds) == {"load", "candidates", "weigh", "cluster"}
