"""Compiles single values into closures, specialised by shape, because speed counts here.

A closure takes ``(item, scope)``: the sub-record it reads from, and (root record, gaps); it gives
None for absent. It indexes dicts and lists and calls the functions of the closed set, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import jmespath
from jmespath.exceptions import JMESPathError

from hub.errors import UnmappableRecordError
from hub.mapping.functions import Step
from hub.mapping.paths import ITSELF, Jmes, Path, compile_path
from hub.mapping.plan import Const, Expression, First, Join, Value
from hub.mapping.texts import as_text

Item = dict[Any, Any]
Gap = tuple[str, Any]
"""Canonical path and raw value of something the mapping does not know."""

Scope = tuple[Item, list[Gap]]
Getter = Callable[[Item, Scope], Any]

_SHOWN: Final = 60
_UNKNOWN: Final = object()
# What the JMESPath library is known to let through besides its own errors.
_JMES_ERRORS: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


class Unit(NamedTuple):
    """What is being compiled: the mapping file and the stream."""

    file: str
    stream: str

    def refuse(self, path: str, reason: str, line: int) -> UnmappableRecordError:
        """The error for a record that can't be translated; it never holds a value."""
        return UnmappableRecordError(f"{self.file}:{line}: {path}: {reason}", line=line)


def settle(value: Any) -> Any:
    """The value, texts trimmed; None for null, an empty text, list or object."""
    if type(value) is str:
        return value.strip() or None
    return None if value is None or (not value and isinstance(value, list | dict)) else value


def compile_value(value: Value, unit: Unit, *, with_default: bool = True) -> Getter:
    """The closure for a value; an object that sets defaults itself asks for it without."""
    getter = _compile_core(value, unit)
    if value.table is not None:
        getter = _look_up_key(value, _look_up(value, getter))
    if with_default and value.default is not None:
        getter = _or_default(value.default, getter)
    return _demand(value, getter, unit) if value.required else getter


def _or_default(default: Any, getter: Getter) -> Getter:
    def get(item: Item, scope: Scope) -> Any:
        found = getter(item, scope)
        return default if found is None else found

    return get


def _demand(value: Value, getter: Getter, unit: Unit) -> Getter:
    def get(item: Item, scope: Scope) -> Any:
        found = getter(item, scope)
        if found is None:
            raise unit.refuse(value.path, f"required, but {describe(value)} is absent", value.line)
        return found

    return get


def _look_up(value: Value, getter: Getter) -> Getter:
    known, path, fallback = value.table or {}, value.path, value.fallback

    def look_up(raw: Any, scope: Scope) -> Any:
        text = raw if type(raw) is str else _shown(raw)
        found = known.get(text, _UNKNOWN)
        if found is not _UNKNOWN:
            return found
        scope[1].append((path, _shown(raw)))
        return fallback

    def get(item: Item, scope: Scope) -> Any:
        raw = getter(item, scope)
        if raw is None:
            return None
        if type(raw) is list:
            return [one for each in raw if (one := look_up(each, scope)) is not None] or None
        return look_up(raw, scope)

    return get


def _look_up_key(value: Value, slow: Getter) -> Getter:
    """A known text under a key in one step; everything else goes the general way."""
    key = value.source.single if isinstance(value.source, Path) else None
    if key is None or value.steps or value.many:
        return slow
    known = value.table or {}

    def get(item: Item, scope: Scope) -> Any:
        raw = item.get(key)
        found = known.get(raw) if type(raw) is str else None
        return slow(item, scope) if found is None else found

    return get


def _shown(raw: Any) -> str:
    try:
        return as_text(raw)[:_SHOWN]
    except ValueError:
        return "(no single value)"


def _compile_core(value: Value, unit: Unit) -> Getter:
    """Source, functions and final form, without enum, default and required."""
    finish = _finisher(value, unit)
    fetch = compile_source(value, unit)
    key = value.source.single if isinstance(value.source, Path) else None
    if not value.steps:
        if key is None:
            return lambda item, scope: finish(fetch(item, scope))
        return _no_step(key, finish, many=value.many)
    apply = _applier(value, unit)

    def get(item: Item, scope: Scope) -> Any:
        return finish(apply(settle(fetch(item, scope)), scope))

    if key is None or len(value.steps) > 1:
        return get
    return _one_step(key, value.steps[0], get, wanted=list if value.many else str)


def _no_step(key: str, finish: Callable[[Any], Any], *, many: bool) -> Getter:
    """The text under a key as it is, in one call."""

    def get(item: Item, _scope: Scope) -> Any:
        raw = item.get(key)
        if type(raw) is not str:
            return None if raw is None else finish(raw)
        raw = raw.strip()
        if not raw:
            return None
        return [raw] if many else raw

    return get


def _one_step(key: str, step: Step, slow: Getter, *, wanted: type) -> Getter:
    """The commonest shape, the text under a key through one function, in one call less."""
    transform = step.transform

    def get(item: Item, scope: Scope) -> Any:
        raw = item.get(key)
        if type(raw) is not str:
            return None if raw is None else slow(item, scope)
        raw = raw.strip()
        if not raw:
            return None
        try:
            found = transform(raw)
        except ValueError:
            return slow(item, scope)  # fails again, and says where
        return found if type(found) is wanted else slow(item, scope)

    return get


def _applier(value: Value, unit: Unit) -> Callable[[Any, Scope], Any]:
    steps = value.steps

    def apply(raw: Any, scope: Scope) -> Any:
        for step in steps:
            if raw is None:
                return None
            try:
                found = _transform(step, raw)
            except ValueError as error:
                reason = f"function {step.name} can't read {describe(value)}: {error}"
                raise unit.refuse(value.path, reason, value.line) from None  # context has the value
            if found is None and step.counts_gaps:
                scope[1].append((value.path, _shown(raw)))
            raw = found
        return raw

    return apply


def _transform(step: Step, raw: Any) -> Any:
    if type(raw) is list and not step.makes_list:
        found = [one for each in raw if (one := step.transform(each)) is not None]
        return found or None
    return step.transform(raw)


def describe(value: Value) -> str:
    """Where a value comes from, in the words of the mapping file."""
    if isinstance(value.source, Path):
        return value.source.text
    return f"the {type(value.source).__name__.lower()} expression"


def _finisher(value: Value, unit: Unit) -> Callable[[Any], Any]:
    """Brings a value into the form that the canonical field takes."""
    one = {"text": _finish_text, "json": settle}.get(value.kind, _finish_single)

    def finish(raw: Any) -> Any:
        try:
            if value.many:
                pieces = raw if type(raw) is list else [raw]
                return [found for piece in pieces if (found := one(piece)) is not None] or None
            return one(raw)
        except ValueError as error:
            reason = f"{describe(value)} does not fit: {error}"
            raise unit.refuse(value.path, reason, value.line) from None  # context has the value

    return finish


def _finish_text(raw: Any) -> str | None:
    if type(raw) is str:
        return raw.strip() or None
    if isinstance(raw, bool):
        raise ValueError("it is true or false, a text is wanted; null_if or text may help")  # noqa: TRY004  # as a Transform
    raw = settle(raw)
    return None if raw is None else as_text(raw)


def _finish_single(raw: Any) -> Any:
    raw = settle(raw)
    if isinstance(raw, list | dict):
        raise ValueError("it is an object or a list, a single value is wanted")  # noqa: TRY004  # as a Transform
    return raw


def compile_source(value: Value, unit: Unit) -> Getter:
    """The closure that reads the raw value."""
    source = value.source
    if isinstance(source, Path):
        return compile_path(source)
    if isinstance(source, Jmes):
        return compile_jmes(source, value.path, unit, line=value.line)
    if isinstance(source, First):
        return _first([compile_scalar(choice, unit) for choice in source.choices])
    return _join([compile_scalar(piece, unit) for piece in source.pieces], source)


def compile_scalar(found: Expression, unit: Unit) -> Getter:
    """The closure for one of the expressions under ``first`` or ``join``."""
    if isinstance(found, Const):
        constant = found.value
        return lambda _item, _scope: constant
    assert isinstance(found, Value)
    return compile_value(found, unit)


def _first(getters: list[Getter]) -> Getter:
    def get(item: Item, scope: Scope) -> Any:
        for getter in getters:
            found = settle(getter(item, scope))
            if found is not None:
                return found
        return None

    return get


def _join(getters: list[Getter], source: Join) -> Getter:
    separator = source.separator

    def get(item: Item, scope: Scope) -> Any:
        pieces = [found for getter in getters if (found := getter(item, scope)) is not None]
        return separator.join(map(as_text, pieces)) or None

    return get


def compile_jmes(source: Jmes, path: str, unit: Unit, *, line: int) -> Getter:
    """The closure that searches; an expression that does not fit the record is an error."""
    search = jmespath.compile(source.text).search

    def get(item: Item, _scope: Scope) -> Any:
        try:
            return search(item.get(ITSELF, item))
        except (JMESPathError, RecursionError, *_JMES_ERRORS):
            reason = "the jmes expression does not fit the record"
            raise unit.refuse(path, reason, line) from None  # its message quotes the value

    return get
