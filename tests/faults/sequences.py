"""Random lives of a small ledger: records come, change and go, stewards decide, runs resolve."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hub.errors import StoreError
from hub.pipeline.golden import compute_golden
from hub.pipeline.proposal import apply_proposal, propose
from hub.pipeline.rule_set import RuleSet
from hub.pipeline.steward import Steward
from hub.store.database import reading, writing
from hub.store.parties import resolve_party
from hub.store.tables import canonical_record, link, master_party, review_case
from hub.store.waiting import touch_records
from tests.unit.pipeline.party_world import Body, World, company, person

KEYS: Final = [f"{name}:person:{number}" for name in ("crm", "erp", "desk") for number in range(4)]
RULES: Final = RuleSet()
_NAMES: Final = (("Anna", "Berg"), ("Anna", "Koch"), ("Bert", "Koch"), ("", "Berg"))
_BIRTHS: Final = (None, None, "1971-05-17", "1983-08-23")


class Life:
    """One ledger and what is done to it; the same seed gives the same life."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.world = World(engine)
        self.engine = engine
        self.random = Random(seed)
        self.bodies: dict[str, Body] = {}
        self.told: list[str] = []
        self._steward = Steward(engine, "eva")
        self._steps: list[tuple[int, Callable[[], str]]] = [
            (6, self.put),
            (2, self.remove),
            (3, self.resolve),
            (2, self.apply_plan),
            (2, self.merge),
            (2, self.unmerge),
            (1, self.merge_and_back),
            (2, self.never_link),
            (2, self.move),
            (2, self.settle_case),
        ]

    def step(self) -> None:
        """Do one thing, whatever it leads to."""
        weights = [weight for weight, _ in self._steps]
        ((_, act),) = self.random.choices(self._steps, weights)
        try:
            self.told.append(act())
        except StoreError as refused:
            self.told.append(f"refused: {refused}")

    def finish(self) -> None:
        """Resolve what waits and compute what it touches."""
        self.world.resolve()
        compute_golden(self.engine)

    def put(self) -> str:
        chosen = self.random.sample(KEYS, self.random.randint(1, 3))
        bodies = {key: self._body() for key in chosen}
        self.world.put_all(bodies)
        self.bodies.update(bodies)
        return f"put {bodies}"

    def _body(self) -> Body:
        pick = self.random.choice
        more: dict[str, Any] = {}
        for name, values in (
            ("email", ("a@x.example", "b@x.example", "c@x.example")),
            ("phone", ("030 1234567", "030 7654321")),
            ("postcode", ("10115", "89073")),
            ("updated", ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")),
        ):
            if self.random.random() < 0.6:
                more[name] = pick(values)
        if self.random.random() < 0.1:
            return company(pick(("Acme GmbH", "Acme AG")), **more)
        given, family = pick(_NAMES)
        return person(given, family, birth=pick(_BIRTHS), **more)

    def remove(self) -> str:
        if not self.bodies:
            return "nothing to remove"
        key = self.random.choice(sorted(self.bodies))
        self.world.remove(key)
        del self.bodies[key]
        return f"remove {key}"

    def resolve(self) -> str:
        self.finish()
        return "resolve"

    def apply_plan(self) -> str:
        digest = propose(self.engine, RULES).digest
        assert propose(self.engine, RULES).digest == digest
        apply_proposal(self.engine, digest, RULES, actor="eva")
        return f"apply {digest}"

    def parties(self) -> list[str]:
        query = sa.select(master_party.c.id).where(master_party.c.status == "active")
        with reading(self.engine) as db:
            return list(db.scalars(query.order_by(master_party.c.seq)))

    def members(self, party: str) -> list[int]:
        query = sa.select(link.c.canonical_id).where(
            link.c.party_id == party, link.c.recorded_to.is_(None)
        )
        with reading(self.engine) as db:
            return sorted(db.scalars(query))

    def merge(self) -> str:
        one, other = self._two(self.parties())
        self._steward.merge(one, other, reason="x")
        compute_golden(self.engine)
        return f"merge {one} {other}"

    def unmerge(self) -> str:
        party = self._one(self.parties())
        members = self.members(party)
        leaving = self.random.sample(members, self.random.randint(0, len(members)))
        self._steward.unmerge(party, leaving, reason="x")
        compute_golden(self.engine)
        return f"unmerge {party} {leaving}"

    def merge_and_back(self) -> str:
        """To take back a merge at once revives the younger id, with the records it had.

        What is taken out may fit a third customer, now that a person has ruled this one out as its
        rival: then the two go together, and the older of their ids stands for them.
        """
        self.finish()
        older, younger = sorted(self._two(self.parties()), key=self.parties().index)
        kept, lost = self.members(older), self.members(younger)
        self._steward.merge(younger, older, reason="x")
        together = self.members(self._party(kept[0]))
        assert set(kept + lost) <= set(together), "a merge takes all records along"
        if set(together) != set(kept + lost):
            return f"merge {younger} into {older}, which others fit as well"
        self._steward.unmerge(older, lost, reason="x")
        compute_golden(self.engine)
        assert self._has_back(younger, lost), "an unmerge revives the losing id"
        assert self._has_back(older, kept), "an unmerge leaves the rest together"
        assert not self._home_of(older) & self._home_of(younger)
        return f"merge {younger} into {older} and back"

    def _has_back(self, party: str, records: list[int]) -> bool:
        """Whether an id stands for its records again, itself unless others are with them."""
        return self.members(party) == records or self._home_of(party) > set(records)

    def _party(self, record: int) -> str:
        query = sa.select(link.c.party_id).where(
            link.c.canonical_id == record, link.c.recorded_to.is_(None)
        )
        with reading(self.engine) as db:
            return str(db.scalar(query))

    def never_link(self) -> str:
        one, other = self._two(sorted(self.world.records.values()))
        self._steward.keep_apart([one], [other], reason="x")
        compute_golden(self.engine)
        return f"never-link {one} {other}"

    def move(self) -> str:
        record, party = self._one(sorted(self._active())), self._one(self.parties())
        there, home = set(self.members(party)) & self._active(), self._party(record)
        staying = set(self.members(home)) - {record}
        self._steward.move(record, party, reason="x")
        compute_golden(self.engine)
        sent = {self._party(other) for other in there | {record}}
        assert not there or len(sent) == 1, "a moved record is where it was sent"
        if staying & self._active():
            assert self._home_of(home) & staying, "a move leaves the id with those that stay"
            assert not set(self.members(home)) & {record}
        return f"move {record} to {party}"

    def _home_of(self, party: str) -> set[int]:
        """The records of whom an id stands for: those that stay may fit another customer now."""
        with reading(self.engine) as db:
            found = resolve_party(db, party)
        return set(self.members(found.id)) if found else set()

    def settle_case(self) -> str:
        query = sa.select(review_case.c.id).where(review_case.c.state == "open")
        with reading(self.engine) as db:
            case = self._one(sorted(db.scalars(query)))
        accepted = self.random.random() < 0.5
        (self._steward.accept if accepted else self._steward.reject)(case)
        compute_golden(self.engine)
        return f"case {'accepted' if accepted else 'rejected'}"

    def touch_all(self) -> None:
        """Let every record be resolved anew."""
        with writing(self.engine) as db:
            touch_records(db, set(self.world.records.values()))

    def _active(self) -> set[int]:
        query = sa.select(canonical_record.c.id).where(canonical_record.c.active)
        with reading(self.engine) as db:
            return set(db.scalars(query))

    def _one(self, choices: list[Any]) -> Any:
        if not choices:
            raise StoreError("nothing to choose from")
        return self.random.choice(choices)

    def _two(self, choices: list[Any]) -> list[Any]:
        if len(choices) < 2:
            raise StoreError("nothing to choose from")
        return self.random.sample(choices, 2)
