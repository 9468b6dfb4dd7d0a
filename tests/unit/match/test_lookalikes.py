"""What is learnt from counted outcomes: households are none, and little data changes little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from hub.match.bits import LEAST_RANDOM
from hub.match.levels import FIELDS
from hub.match.lookalikes import Counted, Counts, learn_relations
from hub.match.model import UNTRIED, KindModel, outcomes_of, prior_model
from hub.match.prior import PRIOR

_FIELDS = FIELDS["person"]
_EVERYTHING = {item.name: 1.0 for item in _FIELDS}
_RECORDS = 2_000
_ALL = Counts((), (), _RECORDS * (_RECORDS - 1) / 2, _EVERYTHING)


def _counted(kind: str, pairs: int, outcomes: Mapping[str, str]) -> Counted:
    """So many pairs with these outcomes; what is not named cannot be compared."""
    numbers = (
        outcomes_of(item).index(outcomes[item.name]) if item.name in outcomes else -1
        for item in FIELDS[kind]
    )
    return Counted(tuple(numbers), pairs)


def _pairs(pairs: int, **outcomes: str) -> Counted:
    return _counted("person", pairs, outcomes)


def _of_companies(pairs: int, **outcomes: str) -> Counted:
    return _counted("organisation", pairs, outcomes)


def _learn(*counted: Counted, chances: bool = True) -> KindModel:
    counts = _ALL._replace(candidates=counted)
    return learn_relations("person", PRIOR["person"], counts, chances=chances)


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


def _family_by_name(pairs: int) -> Counted:
    """All that a list of names and addresses says of a family."""
    names = {"given_name": "different", "family_name": "same", "full_name": "only the family name"}
    return _pairs(pairs, **names, address="same house")


def _same_name(pairs: int) -> Counted:
    return _pairs(pairs, full_name="same", address="same house")


def _family_chance(found: KindModel) -> float:
    return found.chances["full_name"]["only the family name"].match


def test_a_house_full_of_people_is_no_person_of_many_names() -> None:
    same = _pairs(800, full_name="same", address="same house", email="same")
    found = _learn(same, _family_by_name(2_000), _strangers(1_500))
    assert _family_chance(found) == PRIOR["person"]["full_name"]["only the family name"].match


def test_who_has_two_given_names_is_told_by_a_birth_date() -> None:
    names = {"given_name": "different", "family_name": "same", "full_name": "only the family name"}
    often = _pairs(300, **names, birth_date="same", email="same")
    never = _pairs(2_000, full_name="same", birth_date="same", email="same")
    assert _family_chance(_learn(often, never)) > 0.3
    assert _family_chance(_learn(never)) < 0.02


def test_families_do_not_teach_that_one_person_has_many_given_names() -> None:
    """Ten times as many as there are matches, in a list that has nothing but names and houses."""
    found = _learn(_family_by_name(8_000), _same_name(800), _strangers(1_500))
    assert found.chances["given_name"]["different"].match < 0.1
    assert found.kin_share > 4 * found.match_share


def _slip_of_name(pairs: int) -> Counted:
    names = {"given_name": "slip", "family_name": "same", "full_name": "not both different"}
    return _pairs(pairs, **names, birth_date="same")


def _match_of_birth_date(copies: Sequence[Counted]) -> float:
    counts = _ALL._replace(candidates=(_slip_of_name(300), _pairs(9_000, birth_date="same")))
    found = learn_relations("person", PRIOR["person"], counts._replace(copies=copies))
    return found.chances["full_name"]["same"].match


def test_copies_say_what_a_match_looks_like() -> None:
    """Without them no match has one name, since those that have are one content."""
    copied = (_pairs(3_000, full_name="same", birth_date="same"),)
    assert _match_of_birth_date(copied) > 0.7
    assert _match_of_birth_date(()) < 0.4


def test_copies_are_no_pairs_of_different_contents() -> None:
    counts = _ALL._replace(candidates=(_copies(300),), copies=(_copies(5_000),))
    found = learn_relations("person", PRIOR["person"], counts)
    assert found.match_share * _ALL.pairs == pytest.approx(300, rel=0.1)


def test_colleagues_are_told_from_matches() -> None:
    desk = {"email": "same company", "phone": "same, of several people"}
    names = {"given_name": "different", "family_name": "different"}
    found = _learn(_pairs(900, **desk, **names), _copies(300))
    assert found.colleague_share * _ALL.pairs == pytest.approx(900, rel=0.1)
    assert found.match_share * _ALL.pairs == pytest.approx(300, rel=0.1)


@pytest.mark.parametrize("chances", [True, False])
def test_companies_of_other_names_teach_no_chance_of_one_mailbox(chances: bool) -> None:
    """As many as there are matches: branches or one, whatever the names say, but no strangers."""
    other = _of_companies(800, organisation="different", legal_form="different", email="same")
    same = _of_companies(800, organisation="same", legal_form="same", email="same")
    comparable = {item.name: 1.0 for item in FIELDS["organisation"]}
    counts = _ALL._replace(candidates=(other, same), comparable=comparable)
    prior = PRIOR["organisation"]
    found = learn_relations("organisation", prior, counts, chances=chances).chances["email"]
    assert found["same"].random == (LEAST_RANDOM if chances else prior["email"]["same"].random)
    assert found["same domain"].random > LEAST_RANDOM


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


def test_the_more_matches_teach_the_less_caution_is_left() -> None:
    found = [_learn(_copies(pairs), _strangers(50)).caution for pairs in (3, 200, 20_000)]
    assert found[0] == pytest.approx(UNTRIED, rel=0.1)
    assert found[1] == pytest.approx(UNTRIED / 2, rel=0.1)
    assert 0 < found[2] < UNTRIED / 50
    assert _learn(_copies(20_000), chances=False).caution == UNTRIED
    assert prior_model(10_000).kinds["person"].caution == UNTRIED


def test_without_chances_only_shares_are_learnt() -> None:
    found = _learn(_copies(800), chances=False)
    assert found.chances == PRIOR["person"]
