"""Plan before apply, as the command line and Airflow run it: the same rules for both halves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.pipeline.accounts import adopt_ledgers
from hub.pipeline.proposal import Proposal, Watch, apply_proposal, propose
from hub.pipeline.rule_set import RuleSet
from hub.pipeline.search_customers import index_customers
from hub.pipeline.workplace import Workplace


def propose_resolve(work: Workplace) -> Proposal:
    """What a resolve would do to customers and their values, pinned by its digest."""
    adopt_ledgers(work.engine, work.config)
    watches = [Watch(str(r.attribute), r.connection, r.stream) for r in work.config.publish.live]
    return propose(work.engine, rule_set(work), watches)


def apply_resolve(work: Workplace, digest: str, *, actor: str) -> Mapping[str, Any]:
    """Do exactly what the plan with this digest showed, or refuse."""
    adopt_ledgers(work.engine, work.config)
    counts = apply_proposal(work.engine, digest, rule_set(work), actor=actor)
    index_customers(work.engine)
    return counts


def rule_set(work: Workplace) -> RuleSet:
    """The rules of survivorship that hub.toml states."""
    return RuleSet(dict(work.config.trust), work.config.hub.country)
