"""The rules of publishing against the mappings: every flaw is named with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.pipeline.subscriptions import read_subscriptions
from hub.pipeline.workplace import open_site, open_workplace

SYSTEMS = """
[connections.sfa]
connector = "salesforce"
[connections.erp]
connector = "tryton"
mapping = "erp.yaml"
[connections.desk]
connector = "request_tracker"
mapping = "desk.yaml"
[connections.mail]
connector = "imap"
"""
ERP = """
system: tryton
version: 1
streams:
  party.party: [{entity: party, fields: {kind: {const: person}, display_name: name}}]
write:
  party.party: {display_name: name, legal_name: name, phone: phone}
"""
DESK = """
system: request_tracker
version: 1
streams:
  user: [{entity: party, fields: {kind: {const: person}, display_name: RealName}}]
write:
  user: {display_name: RealName, legal_name: RealName, phone: WorkPhone}
"""


def rule(attribute: str, connection: str, stream: str, mode: str = "update") -> str:
    return (
        f'[[publish.rules]]\nattribute = "{attribute}"\nconnection = "{connection}"\n'
        f'stream = "{stream}"\nmode = "{mode}"\n'
    )


def owner(attribute: str, connection: str) -> str:
    return f'[[publish.owners]]\nattribute = "{attribute}"\nconnection = "{connection}"\n'


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    (tmp_path / "erp.yaml").write_text(ERP, encoding="utf-8")
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    return tmp_path / "hub.toml"


PARTY, USER = ("erp", "party.party"), ("desk", "user")


@pytest.mark.parametrize(
    ("rules", "flaw"),
    [
        (rule("lang", *PARTY), "publish.rules.0: the mapping erp.yaml has no write side for lang"),
        (rule("phone", "erp", "party"), "the connector tryton has no stream 'party'"),
        (rule("phone", "mail", "message"), "publish.rules.0: the connector imap can't write"),
        (
            rule("display_name", *PARTY) + rule("legal_name", *PARTY),
            "publish.rules.1: display_name and legal_name would both be written to name",
        ),
        (
            owner("legal_name", "erp")
            + owner("display_name", "desk")
            + rule("display_name", *PARTY)
            + rule("legal_name", *USER),
            "publish.rules: display_name goes in a circle",
        ),
    ],
)
def test_a_flaw_is_named_with_file_and_key(toml: Path, rules: str, flaw: str) -> None:
    toml.write_text(SYSTEMS + rules, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_workplace(toml)
    assert flaw in str(caught.value)
    assert str(caught.value).startswith(f"{toml}: ")


def test_what_is_never_written_needs_no_write_side(toml: Path) -> None:
    toml.write_text(SYSTEMS + rule("lang", *PARTY, "never") + rule("phone", *USER), "utf-8")
    (made,) = read_subscriptions(open_site(toml))
    assert (made.attribute, made.connection, made.field) == ("phone", "desk", "WorkPhone")


def test_owners_of_different_values_may_write_to_each_other(toml: Path) -> None:
    owners = owner("legal_name", "erp") + owner("phone", "desk")
    rules = rule("legal_name", *USER) + rule("phone", *PARTY)
    toml.write_text(SYSTEMS + owners + rules, encoding="utf-8")
    assert len(read_subscriptions(open_site(toml))) == 2
