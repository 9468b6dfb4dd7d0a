"""What a report compares, as data: SQL over the versioned views ``rpt_*`` and how to read it.

A report has checks, whose lines are differences, and tables, whose lines are figures. Every check
names the columns that identify a line over re-runs; a line's class says how its two sides stand
(after dbt audit_helper, https://github.com/dbt-labs/dbt-audit-helper).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NAME: Final = r"^[a-z][a-z0-9_]*$"
_READS: Final = re.compile(r"\b(?:FROM|JOIN)\s+([A-Za-z_][\w.]*)", re.IGNORECASE)
_DEFINES: Final = re.compile(r"(?:\bWITH|,)\s*([A-Za-z_]\w*)\s+AS\s*\(", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_SHIFTED: Final = re.compile(r"^before_\d{1,4}h$")
_FIXED: Final = frozenset({"cut_off", "today", "day"})


class RowClass(StrEnum):
    """How the two sides of a line stand."""

    IDENTICAL = "identical"
    MODIFIED = "modified"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"
    NOT_UNIQUE = "not_unique"


class Cause(StrEnum):
    """Why a break came about, as far as the check can know; a person may say otherwise."""

    TIMING = "timing"
    MAPPING = "mapping"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    AMOUNT = "amount"
    MANUAL = "manual"
    SOURCE_ERROR = "source_error"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Sql = Annotated[str, Field(min_length=8, pattern=r"^\s*(?i:SELECT|WITH)\b")]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Comparison(_Closed):
    """Two columns that should agree; within max(absolute, percent of the right side) they do."""

    left: str
    right: str
    absolute: Decimal = Field(default=Decimal(0), ge=0, decimal_places=4)
    percent: Decimal = Field(default=Decimal(0), ge=0, lt=100, decimal_places=4)


class Lines(_Closed):
    """A query and how its columns are shown; those in ``money`` are ten-thousandths.

    ``behind`` is the query of the records that a line stands for: it has the columns of the line's
    ``subject``, by which it is narrowed, and names records (``other_connection, other_type,
    other_key``, else ``connection, type, source_key``), customers (``party_id``) or breaks
    (``break_id``); its amounts stand in ``behind_money``.
    """

    id: str = Field(pattern=_NAME)
    title: str
    sql: Sql
    columns: dict[str, str] = Field(min_length=1)
    money: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    behind: Sql | None = None
    behind_money: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> Self:
        if self.behind and not self.subject:
            raise ValueError("behind needs a subject, which tells the lines apart")
        return self

    @property
    def shown_money(self) -> frozenset[str]:
        """The columns that are amounts."""
        return frozenset(self.money)


class Table(Lines):
    """Figures to be read; none of its lines is a break.

    The columns in ``trend``, which are amounts, are kept by day under the values of ``subject``:
    the view ``rpt_figure_v1`` has them as ``<table>/<subject>/<column>``.
    """

    trend: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _trends_are_told_apart(self) -> Self:
        if self.trend and not self.subject:
            raise ValueError("a trend needs a subject, which tells its lines apart")
        foreign = [name for name in self.trend if name not in self.money]
        if foreign:
            raise ValueError(f"{foreign[0]} must be listed in money to have a trend")
        return self


class Check(Lines):
    """A query whose every line is a difference.

    ``subject`` identifies a line over re-runs; ``amount`` is what is at stake, with its currency in
    the column ``currency``. A line whose column ``changed`` is younger than ``grace_hours`` at the
    cut-off is a timing difference. ``row_class`` holds where nothing is compared.
    """

    subject: Names
    compare: Comparison | None = None
    row_class: RowClass = RowClass.MODIFIED
    cause: Cause
    owner: str
    amount: str | None = None
    grace_hours: int = Field(default=24, ge=0, le=24 * 366)

    @model_validator(mode="after")
    def _amounts_are_money(self) -> Self:
        known = set(self.money)
        wrong = [self.amount] if self.amount and self.amount not in known else []
        if self.compare and (self.compare.left in known) != (self.compare.right in known):
            wrong.append(f"{self.compare.left} and {self.compare.right}: both or neither")
        if wrong:
            raise ValueError(f"{wrong[0]} must be listed in money")
        return self


class ReportDefinition(_Closed):
    """One report; ``prepare`` names queries that several of its checks and tables read.

    With ``each``, a column, there are files for each of its values too: each person's own sheet.
    """

    id: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,15}$")
    title: str
    question: str
    prepare: dict[Annotated[str, Field(pattern=_NAME)], Sql] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    tables: tuple[Table, ...] = ()
    each: str | None = Field(default=None, pattern=_NAME)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        parts = [*self.checks, *self.tables]
        if not parts:
            raise ValueError("a report needs a check or a table")
        if self.each and not all(self.each in part.columns for part in parts):
            raise ValueError(f"each: every check and table must show the column {self.each}")
        names = [part.id for part in parts]
        if len(set(names)) < len(names):
            raise ValueError("two parts have the same id")
        for name, sql in {**self.prepare, **{part.id: part.sql for part in parts}}.items():
            self._require_known(name, sql, set(self.prepare))
        for part in parts:
            if part.behind:
                self._require_known(f"{part.id}, behind", part.behind, set())
        return self

    def _require_known(self, name: str, sql: str, prepared: set[str]) -> None:
        if ";" in sql:
            raise ValueError(f"{name}: one statement, without a semicolon")
        known = prepared | set(_DEFINES.findall(sql))
        foreign = [read for read in _READS.findall(sql) if read not in known and not _is_view(read)]
        if foreign:
            raise ValueError(f"{name}: reads {foreign[0]}; only the views rpt_* may be read")
        strange = sorted(p for p in parameters_of(sql) if p not in _FIXED and not _SHIFTED.match(p))
        if strange:
            raise ValueError(
                f"{name}: unknown parameter :{strange[0]}; known are :cut_off, :today, :day, "
                ":before_<hours>h"
            )

    @property
    def statements(self) -> Mapping[str, str]:
        """Every query by its name."""
        return {**self.prepare, **{part.id: part.sql for part in (*self.checks, *self.tables)}}

    @property
    def reads_breaks(self) -> bool:
        """Whether it tells of the breaks of all others, and so runs last."""
        return any("rpt_break_" in sql for sql in self.statements.values())


def views_of(definition: ReportDefinition) -> frozenset[str]:
    """The views that its queries read."""
    found = (read for sql in definition.statements.values() for read in _READS.findall(sql))
    return frozenset(read for read in found if _is_view(read))


def parameters_of(sql: str) -> frozenset[str]:
    """The names of the parameters in a query."""
    return frozenset(_PARAMETER.findall(re.sub(r"'[^']*'", "''", sql)))


def _is_view(name: str) -> bool:
    return re.fullmatch(r"rpt_[a-z_]+_v\d+", name) is not None
