"""Sign-off of a period: four eyes, hashes of data and rules, void once the period changes.

What is signed are the control totals of all documents dated to the end of the period. A payment
that comes later settles an open amount and changes nothing that was signed; a document that
is dated back, changed or deleted does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

import orjson

from hub.errors import ConfigError, StoreError
from hub.reports.result import ReportPack
from hub.store import sign_offs as store
from hub.store.audit import Act, Entry, add_entries
from hub.store.database import Connection, Engine, reading, writing
from hub.store.reporting import report_snapshot

_MONTH: Final = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
_SHOWN: Final = 3
_MONEY: Final = ("net", "tax", "gross")
_VIEW: Final = "rpt_document_v2"
_TOTALS: Final = """
    SELECT connection, entity, period, currency, COUNT(*) AS documents, SUM(net) AS net,
           SUM(tax) AS tax, SUM(gross) AS gross, SUM(checksum) AS hash_total
    FROM rpt_document_v2 WHERE date <= :today GROUP BY connection, entity, period, currency"""
Totals = Mapping[str, Mapping[str, str]]


def end_of(period: str) -> datetime:
    """The last second of a month in UTC; ConfigError for no month, or one that is not over."""
    if not _MONTH.fullmatch(period):
        raise ConfigError(f"{period!r} is no month; write it as 2026-10")
    year, month = map(int, period.split("-"))
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(seconds=1)
    if end >= datetime.now(UTC):
        raise ConfigError(f"{period} is not over yet: sign it when all of it can be there")
    return end


def prepare(engine: Engine, period: str, pack: ReportPack, act: Act) -> str:
    """Put a period before another person to sign; returns the sign-off's id.

    The pack is that of the period's end. Raises StoreError where one stands already.
    """
    totals = _totals(engine, end_of(period))
    now = datetime.now(UTC)
    with writing(engine) as db:
        if store.standing(db, period):
            raise StoreError(f"{period} is prepared or signed already; see `hub sign-off list`")
        prepared = store.Prepared(
            period=period,
            cut_off=pack.cut_off,
            data_hash=_hash(totals),
            rules_hash=pack.rules_hash,
            totals=orjson.dumps(totals).decode(),
            program=pack.program,
            prepared_by=act.actor,
            prepared_at=now,
        )
        found = store.add_sign_off(db, prepared)
        detail = {"sign_off": found, "period": period, "data_hash": prepared.data_hash}
        add_entries(db, act, [Entry("prepare_sign_off", detail)], now)
    return found


def approve(engine: Engine, period: str, act: Act) -> None:
    """Sign what another prepared, if the period is still as it was."""
    void_changed(engine, act.run_id)
    now = datetime.now(UTC)
    with writing(engine) as db:
        row = _standing(db, period)
        if row["prepared_by"] == act.actor:
            raise StoreError(f"{period} was prepared by {act.actor}: another person has to sign it")
        if not store.approve(db, row["id"], by=act.actor, now=now):
            raise StoreError(f"{period} is signed already, by {row['approved_by']}")
        detail = {"sign_off": row["id"], "period": period, "data_hash": row["data_hash"]}
        add_entries(db, act, [Entry("approve_sign_off", detail)], now)


def void_changed(engine: Engine, run_id: str) -> dict[str, str]:
    """Void every sign-off whose period has changed since; returns why, by period."""
    with reading(engine) as db:
        rows = [dict(row) for row in store.standing(db)]
    voided: dict[str, str] = {}
    for row in rows:
        totals = _totals(engine, end_of(row["period"]))
        if _hash(totals) != row["data_hash"]:
            voided[row["period"]] = _void(
                engine, row, _told(orjson.loads(row["totals"]), totals), run_id
            )
    return voided


def _void(engine: Engine, row: Mapping[str, Any], reason: str, run_id: str) -> str:
    now = datetime.now(UTC)
    act = Act("hub", reason, run_id)
    with writing(engine) as db:
        if store.void(db, row["id"], reason=reason, now=now):
            detail = {"sign_off": row["id"], "period": row["period"]}
            add_entries(db, act, [Entry("void_sign_off", detail)], now)
    return reason


def _standing(db: Connection, period: str) -> Mapping[str, Any]:
    rows = store.standing(db, period)
    if not rows:
        raise StoreError(f"nothing is prepared for {period}, or it is void; `hub sign-off list`")
    return dict(rows[0])


def _totals(engine: Engine, cut_off: datetime) -> Totals:
    with report_snapshot(engine, cut_off) as snap:
        snap.copy_views([_VIEW])
        rows = snap.rows("sign-off", _TOTALS, _MONEY)
    named = ("connection", "entity", "period", "currency")
    return {
        " ".join(str(row[name]) for name in named): {
            name: str(value) for name, value in row.items() if name not in named
        }
        for row in sorted(rows, key=lambda row: [str(row[name]) for name in named])
    }


def _hash(totals: Totals) -> str:
    said = orjson.dumps(totals, option=orjson.OPT_SORT_KEYS)
    return blake2b(said, digest_size=16).hexdigest()


def _told(before: Totals, now: Totals) -> str:
    """What changed, in words a controller can look up."""
    changes = list(_changes(before, now))
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return "; ".join(changes[:_SHOWN]) + more


def _changes(before: Totals, now: Totals) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name, {}), now.get(name, {})
        if old != new:
            count = f"{old.get('documents', '0')} documents, now {new.get('documents', '0')}"
            yield f"{name}: {count}; gross {old.get('gross', '0')}, now {new.get('gross', '0')}"
