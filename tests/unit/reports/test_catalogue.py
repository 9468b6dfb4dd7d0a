"""A company's own reports: from a folder or a plugin, and refused with a reason where wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.errors import ConfigError
from hub.pipeline.reconcile import Request, reconcile
from hub.reports.catalogue import all_reports, hookimpl, read_definition, rules_hash
from hub.store.database import Engine

OWN: dict[str, Any] = {
    "id": "OWN1",
    "title": "Own",
    "question": "Whose?",
    "checks": [
        {
            "id": "large",
            "title": "Large",
            "cause": "amount",
            "owner": "finance",
            "subject": ["source_key"],
            "sql": "SELECT source_key, account_no FROM rpt_account_v2",
            "columns": {"account_no": "Account"},
        }
    ],
}


def changed(**check: Any) -> dict[str, Any]:
    return {**OWN, "checks": [{**OWN["checks"][0], **check}]}


class Plugin:
    @hookimpl
    def hub_reports(self) -> list[dict[str, Any]]:
        return [OWN]


class Wrong:
    @hookimpl
    def hub_reports(self) -> str:
        return "R1"


def test_a_folder_and_a_plugin_add_reports(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({**OWN, "id": "OWN2"}), encoding="utf-8")
    known = all_reports(tmp_path, [Plugin()])
    assert list(known)[:2] == ["R1", "R2"]
    assert {"OWN1", "OWN2"} < set(known)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({**OWN, "checks": []}, "a check or a table"),
        ({**OWN, "extra": 1}, "extra"),
        (changed(cause="weather"), "cause"),
        (changed(sql="SELECT source_key FROM source_record"), "only the views rpt_"),
        (changed(sql="DELETE FROM rpt_account_v2"), "sql"),
        (changed(sql="SELECT 1 FROM rpt_account_v2; DROP TABLE link"), "without a semicolon"),
        (changed(sql="SELECT 1 FROM rpt_account_v2 WHERE x = :secret"), "unknown parameter"),
        (changed(amount="balance"), "listed in money"),
        (changed(compare={"left": "a", "right": "b", "percent": 100}), "percent"),
        ("text", "OWN.yaml"),
    ],
)
def test_a_wrong_report_is_refused_with_its_reason(content: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=r"OWN\.yaml") as caught:
        read_definition(content, "OWN.yaml")
    assert reason in str(caught.value)


def test_a_file_that_is_no_yaml_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("id: [\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml, line 2: not YAML"):
        all_reports(tmp_path)


def test_a_report_does_not_replace_another(tmp_path: Path) -> None:
    (tmp_path / "r1.yaml").write_text(yaml.safe_dump({**OWN, "id": "R1"}), encoding="utf-8")
    with pytest.raises(ConfigError, match="there already"):
        all_reports(tmp_path)


def test_a_plugin_that_returns_no_list_is_refused() -> None:
    with pytest.raises(ConfigError, match="returned str"):
        all_reports(plugins=[Wrong()])


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"sql": "SELECT nothing FROM rpt_account_v2"}, "OWN1, large: the database refuses"),
        ({"sql": "SELECT 1 AS source_key FROM rpt_none_v1"}, "no view rpt_none_v1"),
        ({"sql": "SELECT 1 AS source_key, 2 AS n FROM rpt_party_v1"}, ""),
    ],
)
def test_a_query_that_fails_names_its_check(
    store: Engine, check: dict[str, Any], reason: str
) -> None:
    known = {"OWN1": read_definition(changed(**check), "OWN.yaml")}
    if not reason:
        assert reconcile(store, Request(company="T", known=known)).results[0].break_count == 0
        return
    with pytest.raises(ConfigError, match=reason):
        reconcile(store, Request(company="T", known=known))


def test_other_rules_have_another_hash() -> None:
    one, other = read_definition(OWN, "x"), read_definition(changed(grace_hours=1), "x")
    assert rules_hash([one]) == rules_hash([one]) != rules_hash([other])
