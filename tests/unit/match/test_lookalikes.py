"""What is learnt from counted outcomes: households are none, and little data changes little."""

from __future__ import annotations

import pytest

from hub.match.levels import FIELDS
from hub.match.lookalikes import Counted, Population, learn_relations
from hub.match.model import KindModel, outcomes_of
from hub.match.prior import PRIOR

_FIELDS = FIELDS["person"]
_EVERYTHING = {item.name: 1.0 for item in _FIELDS}
_RECORDS = 2_000
_ALL = Population(_RECORDS * (_RECORDS - 1) / 2, _EVERYTHING)


def _pairs(pairs: int, **outcomes: str) -> Counted:
    """So many pairs with these outcomes; what is not named cannot be compared."""
    numbers = (
        outcomes_of(item).index(outcomes[item.name]) if item.name in outcomes else -1
        for item in _FIELDS
    )
    return Counted(tuple(numbers), pairs)


def _learn(*counted: Counted, chances: bool = True) -> KindModel:
    return learn_relations("person", PRIOR["person"], counted, _ALL, chances=chances)


def _household(pairs: int) -> Counted:
    home = {"family_name": "same", "phone": "same", "address": "same house"}
    return _pairs(pairs, given_name="different", birth_date="different", **home)


def _copies(pairs: int) -> Counted:
    names = {"given_name": "same", "family_name": "same"}
    return _pairs(pairs, birth_date="same", email="same", **names)


def _strangers(pairs: int) -> Counted:
    names = {"given_name": "different", "family_name": "same"}
    return _pairs(pairs, birth_date="different", address="different", **names)


@pytest.mark.parametrize("chances", [True, False])
def test_households_are_not_learnt_as_matches(chances: bool) -> None:
    found = _learn(_household(800), _copies(800), _strangers(1_500), chances=chances)
    assert found.match_share * _ALL.pairs == pytest.approx(800, rel=0.1)
    assert found.kin_share * _ALL.pairs == pytest.approx(800, rel=0.1)
    assert found.chances["given_name"]["different"].match < 0.06


def test_households_alone_make_no_matches() -> None:
    found = _learn(_household(800), _strangers(1_500))
    assert found.match_share * _ALL.pairs < 40
    assert found.kin_share * _ALL.pairs > 700


def test_colleagues_are_told_from_matches() -> None:
    desk = {"email": "same company", "phone": "same, of several people"}
    names = {"given_name": "different", "family_name": "different"}
    found = _learn(_pairs(900, **desk, **names), _copies(300))
    assert found.colleague_share * _ALL.pairs == pytest.approx(900, rel=0.1)
    assert found.match_share * _ALL.pairs == pytest.approx(300, rel=0.1)


def test_few_pairs_keep_the_priors_word() -> None:
    found = _learn(_copies(3), _strangers(50))
    for name, outcomes in PRIOR["person"].items():
        for outcome, prior in outcomes.items():
            learnt = found.chances[name][outcome]
            assert learnt.match == pytest.approx(prior.match, abs=0.02)
            assert learnt.random == pytest.approx(prior.random, rel=0.2)


@pytest.mark.parametrize("counted", [[_strangers(10)], [_copies(1_000)], [_household(1_000)]])
def test_no_relation_is_taken_for_impossible(counted: list[Counted]) -> None:
    found = _learn(*counted)
    for share in (found.match_share, found.kin_share, found.colleague_share):
        assert 0 < share < 0.2


def test_pairs_that_compare_nothing_teach_nothing() -> None:
    found = _learn(_pairs(5_000))
    assert found.chances.keys() == PRIOR["person"].keys()
    assert found.match_share < 0.01


def test_without_chances_only_shares_are_learnt() -> None:
    found = _learn(_copies(800), chances=False)
    assert found.chances == PRIOR["person"]
