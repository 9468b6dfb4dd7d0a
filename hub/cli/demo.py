"""demo: the whole job on a company of about 2,000 customers, with nothing to set up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hub.cli.output import AsJson, emit_json, emit_table, err, out, say
from hub.config import DEMO_FOLDER
from hub.demo.story import Story, tell_story


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where to make it.")] = Path(DEMO_FOLDER),
    customers: Annotated[int, typer.Option(min=20, max=100_000, help="How many.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed, another company.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Run the whole job on a generated company and show what was found."""
    story = tell_story(folder, customers, seed, _tell)
    if as_json:
        emit_json(_summary(story))
        return
    _show(story)


def _tell(line: str) -> None:
    err.print(Text(f"{line} …", style="dim"))


def _summary(story: Story) -> dict[str, object]:
    return {
        "folder": str(story.folder),
        "read": story.read,
        "quarantined": story.quarantined,
        "party_records": story.party_records,
        "customers": story.customers,
        "true_customers": story.true_customers,
        "merged": story.merged,
        "resolved": story.resolved,
        "pairwise": _score(story.pairs.precision, story.pairs.recall, story.pairs.f1),
        "bcubed": _score(story.bcubed.precision, story.bcubed.recall, story.bcubed.f1),
        "planted": {
            name: dict(zip(("planted", "found", "extra"), row, strict=True))
            for name, row in story.planted.items()
        },
        "invented": story.invented,
        "written": story.written,
        "echoes": dict(zip(("came", "followed", "written"), story.echoes, strict=True)),
        "made": dict(zip(("made", "strayed"), story.made, strict=True)),
        "seconds": {name: round(value, 2) for name, value in story.seconds.items()},
    }


def _score(precision: float, recall: float, f1: float) -> dict[str, float]:
    values = {"precision": precision, "recall": recall, "f1": f1}
    return {name: round(value, 4) for name, value in values.items()}


def _show(story: Story) -> None:
    emit_table(["system", "records read"], list(story.read.items()))
    out.print()
    pairs = story.pairs
    emit_table(
        ["what", "found"],
        [
            ["party records", f"{story.party_records:,}"],
            ["customers found", f"{story.customers:,} (in truth {story.true_customers:,})"],
            ["duplicates merged", f"{story.merged:,}"],
            ["match quality", f"precision {pairs.precision:.3f}, recall {pairs.recall:.3f}"],
            ["records in quarantine", f"{story.quarantined:,} (see `hub quarantine list`)"],
            *([f"planted {name}", _planted(story, name)] for name in story.planted),
            ["values written back", f"{story.written.get('acknowledged', 0):,}"],
            ["echoes of our writes", _echoes(story.echoes)],
            ["customers made in the ERP", _made(story.made)],
            ["time", f"{sum(story.seconds.values()):.1f} s"],
        ],
    )
    out.print()
    say(f"report: {story.folder / 'reports' / 'reconciliation.html'}")
    say("next:   hub status · hub show NAME · hub sync · hub reconcile")


def _made(made: tuple[int, int]) -> str:
    count, strayed = made
    return f"{count:,} who had bought and were not there; {strayed:,} came back as another"


def _planted(story: Story, name: str) -> str:
    """A line beside the planted ones comes from a customer that was not recognised as one."""
    planted, found, extra = story.planted[name]
    more = f"; {extra:,} more, of customers in two places" if extra else ""
    invented = story.invented.get(name, extra)
    return f"{found:,} of {planted:,} found{more}; {invented:,} invented"


def _echoes(echoes: tuple[int, int, int]) -> str:
    came, followed, again = echoes
    return f"{came:,} came back, {followed:,} records changed by them, {again:,} written again"


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(demo)
