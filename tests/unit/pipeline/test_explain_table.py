"""All pairs of two sides: each pair of contents is weighed once, and only so many are."""

from __future__ import annotations

from hub.match.features import build_features
from hub.match.profile import build_profile
from hub.pipeline.explain_pair import Content, Lens
from hub.pipeline.explain_table import MOST_CONTENTS, MOST_PAIRS, pairs_left_out, weigh_all
from hub.pipeline.models import SHIPPED, shipped_model
from tests.unit.match.crowd import Body, company, person

LENS = Lens(SHIPPED, shipped_model(), {})


def content(body: Body) -> Content:
    profile = build_profile(body)
    return Content(profile.digest, build_features(profile))


def side(first: int, count: int, name: str = "Zyx") -> dict[int, Content]:
    """Records of different people, by their numbers from the first on."""
    return {
        first + place: content(person("Ivo", name, email=f"{name}{place}@{name}.example"))
        for place in range(count)
    }


def test_the_best_come_first_and_copies_count_as_one() -> None:
    anna = content(person("Anna", "Zyxwinkel", email="anna.zyx@mail.example"))
    ones = {1: anna, 2: anna, 3: content(person("Ruth", "Bo", email="ruth@bo.example"))}
    others = {8: anna, 9: content(company("Zyxwinkel GmbH"))}
    found = weigh_all(ones, others, LENS)
    assert [(item.left, item.right, item.pairs) for item in found[:2]] == [(1, 8, 2), (3, 8, 1)]
    assert found[0].grade == "certain"
    assert found[0].keys > 3
    assert [item.bits for item in found[2:]] == [None, None]
    assert pairs_left_out(ones, others, found) == 0


def test_pairs_with_a_common_key_are_weighed_before_the_others() -> None:
    ones, others = side(1, 50), side(1_000, 50, "Brunn")
    mail = {"email": "anna.zyx@mail.example"}
    ones[49], others[1_049] = (content(person(name, "Holm", **mail)) for name in ("Ann", "Anna"))
    found = weigh_all(ones, others, LENS)
    assert len(found) == MOST_PAIRS
    assert (found[0].left, found[0].right) == (49, 1_049)
    assert pairs_left_out(ones, others, found) == 50 * 50 - MOST_PAIRS


def test_a_side_without_records_has_no_pairs() -> None:
    assert weigh_all({}, side(1, 3), LENS) == []
    assert pairs_left_out({}, side(1, 3), []) == 0


def test_of_a_huge_side_only_so_much_is_looked_at() -> None:
    ones = side(1, MOST_CONTENTS + 20)
    found = weigh_all(ones, side(5_000, 1, "Brunn"), LENS)
    assert len(found) == MOST_CONTENTS
    assert pairs_left_out(ones, side(5_000, 1), found) == 20
