"""Requests made from the description of the API by schemathesis: none may break it.

    python -m benchmarks.api_requests [--requests 5000]

They are made of a small company on SQLite, half of them with ids that are there; the answers are
counted where they leave the application. See https://schemathesis.readthedocs.io.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from tests.web.company import make_company
from tests.web.made_requests import Round, Target, make_requests, target

RESULTS = Path(__file__).parents[1] / "bench-out" / "api_requests.json"
_EXAMPLES = 20


def main(words: Sequence[str] | None = None) -> None:
    """Make them, and print what became of them; exits with 1 where one was answered with 5xx."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    wanted = parser.parse_args(words).requests
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with target(make_company(folder / "made"), folder / "company") as there:
            reports = _rounds(there, wanted, folder)
            answers = dict(sorted(there.answers.items()))
    failures = [failure for report in reports for failure in report["failures"]]
    seconds = time.perf_counter() - begun
    broken = sum(number for status, number in answers.items() if status >= 500)
    print(f"{sum(answers.values()):,} requests in {seconds:.0f} s, {broken} answered with 5xx")
    print("answers:", ", ".join(f"{status} {number:,}" for status, number in answers.items()))
    for failure in failures:
        print(f"{failure['title']}: {failure['count']} in {', '.join(failure['operations'])}")
    _keep(answers, failures, seconds)
    sys.exit(1) if broken else None


def _rounds(there: Target, wanted: int, folder: Path) -> list[Any]:
    reports: list[Any] = []
    for number in count():
        if sum(there.answers.values()) >= wanted:
            return reports
        round_ = Round(_EXAMPLES, known=number % 2 == 0, seed=number)
        reports.append(make_requests(there, round_, folder / f"round{number}"))
    return reports


def _keep(answers: dict[int, int], failures: list[Any], seconds: float) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    kept = {"answers": {str(k): v for k, v in answers.items()}, "failures": failures}
    RESULTS.write_bytes(orjson.dumps(kept | {"seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
