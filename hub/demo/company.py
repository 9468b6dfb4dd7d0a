"""The demo company: its systems full of customers, and the truth about them kept aside."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.demo.breaks import count_planted
from hub.demo.customers import count_lookalikes, populate
from hub.demo.deals import settle_deals
from hub.demo.helpdesk import HelpDesk
from hub.demo.ledger import Ledger, link_accounts
from hub.demo.mailbox import Mailbox
from hub.demo.partners import render_csv, write_partners
from hub.demo.register import Planted, Ref, Register, Row
from hub.demo.sales import SalesDesk
from hub.demo.shop import Shop
from hub.demo.spread import spread
from hub.errors import ConfigError

TODAY: Final = date(2026, 11, 1)
"""The day on which the demo company stands still."""

SMALLEST: Final = 10
"""With fewer customers there is nothing to find."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Who each canonical party record really is; no part of the hub may see it."""

    customer_of: Mapping[Ref, str]


@dataclass(frozen=True, slots=True)
class Company:
    """Stand-in states by connection, the partner list, and the truth."""

    seeds: dict[str, dict[str, dict[str, Row]]]
    partners_csv: str
    truth: Truth
    planted: Planted


def generate(seed: int = 7, customers: int = 2000, *, today: date = TODAY) -> Company:
    """The same company for the same arguments, on every machine."""
    if customers < SMALLEST:
        raise ConfigError(f"the demo company needs {SMALLEST} customers or more, not {customers}")
    register = Register(random.Random(seed), today)  # noqa: S311  # repeatable, nothing secret
    people = populate(register.rng, customers, today)
    register.cases.update(count_lookalikes(people))
    footprints = spread(register.rng, people)
    SalesDesk(register).write(people, footprints)
    Ledger(register).write(people, footprints)
    link_accounts(register)
    settle_deals(register)
    Shop(register).write(people, footprints)
    HelpDesk(register, people).write(footprints)
    write_partners(register, people, footprints)
    Mailbox(register).write(people, footprints)
    return Company(
        seeds=register.seeds,
        partners_csv=render_csv(register),
        truth=Truth(register.customer_of),
        planted=count_planted(register),
    )
