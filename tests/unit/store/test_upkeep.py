"""Upkeep on both databases: a copy is whole, analysing changes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.store.database import Engine, open_store
from hub.store.digest import digest
from hub.store.schema import migrate
from hub.store.upkeep import StoreSize, analyse, copy_store, ending, store_size
from tests.unit.pipeline.party_world import World, person


@pytest.fixture
def filled(store: Engine) -> Engine:
    """A store with a customer."""
    migrate(store)
    world = World(store)
    world.put("crm:Contact:1", person("Anna", "Berg", email="anna@berg.example"))
    world.resolve()
    return store


def test_a_copy_is_whole_and_private(filled: Engine, tmp_path: Path) -> None:
    target = tmp_path / f"copy{ending(filled)}"
    copy_store(filled, target)
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == [target.name]
    assert target.stat().st_mode & 0o777 == 0o600
    if filled.dialect.name == "sqlite":
        copied = open_store(f"sqlite:///{target}")
        assert digest(copied) == digest(filled)
        copied.dispose()
    else:
        listed = subprocess.run(["pg_restore", "--list", target], capture_output=True, check=True)
        assert b"TABLE DATA public master_party" in listed.stdout


def test_a_copy_replaces_the_one_before(filled: Engine, tmp_path: Path) -> None:
    target = tmp_path / f"copy{ending(filled)}"
    target.write_text("old")
    copy_store(filled, target)
    assert target.stat().st_size > 1000


@pytest.mark.parametrize("vacuum", [False, True])
def test_analysing_changes_nothing(filled: Engine, vacuum: bool) -> None:
    before = digest(filled)
    assert analyse(filled, vacuum=vacuum) > 0
    assert digest(filled) == before


def test_the_size_of_a_store_is_told(filled: Engine) -> None:
    size = store_size(filled)
    assert 1 << 16 < size.total < 1 << 26
    assert size.at_hand == (None if filled.dialect.name == "sqlite" else 128 << 20)
    assert str(size) == f"{size.total >> 20} MB"


def test_a_large_store_asks_for_memory() -> None:
    small, large = StoreSize(2 << 30, 1 << 30), StoreSize(3 << 30, 128 << 20)
    assert str(small) == "2,048 MB"
    assert str(large).startswith("3,072 MB, of which PostgreSQL keeps 128 MB at hand: raise ")


def test_a_missing_program_is_named(
    filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if filled.dialect.name == "sqlite":
        pytest.skip("SQLite copies by itself")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pg_dump is not installed"):
        copy_store(filled, tmp_path / "copy.dump")
    assert list(tmp_path.iterdir()) == []
