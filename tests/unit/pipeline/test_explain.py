"""Explaining on a real store: what is told of two is what the resolver made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import pytest

from hub.errors import StoreError
from hub.match.model import prior_model
from hub.pipeline.erase import Request, erase
from hub.pipeline.explain import Explanation, explain_pair
from hub.pipeline.matcher import Matcher
from hub.pipeline.models import keep_model, with_frequencies
from hub.pipeline.steward import Steward
from hub.pipeline.survey import Ours
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.match_look_ups import load_profiles
from hub.store.match_models import adopt_model
from tests.unit.pipeline.party_world import World, company, person

HOME = {"street": "Zyxgasse 4", "postcode": "80331", "city": "München"}
ANNA = person("Anna", "Zyxwinkel", email="anna.zyx@mail.example", phone="+49 89 5550100", **HOME)
TODAY = datetime.now(UTC).strftime("%Y-%m-%d")


@pytest.fixture
def world(store: Engine) -> World:
    """Anna twice, her son, a company at her line, and a namesake elsewhere; all resolved."""
    world = World(store)
    world.put("crm:C:1", ANNA)
    world.put("erp:P:1", person("Anna", "Zyxwinkel", email="anna.zyx@mail.example"))
    world.put("shop:U:1", person("Otto", "Zyxwinkel", phone="+49 89 5550100", **HOME))
    world.put("erp:P:2", company("Zyxwinkel GmbH", phone="+49 89 5550100", **HOME))
    world.put("shop:U:2", person("Ivo", "Brunnov", email="ivo@mail.example"))
    world.resolve()
    return world


def told(world: World, one: str, other: str) -> Explanation:
    return explain_pair(world.engine, one, other)


def codes(found: Explanation) -> list[str]:
    return [reason.code for reason in found.reasons]


def steward(world: World) -> Steward:
    return Steward(world.engine, "eva")


def party(world: World, key: str) -> str:
    found = world.party(key)
    assert found is not None
    return found


def test_two_that_match_are_one_customer(world: World) -> None:
    found = told(world, "crm:C:1", "erp:P:1")
    assert found.together
    assert codes(found) == ["certain"]
    assert found.best is not None
    assert found.best.story.model == "shipped"
    assert found.one.lines[0].party_id == found.other.lines[0].party_id == party(world, "crm:C:1")
    assert "email: same" in found.one.lines[0].reason
    assert (len(found.pairs), found.left_out) == (1, 0)


def test_a_household_is_not_one_and_nothing_is_changed(world: World) -> None:
    before = digest(world.engine)
    found = told(world, "crm:C:1", "shop:U:1")
    assert not found.together
    assert codes(found)[0] in ("veto", "not_certain")
    assert found.best is not None
    assert found.best.story.lookalike == "household"
    assert digest(world.engine) == before


def test_a_review_case_weighs_what_is_told(store: Engine) -> None:
    world = World(store)
    world.put("crm:C:1", person("Anna", "Zyxwinkel", phone="+49 89 5550100"))
    world.put("erp:P:1", person("A.", "Zyxwinkel", phone="+49 89 5550100", city="München"))
    world.put("shop:U:1", person("Anna", "Zyxwinkl", city="München"))
    world.put("shop:U:2", person("Anna", "Zyxwinkel", city="Ulm"))
    world.resolve()
    cases = world.cases()
    assert cases
    name = {record: key for key, record in world.records.items()}
    for case in cases:
        found = told(world, name[case["left_id"]], name[case["right_id"]])
        assert found.best is not None
        assert found.best.story.bits == pytest.approx(case["weight"] / 10, abs=0.051)
        assert [line.case for line in found.cases] == [case["id"]]
        assert codes(found)[-1] == "in_review"


def test_every_weight_is_the_engines(world: World) -> None:
    """Also where a line is nobody's own, and where a model with frequencies is in force."""
    crew = {f"crm:D:{n}": person("Ivo", f"Brunn{n}ov", phone="+49 89 777100") for n in range(14)}
    world.put_all(crew)
    world.resolve()
    _adopt(world.engine)
    keys = ["crm:C:1", "erp:P:1", "erp:P:2", "shop:U:1", "crm:D:0", "crm:D:1"]
    with reading(world.engine) as db:
        digests = load_profiles(db, [world.records[key] for key in keys])
        matcher = Matcher(db)
        matcher.load(digests.values())
        for one, other in combinations(keys, 2):
            best = told(world, one, other).best
            assert best is not None
            ours = matcher.verdict(*(digests[world.records[key]] for key in (one, other)))
            assert best.story.grade == ours.grade
            if best.story.bits is not None:
                assert best.story.bits == pytest.approx(ours.bits, abs=1e-9)
                assert best.story.model == matcher.version != "shipped"


def _adopt(engine: Engine) -> None:
    """A model that knows some values to be common."""
    shares = {"family:zyxwinkel": 0.02, "given:ivo": 0.2, "full_name:anna zyxwinkel": 30.0}
    model = with_frequencies(prior_model(5_000), shares)
    with writing(engine) as db:
        version = keep_model(db, model, dict.fromkeys(shares, 9), datetime.now(UTC))
        adopt_model(db, version, datetime.now(UTC))


def test_a_person_and_an_organisation_are_never_one(world: World) -> None:
    found = told(world, "crm:C:1", "erp:P:2")
    assert codes(found) == ["other_kind"]
    assert [line.bits for line in found.pairs] == [None]


def test_strangers_share_no_key(world: World) -> None:
    found = told(world, "erp:P:1", "shop:U:2")
    assert "no_shared_key" in codes(found)
    assert found.best is not None
    assert not found.best.story.compared


def test_what_a_person_decided_is_told_first(world: World) -> None:
    ones, others = {world.records["crm:C:1"]}, {world.records["erp:P:1"]}
    steward(world).keep_apart(ones, others, reason="twins")
    found = told(world, "crm:C:1", "erp:P:1")
    assert codes(found)[0] == "never_link"
    assert found.reasons[0].text == f"eva kept apart crm:C:1 and erp:P:1 on {TODAY}: twins"
    steward(world).merge(party(world, "crm:C:1"), party(world, "erp:P:1"), reason="phoned")
    found = told(world, "crm:C:1", "erp:P:1")
    assert codes(found)[0] == "must_link"
    kinds = [(item.kind, item.revoked_at is None) for item in found.decisions]
    assert kinds == [("never_link", False), ("must_link", True)]


def test_an_accepted_case_is_told_until_it_is_undone(store: Engine) -> None:
    """Also where what was decided by it is written down of another record of the customer."""
    world = World(store)
    home = {"postcode": "80331", "city": "München"}
    world.put("crm:C:1", person("Anna", "Zyxwinkel", email="anna.zyx@mail.example"))
    world.put("erp:P:1", person("Anna", "Zyxwinkel", email="anna.zyx@mail.example", **home))
    world.put("shop:U:1", person("A.", "Zyxwinkel", **home))
    world.resolve()
    (case,) = world.cases()
    assert {case["left_id"], case["right_id"]} == {
        world.records[k] for k in ("erp:P:1", "shop:U:1")
    }
    steward(world).accept(case["id"], reason="phoned")
    found = told(world, "erp:P:1", "shop:U:1")
    assert found.together
    assert found.reasons[0].code == "accepted"
    assert found.reasons[0].text == f"eva joined erp:P:1 and shop:U:1 on {TODAY}: phoned"
    ones, others = {world.records["erp:P:1"], world.records["crm:C:1"]}, {world.records["shop:U:1"]}
    steward(world).keep_apart(ones, others, reason="namesake")
    assert "accepted" not in codes(told(world, "erp:P:1", "shop:U:1"))


def test_a_merged_id_stands_for_the_records_it_had(world: World) -> None:
    ids = [party(world, key) for key in ("crm:C:1", "shop:U:2")]
    steward(world).merge(*ids, reason="phoned")
    survivor = party(world, "crm:C:1")
    (lost,) = {*ids} - {survivor}
    found = told(world, lost, survivor)
    assert found.together
    assert codes(found)[0] == "must_link"
    assert found.one.what == f"customer, merged into {survivor}"
    mine, theirs = ({line.source for line in side.lines} for side in (found.one, found.other))
    assert mine | theirs == {"crm:C:1", "erp:P:1", "shop:U:2"}
    assert mine in ({"shop:U:2"}, {"crm:C:1", "erp:P:1"})


def test_a_record_is_explained_against_the_rest_of_its_customer(world: World) -> None:
    found = told(world, "erp:P:1", party(world, "erp:P:1"))
    assert [line.source for line in found.other.lines] == ["crm:C:1"]
    assert codes(found) == ["certain"]


def test_two_that_a_third_joins_are_told_through_it(store: Engine) -> None:
    world = World(store)
    mail, phone = "anna.zyx@mail.example", "+49 89 5550100"
    world.put("crm:C:1", person("Anna", "Zyxwinkel", email=mail))
    world.put("erp:P:1", person("Anna", "Zyxwinkel", email=mail, phone=phone))
    world.put("shop:U:1", person("Anna", "Zyxwinkel", phone=phone))
    world.resolve()
    found = told(world, "crm:C:1", "shop:U:1")
    assert found.together
    assert [(r.code, "erp:P:1" in r.text) for r in found.reasons] == [("through", True)]


def test_copies_are_told_as_such(world: World) -> None:
    world.put("crm:C:2", ANNA)
    world.resolve()
    found = told(world, "crm:C:1", "crm:C:2")
    assert codes(found) == ["same_content"]


def test_a_record_that_waits_is_told_by_what_it_says_now(world: World) -> None:
    world.put("crm:C:1", person("Ruth", "Brunnov", email="ruth@mail.example"))
    found = told(world, "crm:C:1", "erp:P:1")
    assert found.together
    assert codes(found)[-1] == "pending"
    assert found.best is not None
    assert found.best.story.grade == "none"


def test_deleted_records_belong_to_nobody(world: World) -> None:
    world.remove("erp:P:1")
    waiting = told(world, "crm:C:1", "erp:P:1")
    assert (waiting.together, codes(waiting)) == (True, ["deleted", "pending"])
    world.resolve()
    found = told(world, "crm:C:1", "erp:P:1")
    assert codes(found) == ["deleted"]
    assert (found.best, found.pairs) == (None, ())
    assert found.other.lines[0].state == "deleted"


def test_erased_customers_are_told_as_such(world: World) -> None:
    gone = party(world, "shop:U:2")
    request = Request(party=gone, actor="eva", reason="request 17", ours=Ours(), hold=False)
    erase(world.engine, request, lambda: "a key of more than sixteen characters")
    with pytest.raises(StoreError, match=f"was erased on {TODAY}"):
        told(world, gone, "crm:C:1")
    with pytest.raises(StoreError, match="the second word is no record"):
        told(world, "crm:C:1", "shop:U:2")


@pytest.mark.parametrize(
    ("one", "other", "error"),
    [
        ("crm:C:1", "crm:C:1", "both name the same"),
        ("crm:C:9", "crm:C:1", "the first word is no record"),
        ("crm:C:1", "nobody", "the second word is no record"),
        ("crm:C:1", "01a20000-0000-7000-8000-000000000000", "the second word is no record"),
    ],
)
def test_names_that_name_nothing_to_compare(world: World, one: str, other: str, error: str) -> None:
    with pytest.raises(StoreError, match=error) as raised:
        told(world, one, other)
    assert "C:9" not in str(raised.value)


def test_a_customer_without_records_is_told_as_such(world: World) -> None:
    gone = party(world, "shop:U:2")
    world.remove("shop:U:2")
    world.resolve()
    with pytest.raises(StoreError, match="has no records any more"):
        told(world, gone, "crm:C:1")


def test_copies_are_weighed_once_and_counted(world: World) -> None:
    world.put_all({f"crm:D:{n}": ANNA for n in range(9)})
    world.resolve()
    found = told(world, party(world, "crm:D:0"), "shop:U:2")
    assert sum(line.pairs for line in found.pairs) == 11
    assert len(found.pairs) == 2
    assert found.left_out == 0
