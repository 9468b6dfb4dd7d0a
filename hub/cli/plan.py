"""Plan before apply: the options of both, and how a plan of a resolve is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from hub.cli.output import emit_counts, emit_json, emit_table, out, say
from hub.errors import ConfigError

PlanOnly = Annotated[bool, typer.Option("--plan", help="Show what would happen; change nothing.")]
_SHOWN: Final = 20


def require_one(plan_only: bool, digest: str | None) -> None:
    """Raises ConfigError where a command is asked to show a plan and to apply one."""
    if plan_only and digest:
        raise ConfigError("--plan shows and --apply DIGEST does: leave one of them out")


def show_proposal(proposal: Mapping[str, Any], as_json: bool) -> None:
    """Print a plan with the digest that pins it."""
    if as_json:
        emit_json(proposal)
        return
    emit_counts([proposal["counts"]], as_json=False)
    out.print()
    _list("merges", ["loser", "survivor"], [list(row.values()) for row in proposal["merges"]])
    _list("splits", ["customer", "from"], [list(row.values()) for row in proposal["splits"]])
    _list("moves", ["record", "from", "to"], [list(row.values()) for row in proposal["moves"]])
    _list("revived", ["customer"], [[party] for party in proposal["revived"]])
    _list("ended", ["customer"], [[party] for party in proposal["ended"]])
    changes = proposal["golden"].items()
    rows = [[name, item["customers"], ", ".join(item["examples"][:2])] for name, item in changes]
    _list("golden changes", ["attribute", "customers", "detail"], rows)
    reach = proposal["reach"]
    writes = sum(reach["deliveries_at_most"].values())
    say(
        f"reaches {reach['customers']:,} customers and {reach['records']:,} records; "
        f"{writes:,} deliveries may follow"
    )
    say(f"to do exactly this: hub resolve --apply {proposal['digest']}")


def _list(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """The first of a list, and how many more there are."""
    if not rows:
        return
    emit_table(columns, rows[:_SHOWN], f"{title}: {len(rows):,}")
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN:,} more; --json has them all")
    out.print()
