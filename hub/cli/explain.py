"""explain: where a golden value comes from, or why two records or customers are one or are not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from hub.cli.files import write_private
from hub.cli.output import AsJson, emit_json, emit_table, out, say
from hub.cli.workplace import open_workplace
from hub.errors import ConfigError
from hub.pipeline.customer import named_customer
from hub.pipeline.explain import explain_pair
from hub.pipeline.explain_page import page_of, plain_explanation
from hub.pipeline.planning import rule_set
from hub.pipeline.values import ValueClaim, ValueStory, explain_value
from hub.pipeline.workplace import Workplace
from hub.reports.waterfall import Explanation, Waterfall, render_explanation, signed

_FIELD: Final = re.compile(r"[a-z][a-z_]*")


def explain(
    one: Annotated[
        str, typer.Argument(help="Customer id (merged ones too), or CONNECTION:TYPE:KEY[#part].")
    ],
    other: Annotated[
        str,
        typer.Argument(
            help="Another customer or record; or a golden attribute as `hub show` names it: phone."
        ),
    ],
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with a chart there, for a pair.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain why two are one customer or are not; or a golden value, with its rivals and rule."""
    work = open_workplace()
    if not _FIELD.fullmatch(other):
        _explain_pair(work, one, other, html=html, as_json=as_json)
    elif html is not None:
        raise ConfigError("--html draws two records or customers; a golden value has no chart")
    else:
        party = named_customer(work.engine, one)
        story = explain_value(work.engine, party, other, rule_set(work))
        emit_json(_plain(story)) if as_json else _show(story)


def _explain_pair(
    work: Workplace, one: str, other: str, *, html: Path | None, as_json: bool
) -> None:
    told = explain_pair(work.engine, one, other, country=work.config.hub.country)
    page = page_of(told)
    if html is not None:
        write_private(html, render_explanation(page).encode())
    if as_json:
        emit_json(plain_explanation(told))
        return
    _show_page(page)
    if html is not None:
        say(f"written to {html}; it is personal data: delete it when it has served")


def _show_page(page: Explanation) -> None:
    say(page.title)
    say(page.answer)
    for reason in page.reasons[1:]:
        say(f"also: {reason}")
    if page.waterfall is not None:
        out.print()
        _show_weight(page.waterfall)
    for section in page.sections:
        out.print()
        emit_table(section.columns, map(_cells, section.rows), section.title)
        if section.note and section.note != "none":
            say(section.note)


def _show_weight(waterfall: Waterfall) -> None:
    rows, total = [], 0.0
    for step in waterfall.steps:
        total += step.bits
        rows.append([*step[:2], step.left, step.right, f"{signed(step.bits):>7}", f"{total:7.1f}"])
    lines = ", ".join(f"{item.name} from {item.bits:.1f}" for item in waterfall.thresholds)
    columns = ["field", "outcome", *waterfall.sides, "bits", "sum"]
    emit_table(columns, rows, f"{waterfall.total:.1f} bits: {waterfall.verdict} ({lines})")
    say(waterfall.note)


def _cells(row: Sequence[Any]) -> list[Any]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:7.1f}" if isinstance(value, float) else value


def _plain(story: ValueStory) -> dict[str, Any]:
    claims = [
        {**asdict(claim), "payload": [item._asdict() for item in claim.payload]}
        for claim in story.claims
    ]
    return {**asdict(story), "claims": claims}


def _show(story: ValueStory) -> None:
    say(f"{story.field} of {story.party_id}: {story.value}")
    if story.held != story.value:
        say(f"the store still holds {story.held}: run `hub resolve`")
    order = ", ".join(story.trust) or "by the connections' offices"
    say(f"trust: {order}; rules {story.rules_digest}")
    columns = ["record", "value", "", "message", "changed", "raw", "mapping", "detail"]
    emit_table(columns, [_row(claim) for claim in story.claims])


def _row(claim: ValueClaim) -> list[Any]:
    return [
        claim.source,
        claim.value,
        "wins" if claim.wins else "lost",
        claim.why,
        claim.updated[:19],
        f"v{claim.raw_version}",
        f"line {claim.mapping_line}" if claim.mapping_line else "",
        "; ".join(f"{item.path} = {item.value!r}" for item in claim.payload),
    ]


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(explain)
