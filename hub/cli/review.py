"""review list, accept, reject: doubtful matches, decided by a person for ever."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, emit_counts, emit_json, say, working
from hub.cli.workplace import open_workplace
from hub.pipeline import steward
from hub.pipeline.golden import compute_golden
from hub.pipeline.workplace import Workplace
from hub.store.database import reading
from hub.store.party_records import load_records
from hub.store.review import list_cases

review = typer.Typer(
    help="Doubtful matches that wait for a person's decision.", no_args_is_help=True
)
Case = Annotated[str, typer.Argument(help="Id of the case, as `hub review list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]


@review.command("list")
def show_cases(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List open cases, the most certain first; `hub show` shows either record's customer."""
    work = open_workplace()
    with reading(work.engine) as db:
        cases = list_cases(db, limit=limit)
        records = load_records(
            db, {case[side] for case in cases for side in ("left_id", "right_id")}
        )
    emit_counts([_row(case, records) for case in cases], as_json)


def _row(case: Any, records: Any) -> dict[str, Any]:
    return {
        "case": case["id"],
        "grade": case["grade"],
        "bits": case["weight"] / 10,
        "left": str(records[case["left_id"]].source),
        "right": str(records[case["right_id"]].source),
        "reason": case["reason"],
    }


@review.command()
def accept(case: Case, reason: Reason = "", as_json: AsJson = False) -> None:
    """The two records are one customer: merge them; no later run takes that back."""
    work = open_workplace()
    with working("merging …"):
        counts = steward.accept_case(work.engine, case, actor=getpass.getuser(), reason=reason)
    _tell(work, counts, as_json)


@review.command()
def reject(case: Case, reason: Reason = "", as_json: AsJson = False) -> None:
    """The two records are different customers: no later run links them."""
    work = open_workplace()
    with working("keeping apart …"):
        counts = steward.reject_case(work.engine, case, actor=getpass.getuser(), reason=reason)
    _tell(work, counts, as_json)


def _tell(work: Workplace, counts: dict[str, int], as_json: bool) -> None:
    settings = work.config
    golden = compute_golden(work.engine, trust=settings.resolve.trust, country=settings.hub.country)
    if as_json:
        emit_json({**counts, **golden})
        return
    say(f"decided: {counts['merged']} customers merged, {counts['split']} split")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(review, name="review")
