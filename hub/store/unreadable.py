"""The part of the quarantine that could not even be read: found again by what is known of it."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.quarantine import OPEN, READING, fingerprint
from hub.store.tables import quarantine

_KEYLESS = "raw:"


def reading_fingerprint(key: str | None, raw: str) -> str:
    """Names an unreadable record: by its key, or by its raw text where it has none."""
    return f"key:{fingerprint(key)}" if key else f"{_KEYLESS}{fingerprint(raw)}"


def count_keyless(connection: Connection, stream_id: int, epoch: int) -> int:
    """Unreadable records of this full read that don't say which record they are."""
    found: int | None = connection.scalar(
        sa.select(sa.func.count())
        .select_from(quarantine)
        .where(
            quarantine.c.stream_id == stream_id,
            quarantine.c.epoch == epoch,
            quarantine.c.fingerprint.startswith(_KEYLESS),
        )
    )
    return found or 0


def open_fingerprints(connection: Connection, stream_id: int, stage: str) -> set[str]:
    """Fingerprints of what waits in quarantine at this stage."""
    rows = connection.scalars(
        sa.select(quarantine.c.fingerprint).where(
            quarantine.c.stream_id == stream_id,
            quarantine.c.state == OPEN,
            quarantine.c.stage == stage,
        )
    )
    return set(rows)


def settle_fingerprints(connection: Connection, stream_id: int, fingerprints: set[str]) -> None:
    """Close entries whose records could be read since."""
    connection.execute(
        sa.update(quarantine)
        .where(quarantine.c.stream_id == stream_id, quarantine.c.fingerprint.in_(fingerprints))
        .values(state="superseded", settled_at=datetime.now(UTC))
    )


def settle_unmet(connection: Connection, stream_id: int, epoch: int) -> None:
    """Close what the full read of this epoch did not meet again: the system has it no more."""
    connection.execute(
        sa.update(quarantine)
        .where(
            quarantine.c.stream_id == stream_id,
            quarantine.c.state == OPEN,
            quarantine.c.stage == READING,
            quarantine.c.epoch < epoch,
        )
        .values(state="superseded", settled_at=datetime.now(UTC))
    )
