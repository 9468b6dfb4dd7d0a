"""hub sync --keys on the demo company's ERP: a deletion that Tryton hides, and too many of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.demo.company import generate
from hub.demo.site import lay_out
from tests.integration.conftest import Command

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    lay_out(generate(seed=3, customers=40), folder)
    return folder


@pytest.fixture
def hub(site: Path, command: Command) -> Call:
    return partial(command, "-c", site)


def remove(site: Path, chosen: Callable[[list[str]], Iterable[str]]) -> int:
    """Delete sales from the ERP's state; returns how many are left."""
    file = site / "systems" / "erp.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    for key in list(chosen(sorted(state["sale.sale"]))):
        del state["sale.sale"][key]
    file.write_text(json.dumps(state), encoding="utf-8")
    return len(state["sale.sale"])


def sales(told: str) -> Any:
    return next(row for row in json.loads(told) if row["stream"] == "sale.sale")


def test_a_deleted_sale_is_found_by_its_key(hub: Call, site: Path) -> None:
    hub("sync", "erp")
    left = remove(site, lambda keys: keys[:1])
    assert sales(hub("sync", "erp", "--json")[1])["vanished"] == 0
    row = sales(hub("sync", "erp", "--keys", "--json")[1])
    assert (row["keys"], row["vanished"], row["deleted"]) == (left, 1, 1)


def test_too_many_are_held_until_they_are_allowed(hub: Call, site: Path) -> None:
    hub("sync", "erp")
    remove(site, lambda keys: keys[: len(keys) // 2])
    code, told, warned = hub("sync", "erp", "--keys", "--json")
    assert (code, sales(told)["vanished"]) == (0, 0)
    assert "erp/sale.sale" in warned
    assert "--keys --allow-deletes" in warned
    code, told, warned = hub("sync", "erp", "--keys", "--allow-deletes", "--json")
    assert sales(told)["vanished"] > 5
    assert warned == ""


def test_a_held_full_read_is_let_through_the_same_way(hub: Call, site: Path) -> None:
    hub("sync", "erp")
    remove(site, lambda keys: keys[: len(keys) // 2])
    assert "--full --allow-deletes" in hub("sync", "erp", "--full")[2]
    row = sales(hub("sync", "erp", "--full", "--allow-deletes", "--json")[1])
    assert row["vanished"] > 5


def test_the_table_is_about_keys(hub: Call) -> None:
    hub("sync", "erp")
    out = hub("sync", "erp", "--keys")[1]
    assert out.split()[:6] == ["connection", "stream", "keys", "unknown", "vanished", "revived"]


def test_a_connection_without_key_scan_says_so(hub: Call) -> None:
    code, _, warned = hub("sync", "partners", "--keys")
    assert code == 0
    assert "hub sync --full" in warned


def test_full_and_keys_exclude_each_other(hub: Call) -> None:
    assert hub("sync", "erp", "--keys", "--full")[0] == 2
