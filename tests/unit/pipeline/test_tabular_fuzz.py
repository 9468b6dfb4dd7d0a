"""Whatever a file holds, it gives records or one clear error."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.match.blocking import match_keys
from hub.match.features import build_features
from hub.match.profile import build_profile
from hub.match.tabular import open_table
from hub.match.tabular_layout import FIELDS, lay_out, load_tabular_mapping
from hub.pipeline.tabular_bodies import RecordsFile

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["12/11/1978", "٣/١٢/١٩٧٨", "a@example.org;b@", "|;|", "+43 1", "DE123456789", "GmbH", "0"]
)
NAMES = [name for name in FIELDS if name not in ("record_id", "kind")]
fuzzed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def records_of(path: Path) -> int:
    table = open_table(path)
    file = RecordsFile(table, lay_out(table, load_tabular_mapping(None)))
    rows = (build_features(build_profile(record.body)) for record in file.records())
    return sum(isinstance(match_keys(row), frozenset) for row in rows)


@fuzzed
@given(st.binary(max_size=200), st.sampled_from([b"", b"record_id,city\n", b"\xff\xfe", b"PAR1"]))
def test_any_bytes(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "records"
    path.write_bytes(start + content)
    try:
        assert records_of(path) > 0
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017  # either outcome is right


@fuzzed
@given(st.lists(st.lists(CELLS, min_size=len(NAMES), max_size=len(NAMES)), min_size=1))
def test_any_cells(tmp_path: Path, rows: list[list[str]]) -> None:
    quoted = [[str(n), *row] for n, row in enumerate(rows)]
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in quoted]
    path = tmp_path / "records.csv"
    header = ",".join(["record_id", *NAMES])
    path.write_text("\n".join([header, *lines]), encoding="utf-16", newline="")
    assert records_of(path) == len(rows)


@fuzzed
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_mapping_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_tabular_mapping(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017  # either outcome is right
