"""Paths that lead out of the folder: refused in the settings, or when the file is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.file.config import FileConfig
from connectors.file.reader import FileReader
from hub.errors import SourceError, SourceSchemaError

SECRET = "id,name\n1,secret\n"


def reader(root: Path, path: str = "partners.csv") -> FileReader:
    entry: dict[str, Any] = {"name": "partners", "path": path, "format": "csv", "key": ["id"]}
    return FileReader(FileConfig.model_validate({"root": root, "files": [entry]}))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "..",
        "a/../../secret.csv",
        "./../secret.csv",
        "a/b/../../../secret.csv",
        "/etc/passwd",
        "//etc/passwd",
        "..\\secret.csv",
        "a\\..\\..\\secret.csv",
        "C:\\secret.csv",
        "\\\\server\\share\\secret.csv",
        "partners.csv\0.txt",
        "",
    ],
)
def test_a_path_that_leads_out_is_refused_in_the_settings(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValidationError):
        reader(tmp_path, path)


@pytest.mark.parametrize(
    "path", ["%2e%2e/secret.csv", "..%2fsecret.csv", "~/secret.csv", "$HOME/x"]
)
def test_nothing_in_a_path_is_decoded_or_expanded(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.csv").write_text(SECRET)
    with pytest.raises(SourceError, match="not there"):
        reader(root, path).check()


def link(root: Path, target: str) -> None:
    (root / "partners.csv").symlink_to(target)


def link_to_a_folder(root: Path) -> None:
    (root / "inside").symlink_to("..")
    link(root, "inside/secret.csv")


def link_to_a_link(root: Path) -> None:
    (root / "second").symlink_to("../secret.csv")
    link(root, "second")


def link_to_itself(root: Path) -> None:
    link(root, "partners.csv")


def link_to_a_neighbour(root: Path) -> None:
    """A folder whose name begins like the root's is not below it."""
    neighbour = root.with_name(root.name + "-backup")
    neighbour.mkdir()
    (neighbour / "secret.csv").write_text(SECRET)
    link(root, f"../{neighbour.name}/secret.csv")


@pytest.mark.parametrize(
    "prepare",
    [
        lambda root: link(root, "../secret.csv"),
        lambda root: link(root, str(root.parent / "secret.csv")),
        lambda root: link(root, "/etc/passwd"),
        lambda root: link(root, "/proc/self/environ"),
        lambda root: link(root, "nowhere"),
        link_to_a_folder,
        link_to_a_link,
        link_to_itself,
        link_to_a_neighbour,
        lambda root: os.mkfifo(root / "partners.csv"),
        lambda root: (root / "partners.csv").mkdir(),
    ],
)
def test_what_is_no_file_below_the_root_is_not_read(
    tmp_path: Path, prepare: Callable[[Path], None]
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.csv").write_text(SECRET)
    prepare(root)
    with pytest.raises(SourceError) as refused:
        list(reader(root).read("partners", None))
    assert "secret" not in str(refused.value)


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "partners.csv").write_text(SECRET)
    (tmp_path / "root").symlink_to("real")
    assert reader(tmp_path / "root").check() == "1 file(s) can be read"


def test_a_file_with_two_names_below_the_root_is_a_file(tmp_path: Path) -> None:
    """A hard link can't be told from a file; who may make one could copy the file as well."""
    (tmp_path / "other.csv").write_text(SECRET)
    (tmp_path / "partners.csv").hardlink_to(tmp_path / "other.csv")
    assert reader(tmp_path).check() == "1 file(s) can be read"


def test_an_unknown_stream_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceSchemaError, match="no such file is configured"):
        list(reader(tmp_path).read("../secret", None))
