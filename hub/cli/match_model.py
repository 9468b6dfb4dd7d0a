"""match train, match model, match adopt: the model that `hub resolve` compares records with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
import typer

from hub.cli.output import AsJson, emit_json, emit_table, say, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError
from hub.match.bits import bits_of
from hub.match.model import Model, dump_model
from hub.match.weigh import relation_name
from hub.pipeline.models import SHIPPED, model_version, named_model
from hub.pipeline.training import adopt as adopt_version
from hub.pipeline.training import train as train_model
from hub.store.database import Engine, reading
from hub.store.match_models import list_models

_SIZE = 12
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")]
Version = Annotated[str, typer.Argument(help=f"A model's version, or {SHIPPED}.")]


def train(
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Compare with the new model from now on.")
    ] = False,
    reason: Why = "trained anew",
    as_json: AsJson = False,
) -> None:
    """Train a model on all records that are there, without labels; nothing is linked by it yet."""
    work = open_workplace()
    country = work.config.hub.country
    with working("training …"):
        found = train_model(work.engine, country=country)
    waiting = None
    if adopt:
        waiting = adopt_version(work.engine, found.version, actor=whoami(), reason=reason)
    if as_json:
        emit_json({**found._asdict(), "adopted": adopt, "resolved_anew": waiting})
        return
    say(f"trained {found.version} on {found.contents:,} contents in {found.seconds:.0f} s")
    if waiting is None:
        say(f"see it with `hub match model {found.version}`, use it with `hub match adopt`")
    else:
        _tell_waiting(waiting)


def adopt(version: Version, reason: Why, as_json: AsJson = False) -> None:
    """Compare with another model from now on; the next resolve judges every record anew."""
    work = open_workplace()
    waiting = adopt_version(work.engine, version, actor=whoami(), reason=reason)
    if as_json:
        emit_json({"version": version, "resolved_anew": waiting})
    else:
        _tell_waiting(waiting)


def _tell_waiting(waiting: int) -> None:
    say(f"{waiting:,} records are judged anew by the next run; `hub resolve --plan` shows it first")


def model(
    version: Annotated[str, typer.Argument(help="The one in force without it.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="All models instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a matching model: what each outcome of a comparison weighs, in bits."""
    work = open_workplace()
    if listed:
        _list(work.engine, as_json)
        return
    with reading(work.engine) as db:
        wanted = version or model_version(db)
        found = named_model(db, wanted)
    if found is None:
        raise ConfigError(f"there is no model {wanted!r}; `hub match model --list` names them")
    if as_json:
        emit_json({"version": wanted, **orjson.loads(dump_model(found))})
        return
    say(f"model {wanted}, trained on {found.records:,} contents")
    for kind in found.kinds:
        lookalikes = [relation_name(relation, kind) for relation in ("kin", "colleagues")]
        columns = ["field", "outcome", "among matches", "by chance", "bits", *lookalikes]
        emit_table(columns, list(_rows(found, kind)), title=kind)
    _show_frequent(found)


def _list(engine: Engine, as_json: bool) -> None:
    with reading(engine) as db:
        models, current = list_models(db), model_version(db)
    rows: list[dict[str, Any]] = [
        {"version": SHIPPED, "contents": 0, "trained": None, "in_force": current == SHIPPED}
    ]
    rows += [
        {
            "version": item.version,
            "contents": item.records,
            "trained": item.trained_at.isoformat(timespec="seconds"),
            "in_force": item.in_force,
        }
        for item in models
    ]
    if as_json:
        emit_json(rows)
    else:
        emit_table(list(rows[0]), [list(row.values()) for row in rows])


def _rows(found: Model, kind: str) -> Iterator[list[Any]]:
    before, caution = found.kinds[kind].before, found.kinds[kind].caution
    told = f"any two records, with {caution:.2f} for caution"
    yield ["before", told, "", "", *(f"{bits:+.1f}" for bits in before)]
    for field, outcomes in found.kinds[kind].chances.items():
        for outcome, chances in outcomes.items():
            bits = bits_of(chances)
            yield [
                field,
                outcome,
                f"{chances.match:.4f}",
                f"{chances.random:.2g}",
                f"{bits.match:+.1f}",
                f"{bits.kin:+.1f}",
                f"{bits.colleagues:+.1f}",
            ]


def _show_frequent(found: Model) -> None:
    """The most frequent values: they weigh least."""
    frequencies = next(iter(found.kinds.values())).frequencies
    for column, shares in frequencies.items():
        top = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_SIZE]
        if top:
            told = ", ".join(f"{value} {share:.2%}" for value, share in top)
            say(f"most frequent {column}: {told}")


def add_to(match: typer.Typer) -> None:
    """Hang these commands on `match`."""
    match.command()(train)
    match.command()(adopt)
    match.command()(model)
