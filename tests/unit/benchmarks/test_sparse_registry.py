"""Domains, mailboxes and numbers of the sparse customers are given to one only."""

from __future__ import annotations

from collections import Counter
from itertools import count

from benchmarks.sparse.dice import Dice
from benchmarks.sparse.digits import Phone, landline
from benchmarks.sparse.people import Households
from benchmarks.sparse.registry import Registry
from benchmarks.sparse.words import countries


def test_who_asks_for_a_name_that_is_taken_gets_the_next() -> None:
    registry = Registry()
    found = [registry.name(f"berg{number}.example" for number in count()) for _ in range(3)]
    assert found == ["berg0.example", "berg1.example", "berg2.example"]


def test_a_town_never_runs_out_of_numbers() -> None:
    dice, registry, country = Dice(1), Registry(), countries().draw(Dice(1))
    town = country.towns.draw(dice)

    def short() -> Phone:
        return landline(dice, country, town)._replace(local=str(dice.below(10)))

    found = [registry.phone(short) for _ in range(100)]
    assert len({phone.line for phone in found}) == 100
    assert sum(len(phone.local) == 1 for phone in found) == 10


def test_a_private_mailbox_is_one_persons_or_one_homes() -> None:
    households = Households(Dice(2), Registry())
    homes = Counter(
        mailbox
        for _ in range(2_000)
        for mailbox in {mail for one in households.make() for mail in one.mails}
    )
    assert len(homes) > 2_000
    assert set(homes.values()) == {1}
