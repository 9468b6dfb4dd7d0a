"""A stand-in for declared streams: it deals out their lists as the declarations say.

It knows the system only as well as the declaration; where the vendor's documents say more, give the
connector a stand-in of its own (:class:`~hub.sdk.HttpStandIn`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import orjson
from pydantic import JsonValue

from hub.errors import ContractError
from hub.sdk.changes import Feed, Keyset, Since, Times
from hub.sdk.records import compile_path
from hub.sdk.resource.deal import deal_out
from hub.sdk.resource.rows import key_of
from hub.sdk.resource.stream import RestCount, RestStream
from hub.sdk.resource.writer import nest
from hub.sdk.standin import HttpStandIn, Request, Response, Row, Sample, Samples, StandInState

RowMaker = Callable[[Sample], Row]


class RestStandIn(HttpStandIn):
    """Serves declared streams; a request must carry the headers of ``proof``.

    ``settings`` are what the connector needs besides ``base_url``. Lists, single records, changes
    by the declared method, new records and counts are answered; the lock is the version as entity
    tag.
    """

    def __init__(
        self,
        state: StandInState,
        streams: Sequence[RestStream],
        *,
        proof: Mapping[str, str],
        settings: Mapping[str, JsonValue],
        port: int = 0,
    ) -> None:
        self._served = [Served(stream) for stream in streams]
        self._proof = {name.lower(): value for name, value in proof.items()}
        self._settings = settings
        super().__init__(state, self._reply, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.url, **self._settings}

    def _reply(self, request: Request) -> Response:
        if any(request.headers.get(name) != value for name, value in self._proof.items()):
            return Response(401, {"error": "credentials"})
        with self.state.changing():
            for served in self._served:
                answer = served.reply(self.state.stream(served.name), request)
                if answer is not None:
                    return answer
        return Response(404, {"error": "no such path"})


class Served:
    """One declared stream on the server's side."""

    def __init__(self, stream: RestStream) -> None:
        bodies = stream.body is not None or (stream.count and stream.count.body)
        if isinstance(stream.changes, Feed | Keyset) or bodies:
            raise ContractError(
                f"stream {stream.name}: a feed, a keyset or a body needs a stand-in of its own"
            )
        self.name = stream.name
        self._stream = stream
        self._key = [compile_path(path) for path in stream.key]
        self._one = _pattern(stream.fetch)
        self._write = _pattern(stream.write.path) if stream.write else None

    def reply(self, rows: dict[str, Row], request: Request) -> Response | None:
        """The answer, or None where the path is another stream's."""
        path = request.path.lstrip("/")
        if request.method == "GET" and path == self._stream.path.lstrip("/"):
            return self._list(rows, request)
        count = self._stream.count
        if request.method == "GET" and count and path == count.path.lstrip("/"):
            return Response(200, self._counted(count, rows))
        if request.method == "GET":
            key = _key_in(self._one, path)
            return None if key is None else self._answer(rows.get(key))
        return self._written(rows, path, request)

    def _written(self, rows: dict[str, Row], path: str, request: Request) -> Response | None:
        """A change or a new record, if that is what the request asks for."""
        write = self._stream.write
        if write is None:
            return None
        if write.create and (request.method, path) == ("POST", write.create.lstrip("/")):
            return self._create(rows, request)
        key = _key_in(self._write, path) if request.method == write.method else None
        return None if key is None else self._change(rows, key, request)

    def _list(self, rows: Mapping[str, Row], request: Request) -> Response:
        asked = {name: found[-1] for name, found in parse_qs(request.query).items()}
        since, listed = self._stream.changes, list(rows.values())
        if isinstance(since, Since) and since.param in asked:
            listed = [row for row in listed if self._is_since(since, row, asked[since.param])]
        elif self._stream.deleted:
            listed = [row for row in listed if not self._is_gone(row)]
        by_time = isinstance(since, Since) and since.sorted_by_time
        listed.sort(key=self._by_time if by_time else self._by_key)
        keyed = [(self._key_of(row), row) for row in listed]
        part = deal_out(self._stream.paging, keyed, (asked, request.headers, request.path))
        return Response(200, self._wrapped(part.rows, part.told), part.headers)

    def _counted(self, count: RestCount, rows: Mapping[str, Row]) -> JsonValue:
        """The number of living records, and sums as texts with all their digits."""
        alive = [row for row in rows.values() if not self._is_gone(row)]
        if not count.records:
            return len(alive)
        sums = {path: _summed(name, alive) for name, path in count.sums.items()}
        return nest({count.records: len(alive), **sums})

    def _is_gone(self, row: Row) -> bool:
        return bool(self._stream.deleted) and compile_path(self._stream.deleted)(row) is True

    def _wrapped(self, rows: list[Row], told: Mapping[str, JsonValue]) -> JsonValue:
        if not self._stream.rows:
            return list(rows)
        return nest({self._stream.rows: list(rows), **told})

    def _is_since(self, since: Since, row: Row, asked: str) -> bool:
        before, _, after = since.text.partition("{time}")
        told = asked.removeprefix(before).removesuffix(after)
        moment = self._stream.times.parse(told)
        changed = self._changed(row)
        return changed > moment if since.exclusive else changed >= moment

    def _changed(self, row: Row) -> datetime:
        """Its time of change; what has none was always there."""
        value = compile_path(self._stream.version)(row)
        return datetime.min.replace(tzinfo=UTC) if value is None else _lenient(self._stream, value)

    def _by_key(self, row: Row) -> tuple[int, str]:
        key = self._key_of(row)
        return (int(key), "") if key.isdecimal() else (0, key)

    def _by_time(self, row: Row) -> tuple[datetime, tuple[int, str]]:
        return self._changed(row), self._by_key(row)

    def _key_of(self, row: Row) -> str:
        return key_of(row, self._key) or ""

    def _answer(self, row: Row | None) -> Response:
        if row is None or self._is_gone(row):
            return Response(404, {"error": "no such record"})
        body = nest({self._stream.row: row}) if self._stream.row else row
        lock = self._stream.write.lock if self._stream.write else ""
        return Response(200, body, {lock: self._tag(row)} if lock else {})

    def _tag(self, row: Row) -> str:
        return f'"{quote(str(compile_path(self._stream.version)(row)))}"'

    def _change(self, rows: dict[str, Row], key: str, request: Request) -> Response:
        row = rows.get(key)
        if row is None:
            return Response(404, {"error": "no such record"})
        if request.headers.get("if-match") not in (None, self._tag(row)):
            return Response(412, {"error": "the record was changed"})
        if not self._fits(row, self._fields(request)):
            return Response(422, {"error": "no such field, or not its kind of value"})
        _merge(row, self._fields(request))
        self._stamp(row)
        return self._answer(row)

    def _fits(self, row: Row, fields: Row) -> bool:
        """Whether the record has these fields, and objects only where it has objects."""
        return all(
            name in row and isinstance(value, dict | list) == isinstance(row[name], dict | list)
            for name, value in fields.items()
        )

    def _create(self, rows: dict[str, Row], request: Request) -> Response:
        number = str(1 + max((int(key) for key in rows if key.isdecimal()), default=0))
        row = {self._stream.key[0]: int(number), **self._fields(request)}
        self._stamp(row)
        rows[number] = row
        return Response(201, self._answer(row).body)

    def _fields(self, request: Request) -> Row:
        body: Row = orjson.loads(request.body)
        wrap = self._stream.write.wrap if self._stream.write else ""
        return body[wrap] if wrap else body

    def _stamp(self, row: Row) -> None:
        """The time of a change, later than the one before."""
        if not self._stream.version:
            return
        now, times = datetime.now(UTC), self._stream.times
        if compile_path(self._stream.version)(row):
            now = max(now, self._changed(row) + _finest(times))
        _merge(row, nest({self._stream.version: times.format(now)}))


def rest_samples(
    streams: Sequence[RestStream],
    rows: Mapping[str, RowMaker],
    *,
    fields: Mapping[str, Callable[[int], Mapping[str, JsonValue]]] | None = None,
) -> Samples:
    """Samples of declared streams: ``rows`` makes a record of each, without its time of change.

    ``fields`` gives a change by its revision, for those that are written. The time of change is put
    in; a stream with a mark of deletion keeps its deleted rows.
    """
    declared = {stream.name: stream for stream in streams}

    def row(sample: Sample) -> Row:
        stream, made = declared[sample.stream], rows[sample.stream](sample)
        if stream.version:
            _merge(made, nest({stream.version: stream.times.format(sample.at)}))
        return made

    def key(stream: str, number: int) -> str:
        made = rows[stream](Sample(stream, number, 0, datetime.now(UTC)))
        return key_of(made, [compile_path(path) for path in declared[stream].key]) or ""

    def remove(_: Samples, state: StandInState, sample: Sample) -> None:
        stream, place = declared[sample.stream], key(sample.stream, sample.number)
        held = state.stream(sample.stream)
        if not stream.deleted:
            del held[place]
            return
        marked = nest({stream.deleted: True, stream.version: stream.times.format(sample.at)})
        _merge(held[place], marked)

    changes = fields or {}
    return Samples(
        key=key, row=row, remove=remove, fields=lambda stream, revision: changes[stream](revision)
    )


def _summed(name: str, rows: Sequence[Row]) -> str | None:
    """The sum of a field; null where no record has a value, as databases add up."""
    values = [Decimal(str(row[name])) for row in rows if row.get(name) is not None]
    return str(sum(values)) if values else None


def _pattern(path: str) -> re.Pattern[str] | None:
    """Finds the key in a request's path; a query that is declared with it says nothing here."""
    path = path.partition("?")[0].lstrip("/")
    return re.compile(re.escape(path).replace(r"\{key\}", "([^/]+)") + "$") if path else None


def _finest(times: Times) -> timedelta:
    """The least difference that two written times can show: a millisecond or a second."""
    moment, step = datetime(2000, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
    same = times.format(moment) == times.format(moment + step)
    return timedelta(seconds=1) if same else step


def _key_in(pattern: re.Pattern[str] | None, path: str) -> str | None:
    found = pattern.match(path) if pattern else None
    return unquote(found[1]) if found else None


def _lenient(stream: RestStream, value: Any) -> datetime:
    try:
        return stream.times.parse(value)
    except (TypeError, ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _merge(row: Row, fields: Mapping[str, Any]) -> None:
    """Set fields, those of nested objects one by one."""
    for name, value in fields.items():
        if isinstance(value, dict) and isinstance(row.get(name), dict):
            _merge(row[name], value)
        else:
            row[name] = value
