"""A mapping file after it was read and checked: what the compiler turns into closures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.mapping.functions import Step
from hub.mapping.paths import Jmes, Path


@dataclass(frozen=True, slots=True)
class First:
    """The first of several expressions that is present."""

    choices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Several expressions joined to one text; absent ones are skipped."""

    pieces: tuple[Expression, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Const:
    value: str | int | float | bool | tuple[object, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value taken from the record.

    ``kind`` is the canonical field's (hub.mapping.canonical), ``table`` the known raw values of an
    enum, ``fallback`` what an unknown one becomes.
    """

    source: Path | Jmes | First | Join
    kind: str
    path: str
    line: int
    many: bool = False
    steps: tuple[Step, ...] = ()
    table: Mapping[str, Any] | None = None
    fallback: str | int | float | bool | None = None
    default: str | int | float | bool | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A source reference; several keys make a composite one."""

    type: str
    keys: tuple[Value, ...]
    part: str
    composite: bool
    line: int


@dataclass(frozen=True, slots=True)
class Each:
    """One item for each sub-record that the source gives."""

    source: Path | Jmes
    item: Expression
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A nested object, or a whole record.

    ``required`` are the fields without which the canonical model refuses it. ``stands``: it is made
    even when nothing in it comes from the record.
    """

    fields: Mapping[str, Expression]
    lines: Mapping[str, int]
    required: tuple[str, ...]
    stands: bool
    when: Condition | None
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Many:
    """A list; an Each among its items adds as many as it makes."""

    items: tuple[Expression, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison with a value of the record."""

    operand: Value
    operator: str
    expected: Any
    line: int


@dataclass(frozen=True, slots=True)
class Combination:
    """Several conditions, all or any of which must hold."""

    conditions: tuple[Condition, ...]
    all_of: bool


Expression = Const | Value | Ref | Each | Thing | Many
Condition = Comparison | Combination
