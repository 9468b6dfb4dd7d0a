"""Verifies a proof bundle: by itself, by the hub's own code, and by a store if there is one."""

from __future__ import annotations

from hub.pipeline.proof import hub_version
from hub.pipeline.proof_replay import replay
from hub.pipeline.proof_store import check_store
from hub.reports.proof import Bundle, digest_of, read_bundle
from hub.reports.proof_checks import Check, Outcome, check_bundle
from hub.reports.proof_page import check_page
from hub.store.database import Engine


def verify_proof(
    page: str, engine: Engine | None = None, *, noted: str | None = None
) -> list[Check]:
    """Every check by name; without a store, none of them needs one.

    ``noted`` is the digest that whoever made the bundle told.

    Raises ConfigError for a text that is no bundle.
    """
    bundle = read_bundle(page)
    checks = [
        *_noted(bundle, noted),
        *check_bundle(bundle),
        check_page(bundle),
        *replay(bundle.content, hub_version()),
    ]
    if engine is None:
        return checks
    if any(check.outcome is Outcome.FAILS for check in checks):
        told = "the bundle contradicts itself"
        return [*checks, Check("the store says the same", Outcome.OPEN, told)]
    return [*checks, *check_store(engine, bundle)]


def _noted(bundle: Bundle, noted: str | None) -> list[Check]:
    if noted is None:
        return []
    same = digest_of(bundle.content) == noted.strip().lower()
    told = "" if same else "this is another bundle, or it was changed and sealed anew"
    outcome = Outcome.HOLDS if same else Outcome.FAILS
    return [Check("the digest is the one that was noted", outcome, told)]
