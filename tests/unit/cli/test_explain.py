"""`hub explain` for a pair: words, JSON, and a page that holds whatever names people have."""

from __future__ import annotations

import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import app
from hub.errors import ConfigError, StoreError
from hub.pipeline.steward import Steward
from hub.store.database import open_store
from hub.store.schema import migrate
from tests.unit.pipeline.party_world import World, person

HOSTILE = "<img src=x onerror=alert(1)>'\"{{7*7}}</td><script>"
REFERRING = {"src", "href", "xlink:href", "action", "data", "poster", "srcset", "background"}
MAIL = "anna.zyx@mail.example"


class Tags(HTMLParser):
    """The names of all tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration whose store holds three records of two customers."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    (tmp_path / "hub.toml").write_text(f'[hub]\nstore = "{url}"\n', encoding="utf-8")
    engine = open_store(url)
    migrate(engine)
    world = World(engine)
    world.put("crm:C:1", person("Anna", "Zyxwinkel", email=MAIL, street=HOSTILE))
    world.put("erp:P:<b>", person("Anna", HOSTILE, email=MAIL, phone="+49 89 5550100"))
    world.put("shop:U:1", person("Ivo", "Brunnov", email="ivo@mail.example"))
    world.resolve()
    ids = [{world.records[key]} for key in ("crm:C:1", "erp:P:<b>")]
    Steward(engine, HOSTILE).keep_apart(*ids, reason=HOSTILE)
    engine.dispose()
    return tmp_path


def run(site: Path, *words: object) -> None:
    app(["-c", str(site), "explain", *map(str, words)], standalone_mode=False)


def run_json(site: Path, capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    run(site, *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_json_holds_all_of_it(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(site, capsys, "crm:C:1", "erp:P:<b>")
    best = found["best"]
    parts = sum(item["bits"] for item in best["fields"])
    assert best["before"] + parts + best["lookalikes"] == pytest.approx(best["bits"])
    assert (found["one_customer"], found["reasons"][0]["code"]) == (False, "never_link")
    assert found["thresholds"]["certain"] > found["thresholds"]["possible"]
    assert {key["key"] for key in best["keys"]} >= {f"em:{MAIL}"}
    assert found["decisions"][0]["actor"] == HOSTILE
    assert [(p["left"], p["right"]) for p in found["pairs"]] == [("crm:C:1", "erp:P:<b>")]
    assert {field["field"] for field in best["fields"]} >= {"given_name", "family_name", "email"}
    assert "left_id" not in json.dumps(found)


def test_the_terminal_tells_answer_figures_and_keys(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(site, "crm:C:1", "shop:U:1")
    shown = capsys.readouterr().out
    assert "Not one customer: not certain" in shown
    assert "odds of any two records" in shown
    assert re.search(r"given name\s+different\s+anna\s+ivo\s+-\d", shown)
    assert "Match keys that both have" in shown
    assert "Decisions of people: none" in shown


def test_the_page_escapes_what_people_are_called(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pair.html"
    run(site, "crm:C:1", "erp:P:<b>", "--html", out)
    assert f"written to {out}; it is personal data" in capsys.readouterr().out.replace("\n", " ")
    text = out.read_text(encoding="utf-8")
    assert "erp:P:&lt;b&gt;" in text
    assert "&lt;script&gt;" in text
    page = Tags()
    page.feed(text)
    assert not page.tags & {"script", "img", "iframe", "link", "b", "object", "form"}
    assert not [name for name in page.attributes if name.startswith("on") or name in REFERRING]
    assert not re.search(r"//|@import|url\(", text)
    assert "{{7*7}}" in text
    assert "Content-Security-Policy" in text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_page_and_json_go_together(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pair.html"
    assert run_json(site, capsys, "crm:C:1", "shop:U:1", "--html", out)["best"]["bits"] < 0
    assert "<svg" in out.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="can't be written"):
        run(site, "crm:C:1", "shop:U:1", "--html", tmp_path / "none" / "x.html")


def test_the_second_word_may_be_a_golden_attribute(site: Path) -> None:
    with pytest.raises(ConfigError, match="no chart"):
        run(site, "crm:C:1", "phone", "--html", "x.html")
    with pytest.raises(StoreError, match="no golden attribute") as raised:
        run(site, "crm:C:1", "Nobody@mail.example")
    assert "Nobody" not in str(raised.value)
