"""Reads what an expression takes from the record: paths, JMESPath, and the functions applied."""

from __future__ import annotations

from typing import Any, Final

import jmespath
from jmespath.functions import Functions

from hub.mapping.document import Items, Leaf, Node, Table
from hub.mapping.functions import FUNCTIONS, Argument, Step
from hub.mapping.paths import Jmes, Path, parse_path
from hub.mapping.problems import Place, suggest

_MAX_JMES: Final = 400
_MAX_COPIES: Final = 256
_MAX_STEPS: Final = 10


def read_path(node: Node, place: Place) -> Path | None:
    """A path, or None after reporting why it is none."""
    if not isinstance(node, Leaf) or node.value is None:
        place.refuse("a path into the record is a text", node.line)
        return None
    try:
        return parse_path(node.text)
    except ValueError as error:
        place.refuse(str(error), node.line)
        return None


def read_jmes(node: Node, place: Place) -> Jmes | None:
    """A JMESPath expression that compiles and can't blow a record up."""
    if not isinstance(node, Leaf) or not node.text or len(node.text) > _MAX_JMES:
        place.refuse(f"jmes takes a JMESPath expression of 1 to {_MAX_JMES} characters", node.line)
        return None
    try:
        parsed = jmespath.compile(node.text).parsed
        _check_calls(parsed)
        if _copies(parsed) > _MAX_COPIES:
            raise ValueError("it builds too many lists within lists")  # noqa: TRY301  # one report
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        place.refuse(f"bad JMESPath: {reason}", node.line)
        return None
    return Jmes(node.text)


def _check_calls(parsed: Any) -> None:
    """Refuse calls of functions that JMESPath does not have; the library finds out too late."""
    if parsed["type"] == "function_expression":
        known = Functions.FUNCTION_TABLE
        if parsed["value"] not in known:
            raise ValueError(f"function {suggest(parsed['value'], known)}")
        signature = known[parsed["value"]]["signature"]
        takes, given = len(signature), len(parsed["children"])
        if given < takes or (given > takes and not signature[-1].get("variadic")):
            raise ValueError(f"function {parsed['value']} takes {takes} arguments")
    for child in parsed["children"]:
        if isinstance(child, dict):
            _check_calls(child)


def _copies(parsed: Any) -> int:
    """How many times over a value can appear in the result.

    Each multi-select repeats its input: a chain ``[@,@]|[@,@]|…`` doubles it at every step.
    """
    copies = len(parsed["children"]) if parsed["type"].startswith("multi_select") else 1
    for child in parsed["children"]:
        if isinstance(child, dict):
            copies *= _copies(child)
    return copies


def read_steps(node: Node | None, place: Place) -> tuple[Step, ...]:
    """The functions of an ``apply`` list, bound to their arguments."""
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    if len(items) > _MAX_STEPS:
        place.refuse(f"apply takes at most {_MAX_STEPS} functions", node.line)
        return ()
    steps = [_read_step(item, place) for item in items]
    return tuple(step for step in steps if step is not None)


def _read_step(node: Node, place: Place) -> Step | None:
    if isinstance(node, Leaf):
        return _bind(node.text, None, place, line=node.line)
    if isinstance(node, Table) and len(node.entries) == 1:
        ((name, argument),) = node.entries.items()
        return _bind(name, _argument(argument), place, line=node.line)
    place.refuse("apply takes function names, or {name: argument}", node.line)
    return None


def _bind(name: str, argument: Argument, place: Place, *, line: int) -> Step | None:
    function = FUNCTIONS.get(name)
    if function is None:
        place.refuse(f"function {suggest(name, FUNCTIONS)}", line)
        return None
    try:
        transform = function.bind(argument)
    except ValueError as error:
        place.refuse(f"function {name}: {error}", line)
        return None
    return Step(name, transform, function.makes_list, function.counts_gaps)


def _argument(node: Node) -> Argument:
    if isinstance(node, Leaf):
        # The text as written: 0.10 stays exact, and a scale never passes through a float.
        return node.value if isinstance(node.value, bool) or node.value is None else node.text
    if isinstance(node, Items):
        return [item.value if isinstance(item, Leaf) else [] for item in node.items]
    return {name: _argument(child) for name, child in node.entries.items()}
