"""Ledgers in which a customer has one account at most, where hub.toml says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, product
from typing import Final

import orjson

from hub.config import HubConfig
from hub.model.party import PartyStatus
from hub.store import ledgers
from hub.store.database import Connection, Engine, reading, writing
from hub.store.ledgers import Ledger
from hub.store.party_records import PartyRecord, load_bodies

Ledgers = frozenset[str]
_NONE: Final[Ledgers] = frozenset()


def adopt_ledgers(engine: Engine, config: HubConfig) -> int:
    """Take up what hub.toml says of ledgers; returns how many records are resolved anew by it.

    What it says of a connection stands until it says otherwise; a connection that is no longer
    in it keeps what stood.
    """
    with reading(engine) as db:
        changes = _changes(db, config)
    if not changes:
        return 0
    with writing(engine) as db:
        return ledgers.declare(db, _changes(db, config))


def _changes(db: Connection, config: HubConfig) -> dict[int, bool]:
    """The streams that are declared otherwise than they stand, by their ids."""
    said = {
        name: section.one_account
        for own, section in config.connections.items()
        for name in (own, section.renamed_from)
        if name is not None
    }
    return {
        stream: not stands
        for stream, (name, type_), stands in ledgers.declared(db)
        if name in said and (type_ in said[name]) != stands
    }


class Accounts:
    """Tells which records are active accounts of ledgers that allow a customer one."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._declared = ledgers.ask_declared(db)

    @cached_property
    def _ledgers(self) -> set[Ledger]:
        return {item for _, item, stands in self._declared() if stands}

    def rivals(self, records: Mapping[int, PartyRecord]) -> dict[int, str]:
        """Records to the ledgers of which they are an active account, others of which are there.

        A record's own part is the account; what else it tells of (a contact person) is none.
        """
        named = {
            record: f"{held.source.connection}:{held.source.type}"
            for record, held in records.items()
            if held.active and not held.source.part and held.source[:2] in self._ledgers
        }
        if len(named) < 2:
            return {}
        counted = Counter(named.values())
        several = {record: name for record, name in named.items() if counted[name] > 1}
        bodies = load_bodies(self._db, several)
        return {record: name for record, name in several.items() if _is_active(bodies.get(record))}


def _is_active(body: str | None) -> bool:
    return body is not None and orjson.loads(body).get("status") != PartyStatus.INACTIVE


def copies_in_a_ledger(content: Mapping[int, str], accounts: Mapping[int, str]) -> set[int]:
    """Accounts whose content another account of their ledger has too."""
    counted = Counter((content.get(record), name) for record, name in accounts.items())
    return {record for record, name in accounts.items() if counted[content.get(record), name] > 1}


def accounts_of(
    nodes: Mapping[str, Sequence[int]], accounts: Mapping[int, str]
) -> dict[str, Ledgers]:
    """The ledgers of which the nodes hold an account; those that hold none are left out."""
    found = {
        node: frozenset(accounts[record] for record in owned if record in accounts)
        for node, owned in nodes.items()
    }
    return {node: held for node, held in found.items() if held}


def pairs_worth_weighing(
    ones: Iterable[str], others: Iterable[str], accounts: Mapping[str, Ledgers]
) -> list[tuple[str, str]]:
    """The pairs of the nodes of two contents, or of one that is given twice; each once, in order.

    Two accounts of one ledger never join: each is set beside one other, for a person to see, so
    that a ledger with thousands of copies of one account costs no more than as many pairs.
    """
    mine, theirs = _by_ledger(ones, accounts), _by_ledger(others, accounts)
    found: set[tuple[str, str]] = set()
    for (ledger, left), (other, right) in product(mine.items(), theirs.items()):
        if not ledger or ledger != other:
            pairs: Iterable[tuple[str, str]] = product(left, right)
        else:
            pairs = pairwise(left) if left == right else zip(left, right, strict=False)
        found.update((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    return sorted(found)


def _by_ledger(nodes: Iterable[str], accounts: Mapping[str, Ledgers]) -> dict[Ledgers, list[str]]:
    found: defaultdict[Ledgers, list[str]] = defaultdict(list)
    for node in sorted(nodes):
        found[accounts.get(node, _NONE)].append(node)
    return found
