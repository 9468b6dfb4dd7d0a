"""All rules, in the order of their tiers."""

from __future__ import annotations

from typing import Final

from hub.testing.rule import Rule
from hub.testing.rules import (
    batch_creating,
    batches,
    counting,
    creating,
    drift,
    faults,
    guarding,
    incremental,
    landing,
    papers,
    reading,
    resuming,
    scanning,
    settings,
    strain,
    writing,
)

_MODULES = (
    *(settings, reading, resuming, faults, incremental, scanning, counting, landing, strain, drift),
    *(writing, guarding, batches, creating, batch_creating, papers),
)

ALL: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (
            found
            for module in _MODULES
            for found in vars(module).values()
            if isinstance(found, Rule)
        ),
        key=lambda found: found.tier,
    )
)
