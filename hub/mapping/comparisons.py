"""Compiles conditions into closures that answer true or false."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.mapping.functions import is_among
from hub.mapping.paths import Path
from hub.mapping.plan import Combination, Comparison, Condition
from hub.mapping.texts import as_text
from hub.mapping.values import Item, Scope, Unit, compile_value, settle

Holds = Callable[[Item, Scope], bool]


def compile_condition(condition: Condition, unit: Unit) -> Holds:
    """The closure for a condition."""
    if isinstance(condition, Combination):
        tests = [compile_condition(one, unit) for one in condition.conditions]
        if condition.all_of:
            return lambda item, scope: all(test(item, scope) for test in tests)
        return lambda item, scope: any(test(item, scope) for test in tests)
    if (quick := _compare_key(condition)) is not None:
        return quick
    read = compile_value(condition.operand, unit)
    matches = _matcher(condition)
    return lambda item, scope: matches(read(item, scope))


def _compare_key(comparison: Comparison) -> Holds | None:
    """The commonest conditions, on the value under one key, in one call."""
    operand, operator, expected = comparison.operand, comparison.operator, comparison.expected
    key = operand.source.single if isinstance(operand.source, Path) else None
    if key is None or operand.steps:
        return None
    if operator == "present":
        wanted = expected[0]
        return lambda item, _scope: (settle(item.get(key)) is not None) is wanted
    if operator not in ("is", "in", "not", "not_in"):
        return None
    positive = operator in ("is", "in")

    def holds(item: Item, _scope: Scope) -> bool:
        value = item.get(key)
        if type(value) is str:
            value = value.strip()
        return is_among(value, expected) is positive

    return holds


def _matcher(comparison: Comparison) -> Callable[[Any], bool]:
    operator, expected = comparison.operator, comparison.expected
    if operator in ("is", "in"):
        return lambda value: is_among(value, expected)
    if operator in ("not", "not_in"):
        return lambda value: not is_among(value, expected)
    if operator == "present":
        return lambda value: (value is not None) is expected[0]
    if operator == "true":
        # JMESPath: null, false and what is empty are false; 0 is true.
        return lambda value: value is not None and value is not False
    return _text_matcher(operator, expected[0])


def _text_matcher(operator: str, expected: str) -> Callable[[Any], bool]:
    def matches(value: Any) -> bool:
        try:
            text = as_text(value)
        except ValueError:  # null, a list or an object: no text to look at
            return False
        if operator == "contains":
            return expected in text
        return text.startswith(expected) if operator == "starts_with" else text.endswith(expected)

    return matches
