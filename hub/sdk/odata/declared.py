"""A stand-in and samples from declared streams, for tests without the vendor's service.

It knows the service only as well as the declaration; where the vendor's documents say more, give
the connector a stand-in of its own on :class:`ODataStandIn`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from hub.sdk.odata.edm import Edm
from hub.sdk.odata.query import source_key
from hub.sdk.odata.standin import ODataStandIn
from hub.sdk.odata.standin_rows import DELETED, Dialect, EntitySet
from hub.sdk.odata.stream import ODataStream, Reading
from hub.sdk.standin import Request, Response, Row, Sample, Samples, StandInState

RowMaker = Callable[[Sample], Row]
_NUMBERS: Final = frozenset({Edm.INT32, Edm.INT64})


class DeclaredStandIn(ODataStandIn):
    """Serves declared streams of one version; a request must carry the headers of ``proof``.

    ``settings`` are what the connector needs besides ``base_url``. A cursor of a whole number is
    the count of changes, which delta links go by.
    """

    def __init__(
        self,
        state: StandInState,
        streams: Sequence[ODataStream],
        *,
        proof: Mapping[str, str],
        settings: Mapping[str, JsonValue],
        port: int = 0,
    ) -> None:
        self._proof = {name.lower(): value for name, value in proof.items()}
        self._settings = settings
        tracked = [stream.cursor for stream in streams if stream.reading is Reading.DELTA]
        service = streams[0].service
        dialect = Dialect(
            version=service.version,
            csrf=service.csrf,
            sequence=next(filter(None, tracked), ""),
            or_over_fields=all(stream.reading is not Reading.SWEEP for stream in streams),
        )
        super().__init__(state, [_served(stream) for stream in streams], dialect, port)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reaches it."""
        return {"base_url": self.url, **self._settings}

    def authorise(self, request: Request) -> Response | None:
        """Refuse a request without the proof."""
        if all(request.headers.get(name) == value for name, value in self._proof.items()):
            return None
        return self.error(401, "Unauthorized", {})


def odata_samples(
    streams: Sequence[ODataStream],
    rows: Mapping[str, RowMaker],
    *,
    fields: Mapping[str, Callable[[int], Mapping[str, JsonValue]]] | None = None,
) -> Samples:
    """Samples for the conformance kit: ``rows`` makes a stream's records, without their cursor.

    ``fields`` gives a change of a writable stream, another one for each revision.
    """
    known = {stream.name: stream for stream in streams}

    def key(stream: str, number: int) -> str:
        sample = Sample(stream, number, 0, datetime.now(UTC))
        return source_key(rows[stream](sample), known[stream].keys)

    def row(sample: Sample) -> Row:
        stream = known[sample.stream]
        made = rows[sample.stream](sample)
        if stream.cursor and not _counts(stream):
            made = {stream.cursor: _stamp(sample.at), **made}
        return made

    def put(samples: Samples, state: StandInState, sample: Sample) -> None:
        stream, key = known[sample.stream], samples.key(sample.stream, sample.number)
        made = samples.row(sample)
        if stream.cursor and _counts(stream):
            made[stream.cursor] = _next_number(state, stream)
        state.stream(stream.name + DELETED).pop(key, None)
        state.stream(stream.name)[key] = made

    def remove(samples: Samples, state: StandInState, sample: Sample) -> None:
        stream, key = known[sample.stream], samples.key(sample.stream, sample.number)
        if stream.deleted:
            state.stream(stream.name)[key][stream.deleted[0]] = stream.deleted[1]
            _touch(stream)(state, state.stream(stream.name)[key])
            return
        number = _next_number(state, stream) if _counts(stream) else 0
        del state.stream(stream.name)[key]
        if stream.reading is Reading.DELTA and stream.cursor:
            state.stream(stream.name + DELETED)[key] = {stream.cursor: number}

    def change(stream: str, revision: int) -> Mapping[str, JsonValue]:
        made = (fields or {}).get(stream)
        return made(revision) if made else {}

    return Samples(key=key, row=row, put=put, remove=remove, fields=change)


def _served(stream: ODataStream) -> EntitySet:
    nested = {path.partition("/")[0].partition("(")[0] for path in stream.expand}
    cursor = {stream.cursor: Edm.DATETIMEOFFSET} if stream.cursor else {}
    return EntitySet(
        stream=stream.name,
        resource=stream.resource,
        key=stream.keys,
        root=f"/{stream.service.root.strip('/')}".rstrip("/"),
        nested=tuple(nested),
        types={**cursor, **stream.types},
        fixed=frozenset(cursor),
        touch=_touch(stream),
    )


def _touch(stream: ODataStream) -> Callable[[StandInState, Row], None]:
    def touch(state: StandInState, row: Row) -> None:
        if stream.cursor:
            now: Any = _next_number(state, stream) if _counts(stream) else _stamp(datetime.now(UTC))
            row[stream.cursor] = now

    return touch


def _counts(stream: ODataStream) -> bool:
    return stream.types.get(stream.cursor or "") in _NUMBERS


def _next_number(state: StandInState, stream: ODataStream) -> int:
    held = [state.stream(stream.name + end) for end in ("", DELETED)]
    numbers = [int(row.get(stream.cursor or "") or 0) for rows in held for row in rows.values()]
    return max(numbers, default=0) + 1


def _stamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
