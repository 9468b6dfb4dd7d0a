"""publish, connection pause and resume: golden values go out, and what holds them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from hub.cli.output import AsJson, emit_json, emit_table, out, say, warn, working
from hub.cli.plan import PlanOnly, require_one
from hub.cli.workplace import open_workplace, whoami
from hub.errors import DeliveryError
from hub.pipeline import writeback
from hub.pipeline.publish_plan import PublishPlan
from hub.pipeline.workplace import Workplace

_SHOWN: Final = 50
_TOLD: Final = {
    "held": "need approval: look at `hub publish --plan`",
    "paused": "wait while it is paused; `hub connection resume` lets them go",
    "closed": "wait for its window of writes",
}

Connection = Annotated[str, typer.Argument(help="The connection.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")]


def publish(
    *,
    plan_only: PlanOnly = False,
    apply: Annotated[
        str | None, typer.Option("--apply", help="Approve and do what this plan's digest showed.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Look at every customer: rules or audiences changed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write golden values to the systems that subscribe to them."""
    require_one(plan_only, apply)
    work = open_workplace()
    if everyone:
        writeback.stage_all(work)
    if plan_only:
        _show_plan(writeback.plan_publish(work), as_json)
        return
    with working("publishing …"):
        counts = _publish(work, apply)
    if as_json:
        emit_json(counts)
    else:
        rows = [[n, k, v] for n, it in counts.items() for k, v in it.items()]
        emit_table(["to", "result", "count"], rows)
    _tell_what_stays(counts)


def _publish(work: Workplace, digest: str | None) -> dict[str, Any]:
    if digest is None:
        counts: dict[str, Any] = {"staged": dict(writeback.stage(work))}
    else:
        plan = writeback.approve_publish(work, digest, actor=whoami())
        counts = {"approved": dict(Counter(item.connection for item in plan.writes))}
    for name in work.config.publish.targets:
        counts[name] = dict(writeback.deliver(work, name))
    return counts


def _tell_what_stays(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Warn of what waits; what waits for approval ends the command with an error's exit code."""
    for name, results in counts.items():
        for word in writeback.STOPPED:
            if results.get(word):
                warn(f"{name}: {results[word]:,} deliveries {_TOLD[word]}")
    if any(results.get("held") for results in counts.values()):
        raise typer.Exit(DeliveryError.exit_code)


def _show_plan(plan: PublishPlan, as_json: bool) -> None:
    """Field by field, without the key: a key may be an address; the row id finds it."""
    shown = plan.as_dict()
    if as_json:
        emit_json(shown)
        return
    emit_table(["to", "writes"], list(shown["counts"].items()))
    for name, reason in plan.stops.items():
        warn(f"{name}: {reason}")
    out.print()
    columns = ["party_id", "connection", "stream", "record_id", "field", "before", "value"]
    rows = [list(row.values()) for row in shown["writes"]]
    emit_table(columns, rows[:_SHOWN], f"{len(rows):,} writes planned")
    _show_records(shown["records"])
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN:,} more; --json has them all")
    say(f"to do exactly this: hub publish --apply {plan.digest}")


def _show_records(records: Sequence[Mapping[str, Any]]) -> None:
    """Whole records: those to be made, and those from which an erasure takes what is ours."""
    if not records:
        return
    out.print()
    columns = ["kind", "party_id", "connection", "stream", "fields"]
    rows = [
        [*(item[name] for name in columns[:-1]), ", ".join(f"{n}={v}" for n, v in fields.items())]
        for item in records[:_SHOWN]
        for fields in [item["fields"]]
    ]
    emit_table(columns, rows, f"{len(records):,} whole records")


def pause(name: Connection, reason: Reason = "", as_json: AsJson = False) -> None:
    """Write nothing to a system until `hub connection resume`; reading goes on."""
    done = writeback.pause(open_workplace(), name, actor=whoami(), reason=reason)
    _tell(name, "paused", done, as_json)


def resume(name: Connection, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let writes to a paused system go on with the next publish."""
    done = writeback.resume(open_workplace(), name, actor=whoami(), reason=reason)
    _tell(name, "resumed", done, as_json)


def _tell(name: str, word: str, done: bool, as_json: bool) -> None:
    if as_json:
        emit_json({"connection": name, "state": word, "changed": done})
    else:
        say(f"{name}: {word}" if done else f"{name}: nothing to do")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.command()(publish)
