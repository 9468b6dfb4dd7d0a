"""Bad input: each gets one line that says what to do, and leaves nothing half-done."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.cli.main import run
from hub.plugins import discover
from hub.sdk import Fault, HttpStandIn, StandIn, StandInState
from hub.sdk.standin import Request, Response

SECRET = "correct-horse-battery"  # the canary that no message may show
USERS = {
    str(number): {
        "id": number,
        "Name": f"user{number}",
        "EmailAddress": f"user{number}@customer.example",
        "RealName": f"Test Person {number}",
        "WorkPhone": f"+49 30 9018200{number}",
        "Privileged": 0,
        "Created": "2026-01-01T10:00:00Z",
        "LastUpdated": f"2026-01-0{number}T10:00:00Z",
    }
    for number in range(1, 6)
}


@dataclass
class Bench:
    """A site with one connection, and the command line run inside this process."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, connector: str, records: dict[str, Any]) -> StandIn:
        standin = discover().standins[connector].start(StandInState(records), 0)
        self.stack.callback(standin.stop)
        self.connect(connector, **standin.config)
        return standin

    def connect(self, connector: str, **settings: Any) -> None:
        (self.folder / "secret.json").write_text(json.dumps(settings), encoding="utf-8")
        lines = f'[connections.it]\nconnector = "{connector}"\ncredentials = "file:secret.json"\n'
        (self.folder / "hub.toml").write_text(lines, encoding="utf-8")

    def hub(self, *words: str) -> tuple[int, str, str]:
        sys.argv = ["hub", "--config", str(self.folder / "hub.toml"), *words]
        try:
            run()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        shown = self.capture.readouterr()
        return code, shown.out, shown.err

    def fails(self, *words: str) -> str:
        """Run a command that must fail with one clean line for each stream; returns the first."""
        code, out, err = self.hub(*words)
        errors = [line for line in err.splitlines() if line.startswith("error:")]
        assert code not in (0, 70), (out, err)
        assert errors, err
        assert errors == err.splitlines()
        assert "Traceback" not in err + out
        assert SECRET not in err + out
        assert "customer.example" not in err
        return errors[0]

    def records(self) -> int:
        code, out, err = self.hub("status", "--json")
        assert code == 0, err
        return sum(int(row["records"]) for row in json.loads(out)["streams"])


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setattr(sys, "argv", sys.argv)
    made = Bench(tmp_path, capsys)
    with made.stack:
        yield made


RT_SETTINGS = {"base_url": "http://127.0.0.1:9", "username": "hub", "password": SECRET}


def test_an_unreachable_host(bench: Bench) -> None:
    bench.connect("request_tracker", **RT_SETTINGS)
    assert "reach" in bench.fails("sync")
    assert bench.records() == 0


def test_a_wrong_password(bench: Bench) -> None:
    standin = bench.start("request_tracker", {"user": USERS, "ticket": {}})
    bench.connect("request_tracker", **{**standin.config, "password": SECRET})
    line = bench.fails("connection", "check", "it")
    assert "credential" in line or "password" in line
    bench.fails("sync")
    assert bench.records() == 0


def test_a_token_that_expires_is_renewed(bench: Bench) -> None:
    standin = bench.start("salesforce", {"Account": {}, "Contact": {}, "Lead": {}})
    standin.fail(Fault(kind="status", status=401, path="/query"))
    code, _, err = bench.hub("sync")
    assert code == 0, err


@pytest.mark.parametrize(
    ("fault", "word"),
    [(Fault(kind="truncate", times=99), "cut"), (Fault(kind="not_json", times=99), "JSON")],
    ids=["truncated", "not-json"],
)
def test_a_broken_body(bench: Bench, fault: Fault, word: str) -> None:
    standin = bench.start("request_tracker", {"user": USERS, "ticket": {}})
    standin.fail(fault)
    line = bench.fails("sync")
    assert "it" in line or "request_tracker" in line
    assert word.lower() in line.lower() or "answer" in line.lower()
    assert bench.records() == 0


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9))
    + "]><Envelope>&a8;</Envelope>"
)


def test_an_xml_bomb(bench: Bench) -> None:
    def answer(_: Request) -> Response:
        return Response(200, BOMB, {"content-type": "text/xml"})

    server = HttpStandIn(StandInState({}), answer)
    bench.stack.callback(server.stop)
    bench.connect("dolibarr", base_url=server.url, key=SECRET, login="hub", password=SECRET)
    begun = time.monotonic()
    bench.fails("sync")
    assert time.monotonic() - begun < 5


def test_a_field_of_another_type_waits_in_quarantine(bench: Bench) -> None:
    odd = {**USERS["1"], "id": 9, "Name": "user9", "WorkPhone": {"tomorrow": True}}
    bench.start("request_tracker", {"user": {**USERS, "9": odd}, "ticket": {}})
    code, _, err = bench.hub("sync")
    assert code == 0, err
    _, out, _ = bench.hub("quarantine", "list", "--json")
    (entry,) = json.loads(out)
    assert entry["stream"] == "user"
    assert "tomorrow" not in out
    assert bench.records() == 6


def test_a_time_that_is_none_costs_one_record(bench: Bench) -> None:
    odd = {**USERS["1"], "id": 9, "Name": "user9", "LastUpdated": "the day after tomorrow"}
    bench.start("request_tracker", {"user": {**USERS, "9": odd}, "ticket": {}})
    code, _, err = bench.hub("sync")
    assert code == 0, err
    _, out, _ = bench.hub("quarantine", "list", "--json")
    (entry,) = json.loads(out)
    assert entry["stream"] == "user"
    assert "tomorrow" not in out


def test_an_answer_that_no_connector_expects(bench: Bench) -> None:
    bench.start("dolibarr", {"thirdparty": {"x": {"id": "tomorrow", "ref": "Example NV"}}})
    line = bench.fails("sync")
    assert "it/thirdparty" in line
    assert "tomorrow" not in line


def test_a_report_folder_that_is_a_file(bench: Bench) -> None:
    (bench.folder / "hub.toml").touch()
    (bench.folder / "taken").touch()
    folder = str(bench.folder / "taken")
    assert "taken: can't be written to" in bench.fails("reconcile", "--out", folder)


def test_a_broken_system_stops_no_other(bench: Bench) -> None:
    (bench.folder / "blank.csv").touch()
    (bench.folder / "list.csv").write_text("id,name\n1,A GmbH\n", encoding="utf-8")
    files = """[connections.{}]
        connector = "file"
        options = {{ root = ".", files = [
            {{ name = "blank", path = "blank.csv", format = "csv", key = ["id"] }},
            {{ name = "customers", path = "list.csv", format = "csv", key = ["id"] }},
        ] }}
    """
    both = files.format("first") + files.format("second")
    (bench.folder / "hub.toml").write_text(both, encoding="utf-8")
    code, out, err = bench.hub("sync", "--json")
    assert code == 4
    assert [line.split(": ")[1] for line in err.splitlines()] == ["first/blank", "second/blank"]
    assert [(row["connection"], row["new"]) for row in json.loads(out)] == [
        ("first", 1),
        ("second", 1),
    ]


def test_a_missing_key_is_kept_and_named(bench: Bench) -> None:
    (bench.folder / "list.csv").write_text("id,name\n1,A GmbH\n,B GmbH\n", encoding="utf-8")
    files = [{"name": "customers", "path": "list.csv", "format": "csv", "key": ["id"]}]
    bench.connect("file", root=str(bench.folder), files=files)
    code, _, err = bench.hub("sync")
    assert code == 0, err
    _, out, _ = bench.hub("quarantine", "list", "--json")
    (entry,) = json.loads(out)
    assert "key" in entry["message"]


def test_a_mapping_with_a_typo(bench: Bench) -> None:
    bench.start("request_tracker", {"user": USERS, "ticket": {}})
    (bench.folder / "mine.yaml").write_text(
        "system: request_tracker\nversion: 1\nstreams:\n  user:\n    - entity: party\n"
        "      fields:\n        kind: {const: person}\n        dispaly_name: RealName\n",
        encoding="utf-8",
    )
    with (bench.folder / "hub.toml").open("a", encoding="utf-8") as file:
        file.write('mapping = "mine.yaml"\n')
    line = bench.fails("mapping", "check")
    assert "mine.yaml:8" in line
    assert "display_name" in line
    bench.fails("sync")


def test_a_mapping_of_another_system(bench: Bench) -> None:
    bench.start("request_tracker", {"user": USERS, "ticket": {}})
    (bench.folder / "mine.yaml").write_text(
        "system: file\nversion: 1\nstreams:\n  user:\n    - entity: party\n"
        "      fields: {kind: {const: person}}\n",
        encoding="utf-8",
    )
    with (bench.folder / "hub.toml").open("a", encoding="utf-8") as file:
        file.write('mapping = "mine.yaml"\n')
    assert "is written for system 'file'" in bench.fails("mapping", "check")


def test_a_broken_configuration_and_an_unknown_connection(bench: Bench) -> None:
    bench.start("request_tracker", {"user": USERS, "ticket": {}})
    assert "did you mean 'it'" in bench.fails("sync", "itt")
    (bench.folder / "hub.toml").write_text("[connections.it\n", encoding="utf-8")
    assert "line 1" in bench.fails("sync")


def test_a_store_that_can_not_be_reached(bench: Bench) -> None:
    url = f"postgresql://hub:{SECRET}@127.0.0.1:9/hub"
    (bench.folder / "hub.toml").write_text(f'[hub]\nstore = "{url}"\n', encoding="utf-8")
    assert "store" in bench.fails("status")


def test_an_unknown_customer(bench: Bench) -> None:
    bench.start("request_tracker", {"user": USERS, "ticket": {}})
    bench.hub("sync")
    bench.hub("resolve")
    bench.fails("show", "it:user:nobody")
