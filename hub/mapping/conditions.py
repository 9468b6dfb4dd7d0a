"""Reads conditions: ``when`` of a part or an object, and the rules under ``exclude``."""

from __future__ import annotations

from typing import Final

from hub.mapping.document import Items, Leaf, Node, Table
from hub.mapping.functions import accepted
from hub.mapping.plan import Combination, Comparison, Condition, Value
from hub.mapping.problems import Place, check_keys
from hub.mapping.sources import read_jmes, read_path, read_steps

_ON_TEXT: Final = ("starts_with", "ends_with", "contains")
_OPERATORS: Final = ("is", "not", "in", "not_in", "present", *_ON_TEXT)
_SOURCES: Final = ("path", "jmes")
_WORDS: Final = (_SOURCES, _OPERATORS)


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
    known = (*_SOURCES, "apply", *_OPERATORS)
    check_keys(node, known, what="condition", problems=place.problems)
    sources, operators = ([name for name in names if name in node.entries] for names in _WORDS)
    if sources == ["jmes"] and not operators:
        operators = ["true"]
    if len(sources) != 1 or len(operators) != 1:
        place.refuse(f"a condition has one path and one of {', '.join(_OPERATORS)}", node.line)
        return None
    operand = _read_operand(sources[0], node, place)
    expected = _read_expected(operators[0], node.entries.get(operators[0]), place)
    if operand is None or expected is None:
        return None
    return Comparison(operand, operators[0], expected, node.line)


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
    takes_list = operator in ("in", "not_in")
    items = _leaves(node, takes_list=takes_list)
    if not items:
        form = "a list of values" if takes_list else "a text, a number, true or false"
        place.refuse(f"{operator} takes {form}", node.line)
        return None
    if operator == "present":
        return _read_flag(items[0].value, place, line=node.line)
    if operator in _ON_TEXT:
        return (items[0].text,)
    return accepted([item.value for item in items])


def _leaves(node: Node, *, takes_list: bool) -> tuple[Leaf, ...]:
    """The scalars of a list, or the one scalar; none where anything else stands among them."""
    if not takes_list:
        items: tuple[Node, ...] = (node,)
    else:
        items = node.items if isinstance(node, Items) else ()
    found = tuple(item for item in items if isinstance(item, Leaf) and item.value is not None)
    return found if len(found) == len(items) else ()


def _read_flag(value: object, place: Place, *, line: int) -> tuple[bool] | None:
    if isinstance(value, bool):
        return (value,)
    place.refuse("present takes true or false", line)
    return None
