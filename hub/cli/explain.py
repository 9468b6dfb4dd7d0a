"""explain: where a golden value comes from, and why the others lost."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from hub.cli.output import AsJson, emit_json, emit_table, say
from hub.cli.workplace import open_workplace
from hub.errors import ConfigError
from hub.pipeline.customer import named_customer
from hub.pipeline.planning import rule_set
from hub.pipeline.values import ValueClaim, ValueStory, explain_value

_FIELD: Final = re.compile(r"[a-z][a-z_]*")


def explain(
    customer: Annotated[
        str, typer.Argument(help="Customer id (merged ones too), or CONNECTION:TYPE:KEY.")
    ],
    field: Annotated[
        str, typer.Argument(help="A golden attribute, as `hub show` names it: phone, family …")
    ],
    as_json: AsJson = False,
) -> None:
    """Explain a golden value: every candidate, the rule that decided, the raw payload."""
    if not _FIELD.fullmatch(field):
        raise ConfigError(f"{field!r} is no golden attribute; `hub show` lists them")
    work = open_workplace()
    party = named_customer(work.engine, customer)
    story = explain_value(work.engine, party, field, rule_set(work))
    emit_json(_plain(story)) if as_json else _show(story)


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
