"""Requests that schemathesis makes from the description of the API, and what they were answered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.pipeline.people import load_people, new_client, people_text
from hub.roles import Role
from tests.web.company import API, Company, running

_PROGRAM = Path(sys.executable).with_name("schemathesis")
_LEFT_OUT = "positive_data_acceptance"
"""A good request may be refused for what its schema can't say: a strange position, an old tag."""


@dataclass
class Counting:
    """Counts the answers of an application by their status."""

    app: ASGIApp
    answers: Counter[int] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[message["status"]] += 1
            await send(message)

        await self.app(scope, receive, counted)


@dataclass(frozen=True, slots=True)
class Target:
    """The company, who asks, and ids that are there."""

    company: Company
    token: str
    ids: Mapping[str, str]
    answers: Counter[int]


@dataclass(frozen=True, slots=True)
class Round:
    """How many requests for each operation, with ids that are there or with any; from a seed."""

    examples: int
    known: bool
    seed: int
    phases: str = "coverage,fuzzing"


@contextmanager
def target(made: Path, folder: Path) -> Iterator[Target]:
    """The company, served to a program that may do all and sees all."""
    counting: list[Counting] = []

    def count(app: ASGIApp) -> ASGIApp:
        counting.append(Counting(app))
        return counting[0]

    with running(made, folder, wrap=count) as company:
        file = folder / "people.json"
        client, token = new_client("tester", "Tester", [Role.ADMIN, Role.STEWARD, Role.CONTROLLER])
        file.write_bytes(people_text({**load_people(file), client.login: client}))
        ids = _ids(company)
        counting[0].answers.clear()
        yield Target(company, token, ids, counting[0].answers)


def _ids(company: Company) -> dict[str, str]:
    (customer,) = company.post("/customers/by-name", {"text": "e", "limit": 1})["customers"]
    (case,) = company.get("/cases?limit=1")["cases"]
    (delivery,) = company.get("/deliveries?state=acknowledged&limit=1")["deliveries"]
    (found,) = company.get("/breaks?limit=1", Role.CONTROLLER)["breaks"]
    return {
        "party_id": customer["party_id"],
        "case_id": case["case_id"],
        "delivery_id": delivery["delivery_id"],
        "break_id": found["id"],
        "name": "reconciliation.xlsx",
        "connection": "erp",
        "field": "display_name",
        "period": "2026-01",
    }


def make_requests(there: Target, round_: Round, folder: Path) -> Mapping[str, Any]:
    """One run of schemathesis; gives its report."""
    folder.mkdir()
    named = (f'"path.{name}" = "{value}"' for name, value in there.ids.items())
    config = "\n".join(["[parameters]", *named]) if round_.known else ""
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    done = subprocess.run(
        [str(_PROGRAM), *_words(there, round_)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    report = folder / "report.json"
    assert report.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_bytes())
    return found | {"text": done.stdout}


def _words(there: Target, round_: Round) -> Sequence[str]:
    address = f"{there.company.address}{API}/openapi.json"
    asking = ["run", address, "--header", f"Authorization: Bearer {there.token}"]
    amount = ["--max-examples", str(round_.examples), "--seed", str(round_.seed)]
    checks = ["--continue-on-failure", "--exclude-checks", _LEFT_OUT, "--phases", round_.phases]
    output = ["--no-color", "--report", "json", "--report-json-path", "report.json"]
    return [*asking, *amount, *checks, *output]
