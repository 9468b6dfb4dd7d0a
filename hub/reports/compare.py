"""From a check to the query that the database runs: only what differs comes out of it."""

from __future__ import annotations

from fractions import Fraction

from hub.reports.definition import Check, Comparison


def compared_sql(check: Check) -> str:
    """The check's query with the class of each row; of what is compared, only what differs."""
    if check.compare is None:
        return f"SELECT q.*, '{check.row_class}' AS row_class FROM ({check.sql}) q"
    classed = f"SELECT q.*, {_class(check.compare, money=_is_money(check))} FROM ({check.sql}) q"
    return f"SELECT * FROM ({classed}) z WHERE row_class <> 'identical'"


def count_sql(check: Check) -> str | None:
    """How many pairs a check compares; None where it compares none."""
    return f"SELECT COUNT(*) AS pairs FROM ({check.sql}) q" if check.compare else None


def _is_money(check: Check) -> bool:
    return check.compare is not None and check.compare.left in check.money


def _class(compare: Comparison, *, money: bool) -> str:
    left, right = f"q.{compare.left}", f"q.{compare.right}"
    return (
        f"CASE WHEN {left} IS NULL AND {right} IS NULL THEN 'identical' "
        f"WHEN {right} IS NULL THEN 'only_left' WHEN {left} IS NULL THEN 'only_right' "
        f"WHEN {_agree(compare, left, right, money=money)} THEN 'identical' "
        "ELSE 'modified' END AS row_class"
    )


def _agree(compare: Comparison, left: str, right: str, *, money: bool) -> str:
    """Within max(absolute, percent): in whole numbers, so that no rounding decides."""
    if not compare.absolute and not compare.percent:
        return f"{left} = {right}"
    absolute = f"{int(compare.absolute * 10_000)}" if money else f"{compare.absolute:f}"
    within = [f"ABS({left} - {right}) <= {absolute}"]
    share = Fraction(compare.percent) / 100
    if share:
        within.append(
            f"ABS({left} - {right}) * {share.denominator} <= ABS({right}) * {share.numerator}"
        )
    return f"({' OR '.join(within)})"
