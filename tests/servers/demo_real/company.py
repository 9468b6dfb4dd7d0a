"""Moves the demo company into the real servers, and the truth about it to the ids they assign."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.demo.breaks import count_planted
from hub.demo.company import Company, Truth
from hub.demo.register import Ref, Register, Row
from tests.servers import dovecot, request_tracker, tryton
from tests.servers.demo_real.helpdesk import move_help_desk
from tests.servers.demo_real.ledger import PARTY, MovedLedger, move_ledger
from tests.servers.dovecot import DovecotServer
from tests.servers.request_tracker import RequestTrackerServer
from tests.servers.tryton import TrytonServer

MAIL_USER: Final = "team"


@dataclass(frozen=True, slots=True)
class Servers:
    """The three that are real."""

    erp: TrytonServer
    helpdesk: RequestTrackerServer
    mail: DovecotServer


@dataclass(frozen=True, slots=True)
class Moved:
    """The company as the servers hold it, and how much of what they can't hold."""

    company: Company
    left_out: Mapping[str, int]


@contextmanager
def running() -> Iterator[Servers]:
    """Start all three, empty; they end with the block."""
    with ExitStack() as stack:
        yield Servers(
            stack.enter_context(tryton.running()),
            stack.enter_context(request_tracker.running()),
            stack.enter_context(dovecot.running((MAIL_USER,))),
        )


def move(company: Company, servers: Servers, today: date) -> Moved:
    """Fill the servers; what they refuse is left out of the truth and of the planted breaks too."""
    ledger = move_ledger(servers.erp, company.seeds["erp"])
    desk = move_help_desk(servers.helpdesk, company.seeds["helpdesk"])
    fill_mailboxes(servers.mail, company.seeds["mail"])
    keys = {("erp", PARTY): ledger.keys, ("helpdesk", "user"): desk.keys}
    register = _moved_register(company, ledger, today)
    register.customer_of = dict(_moved_truth(company.truth.customer_of, keys))
    moved = Company(
        seeds=register.seeds,
        partners_csv=company.partners_csv,
        truth=Truth(register.customer_of),
        planted=count_planted(register),
    )
    return Moved(moved, ledger.left_out + desk.left_out)


def fill_mailboxes(server: DovecotServer, mailboxes: Mapping[str, Mapping[str, Row]]) -> None:
    """Append every mail; a mail's key is its Message-ID, which stays."""
    for name, rows in mailboxes.items():
        messages = [str(row["message"]).encode() for row in rows.values()]
        server.append(MAIL_USER, messages, folder=name)


def _moved_truth(
    truth: Mapping[Ref, str], keys: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[tuple[Ref, str]]:
    for ref, customer in truth.items():
        held = keys.get((ref.connection, ref.stream))
        if held is None:
            yield ref, customer
        elif ref.key in held:
            yield ref._replace(key=held[ref.key]), customer


def _moved_register(company: Company, ledger: MovedLedger, today: date) -> Register:
    """What the planted breaks are counted from, with the documents and balances of the server."""
    parties = company.seeds["erp"][PARTY]
    rows = {new: parties[key] for key, new in ledger.keys.items()}
    elsewhere = {b: t for b, t in company.planted["R10"].items() if b.connection != "erp"}
    tombstones = {at: n for at, n in company.planted["tombstones"].items() if at[0] != "erp"}
    return Register(
        random.Random(0),  # nothing is drawn
        today,
        seeds={**company.seeds, "erp": {PARTY: rows}},
        totals={**elsewhere, **ledger.totals},
        owing={ledger.keys[key] for key in ledger.owing},
        wrong_vat=[ref for group in company.planted["R3"].values() for ref in group],
        quarantine=Counter(company.planted["quarantine"]),
        excluded=Counter(company.planted["excluded"]),
        tombstones=Counter(tombstones),
        cases=Counter(company.planted["cases"]),
    )
