"""hub airflow install-dags: writes what is missing and never over somebody's work."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.bundled import bundled
from hub.cli.main import app
from hub.errors import ConfigError

NAMES = {
    "hub_sync.py",
    "hub_keys.py",
    "hub_resolve.py",
    "hub_publish.py",
    "hub_approve.py",
    "hub_reconcile.py",
    "hub_maintain.py",
}


def install(folder: Path, *options: str) -> str:
    command = ["airflow", "install-dags", str(folder), *options]
    done = CliRunner().invoke(app, command, catch_exceptions=True)
    if isinstance(done.exception, ConfigError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_writes_the_bundled_files(tmp_path: Path) -> None:
    folder = tmp_path / "airflow" / "dags"
    assert "7 written" in install(folder)
    assert {path.name for path in folder.iterdir()} == NAMES
    for name in NAMES:
        assert (folder / name).read_bytes() == (bundled("dags") / name).read_bytes()


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert "0 written, 7 up to date" in install(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_files_that_differ_are_kept(tmp_path: Path) -> None:
    (tmp_path / "hub_sync.py").write_text("# mine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"hub_sync\.py differ.*nothing was changed.*--force"):
        install(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["hub_sync.py"]
    assert (tmp_path / "hub_sync.py").read_text(encoding="utf-8") == "# mine\n"


def test_force_overwrites_ours_and_leaves_the_rest(tmp_path: Path) -> None:
    (tmp_path / "hub_sync.py").write_text("# mine\n", encoding="utf-8")
    (tmp_path / "other.py").write_text("# theirs\n", encoding="utf-8")
    assert "7 written" in install(tmp_path, "--force")
    assert (tmp_path / "other.py").read_text(encoding="utf-8") == "# theirs\n"
    assert "hub.airflow.factory" in (tmp_path / "hub_sync.py").read_text(encoding="utf-8")


def test_run_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    done = CliRunner().invoke(app, ["airflow", "run"])
    assert isinstance(done.exception, ConfigError)
    assert "hub demo" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
