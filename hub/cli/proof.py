"""proof: one file that shows offline how a golden record came about, and its verification."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.history import AsOfTime, KnownTime, PastCustomer, read_moment
from hub.cli.output import AsJson, complain, emit_json, emit_table, say, working
from hub.cli.workplace import open_workplace, whoami
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.reports.proof_checks import Check

proof = typer.Typer(
    help="One file that shows offline how a golden record came about.", no_args_is_help=True
)


@proof.command("write")
def write(
    customer: PastCustomer,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, an HTML page.")],
    as_of: AsOfTime = None,
    known: KnownTime = None,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept in the audit trail.")
    ] = "proof bundle",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write how a golden record came about: values, raw records, decisions, hashes, evidence."""
    from hub.pipeline.customer import named_customer
    from hub.pipeline.proof import Wanted, make_proof
    from hub.pipeline.proof_verify import verify_proof

    _require_free(out, force=force)
    work = open_workplace()
    wanted = Wanted(
        party_id=named_customer(work.engine, customer),
        actor=whoami(),
        reason=reason,
        country=work.config.hub.country,
        valid=read_moment(as_of),
        known=read_moment(known),
    )
    with working("collecting …"):
        made = make_proof(work.engine, wanted)
    _save(out, made.page.encode(), force=force)
    with working("verifying …"):
        checks = verify_proof(made.page)
    told = {"file": str(out), "sha256": made.sha256, "audit_entry": made.entry}
    if as_json:
        emit_json({**told, **_plain(checks)})
    else:
        say(f"written to {out}; SHA-256 {made.sha256}, audit entry {made.entry}")
        say("it is personal data outside of the store: an erasure does not reach it")
    _require_whole(checks, "the store contradicts itself; the file shows it")


@proof.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The file that `hub proof write` made.")],
    store: Annotated[
        bool, typer.Option("--store", help="Ask the store of this hub too whether it says so.")
    ] = False,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="What `hub proof write` said, if it was noted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute every hash, value and weight of a proof again; needs neither store nor network."""
    from hub.pipeline.proof_verify import verify_proof
    from hub.reports.proof import read_bundle

    page = _read(file)
    engine = open_workplace().engine if store else None
    with working("verifying …"):
        checks = verify_proof(page, engine, noted=sha256)
        stated = read_bundle(page).stated
    if as_json:
        emit_json({"file": str(file), "sha256": stated, **_plain(checks)})
    else:
        emit_table(["check", "outcome", "detail"], [list(check) for check in checks])
        say(f"SHA-256 {stated}")
    _require_whole(checks, f"{file} proves nothing")


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is no proof bundle, nor any text") from error


def _require_free(path: Path, *, force: bool) -> None:
    """Before anything is collected: a bundle that is made is entered in the audit trail."""
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already: name another file, or say --force")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}")


def _save(path: Path, text: bytes, *, force: bool) -> None:
    """Readable by its owner alone, from the first byte on; nothing is overwritten unasked."""
    fresh = path.with_name(f"{path.name}.new") if force else path
    try:
        if force:
            fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
        if force:
            fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written to ({error.strerror})") from error


def _plain(checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "holds": not _failing(checks),
        "checks": [check._asdict() for check in checks],
    }


def _failing(checks: Sequence[Check]) -> list[str]:
    return [check.name for check in checks if check.outcome == "fails"]


def _require_whole(checks: Sequence[Check], message: str) -> None:
    failing = _failing(checks)
    if failing:
        complain(f"{message}: {len(failing)} of {len(checks)} checks fail: {'; '.join(failing)}")
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(proof, name="proof")
