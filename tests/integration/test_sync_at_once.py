"""Several connections are read at once, into the store that one after the other gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.main import app
from hub.config import load_config
from hub.demo.company import generate
from hub.demo.site import lay_out
from hub.store.database import open_store
from hub.store.digest import digest


def synced(folder: Path, at_once: int) -> str:
    lay_out(generate(seed=3, customers=40), folder)
    toml = folder / "hub.toml"
    toml.write_text(toml.read_text().replace("[hub]\n", f"[hub]\nat_once = {at_once}\n"))
    app(["--config", str(folder), "sync"], standalone_mode=False)
    return str(digest(open_store(load_config(toml).store_url)))


def test_the_store_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, many = synced(tmp_path / "one", 1), synced(tmp_path / "many", 6)
    assert one == many
    rows = capsys.readouterr().out
    assert rows.count("sfa") >= 8
