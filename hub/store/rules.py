"""Rules of survivorship as adopted: by which rules golden records were computed since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.driver import ask
from hub.store.ids import take_block
from hub.store.tables import golden_record, master_party, rule_set

_ACTIVE = sa.text("golden_record.recorded_to IS NULL")  # as in the partial index


def adopted_rules(db: Connection) -> str | None:
    """The digest of the rules adopted last."""
    return ask_adopted_rules(db)()


def ask_adopted_rules(db: Connection) -> Callable[[], str | None]:
    """The same, called for later."""
    newest = "SELECT digest FROM rule_set ORDER BY id DESC LIMIT 1"
    rows = ask(db, newest, (), ("digest",))
    return lambda: next((row.digest for row in rows()), None)


def adopt(db: Connection, digest: str, stated: str, now: datetime) -> None:
    """From now on golden records are computed by these rules."""
    row = {"id": take_block(db, "rule_set", 1), "digest": digest}
    db.execute(sa.insert(rule_set).values(**row, stated=stated, adopted_at=now))


def outdated_parties(db: Connection, digest: str) -> list[str]:
    """Parties whose golden record other rules have made."""
    query = sa.select(golden_record.c.party_id)
    return list(db.scalars(query.where(_ACTIVE, golden_record.c.rules_digest != digest)))


def queue_outdated(db: Connection, digest: str) -> int:
    """Ask for every golden record that other rules have made; returns how many."""
    outdated = sa.select(golden_record.c.party_id).where(
        _ACTIVE, golden_record.c.rules_digest != digest
    )
    return db.execute(
        sa.update(master_party).where(master_party.c.id.in_(outdated)).values(golden_pending=True)
    ).rowcount
