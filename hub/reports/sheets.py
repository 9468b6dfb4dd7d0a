"""A report split into sheets: each person's own, to be mailed or printed alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from hub.reports.result import ReportPack, ReportResult

NOBODY: Final = "nobody"
"""Whose sheet has the lines that name nobody."""
_LONGEST: Final = 60


def sheets(pack: ReportPack) -> Iterator[tuple[str, ReportPack]]:
    """Each sheet with its place ``<report>/<name>``, without an ending; sorted by name."""
    for result in pack.results:
        column = result.definition.each
        if column is not None:
            for value in sorted(_values(result, column)):
                own = replace(
                    pack, results=[_of(result, column, value)], history={}, about=value or NOBODY
                )
                yield f"{result.definition.id}/{_slug(value)}", own


def _values(result: ReportResult, column: str) -> set[str]:
    lines = [line.row for item in result.checks for line in item.lines]
    rows = [*lines, *(row for item in result.tables for row in item.rows)]
    return {_text(row.get(column)) for row in rows}


def _of(result: ReportResult, column: str, value: str) -> ReportResult:
    """The lines of one; how many pairs were compared is not known of a part."""
    checks = [
        replace(
            item,
            lines=[line for line in item.lines if _text(line.row.get(column)) == value],
            compared=None,
        )
        for item in result.checks
    ]
    tables = [
        replace(item, rows=[row for row in item.rows if _text(row.get(column)) == value])
        for item in result.tables
    ]
    return replace(result, checks=checks, tables=tables)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _slug(value: str) -> str:
    """A file name; where it says less than the value, a mark keeps two of them apart."""
    if not value:
        return NOBODY
    plain = unicodedata.normalize("NFKD", value.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST]
    if slug == value:
        return slug
    return f"{slug}-{blake2b(value.encode(), digest_size=3).hexdigest()}".lstrip("-")
