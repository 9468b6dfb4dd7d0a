"""Key scan: finds what a system deleted without telling, by reading its keys and no records.

The keys are compared with the live records of a stream; what has no key any more becomes a
tombstone, and what was deleted here and is there again lives again. The cursor is not touched. A
scan that was killed starts anew: it has changed nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import ConfigError, ContractError, HubError, SourceSchemaError
from hub.pipeline.blame import name_breakdown
from hub.pipeline.counts import balanced_keys
from hub.pipeline.pages import is_storable_key
from hub.pipeline.turn import StreamTask, StreamTurn
from hub.sdk.contract import Capability, Connector
from hub.store import keyscan, runs
from hub.store.columns import to_micros
from hub.store.database import Connection, Engine, writing
from hub.store.keyscan import Scan

STEP: Final = "keys"
_CHUNK: Final = 5_000
"""Keys noted at once: a connector may give all its keys as one page."""
_STUCK_AFTER: Final = 10


@dataclass(frozen=True, slots=True)
class KeyScanResult:
    """How a scan ended: ``ok``, or ``held`` with the reason in ``note``."""

    run_id: str
    state: str
    counts: Mapping[str, Any]
    note: str | None = None


def scan_keys(engine: Engine, connector: Connector, *, task: StreamTask) -> KeyScanResult:
    """Compare the keys that a system has now with the records held.

    Raises ConfigError for a stream that has no key scan, the connector's errors, and the store's
    where another worker holds the stream or took it over.
    """
    _require_scannable(task)
    scan = _Scan(engine, task)
    try:
        scan.run(connector)
        return scan.complete()
    except BaseException as error:
        scan.fail(error)
        raise


def _require_scannable(task: StreamTask) -> None:
    place = f"{task.connection}/{task.stream.name}"
    if task.stream.retains:
        raise ConfigError(f"{place}: keeps what leaves the system; there is nothing to compare")
    if Capability.KEY_SCAN not in task.stream.capabilities:
        raise ConfigError(f"{place}: has no key scan; a full read compares keys as well")


class _Scan:
    """One run over the keys of one stream."""

    def __init__(self, engine: Engine, task: StreamTask) -> None:
        self._engine = engine
        self._task = task
        self._counts: Counter[str] = Counter()
        self._last: set[str] = set()
        self._stuck = 0
        self._turn = StreamTurn(engine, task, step=STEP)
        self._scan = Scan(self._turn.state.id, to_micros(datetime.now(UTC)))

    def run(self, connector: Connector) -> None:
        """Note every key, chunk by chunk."""
        with writing(self._engine) as connection:
            advanced = self._turn.advance(connection, self._turn.state)
            keyscan.forget(connection, self._scan.stream_id)
        self._turn.state = advanced
        for page in self._pages_of(connector):
            for start in range(0, len(page), _CHUNK):
                self._note(page[start : start + _CHUNK])

    def _pages_of(self, connector: Connector) -> Iterator[Sequence[str]]:
        """The connector's pages; whatever else it raises becomes an error that names the stream."""
        where = {"system": self._task.connection, "stream": self._task.stream.name}
        read = getattr(connector, "keys", None)
        if read is None:
            raise ContractError(
                f"{self._task.connector} declares key_scan and has no method keys(); "
                "tell the connector's author"
            )
        try:
            for page in read(self._task.stream.name):
                yield _checked(page)
        except (HubError, GeneratorExit):
            raise
        except Exception as error:
            raise SourceSchemaError(
                f"the connector broke down on an unexpected answer ({name_breakdown(error)}); "
                "nothing was deleted; tell the connector's author",
                **where,
            ) from error

    def _note(self, keys: Sequence[str]) -> None:
        texts = [key for key in keys if is_storable_key(key)]
        usable = set(texts)
        self._watch_progress(usable)
        with writing(self._engine) as connection:
            advanced = self._turn.advance(connection, self._turn.state)
            known, met = keyscan.note_keys(connection, self._scan.stream_id, usable)
            counts = self._counts + Counter(
                keys=len(keys),
                met=met,
                repeated=len(texts) - len(usable) + known - met,
                unknown=len(usable) - known,
                unreadable=len(keys) - len(texts),
            )
            runs.record_counts(connection, self._turn.run_id, balanced_keys(counts))
        self._turn.state, self._counts = advanced, counts

    def _watch_progress(self, keys: set[str]) -> None:
        """A system that repeats one page for ever is broken, and must not be read for ever."""
        self._stuck = self._stuck + 1 if keys and keys == self._last else 0
        self._last = keys
        if self._stuck >= _STUCK_AFTER:
            raise SourceSchemaError(
                f"the same keys came {_STUCK_AFTER} times: the system's paging, or the "
                "connector's, is broken; nothing was deleted",
                system=self._task.connection,
                stream=self._task.stream.name,
            )

    def complete(self) -> KeyScanResult:
        """Delete what was not met and revive what was, unless too much is gone."""
        turn, scan = self._turn, self._scan
        with writing(self._engine) as connection:
            turn.state = turn.advance(connection, turn.state)
            note = self._objection(connection)
            if note is None:
                self._counts["vanished"] = keyscan.bury_missing(connection, turn.context(), scan)
                self._counts["revived"] = keyscan.revive(connection, turn.context(), scan)
            keyscan.forget(connection, scan.stream_id)
            state, counts = "held" if note else "ok", balanced_keys(self._counts)
            turn.end(connection, state, counts=counts, note=note)
        return KeyScanResult(turn.run_id, state, counts, note)

    def fail(self, error: BaseException) -> None:
        """Record the failure; where even that fails, the first error is the one to raise."""
        self._turn.fail(error, balanced_keys(self._counts))

    def _objection(self, connection: Connection) -> str | None:
        """Why the records that have no key any more must stay."""
        missing, live = keyscan.compare(connection, self._scan)
        if live and not self._counts["keys"]:
            return (
                f"the scan gave no keys at all, and {live} records are held: nothing was deleted; "
                "look at the system and the account's rights"
            )
        if live and not self._counts["met"]:
            return (
                f"none of the scan's keys is that of one of the {live} records held: nothing was "
                "deleted; if the system was filled anew, read it in full"
            )
        if self._task.holds(missing, live):
            return (
                f"{missing} of {live} records are gone from the system: nothing was deleted; if "
                f"that is right, `hub sync {self._task.connection} --keys --allow-deletes` lets it"
            )
        return None


def _checked(page: object) -> Sequence[str]:
    """A page as it is; a text would be taken for a page of its letters."""
    if isinstance(page, str | bytes) or not isinstance(page, Sequence):
        raise ContractError("keys() gave a page that is no list of texts; tell its author")
    return page
