"""The pages at a million customers: how long the server takes, and what a page weighs.

`python -m benchmarks.pages_path [--customers N] [--store sqlite postgresql] [--asked N]`. The store
is filled straight with records, links, golden records, documents, mails, tickets and review cases;
the search's index is made as `hub resolve` makes it. Every page is asked for over a socket, by one
person after the other, each time for another customer or another word. Beside them stands the
answer to a static file, which asks nothing of the store.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests
import uvicorn

from benchmarks.pages_store import Made, fill
from hub.pipeline.people import new_person, people_text
from hub.pipeline.search_customers import index_customers
from hub.pipeline.workplace import Workplace, open_workplace
from hub.roles import Role
from hub.web.app import create_app, find_access, signing_key
from tests.servers import postgres

PASSWORD = "a password for measuring"
LIMITS = {"search": 100, "customer": 200, "large customer": 200, "review": 200}
"""Milliseconds that 95 of 100 answers must keep (issue 6)."""


@contextmanager
def site(kind: str) -> Iterator[Workplace]:
    """A site with an empty store, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        steward = new_person("steward", "Steward", [Role.ADMIN, Role.STEWARD], password=PASSWORD)
        (root / "people.json").write_bytes(people_text({"steward": steward}))
        if kind == "sqlite":
            (root / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n')
            yield open_workplace(root / "hub.toml")
            return
        with postgres.running() as server:
            (root / "hub.toml").write_text(f'[hub]\nstore = "{server.fresh_database()}"\n')
            yield open_workplace(root / "hub.toml")


@contextmanager
def served(work: Workplace) -> Iterator[requests.Session]:
    """Somebody signed in at the pages; ``params`` of the session hold the address."""
    key = signing_key(work)
    app = create_app(work, access=find_access(work, key), key=key)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    with requests.Session() as session:
        session.headers["address"] = address
        session.post(f"{address}/sign-in", data={"login": "steward", "password": PASSWORD})
        page = session.get(address).text
        session.headers["X-CSRF-Token"] = page.split('"X-CSRF-Token": "')[1].split('"')[0]
        yield session
    server.should_exit = True
    thread.join(timeout=10)


def measure(ask: Callable[[], requests.Response], asked: int) -> tuple[float, float, int]:
    """Median and 95th of 100 in milliseconds, and the bytes of the largest answer."""
    times, weight = [], 0
    for _ in range(asked):
        begun = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begun) * 1000)
        answer.raise_for_status()
        weight = max(weight, len(answer.content))
    return median(times), quantiles(times, n=20)[-1], weight


def questions(session: requests.Session, made: Made) -> dict[str, Callable[[], requests.Response]]:
    """What is asked, each time of somebody else."""
    address, draw = str(session.headers["address"]), random.Random(5)
    static = session.get(address).text.split('src="')[1].split('"')[0]
    script = {"HX-Request": "true"}

    def get(path: str) -> requests.Response:
        return session.get(f"{address}{path}")

    def search() -> requests.Response:
        form = {"text": made.typed(draw)}
        return session.post(f"{address}/customers/search", data=form, headers=script)

    return {
        "static file": lambda: get(static),
        "health": lambda: get("/"),
        "customers": lambda: get("/customers"),
        "search": search,
        "customer": lambda: get(f"/customers/{draw.choice(made.parties)}"),
        "large customer": lambda: get(f"/customers/{made.large}"),
        "past": lambda: get(f"/customers/{draw.choice(made.parties)}/past"),
        "review": lambda: get("/review"),
        "review, mine": lambda: get("/review?whose=mine"),
        "deliveries": lambda: get("/deliveries"),
        "quarantine": lambda: get("/quarantine"),
        "reports": lambda: get("/reports"),
    }


def tell(name: str, median_ms: float, late_ms: float, weight: int) -> None:
    limit = LIMITS.get(name)
    word = (
        "" if limit is None else f"  (limit {limit} ms: {'kept' if late_ms < limit else 'MISSED'})"
    )
    print(f"  {name:16} {median_ms:8.1f} ms {late_ms:8.1f} ms {weight / 1000:8.1f} kB{word}")


def run(kind: str, customers: int, asked: int) -> None:
    with site(kind) as work:
        begun = time.perf_counter()
        made = fill(work.engine, customers)
        filled = time.perf_counter() - begun
        begun = time.perf_counter()
        index_customers(work.engine)
        indexed = time.perf_counter() - begun
        print(
            f"{kind}: {customers:,} customers, filled in {filled:.0f} s, indexed in {indexed:.0f} s"
        )
        print(f"  {'page':16} {'median':>11} {'p95':>11} {'weight':>11}")
        with served(work) as session:
            for name, ask in questions(session, made).items():
                ask()
                tell(name, *measure(ask, asked))
            decisions(session, made, asked=30)
        work.engine.dispose()


def decisions(session: requests.Session, made: Made, *, asked: int) -> None:
    """Cases decided one after the other, each until the next one is there."""
    address, cases = str(session.headers["address"]), iter(made.cases)
    verbs = iter(["accept", "reject"] * asked)

    def decide() -> requests.Response:
        path = f"{address}/review/{next(cases)}/{next(verbs)}"
        return session.post(path, headers={"HX-Request": "true"})

    decide()
    tell("a decision", *measure(decide, asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--store", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql"])
    parser.add_argument("--asked", type=int, default=200)
    given: Any = parser.parse_args()
    for kind in given.store:
        run(kind, given.customers, given.asked)


if __name__ == "__main__":
    main()
