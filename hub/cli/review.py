"""review list, show, accept, reject, assign: doubtful matches, decided by a person for ever."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, emit_table, out, say, working
from hub.cli.steward import steward_of, tell
from hub.cli.workplace import open_workplace
from hub.pipeline.cases import CaseLine, CaseView, case_view, list_cases
from hub.store.database import reading
from hub.store.delivery_desk import DeliveryFilter, list_deliveries
from hub.store.review import CaseFilter

review = typer.Typer(
    help="Doubtful matches that wait for a person's decision.", no_args_is_help=True
)
Case = Annotated[str, typer.Argument(help="Id of the case, as `hub review list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]


@review.command("list")
def show_cases(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    *,
    grade: Annotated[str | None, typer.Option("--grade", help="probable or possible.")] = None,
    assignee: Annotated[
        str | None, typer.Option("--assignee", help='Whose cases; "" for those nobody has.')
    ] = None,
    older_than: Annotated[
        float | None, typer.Option("--older-than", min=0, help="Open for so many days at least.")
    ] = None,
    state: Annotated[
        str, typer.Option("--state", help="open, accepted, rejected or obsolete.")
    ] = "open",
    as_json: AsJson = False,
) -> None:
    """List cases, the most certain first; `hub review show` shows one in full."""
    before = None if older_than is None else datetime.now(UTC) - timedelta(days=older_than)
    wanted = CaseFilter(state=state, grade=grade, assignee=assignee, opened_before=before)
    cases = list_cases(open_workplace().engine, wanted, limit=limit)
    emit_counts([_row(case) for case in cases], as_json)


def _row(case: CaseLine) -> dict[str, Any]:
    row = asdict(case)
    del row["state"], row["age"]
    return row | {"days": case.age.days}


@review.command()
def show(case: Case, as_json: AsJson = False) -> None:
    """Show a case: both records field by field, the evidence, the weight, the reason."""
    view = case_view(open_workplace().engine, case)
    if as_json:
        emit_json(_plain(view))
        return
    line = view.line
    say(f"{line.grade}, {line.bits:.1f} bits, {line.state}: {line.reason}")
    owner = line.assignee or "nobody"
    say(f"open for {line.age.days} days, assigned to {owner}" + _settled(view))
    out.print()
    rows = [("customer", view.left_party, view.right_party, "")]
    rows += [(f.name, f.left, f.right, "=" if f.same else "") for f in view.fields]
    emit_table(["field", line.left, line.right, "same"], rows)
    out.print()
    emit_counts([dict(item) for item in view.evidence], as_json=False)


def _settled(view: CaseView) -> str:
    return f", settled by {view.settled_by}" if view.settled_by else ""


def _plain(view: CaseView) -> dict[str, Any]:
    return {
        **_row(view.line),
        "state": view.line.state,
        "left_party": view.left_party,
        "right_party": view.right_party,
        "fields": [field._asdict() for field in view.fields],
        "evidence": list(view.evidence),
        "settled_by": view.settled_by,
    }


@review.command("conflicts")
def show_conflicts(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what somebody changed at a system; `hub delivery retry` or `abandon` decides."""
    with reading(open_workplace().engine) as db:
        rows = list_deliveries(db, DeliveryFilter(("conflict",)), limit)
    emit_counts([_conflict(row) for row in rows], as_json)


def _conflict(row: Any) -> dict[str, Any]:
    names = ("id", "party_id", "connection", "stream", "attribute")
    shown = {name: row[name] for name in names}
    return shown | {"ours": row["value"], "theirs": row["found"], "message": row["message"]}


@review.command()
def accept(case: Case, reason: Reason = "", as_json: AsJson = False) -> None:
    """The two records are one customer: merge them; no later run takes that back."""
    work = open_workplace()
    with working("merging …"):
        counts = steward_of(work).accept(case, reason=reason)
    tell(work, counts, as_json)


@review.command()
def reject(case: Case, reason: Reason = "", as_json: AsJson = False) -> None:
    """The two records are different customers: no later run links them."""
    work = open_workplace()
    with working("keeping apart …"):
        counts = steward_of(work).reject(case, reason=reason)
    tell(work, counts, as_json)


@review.command()
def assign(
    case: Case,
    assignee: Annotated[str, typer.Argument(help='Who is to decide; "" for nobody.')],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Give a case to a person to decide."""
    steward_of(open_workplace()).assign(case, assignee, reason=reason)
    emit_json({"case": case, "assignee": assignee or None}) if as_json else say("assigned")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(review, name="review")
