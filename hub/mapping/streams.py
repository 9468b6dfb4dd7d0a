"""What is checked of a stream: its parts, and the rules that leave records out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.mapping.plan import Condition, Thing


@dataclass(frozen=True, slots=True)
class Part:
    """One canonical record that a source record gives."""

    entity: str
    part: str
    when: Condition | None
    body: Thing
    line: int


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream of a mapping file."""

    parts: tuple[Part, ...]
    exclude: Mapping[str, Condition]
