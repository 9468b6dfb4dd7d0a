"""The rules of publishing against the mappings: every flaw is named with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.pipeline.subscriptions import read_creations, read_subscriptions
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


def create(connection: str, stream: str) -> str:
    where = f'connection = "{connection}"\nstream = "{stream}"\n'
    return f'[[publish.rules]]\nmode = "create"\n{where}'


@pytest.mark.parametrize(
    ("recipe", "rules", "flaw"),
    [
        ("", create(*PARTY), "publish.rules.0: the mapping erp.yaml has no create side for erp"),
        (
            "name: diplay_name",
            create(*PARTY),
            "name of erp/party.party is made of unknown 'diplay_name'; did you mean",
        ),
        ("phone: phone", create(*PARTY), "erp/party.party demands name, which nothing fills"),
        ("name: display_name", create(*PARTY) * 2, "a second rule for new records in erp/"),
        (
            "{name: display_name, phone: phone}",
            create(*PARTY) + rule("phone", *PARTY, "never"),
            "phone is filled in new records, though phone is never written",
        ),
    ],
)
def test_a_flaw_of_a_creation_is_named(toml: Path, recipe: str, rules: str, flaw: str) -> None:
    file = toml.parent / "erp.yaml"
    side = recipe if recipe.startswith("{") else "{" + recipe + "}"
    file.write_text(f"{ERP}create:\n  party.party: {side}\n" if recipe else ERP, "utf-8")
    toml.write_text(SYSTEMS + rules, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_workplace(toml)
    assert flaw in str(caught.value)


@pytest.mark.parametrize(
    ("rules", "flaw"),
    [
        (create(*USER), "the mapping desk.yaml has no create side"),
        (rule("phone", *PARTY, "create"), "a rule names an attribute, except for the mode create"),
        ('[[publish.rules]]\nconnection = "erp"\nstream = "x"\n', "a rule names an attribute"),
    ],
)
def test_a_rule_names_a_value_or_makes_records(toml: Path, rules: str, flaw: str) -> None:
    toml.write_text(SYSTEMS + rules, encoding="utf-8")
    with pytest.raises(ConfigError, match=flaw):
        open_workplace(toml)


def test_a_rule_may_fill_what_is_demanded(toml: Path) -> None:
    (toml.parent / "erp.yaml").write_text(f"{ERP}create:\n  party.party: {{code: number}}\n")
    rules = create(*PARTY) + rule("display_name", *PARTY)
    toml.write_text(SYSTEMS + rules, encoding="utf-8")
    (made,) = read_creations(open_site(toml))
    filled = made.recipe.fill({"display_name": "Example Mills", "number": 7})
    assert dict(filled.fields) == {"name": "Example Mills", "code": "7"}
