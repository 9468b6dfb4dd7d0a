"""`make demo-real`: exit code 0 when everything that must come out did, else 1."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hub.errors import HubError
from tests.servers import dovecot, request_tracker, tryton
from tests.servers.demo_real.company import running
from tests.servers.demo_real.story import RealStory, tell_real_story
from tests.servers.process import ServerStartError


def main() -> int:
    """Run the story and print what it found."""
    arguments = _arguments()
    missing = [
        m for m in (tryton.available(), request_tracker.available(), dovecot.available()) if m
    ]
    if missing:
        return _fail(missing)
    begun = time.perf_counter()
    try:
        with running() as servers:
            told = tell_real_story(
                arguments.dir,
                servers,
                customers=arguments.customers,
                seed=arguments.seed,
                tell=_tell,
            )
            _print_found(told, time.perf_counter() - begun)
            if arguments.wait:
                _wait(arguments.dir)
    except (HubError, ServerStartError) as error:
        return _fail([str(error)])
    failures = list(told.failures())
    return _fail(failures) if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo_real", description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path("hub-demo-real"))
    parser.add_argument("--customers", type=int, default=150)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--wait", action="store_true", help="leave the servers running at the end")
    return parser.parse_args()


def _tell(line: str) -> None:
    sys.stderr.write(f"{line} …\n")


def _print_found(told: RealStory, seconds: float) -> None:
    width = 26
    for what, value in _found(told, seconds):
        sys.stdout.write(f"{what:<{width}} {value}\n")
    sys.stdout.write(f"\nreport: {told.story.folder / 'reports' / 'reconciliation.html'}\n")


def _found(told: RealStory, seconds: float) -> Iterator[tuple[str, str]]:
    story = told.story
    yield from ((f"records read: {name}", f"{count:,}") for name, count in story.read.items())
    yield "customers found", f"{story.customers:,} (in truth {story.true_customers:,})"
    yield "duplicates merged", f"{story.merged:,}"
    yield "match quality", f"precision {story.pairs.precision:.3f}, recall {story.pairs.recall:.3f}"
    for name, (planted, found, more) in story.planted.items():
        yield f"planted {name}", f"{found:,} of {planted:,} found, {more:,} more reported"
        yield "  of them invented", f"{story.invented.get(name, more):,}"
    yield "values written back", f"{len(told.written):,} to Request Tracker"
    yield "  read back equal", f"{told.read_back:,} of {len(told.written):,}"
    yield "  written a second time", f"{sum(told.written_again.values()):,}"
    yield "echoes recognised", f"{sum(told.echo.values()):,}"
    yield "landed by a further sync", f"{sum(told.landed_again.values()):,}"
    yield "digest after it", "equal" if told.same_digest else "different"
    yield from ((f"left out: {reason}", f"{n:,}") for reason, n in sorted(told.left_out.items()))
    yield "time", ", ".join(f"{name} {value:.0f} s" for name, value in story.seconds.items())
    yield "time in all", f"{seconds:.0f} s, servers included"


def _wait(folder: Path) -> None:
    sys.stdout.write(f"the servers run; try `hub -c {folder} status`; Enter ends them\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _fail(reasons: list[str]) -> int:
    for reason in reasons:
        sys.stderr.write(f"demo-real failed: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
