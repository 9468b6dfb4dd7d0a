"""NetSuite's records as SuiteQL queries, in the order of internal ids.

A query shows 100,000 rows at most, so each asks for the rows above the last id that was read, as
many as a page holds; rows of one time, or that change while we read, are not passed by. The queries
are in Oracle's syntax throughout, as NetSuite advises; the two syntaxes must not be mixed.
Sources: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
and .../section_156257796125.html (limitations).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from hub.errors import ConfigError
from hub.sdk.resource import CursorPaging, RestCount, RestStream, RestWrite, Since
from hub.sdk.resource.stream import Values

SYSTEM: Final = "netsuite"
QUERY_PATH: Final = "services/rest/query/v1/suiteql"
RECORD_PATH: Final = "services/rest/record/v1"
FORM: Final = "%Y-%m-%d %H:%M:%S"
OVERLAP: Final = 3900.0
VERSION: Final = "lastmodified"
_SQL_FORM: Final = "YYYY-MM-DD HH24:MI:SS"
_AFTER: Final = "after"
_SINCE: Final = "since"
_COLUMN: Final = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
_ALL: Final = "t.id > 0"
COUNTED: Final = "counted"
_CHANGED: Final = f"TO_CHAR(t.lastmodifieddate, '{_SQL_FORM}') AS {VERSION}"


@dataclass(frozen=True, slots=True)
class Query:
    """What a stream selects: ``t`` is its table, ``condition`` joins others to it.

    ``sums`` are the columns whose sums are control totals.
    """

    entities: tuple[str, ...]
    columns: tuple[str, ...]
    tables: str
    condition: str = ""
    written: bool = False
    sums: tuple[str, ...] = ()


# Lines of sales have the other sign than their total; the tax is in lines of its own.
_TAX_LINES: Final = (
    "NVL((SELECT SUM(l.foreignamount) FROM transactionline l"
    " WHERE l.transaction = t.id AND l.taxline = 'T'), 0)"
)


def _transaction(kind: str, *more: str, sums: tuple[str, ...] = ()) -> Query:
    """A transaction of one type; its amounts are in the currency of the document."""
    return Query(
        ("order",) if kind == "SalesOrd" else ("invoice",),
        (
            *("t.id", "t.tranid", "t.entity", "t.status", "t.otherrefnum", "t.foreigntotal"),
            "BUILTIN.DF(t.status) AS statusname",
            "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate",
            "c.symbol AS currency",
            f"t.foreigntotal + {_TAX_LINES} AS foreignnet",
            f"0 - {_TAX_LINES} AS foreigntax",
            *more,
        ),
        "transaction t, currency c",
        f"t.type = '{kind}' AND t.currency = c.id(+)",
        sums=("foreigntotal", "foreignnet", "foreigntax", *sums),
    )


QUERIES: Final[Mapping[str, Query]] = {
    "customer": Query(
        ("party", "account"),
        (
            *("t.id", "t.entityid", "t.companyname", "t.isperson", "t.firstname", "t.lastname"),
            *("t.email", "t.phone", "t.url", "t.isinactive", "t.vatregnumber", "t.parent"),
            *("t.creditlimit", "t.salesrep", "a.addr1", "a.addr2", "a.city", "a.state", "a.zip"),
            *("a.country", "c.symbol AS currency"),
        ),
        "customer t, EntityAddress a, currency c",
        "t.defaultbillingaddress = a.nkey(+) AND t.currency = c.id(+)",
        written=True,
    ),
    "contact": Query(
        ("party", "relationship"),
        (
            *("t.id", "t.entityid", "t.firstname", "t.lastname", "t.email", "t.phone"),
            *("t.mobilephone", "t.title", "t.company", "t.isinactive"),
        ),
        "contact t",
        written=True,
    ),
    "salesorder": _transaction("SalesOrd"),
    "invoice": _transaction(
        "CustInvc",
        "TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate",
        "t.foreignamountunpaid",
        sums=("foreignamountunpaid",),
    ),
}


def streams_with(
    extra: Mapping[str, Sequence[str]] | None = None,
    *,
    size: int = 1000,
    overlap: float = OVERLAP,
    zone: str = "UTC",
) -> tuple[RestStream, ...]:
    """The streams, with further columns by stream."""
    wanted, local = extra or {}, ZoneInfo(zone)
    return tuple(
        _stream(name, query, _Asked(_named(wanted.get(name, ())), size, overlap, local))
        for name, query in QUERIES.items()
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the settings ask of a stream."""

    extra: tuple[str, ...]
    size: int
    overlap: float
    zone: ZoneInfo


def _stream(name: str, query: Query, asked: _Asked) -> RestStream:
    columns = (*query.columns, *asked.extra, _CHANGED)
    return RestStream(
        name=name,
        entities=query.entities,
        path=f"{QUERY_PATH}?limit={asked.size}",
        rows="items",
        headers={"prefer": "transient"},
        body=partial(_list_body, query, columns, asked),
        # Names come back in NetSuite's own case, which may change with a release.
        paging=CursorPaging(next="items[-1].id || items[-1].ID", param=_AFTER),
        changes=Since(param=_SINCE, overlap=asked.overlap),
        version=VERSION,
        quirks=(lower_names, partial(with_zone, asked.zone)),
        fetch_body=partial(_fetch_body, query, columns),
        row="items[0]",
        write=RestWrite(path=f"{RECORD_PATH}/{name}/{{key}}") if query.written else None,
        keys_only={"keys": True},
        custom_fields=True,
        count=_count(query),
    )


def _count(query: Query) -> RestCount:
    """Counts and adds up the very rows that a full read selects, joins and all."""
    names = (COUNTED, *query.sums)
    paths = {name: f"items[0].{name} || items[0].{name.upper()}" for name in names}
    return RestCount(
        path=QUERY_PATH,
        records=f"to_number({paths.pop(COUNTED)})",  # SuiteQL gives numbers as texts
        body=partial(_count_body, query),
        sums=paths,
    )


def _count_body(query: Query, _values: Values) -> JsonValue:
    sums = "".join(f", SUM({name}) AS {name}" for name in query.sums)
    chosen = query.columns if query.sums else ("t.id",)
    rows = _select(query, chosen, [_ALL])
    return {"q": f"SELECT COUNT(*) AS {COUNTED}{sums} FROM ({rows})"}


def _list_body(query: Query, columns: Sequence[str], asked: _Asked, values: Values) -> JsonValue:
    chosen = ("t.id",) if values.get("keys") else columns
    conditions = [f"t.id > {int(str(values.get(_AFTER, 0)))}"]
    if _SINCE in values:
        moment = datetime.fromisoformat(str(values[_SINCE])).astimezone(asked.zone)
        since = f"TO_TIMESTAMP('{moment.strftime(FORM)}', '{_SQL_FORM}')"
        conditions.append(f"t.lastmodifieddate >= {since}")
    rows = f"{_select(query, chosen, conditions)} ORDER BY t.id"
    return {"q": f"SELECT * FROM ({rows}) WHERE ROWNUM <= {asked.size}"}


def _fetch_body(query: Query, columns: Sequence[str], key: str) -> JsonValue:
    number = key if key.isascii() and key.isdecimal() else "0"  # no record has the id 0
    return {"q": _select(query, columns, [f"t.id = {number}"])}


def _select(query: Query, columns: Sequence[str], conditions: Sequence[str]) -> str:
    found = " AND ".join([*filter(None, [query.condition]), *conditions])
    return f"SELECT {', '.join(columns)} FROM {query.tables} WHERE {found}"


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Columns of the stream's own table, if they are plain names."""
    for name in names:
        if not _COLUMN.match(name):
            raise ConfigError(f"extra_fields: {name!r} is no column; name it as SuiteQL does")
    return tuple(f"t.{name}" for name in names)


def lower_names(row: dict[str, Any]) -> dict[str, Any]:
    """Columns by small letters, without the links that each row has."""
    return {name.lower(): value for name, value in row.items() if name != "links"}


def with_zone(zone: ZoneInfo, row: dict[str, Any]) -> dict[str, Any]:
    """The time of change with the offset that its zone had then; what is no time stays."""
    try:
        local = datetime.strptime(row[VERSION], FORM).replace(tzinfo=zone)
    except (KeyError, TypeError, ValueError):
        return row
    return {**row, VERSION: local.isoformat()}


STREAMS: Final = tuple(stream.declared() for stream in streams_with())
