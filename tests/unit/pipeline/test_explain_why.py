"""The reasons: the one that decides comes first, and there is always one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.match.thresholds import CERTAIN
from hub.pipeline.explain_engine import Course
from hub.pipeline.explain_pair import FieldStory, KeyStory, PairStory
from hub.pipeline.explain_why import Decided, Facts, reasons_for

DAY = datetime(2026, 3, 1, tzinfo=UTC)
NEVER = Decided("never_link", "crm:C:1", "erp:P:2", "eva", "twins", DAY, None)
MUST = NEVER._replace(kind="must_link", reason="phoned")
KEY = KeyStory("em:a@x.example", "mailbox", finds=True)
PAIR = PairStory(
    kind="person",
    model="shipped",
    grade="certain",
    bits=8.0,
    before=-13.0,
    fields=(FieldStory("email", "same", 21.0, 1.0, 0.0, "a", "a"),),
    lookalikes=0.0,
    lookalike=None,
    kin=-12.0,
    colleagues=-15.0,
    relations=("household", "colleagues"),
    vetoes=(),
    keys=(KEY,),
    crowded=(),
    same_content=False,
)
DOUBT = replace(PAIR, grade="possible", bits=-1.0, lookalikes=-9.0, lookalike="household")
CLASH = FieldStory("birth_date", "different", -30.0, 0.0, 0.0, "1975-01-01", "2003-02-02")
CONFLICT = replace(PAIR, grade="none", bits=-40.0, fields=(*PAIR.fields, CLASH), vetoes=("dates",))
UNSEEN = replace(PAIR, keys=(KEY._replace(finds=False),))


def codes(facts: Facts) -> list[str]:
    found = reasons_for(facts)
    assert found
    assert all(reason.text for reason in found)
    return [reason.code for reason in found]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(together=True, pair=PAIR), ["certain"]),
        (Facts(together=True, pair=replace(PAIR, same_content=True)), ["same_content"]),
        (Facts(together=True, pair=DOUBT, decisions=[MUST]), ["must_link"]),
        (Facts(together=True, pair=DOUBT, course=Course(True, through=("a",))), ["through"]),
        (Facts(together=True, pair=DOUBT, others=[MUST]), ["must_link_of_others"]),
        (Facts(together=True, pair=DOUBT), ["group"]),
        (Facts(together=True), ["group"]),
        (Facts(together=True, pair=PAIR, course=Course(False)), ["certain", "stale"]),
        (Facts(together=True, pair=PAIR, pending=["crm:C:1"]), ["certain", "pending"]),
    ],
)
def test_one_customer_because(facts: Facts, expected: list[str]) -> None:
    assert codes(facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(together=False, deleted=["crm:C:1"]), ["deleted"]),
        (Facts(together=False, pair=PAIR, decisions=[NEVER]), ["never_link"]),
        (Facts(together=False, pair=replace(PAIR, bits=None, grade="none")), ["other_kind"]),
        (Facts(together=False, pair=CONFLICT), ["veto", "conflict"]),
        (Facts(together=False, pair=DOUBT, case="01"), ["not_certain", "in_review"]),
        (Facts(together=False, pair=UNSEEN), ["no_shared_key"]),
        (Facts(together=False, pair=replace(DOUBT, keys=())), ["not_certain", "no_shared_key"]),
        (Facts(together=False, pair=PAIR), ["rest_against"]),
        (Facts(together=False, pair=PAIR, course=Course(True)), ["next_run"]),
        (Facts(together=False, pair=PAIR, course=Course(False, "fits")), ["rest_against"]),
        (
            Facts(together=False, pair=PAIR, others=[NEVER]),
            ["rest_against", "never_link_of_others"],
        ),
        (Facts(together=False, pair=PAIR, pending=["x"]), ["rest_against", "pending"]),
    ],
)
def test_not_one_customer_because(facts: Facts, expected: list[str]) -> None:
    assert codes(facts) == expected


def test_a_revoked_decision_is_no_reason() -> None:
    gone = [MUST._replace(revoked_at=DAY), NEVER._replace(revoked_at=DAY)]
    assert codes(Facts(together=True, pair=DOUBT, decisions=gone)) == ["group"]
    assert codes(Facts(together=False, pair=DOUBT, decisions=gone)) == ["not_certain"]


def test_reasons_name_who_what_and_how_much() -> None:
    never = reasons_for(Facts(together=False, pair=PAIR, decisions=[NEVER]))[0].text
    assert never == "eva kept apart crm:C:1 and erp:P:2 on 2026-03-01: twins"
    doubt = reasons_for(Facts(together=False, pair=DOUBT))[0].text
    assert doubt.startswith(f"not certain: -1.0 bits, certain is {CERTAIN}")
    assert doubt.endswith("a household would explain the pair as well")
    conflict = reasons_for(Facts(together=False, pair=CONFLICT))[1].text
    assert conflict == "conflicting values: birth_date different (-30.0)"
    course = Course(False, "fits two customers", rivals=("shop:C:9",))
    assert "beside shop:C:9" in reasons_for(Facts(together=False, pair=PAIR, course=course))[0].text


def test_a_pair_that_leans_is_told_as_such() -> None:
    leaning = replace(PAIR, bits=CERTAIN - 1)
    (reason,) = reasons_for(Facts(together=True, pair=leaning))
    assert reason.code == "certain"
    assert "only a look-alike speaks against it" in reason.text
