"""The stream of records, customer by customer; the truth is the customer's number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from benchmarks.sparse.accounts import company as company_record
from benchmarks.sparse.companies import Companies, Company
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.people import Households, Person
from benchmarks.sparse.rates import SYSTEMS
from benchmarks.sparse.registry import Registry
from benchmarks.sparse.systems import Record
from benchmarks.sparse.systems import person as person_record


def records(dice: Dice, limit: int) -> Iterator[Record]:
    """So many records; those of one customer follow each other (the file is shuffled later)."""
    return islice(_all(dice), limit)


def _all(dice: Dice) -> Iterator[Record]:
    registry = Registry()
    households = Households(dice, registry)
    companies = Companies(dice, households, registry)
    number = count(1)
    while True:
        at_home = dice.happens("world: private household")
        for one in households.make() if at_home else companies.make():
            truth = str(next(number))
            for system, record in _records(dice, one):
                yield {**record, "source": system, "truth": truth}


def _records(dice: Dice, one: Person | Company) -> Iterator[tuple[str, Record]]:
    """At least one system knows each customer; some know one twice."""
    group = "" if isinstance(one, Person) else "company "
    found = [system for system in SYSTEMS if dice.happens(f"in: {group}{system}")]
    for system in found or [dice.pick(SYSTEMS)]:
        for _ in range(_times(dice, system)):
            if isinstance(one, Person):
                yield system, person_record(dice, one, system)
            else:
                yield system, company_record(dice, one, system)


def _times(dice: Dice, system: str) -> int:
    if not dice.happens(f"twice: {system}"):
        return 1
    return 3 if system == "sales" and dice.happens("twice: third lead") else 2
