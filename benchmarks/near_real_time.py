"""From a change at one system to its write at another: ``python -m benchmarks.near_real_time``.

`python -m benchmarks.near_real_time [--customers N] [--rate 50 --minutes M]`. HubSpot's stand-in
has its contacts changed and tells so by signed webhooks; ``hub run`` fetches, lands, translates,
resolves and writes the phone number to Salesforce's stand-in. Hub and systems are processes of
their own and talk over sockets. First changes come one by one; then, for as long as is asked, at a
rate, while the hub's memory is read from /proc. Latency is from the row that has changed at
HubSpot to the row that has changed at Salesforce.
"""

from __future__ import annotations

import argparse
import hmac
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from connectors import hubspot, salesforce
from hub.sdk import StandInState
from hub.sdk.sweep import format_time

ROOT = Path(__file__).parents[1]
SECRET = "a secret of the benchmark"
STAMP = "2026-01-31T12:00:00.000Z"
ONE_BY_ONE, EVERY = 60, 0.5
SENDERS, PATIENCE = 8, 60.0
HUB = """\
[hub]
company = "Benchmark"

[connections.crm]
connector = "hubspot"
credentials = "file:crm.json"
streams = ["contacts"]
options = { requests_per_second = 1000, overlap_seconds = 5 }

[connections.sfa]
connector = "salesforce"
credentials = "file:sfa.json"
streams = ["Contact"]
options = { batch_writes = true }

[[publish.owners]]
attribute = "phone"
connection = "crm"

[[publish.rules]]
attribute = "phone"
connection = "sfa"
stream = "Contact"

[publish.conflicts]
phone = "owner"

[publish.brakes.sfa]
max_changed_share = 1
"""


SYLLABLES = (
    *("ba", "ko", "mi", "ra", "tu", "le", "so", "ni", "wa", "du"),
    *("fe", "gi", "ho", "ju", "ka", "lo", "me", "pi", "zu", "ve"),
)


def names(number: int) -> tuple[str, str]:
    """Given and family name; no two customers share one, or look alike."""
    mixed = number * 7_919 % 8_000
    places = (mixed % 20, mixed // 20 % 20, mixed // 400)
    family = "".join(SYLLABLES[place] for place in places)
    given = "".join(SYLLABLES[(place * 7 + 3) % 20] for place in reversed(places))
    return given.title(), family.title()


def contact(number: int) -> dict[str, Any]:
    """A contact of HubSpot."""
    key = str(57_156_923_000 + number)
    own = {"createdate": STAMP, "hs_object_id": key, "lastmodifieddate": STAMP}
    given, family = names(number)
    own |= {"firstname": given, "lastname": family, "phone": phone(number, 0)}
    own |= {"email": f"{given}@{family}.example".lower()}
    fixed = {"createdAt": STAMP, "updatedAt": STAMP, "archived": False}
    return {"id": key, "properties": own, **fixed}


def person(number: int) -> dict[str, Any]:
    """The same customer in Salesforce."""
    stamp = "2026-01-31T12:00:00.000+0000"
    fixed = {"IsDeleted": False, "SystemModstamp": stamp, "CreatedDate": stamp}
    given, family = names(number)
    return {
        "Id": f"003{number:012d}AAA",
        "FirstName": given,
        "LastName": family,
        "Email": f"{given}@{family}.example".lower(),
        "Phone": phone(number, 0),
        **fixed,
    }


def phone(number: int, turn: int) -> str:
    """Everybody's own, another one each turn."""
    return f"+4930{(number * 7_919 + turn * 104_729) % 89_999_999 + 10_000_000}"


class Systems:
    """Both systems, whoever edits the one, and a watch on the other."""

    def __init__(self, count: int) -> None:
        contacts = {row["id"]: row for row in map(contact, range(1, count + 1))}
        people = {row["Id"]: row for row in map(person, range(1, count + 1))}
        self.count = count
        self.crm: Any = hubspot.hub_standin().start(StandInState({"contacts": contacts}), 0)
        self.sfa: Any = salesforce.hub_standin().start(StandInState({"Contact": people}), 0)
        self.edits = 0
        self.took: list[float] = []
        self._open: dict[str, tuple[str, float]] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def configs(self) -> dict[str, dict[str, Any]]:
        crm = {**self.crm.config, "webhook_secrets": [SECRET]}
        return {"crm": crm, "sfa": dict(self.sfa.config)}

    def drive(self, port: int, count: int, every: float) -> dict[str, Any]:
        """So many edits at an even pace, each with a webhook; then wait for the last write."""
        self.took.clear()
        began = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            for number in range(count):
                time.sleep(max(0.0, began + number * every - time.monotonic()))
                pool.submit(self._edit, port)
        deadline = time.monotonic() + PATIENCE
        while self._open and time.monotonic() < deadline:
            time.sleep(0.01)
        lost, spent = len(self._open), time.monotonic() - began
        self._open.clear()
        return {"took": sorted(self.took), "missing": lost, "seconds": spent}

    def _edit(self, port: int) -> None:
        state = self.crm.state
        with state.lock:
            turn, place = divmod(self.edits, self.count)
            self.edits, number = self.edits + 1, place + 1
            row = state.stream("contacts")[str(57_156_923_000 + number)]
            stamp = f"{format_time(datetime.now(UTC))[:23]}Z"
            row["updatedAt"] = row["properties"]["lastmodifieddate"] = stamp
            row["properties"]["phone"] = phone(number, turn + 1)
            key = person(number)["Id"]
            self._open[key] = (phone(number, turn + 1), time.monotonic())
        send(port, int(row["id"]))

    def _watch(self) -> None:
        rows = self.sfa.state.stream("Contact")
        while True:
            for key, (value, since) in list(self._open.items()):
                if rows[key]["Phone"] == value:
                    self.took.append(time.monotonic() - since)
                    self._open.pop(key)
            time.sleep(0.002)


def send(port: int, key: int) -> None:
    """The webhook, signed as HubSpot does; sent again until it is taken."""
    millis = int(time.time() * 1000)
    event = {"subscriptionType": "contact.propertyChange", "objectId": key, "occurredAt": millis}
    body = json.dumps([{**event, "propertyName": "phone"}]).encode()
    url = f"http://127.0.0.1:{port}/push/crm"
    text = b"POST" + url.encode() + body + str(millis).encode()
    mark = b64encode(hmac.digest(SECRET.encode(), text, "sha256")).decode()
    headers = {"X-HubSpot-Signature-v3": mark, "X-HubSpot-Request-Timestamp": str(millis)}
    for _ in range(20):
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", "/push/crm", body=body, headers=headers)
            answer = connection.getresponse().status
            connection.close()
            if answer == 200:
                return
        time.sleep(0.2)
    raise RuntimeError("a webhook was not taken")


def serve(count: int, door: Any) -> None:
    """The systems' process, until it is killed."""
    systems = Systems(count)
    door.send(systems.configs())
    while True:
        door.send(systems.drive(*door.recv()))


@contextmanager
def systems(count: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(count, theirs))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        process.kill()
        process.join()


@contextmanager
def running(site: Path) -> Iterator[tuple[int, int]]:
    """``hub run`` once it has caught up: its pid, and the port that it receives at."""
    command = [str(Path(sys.executable).parent / "hub"), "-c", str(site), "run", "--json"]
    log = site / "run.log"
    with log.open("wb") as out, subprocess.Popen([*command, "--port", "0"], stdout=out) as process:
        try:
            yield process.pid, _await(log, "resolve")
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


def _await(log: Path, step: str) -> int:
    """Wait until a step was told of and nothing was for a while; returns the port."""
    quiet = 0
    while quiet < 4:
        time.sleep(0.5)
        size = log.stat().st_size
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        done = any(line["step"] == step for line in lines)
        quiet = quiet + 1 if done and log.stat().st_size == size else 0
        time.sleep(0.2)
    (begin,) = (line for line in lines if line["step"] == "begin")
    return int(begin["receive"].split(":")[2].partition("/")[0])


def rss(pid: int) -> int:
    """Resident memory in MB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) // 1024


def tell(name: str, found: dict[str, Any]) -> None:
    took = found["took"] or [float("nan")]
    print(
        f"{name:<24} {len(found['took']):6,} changes {len(found['took']) / found['seconds']:6.1f}"
        f" a second  p50 {median(took):5.2f} s  p95 {took[int(len(took) * 0.95)]:5.2f} s"
        f"  worst {took[-1]:5.2f} s  missing {found['missing']}",
        flush=True,
    )


def sustain(door: Any, hub: tuple[int, int], rate: float, minutes: float) -> None:
    """Changes at a rate, with the hub's memory at the beginning, then and now, and at the end."""
    pid, port = hub
    before, count = _cpu(pid), int(rate * minutes * 60)
    door.send((port, count, 1 / rate))
    memory = [rss(pid)]
    while not door.poll(min(15.0, minutes * 60 / 8)):
        memory.append(rss(pid))
    found = door.recv()
    memory.append(rss(pid))
    tell(f"{rate:.0f} a second", found)
    share = (_cpu(pid) - before) / found["seconds"]
    shown = [memory[0], memory[len(memory) // 4], memory[len(memory) // 2], memory[-1]]
    print(f"{'':<24} RSS MB at 0, ¼, ½, end: {shown}, most {max(memory)}; {share:.2f} CPUs")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main(words: list[str] | None = None) -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--customers", type=int, default=3_000)
    told.add_argument("--rate", type=float, default=50.0)
    told.add_argument("--minutes", type=float, default=0.5)
    asked = told.parse_args(words)
    with tempfile.TemporaryDirectory() as folder, systems(asked.customers) as (door, configs):
        site = Path(folder)
        (site / "hub.toml").write_text(HUB, encoding="utf-8")
        for name, config in configs.items():
            (site / f"{name}.json").write_text(json.dumps(config), encoding="utf-8")
        with running(site) as hub:
            door.send((hub[1], ONE_BY_ONE, EVERY))
            tell("one by one", door.recv())
            if asked.minutes:
                sustain(door, hub, asked.rate, asked.minutes)


if __name__ == "__main__":
    main()
