"""Compiles objects, lists and references into closures (see hub.mapping.values)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from hub.mapping.comparisons import compile_condition
from hub.mapping.paths import ITSELF, Path, compile_path
from hub.mapping.plan import Const, Each, Expression, Many, Ref, Thing, Value
from hub.mapping.values import (
    Getter,
    Item,
    Scope,
    Unit,
    compile_jmes,
    compile_value,
    settle,
)


def compile_expression(found: Expression, unit: Unit) -> Getter:
    """The closure for any expression but a constant, which its object holds."""
    if isinstance(found, Thing):
        return compile_thing(found, unit)
    if isinstance(found, Many):
        return _many(found, unit)
    if isinstance(found, Each):
        return _each(found, unit)
    if isinstance(found, Ref):
        return _ref(found, unit)
    if isinstance(found, Value):
        return compile_value(found, unit)
    constant = found.value
    return lambda _item, _scope: constant


class _Shape(NamedTuple):
    """The fields of an object, sorted by how they are filled."""

    consts: dict[str, Any]
    plains: tuple[tuple[str, str, Getter], ...]
    computed: tuple[tuple[str, Getter], ...]
    defaults: tuple[tuple[str, Any], ...]
    required: tuple[str, ...]


def _shape(thing: Thing, unit: Unit) -> _Shape:
    consts, plains, computed, defaults = {}, [], [], []
    for name, found in thing.fields.items():
        if isinstance(found, Const):
            consts[name] = found.value
            continue
        if not isinstance(found, Value):
            computed.append((name, compile_expression(found, unit)))
            continue
        if found.default is not None:
            defaults.append((name, found.default))
        getter = compile_value(found, unit, with_default=False)
        key = _plain_key(found)
        if key is None:
            computed.append((name, getter))
        else:
            plains.append((name, key, getter))
    return _Shape(consts, tuple(plains), tuple(computed), tuple(defaults), thing.required)


def _plain_key(value: Value) -> str | None:
    """The key of a value that is read and trimmed and nothing else."""
    if value.steps or value.table is not None or value.required or value.many:
        return None
    return value.source.single if isinstance(value.source, Path) else None


def compile_thing(thing: Thing, unit: Unit) -> Getter:
    """The closure that makes an object, or None where nothing in it comes from the record."""
    shape = _shape(thing, unit)
    build = None if thing.stands else _one_field(shape)
    build = build or _build(shape, thing, unit)
    if thing.when is None:
        return build
    holds = compile_condition(thing.when, unit)
    return lambda item, scope: build(item, scope) if holds(item, scope) else None


def _one_field(shape: _Shape) -> Getter | None:
    """Constants and one plain value, as most contact points and identifiers are."""
    if len(shape.plains) != 1 or shape.computed or shape.defaults:
        return None
    ((name, key, getter),) = shape.plains
    consts = shape.consts

    def build(item: Item, scope: Scope) -> dict[str, Any] | None:
        value = item.get(key)
        if type(value) is str:
            value = value.strip()
            if not value:
                return None
        elif value is None or (value := getter(item, scope)) is None:
            return None
        made = consts.copy()
        made[name] = value
        return made

    return build


def _build(shape: _Shape, thing: Thing, unit: Unit) -> Getter:
    consts, computed = shape.consts, shape.computed
    fewest = -1 if thing.stands else len(consts)
    fill = _filler(shape)
    complete = _completer(shape, thing, unit)

    def build(item: Item, scope: Scope) -> dict[str, Any] | None:
        made = consts.copy()
        if fill is not None:
            fill(made, item, scope)
        for name, getter in computed:
            value = getter(item, scope)
            if value is not None:
                made[name] = value
        if len(made) <= fewest:
            return None
        return made if complete is None else complete(made)

    return build


def _filler(shape: _Shape) -> Callable[[dict[str, Any], Item, Scope], None] | None:
    """Sets the plain fields, all in one call."""
    plains = shape.plains

    def fill(made: dict[str, Any], item: Item, scope: Scope) -> None:
        read = item.get
        for name, key, getter in plains:
            value = read(key)
            if type(value) is str:
                value = value.strip()
                if value:
                    made[name] = value
            elif value is not None and (value := getter(item, scope)) is not None:
                made[name] = value

    return fill if plains else None


def _completer(
    shape: _Shape, thing: Thing, unit: Unit
) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Sets defaults and demands what the canonical model requires."""
    defaults, required = shape.defaults, shape.required

    def complete(made: dict[str, Any]) -> dict[str, Any]:
        for name, value in defaults:
            made.setdefault(name, value)
        for name in required:
            if name not in made:
                raise _incomplete(thing, name, unit)
        return made

    return complete if defaults or required else None


def _incomplete(thing: Thing, name: str, unit: Unit) -> Exception:
    path = f"{thing.path}.{name}" if thing.path else name
    return unit.refuse(path, "required by the canonical model, but absent", thing.lines[name])


def _many(many: Many, unit: Unit) -> Getter:
    getters = [compile_expression(item, unit) for item in many.items]
    if len(getters) == 1:
        return _one_item(getters[0])

    def build(item: Item, scope: Scope) -> list[Any] | None:
        made: list[Any] = []
        for getter in getters:
            value = getter(item, scope)
            if type(value) is list:
                made += value
            elif value is not None:
                made.append(value)
        return made or None

    return build


def _one_item(getter: Getter) -> Getter:
    def build(item: Item, scope: Scope) -> list[Any] | None:
        value = getter(item, scope)
        return value if value is None or type(value) is list else [value]

    return build


def _each(each: Each, unit: Unit) -> Getter:
    if isinstance(each.source, Path):
        find = compile_path(each.source)
    else:
        find = compile_jmes(each.source, "each", unit, line=each.line)
    getter = compile_expression(each.item, unit)

    def build(item: Item, scope: Scope) -> list[Any] | None:
        made: list[Any] = []
        for element in elements(find(item, scope)):
            value = getter(element, scope)
            if type(value) is list:
                made += value
            elif value is not None:
                made.append(value)
        return made or None

    return build


def elements(found: Any) -> list[Item]:
    """The sub-records under an ``each``: a single one is a list of one, absent ones are skipped."""
    pieces = found if isinstance(found, list) else [found]
    return [
        piece if type(piece) is dict else {ITSELF: piece}
        for piece in pieces
        if settle(piece) is not None
    ]


def _ref(ref: Ref, unit: Unit) -> Getter:
    base = {"type": unit.stream if ref.type == "*" else ref.type}
    if ref.part:
        base["part"] = ref.part
    getters = [compile_value(key, unit) for key in ref.keys]
    if ref.composite:
        return _composite_ref(base, getters, ref=ref, unit=unit)
    if (key := _plain_key(ref.keys[0])) is None:
        return _computed_ref(base, getters[0])
    # A reference by a plain key is an object of constants and one plain field.
    shape = _Shape(base, (("key", key, getters[0]),), (), (), ())
    build = _one_field(shape)
    assert build is not None
    return build


def _computed_ref(base: dict[str, str], getter: Getter) -> Getter:
    def build(item: Item, scope: Scope) -> dict[str, Any] | None:
        key = getter(item, scope)
        return None if key is None else {**base, "key": key}

    return build


def _composite_ref(base: dict[str, str], getters: list[Getter], *, ref: Ref, unit: Unit) -> Getter:
    def build(item: Item, scope: Scope) -> dict[str, Any] | None:
        keys = [getter(item, scope) for getter in getters]
        if None in keys:
            return None
        try:
            # The same text as hub.sdk.composite_key gives.
            return {**base, "key": orjson.dumps(keys).decode()}
        except orjson.JSONEncodeError:
            reason = "a value of the composite key can't be part of a key"
            raise unit.refuse(ref.keys[0].path, reason, ref.line) from None  # it quotes the value

    return build
