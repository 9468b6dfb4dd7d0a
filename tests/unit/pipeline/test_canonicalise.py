"""Canonicalise: parts, references, documents, quarantine and replay, changed mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.errors import ConfigError, WatermarkRegressionError
from hub.mapping.compiler import CompiledStream
from hub.pipeline import canonicalise as module
from hub.sdk.contract import Record, Tombstone
from hub.store import quarantine as quarantine_store
from hub.store import streams
from hub.store.database import Engine, reading, writing
from hub.store.digest import digest
from hub.store.tables import (
    canonical_record,
    canonical_ref,
    document,
    mapping_gap,
    quarantine,
    source_record,
    stream,
)
from tests.unit.pipeline.scripted import (
    FULL_ONLY,
    MAPPING,
    mapping,
    page,
    read,
    record,
    translate,
)


def _rows(store: Engine, table: sa.Table) -> list[Any]:
    with reading(store) as db:
        return list(db.execute(sa.select(table).order_by(*table.primary_key.columns)))


def _settle(store: Engine) -> None:
    """As the next step would: nothing is pending any more."""
    with writing(store) as db:
        db.execute(sa.update(canonical_record).values(pending=False))


def test_a_record_gives_its_parts_with_references_and_document(store: Engine) -> None:
    read(store, page(record("a", boss="b", bill="R1", net="12.50")))
    counts = translate(store).counts
    assert (counts["taken"], counts["mapped"], counts["parts_new"]) == (1, 1, 3)
    assert [row.part for row in _rows(store, canonical_record)] == ["", "boss", "bill"]
    refs = {(row.role, row.source_key) for row in _rows(store, canonical_ref)}
    assert refs == {("from_party", "a"), ("to_party", "b"), ("party", "a")}
    (bill,) = _rows(store, document)
    assert (bill.number, str(bill.gross), bill.currency, bill.kind) == (
        "R1",
        "12.5000",
        "EUR",
        "invoice",
    )


def test_bodies_are_validated_and_leave_absent_values_out(store: Engine) -> None:
    read(store, page(record("a")))
    translate(store)
    (row,) = _rows(store, canonical_record)
    body = orjson.loads(row.body)
    assert (body["kind"], body["display_name"], body["status"]) == ("person", "Name a", "active")
    assert None not in body.values()


def test_nothing_new_means_nothing_to_do(store: Engine) -> None:
    read(store, page(record("a")), stream=FULL_ONLY)
    translate(store)
    before = digest(store)
    read(store, page(record("a")), stream=FULL_ONLY)
    assert translate(store).counts["taken"] == 0
    assert digest(store) == before


def test_only_a_changed_body_goes_downstream(store: Engine) -> None:
    read(store, page(record("a"), record("b")))
    translate(store)
    _settle(store)
    read(store, page(record("a", unmapped="x"), record("b", name="New")))
    counts = translate(store).counts
    assert (counts["taken"], counts["parts_unchanged"], counts["parts_changed"]) == (2, 1, 1)
    pending = [row.pending for row in _rows(store, canonical_record)]
    assert pending == [False, True]
    assert [row.raw_version for row in _rows(store, canonical_record)] == [2, 2]


def test_a_part_that_vanished_becomes_inactive_and_can_return(store: Engine) -> None:
    read(store, page(record("a", boss="b")))
    translate(store)
    _settle(store)
    read(store, page(record("a")))
    assert translate(store).counts["parts_deactivated"] == 1
    party, boss = _rows(store, canonical_record)
    assert (party.active, boss.active, party.pending) == (True, False, False)
    read(store, page(record("a", boss="b")))
    translate(store)
    assert _rows(store, canonical_record)[1].active


def test_a_deleted_record_loses_all_parts(store: Engine) -> None:
    read(store, page(record("a", boss="b")))
    translate(store)
    read(store, page(tombstones=[Tombstone("a")]))
    _settle(store)
    counts = translate(store).counts
    assert (counts["taken"], counts["deleted"], counts["parts_deactivated"]) == (1, 1, 2)
    assert not any(row.active for row in _rows(store, canonical_record))
    assert [row.pending for row in _rows(store, canonical_record)] == [True, False]


def test_an_excluded_record_is_counted_and_loses_its_parts(store: Engine) -> None:
    read(store, page(record("a"), record("b", name="Internal")))
    counts = translate(store).counts
    assert (counts["mapped"], counts["excluded"]) == (1, 1)
    read(store, page(record("a", name="Internal")))
    translate(store)
    assert not any(row.active for row in _rows(store, canonical_record))


def test_a_bad_record_waits_in_quarantine_and_the_old_version_stays(store: Engine) -> None:
    read(store, page(record("a", bill="R1", net="1"), record("b")))
    translate(store)
    read(store, page(record("a", bill="R1", net="secret amount")))
    counts = translate(store).counts
    assert (counts["taken"], counts["quarantined"]) == (1, 1)
    (entry,) = _rows(store, quarantine)
    assert (entry.state, entry.version, entry.stage) == ("open", 2, "canonicalise")
    assert "secret" not in entry.message
    assert _rows(store, document)[0].number == "R1"
    assert all(row.active for row in _rows(store, canonical_record))


def test_quarantine_replays_after_the_mapping_was_mended(store: Engine) -> None:
    read(store, page(record("a", bill="R1", net="12,50 EUR")))
    translate(store)
    with writing(store) as db:
        assert quarantine_store.replay_quarantine(db) == 1
    assert translate(store).counts["quarantined"] == 1
    assert [row.state for row in _rows(store, quarantine)] == ["open"]
    mended = MAPPING.replace("net: net", 'net: {const: "1"}').replace(
        "gross: net", 'gross: {const: "1"}'
    )
    assert translate(store, mended).counts["mapped"] == 1
    assert [row.state for row in _rows(store, quarantine)] == ["replayed"]


def test_a_record_that_fails_under_two_mappings_is_open_once(store: Engine) -> None:
    read(store, page(record("a", bill="R1", net="x")))
    translate(store)
    translate(store, MAPPING + "# another text\n")
    assert [row.state for row in _rows(store, quarantine)] == ["superseded", "open"]


def test_a_changed_mapping_translates_everything_again(store: Engine) -> None:
    read(store, page(record("a"), record("b"), record("c")))
    translate(store)
    assert translate(store, MAPPING + "# a comment\n").counts["parts_unchanged"] == 3
    renamed = MAPPING.replace("display_name: name", "display_name: id")
    assert translate(store, renamed).counts["parts_changed"] == 3
    assert translate(store, renamed).counts["taken"] == 0


def test_unknown_enum_values_are_counted_as_gaps(store: Engine) -> None:
    read(store, page(record("a", role="pirate"), record("b", role="pirate")))
    assert translate(store).counts["gaps"] == 2
    assert [(row.value, row.seen) for row in _rows(store, mapping_gap)] == [("pirate", 2)]


def test_a_nul_or_an_endless_key_is_quarantined(store: Engine) -> None:
    read(store, page(record("a", name="nul \0"), record("b", boss="k" * 3000), record("c")))
    counts = translate(store).counts
    assert (counts["mapped"], counts["quarantined"]) == (1, 2)


def test_a_literal_backslash_is_no_nul(store: Engine) -> None:
    read(store, page(record("a", name=r"C:\u0000")))
    assert translate(store).counts["mapped"] == 1


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_the_size_of_chunks_changes_nothing(store: Engine, chunk: int) -> None:
    read(store, page(*(record(str(n), boss="0") for n in range(7))))
    counts = translate(store, chunk=chunk).counts
    assert (counts["taken"], counts["parts_new"]) == (7, 14)


class _Interrupted:
    """The mapping, with something that happens right before the first record is translated."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._compiled = mapping()
        self._waiting = [meanwhile]
        self.mapping = self._compiled.mapping

    def stream(self, name: str) -> _InterruptedStream:
        return _InterruptedStream(self._compiled.stream(name), self._waiting)


class _InterruptedStream:
    def __init__(self, inner: CompiledStream, waiting: list[Callable[[], object]]) -> None:
        self.excluded_by = inner.excluded_by
        self._inner = inner
        self._waiting = waiting

    def translate(self, fields: dict[str, Any]) -> object:
        while self._waiting:
            self._waiting.pop()()
        return self._inner.translate(fields)


def _translate_interrupted(store: Engine, meanwhile: Callable[[], object]) -> int:
    task = module.CanonicaliseTask(connection="toy", stream="person", text=MAPPING)
    slow: Any = _Interrupted(meanwhile)
    return module.canonicalise(store, slow, task=task).counts["taken"]


def test_a_record_that_changed_while_it_was_translated_stays_pending(store: Engine) -> None:
    read(store, page(record("a"), record("b")))
    newer = page(record("a", name="Newer"))
    assert _translate_interrupted(store, lambda: read(store, newer)) == 1
    waiting = [row.source_key for row in _rows(store, source_record) if row.pending]
    assert waiting == ["a"]
    assert translate(store).counts["taken"] == 1


def test_a_worker_with_an_old_mapping_stops(store: Engine) -> None:
    def change_mapping() -> None:
        with writing(store) as db:
            db.execute(sa.update(stream).values(mapping_digest="newer"))

    read(store, page(record("a")))
    with pytest.raises(WatermarkRegressionError, match="another mapping"):
        _translate_interrupted(store, change_mapping)
    assert _rows(store, canonical_record) == []


def test_a_stream_that_was_never_read_is_named(store: Engine) -> None:
    with pytest.raises(ConfigError, match="toy/person"):
        translate(store)


def test_a_payload_that_is_no_object_is_quarantined(store: Engine) -> None:
    read(store, page(Record("a", ["no", "object"])))  # type: ignore[arg-type]  # a careless system
    assert translate(store).counts["quarantined"] == 1


def test_references_make_the_streams_they_point_to(store: Engine) -> None:
    read(store, page(record("a", boss="b")))
    text = MAPPING.replace("to_party: {ref: {type: person", "to_party: {ref: {type: Chief")
    translate(store, text)
    with reading(store) as db:
        assert streams.find_stream(db, "toy", "Chief") is not None
