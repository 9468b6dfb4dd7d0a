"""The sheets beside a signed pack: they follow the store, and a void one says so by a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hub.pipeline.reconcile import Request, reconcile
from hub.pipeline.sign_off import approve, end_of, prepare
from hub.pipeline.sign_off_files import void_with_sheets, write_sheet
from hub.pipeline.workplace import Workplace, open_workplace
from hub.store.columns import new_id
from hub.store.database import Engine
from tests.unit.pipeline.control_world import Books
from tests.unit.pipeline.test_sign_off import PERIOD, by, post


def workplace(store: Engine, folder: Path) -> Workplace:
    url = store.url.render_as_string(hide_password=False)
    (folder / "hub.toml").write_text(f'[hub]\ncompany = "Test"\nstore = "{url}"\n')
    return open_workplace(folder / "hub.toml")


def sheet(folder: Path) -> str:
    return (folder / "reports" / PERIOD / "sign-off.html").read_text()


def test_a_sheet_follows_its_sign_off_and_a_late_posting_voids_it(
    store: Engine, tmp_path: Path
) -> None:
    work, books = workplace(store, tmp_path), Books()
    post(books, "1", "100", on=date(2026, 9, 10))
    books.store(store)
    books.rows.clear()
    pack = reconcile(store, Request(company="T", cut_off=end_of(PERIOD)))
    prepare(store, PERIOD, pack, by("paula"))
    write_sheet(work, PERIOD)
    assert "not signed yet" in sheet(tmp_path)
    approve(store, PERIOD, by("anton"))
    write_sheet(work, PERIOD)
    assert "anton" in sheet(tmp_path)
    assert not void_with_sheets(work, new_id())
    post(books, "2", "-40", on=date(2026, 9, 30))
    books.store(store)
    assert list(void_with_sheets(work, new_id())) == [PERIOD]
    assert "Void since" in sheet(tmp_path)
    assert "1 documents, now 2" in (tmp_path / "reports" / PERIOD / "VOID.txt").read_text()


def test_a_period_that_is_prepared_anew_is_no_longer_marked_void(
    store: Engine, tmp_path: Path
) -> None:
    work, books = workplace(store, tmp_path), Books()
    for key, day in (("1", 10), ("2", 11)):
        pack = reconcile(store, Request(company="T", cut_off=end_of(PERIOD)))
        prepare(store, PERIOD, pack, by("paula"))
        post(books, key, "100", on=date(2026, 9, day))
        books.store(store)
        books.rows.clear()
        void_with_sheets(work, new_id())
    assert (tmp_path / "reports" / PERIOD / "VOID.txt").exists()
    prepare(store, PERIOD, pack, by("paula"))
    write_sheet(work, PERIOD)
    assert not (tmp_path / "reports" / PERIOD / "VOID.txt").exists()


def test_there_is_no_sheet_where_nothing_is_prepared(store: Engine, tmp_path: Path) -> None:
    assert write_sheet(workplace(store, tmp_path), PERIOD) == []
