"""Marks: recognised with the key alone, few or many, and never readable without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.errors import ConfigError
from hub.store import suppression
from hub.store.database import Engine, reading, writing
from hub.store.suppression import Marks, add_marks, begin_marks, find_marks, open_marks

KEY = "a key of enough characters"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_nobody_erased_asks_for_no_key(store: Engine) -> None:
    with reading(store) as db:
        assert open_marks(db, suppression.no_key) is None


def test_a_short_key_is_refused(store: Engine) -> None:
    with writing(store) as db, pytest.raises(ConfigError, match="less than 16"):
        begin_marks(db, lambda: "short", NOW)


def test_the_first_key_is_the_stores_for_ever(store: Engine) -> None:
    with writing(store) as db:
        begin_marks(db, lambda: KEY, NOW)
    with reading(store) as db:
        assert open_marks(db, lambda: KEY) is not None
        with pytest.raises(ConfigError, match="another key"):
            open_marks(db, lambda: KEY + "!")


@pytest.mark.parametrize("kept", [3, 700])
@pytest.mark.parametrize("asked", [2, 1_200])
def test_marks_are_found_among_many(
    store: Engine, kept: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppression, "_FEW", 100)
    marks = Marks(KEY)
    with writing(store) as db:
        add_marks(db, {suppression.RECORD: [marks.record(1, str(n)) for n in range(kept)]}, NOW)
        wanted = [marks.record(1, str(n)) for n in range(1, asked + 1)]
        found = find_marks(db, (suppression.RECORD,), wanted)
        assert len(found) == min(kept - 1, asked)
        assert find_marks(db, (suppression.EMAIL,), wanted) == set()


def test_marks_differ_by_key_kind_and_place() -> None:
    one, other = Marks(KEY), Marks(KEY + "!")
    made = [
        one.record(1, "a"),
        one.record(2, "a"),
        one.part(1, "a", ""),
        one.email("a"),
        one.word("a"),
        one.phone("a", ""),
        other.email("a"),
    ]
    assert len(set(made)) == len(made)
    assert one.word(" Anna  Z ") == one.word("anna z")
