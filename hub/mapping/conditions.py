"""Reads conditions: ``when`` of a part or an object, and the rules under ``exclude``."""

from __future__ import annotations

from typing import Final

from hub.mapping.document import Items, Leaf, Node, Table
from hub.mapping.functions import accepted
from hub.mapping.plan import Combination, Comparison, Condition, Value
from hub.mapping.problems import Place, check_keys
from hub.mapping.sources import read_jmes, read_path, read_steps

_OPERATORS: Final = ("is", "not", "in", "not_in", "present", "starts_with", "ends_with", "contains")


def read_condition(node: Node, place: Place) -> Condition | None:
    """A condition, or None after reporting why it is none."""
    if not isinstance(node, Table) or not node.entries:
        place.refuse(
            "a condition is {path: …, is: …}, {jmes: …}, {all: […]} or {any: […]}", node.line
        )
        return None
    if "all" in node.entries or "any" in node.entries:
        return _read_combination(node, place)
    return _read_test(node, place)


def _read_combination(node: Table, place: Place) -> Condition | None:
    word = "all" if "all" in node.entries else "any"
    check_keys(node, (word,), what="condition", problems=place.problems)
    inner = node.entries[word]
    if not isinstance(inner, Items) or not inner.items:
        place.refuse(f"{word} takes a list of conditions", node.line)
        return None
    found = [read_condition(item, place) for item in inner.items]
    return Combination(tuple(one for one in found if one is not None), word == "all")


def _read_test(node: Table, place: Place) -> Condition | None:
    check_keys(
        node, ("path", "jmes", "apply", *_OPERATORS), what="condition", problems=place.problems
    )
    operators = [name for name in _OPERATORS if name in node.entries]
    sources = [name for name in ("path", "jmes") if name in node.entries]
    if len(sources) != 1 or len(operators) > 1 or (sources == ["path"] and not operators):
        place.refuse(f"a condition has one path and one of {', '.join(_OPERATORS)}", node.line)
        return None
    operand = _read_operand(sources[0], node, place)
    operator = operators[0] if operators else "true"
    expected = _read_expected(operator, node.entries.get(operator), place)
    return (
        None
        if operand is None or expected is None
        else Comparison(operand, operator, expected, node.line)
    )


def _read_operand(form: str, node: Table, place: Place) -> Value | None:
    read = read_path if form == "path" else read_jmes
    source = read(node.entries[form], place)
    if source is None:
        return None
    steps = read_steps(node.entries.get("apply"), place)
    return Value(source=source, kind="json", path=place.path, line=node.line, steps=steps)


def _read_expected(operator: str, node: Node | None, place: Place) -> object:
    if node is None:
        return True
    if operator in ("in", "not_in"):
        items = node.items if isinstance(node, Items) else ()
    else:
        items = (node,)
    values = [item.value for item in items if isinstance(item, Leaf) and item.value is not None]
    if not items or len(values) != len(items):
        form = (
            "a list of values"
            if operator in ("in", "not_in")
            else "a text, a number, true or false"
        )
        place.refuse(f"{operator} takes {form}", node.line)
        return None
    if operator == "present":
        return _read_flag(values[0], place, line=node.line)
    texts = [item.text for item in items if isinstance(item, Leaf)]
    return tuple(texts) if operator.endswith(("_with", "contains")) else accepted(values)


def _read_flag(value: object, place: Place, *, line: int) -> tuple[bool] | None:
    if isinstance(value, bool):
        return (value,)
    place.refuse("present takes true or false", line)
    return None
