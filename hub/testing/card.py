"""The report card: which rules a connector keeps, and the tier that this earns.

``python -m hub.testing.card NAME`` runs the rules for an installed connector and prints its card;
without a name it prints the rules themselves. pytest prints it after the tests by itself.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from hub.testing.rule import Rule, Tier

Verdicts = Sequence[Mapping[str, Any]]
"""Of one connector, as :meth:`hub.testing.judge.Verdict.as_json` gives them, and its tier."""

_WIDTH: Final = 78


def earned(verdicts: Verdicts) -> Tier | None:
    """The highest tier whose rules, and those of the tiers below, hold or are exempt."""
    tiers = _tiers()
    failed = {tiers[verdict["rule"]] for verdict in verdicts if verdict["outcome"] == "failed"}
    lost = min(failed, default=None)
    if lost is None:
        return Tier.GOLD
    return Tier(lost - 1) if lost > Tier.BRONZE else None


def render(verdicts: Verdicts) -> Iterator[str]:
    """The card of one connector, line by line."""
    claimed, found = verdicts[0]["tier"], earned(verdicts)
    seconds = sum(verdict["seconds"] for verdict in verdicts)
    name = verdicts[0]["connector"]
    yield f"{name}: claims {claimed}, earns {found or 'no tier'} ({seconds:.0f} s)"
    tiers = _tiers()
    for tier in Tier:
        ours = [verdict for verdict in verdicts if tiers[verdict["rule"]] is tier]
        counts = Counter(verdict["outcome"] for verdict in ours)
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        yield f"  {tier!s:<7} {told or 'not run'}"
    yield from _reasons(verdicts)
    missing = sorted(set(tiers) - {verdict["rule"] for verdict in verdicts})
    if missing:
        yield from _wrapped("  not declared, or not run: " + ", ".join(missing))


def _reasons(verdicts: Verdicts) -> Iterator[str]:
    """What failed, and what is exempt, with the reason; cases that share one are joined."""
    for outcome in ("failed", "exempt", "not declared"):
        told: dict[tuple[str, str], list[str]] = {}
        for verdict in verdicts:
            if verdict["outcome"] == outcome:
                told.setdefault((verdict["rule"], verdict["note"]), []).append(verdict["case"])
        for (rule, note), cases in told.items():
            where = f"[{', '.join(filter(None, cases))}]" if any(cases) else ""
            yield from _wrapped(f"  {outcome}: {rule}{where}: {' '.join(note.split())}")


def _wrapped(text: str) -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(text, _WIDTH, subsequent_indent="      ")


def _tiers() -> Mapping[str, Tier]:
    return {rule.id: rule.tier for rule in _all_rules()}


def _all_rules() -> Iterable[Rule]:
    from hub.testing.rules import ALL

    return ALL


def main(arguments: Sequence[str]) -> int:
    """The command: 0 where the claimed tier is earned, 1 where it is not."""
    if not arguments:
        for rule in _all_rules():
            print(f"{rule.tier!s:<7} {rule.id:<16} {rule.meaning}")  # noqa: T201  # a command
        return 0
    from importlib.metadata import entry_points

    from hub.sdk.hooks import ENTRY_POINT_GROUP
    from hub.testing.judge import judge_all
    from hub.testing.subject import subject_of

    entries = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    if arguments[0] not in entries:
        print(f"no connector {arguments[0]}; installed: {', '.join(sorted(entries))}")  # noqa: T201  # a command
        return 2
    subject = subject_of(entries[arguments[0]].load())
    verdicts = [{"tier": str(subject.tier), **v.as_json()} for v in judge_all(subject)]
    for line in render(verdicts):
        print(line)  # noqa: T201  # a command
    return 0 if (earned(verdicts) or 0) >= subject.tier else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
