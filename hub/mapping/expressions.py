"""Reads the expressions of a mapping file, led by the type of the canonical field they fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hub.mapping.canonical import Target
from hub.mapping.conditions import read_condition
from hub.mapping.document import Items, Leaf, Node, Table
from hub.mapping.functions import Step
from hub.mapping.plan import Const, Each, Expression, First, Join, Many, Ref, Thing, Value
from hub.mapping.problems import Place, check_keys, suggest, text_of
from hub.mapping.sources import read_jmes, read_path, read_steps

_SOURCES: Final = ("path", "jmes", "first", "join")
_OPTIONS: Final = ("apply", "enum", "default", "required")
_SCALAR_FORMS: Final = ("const", *_SOURCES, "ref", "each")


def read_expression(node: Node, place: Place) -> Expression | None:
    """What fills a field, or None after reporting why it can't be read."""
    if place.target.many:
        return _read_many(node, place)
    if place.target.kind == "ext":
        return _read_ext(node, place)
    if place.target.kind == "object":
        return _read_nested(node, place)
    return _read_ref(node, place) if place.target.kind == "ref" else _read_scalar(node, place)


def read_thing(table: Table, place: Place, *, skip: tuple[str, ...] = ()) -> Thing:
    """An object with the fields of the place's target."""
    known = place.target.fields
    fields: dict[str, Expression] = {}
    for name, node in table.entries.items():
        line = table.lines[name]
        target = known.get(name)
        if name in skip:
            continue
        if target is None:
            place.problems.add(f"{_label(place)}: field {suggest(name, known)}", line)
        elif (found := read_expression(node, place.nested(name, target, line))) is not None:
            fields[name] = found
    required = _required(table, place)
    return Thing(
        fields=fields,
        lines={name: table.lines[name] for name in fields},
        required=tuple(name for name in required if not isinstance(fields.get(name), Const)),
        stands=_stands(fields, required),
        when=None,
        path=place.path,
        line=place.line,
    )


def _required(table: Table, place: Place) -> list[str]:
    """The fields that the canonical model requires; reports those that are never set."""
    required = [name for name, target in place.target.fields.items() if target.required]
    for name in required:
        if name not in table.entries:
            place.problems.add(f"{_label(place)}: required field {name!r} is never set", place.line)
    return required


def _label(place: Place) -> str:
    return place.path or "fields"


def _stands(fields: Mapping[str, Expression], required: list[str]) -> bool:
    """Whether an object is worth making when nothing in it comes from the record.

    So it is when it is all constants, or when constants and defaults give it all that the model
    requires: a role is one without its owner, a contact point is none without its value.
    """
    if all(isinstance(found, Const) for found in fields.values()):
        return True
    given = {
        name
        for name, found in fields.items()
        if isinstance(found, Const) or (isinstance(found, Value) and found.default is not None)
    }
    return bool(required) and given.issuperset(required)


def _read_ext(node: Node, place: Place) -> Expression | None:
    if not isinstance(node, Table):
        place.refuse("is a table of fields declared in the catalogue")
        return None
    fields: dict[str, Expression] = {}
    for name, child in node.entries.items():
        target = place.ext.get(name)
        if target is None:
            place.refuse(f"not in the catalogue: {suggest(name, place.ext)}", node.lines[name])
            continue
        found = _read_scalar(child, place.nested(name, target, node.lines[name]))
        if found is not None:
            fields[name] = found
    return Thing(
        fields=fields,
        lines={name: node.lines[name] for name in fields},
        required=(),
        stands=False,
        when=None,
        path=place.path,
        line=place.line,
    )


def _read_nested(node: Node, place: Place) -> Expression | None:
    if not isinstance(node, Table):
        place.refuse("is an object; write its fields: " + ", ".join(place.target.fields))
        return None
    thing = read_thing(node, place, skip=("when",))
    if "when" not in node.entries:
        return thing
    condition = read_condition(node.entries["when"], place)
    return replace(thing, when=condition)


def _read_many(node: Node, place: Place) -> Expression | None:
    if isinstance(node, Items):
        found = [
            _read_item(item, place.item(index, item.line)) for index, item in enumerate(node.items)
        ]
        return _settle(tuple(item for item in found if item is not None), place.line)
    if isinstance(node, Table) and "each" in node.entries:
        return _read_each(node, place.item(None, place.line))
    if place.target.kind in ("object", "ref"):
        place.refuse("is a list; write a list of items, or {each: path, item: …}")
        return None
    single = _read_scalar(node, place)
    return _settle((single,), place.line) if isinstance(single, Const) else single


def _settle(items: tuple[Expression, ...], line: int) -> Const | Many:
    """A list of constants is itself constant, so it alone makes no object worth keeping."""
    values = tuple(item.value for item in items if isinstance(item, Const))
    return Const(values, line) if items and len(values) == len(items) else Many(items, line)


def _read_item(node: Node, place: Place) -> Expression | None:
    if isinstance(node, Table) and "each" in node.entries:
        return _read_each(node, place)
    return read_expression(node, place)


def _read_each(node: Table, place: Place) -> Each | None:
    check_keys(node, ("each", "item"), what=place.path, problems=place.problems)
    each, item = node.entries["each"], node.entries.get("item")
    if isinstance(each, Table) and set(each.entries) == {"jmes"}:
        source: Any = read_jmes(each.entries["jmes"], place)
    else:
        source = read_path(each, place)
    if item is None:
        place.refuse("each needs an item: {each: path, item: …}", node.line)
        return None
    read = read_expression(item, place)
    return None if read is None or source is None else Each(source, read, node.line)


def _read_ref(node: Node, place: Place) -> Ref | None:
    inner = node.entries.get("ref") if isinstance(node, Table) else None
    if not isinstance(node, Table) or not isinstance(inner, Table):
        place.refuse("is a reference; write {ref: {type: stream, key: path}}")
        return None
    check_keys(node, ("ref",), what=place.path, problems=place.problems)
    check_keys(inner, ("type", "key", "part"), what=f"{place.path}: ref", problems=place.problems)
    key, part = inner.entries.get("key"), inner.entries.get("part", Leaf("", "", inner.line))
    if key is None or not isinstance(part, Leaf):
        place.refuse("a reference needs a key (a path); its part is a text", inner.line)
        return None
    return Ref(
        type=text_of(inner, "type", what=f"{place.path}: ref", problems=place.problems),
        keys=_read_keys(key, place),
        part=part.text,
        composite=isinstance(key, Items),
        line=place.line,
    )


def _read_keys(node: Node, place: Place) -> tuple[Value, ...]:
    nodes = node.items if isinstance(node, Items) else (node,)
    # The members of a composite key keep their JSON type, as in hub.sdk.composite_key.
    free = Target("scalar" if isinstance(node, Items) else "text", Any)
    inside = Place(place.problems, free, f"{place.path}.key", place.line)
    found = [value for item in nodes if (value := _read_value(item, inside)) is not None]
    if not found or len(found) < len(nodes):
        place.refuse("the key of a reference is a path or a list of paths", node.line)
    return tuple(found)


def _read_scalar(node: Node, place: Place) -> Expression | None:
    if isinstance(node, Table) and "const" in node.entries:
        return _read_const(node, place)
    return _read_value(node, place)


def _read_const(node: Table, place: Place) -> Const | None:
    check_keys(node, ("const",), what=place.path, problems=place.problems)
    value = _constant(node.entries["const"], place, what="const")
    return None if value is None else Const(value, place.line)


def _constant(node: Node, place: Place, *, what: str) -> str | int | float | bool | None:
    if not isinstance(node, Leaf) or node.value is None:
        place.refuse(f"{what} must be a text, a number, true or false", node.line)
        return None
    value = node.text if place.target.kind in ("text", "date", "datetime", "amount") else node.value
    if place.target.members and value not in place.target.members:
        place.refuse(f"{what} {suggest(str(value), place.target.members)}", node.line)
        return None
    if (reason := place.target.refusal(value)) is not None:
        place.refuse(f"{what} does not fit the field: {reason}", node.line)
        return None
    return value


def _read_value(node: Node, place: Place) -> Value | None:
    if isinstance(node, Leaf):
        return _plain_value(node, place)
    if isinstance(node, Items):
        place.refuse("takes one value, not a list")
        return None
    present = [name for name in _SOURCES if name in node.entries]
    if len(present) != 1:
        place.refuse(f"needs exactly one of {', '.join(_SCALAR_FORMS)}", node.line)
        return None
    extra = ("with",) if present[0] == "join" else ()
    check_keys(node, (*present, *_OPTIONS, *extra), what=place.path, problems=place.problems)
    source = _read_source(present[0], node, place)
    return None if source is None else _with_options(source, node, place)


def _plain_value(node: Leaf, place: Place) -> Value | None:
    source = read_path(node, place)
    if source is None:
        return None
    table = {member: member for member in place.target.members} or None
    return _value(source, place, table=table, fallback=_other(place))


def _value(source: Any, place: Place, *, steps: tuple[Step, ...] = (), **options: Any) -> Value:
    target = place.target
    makes_list = next((step.name for step in steps if step.makes_list), None)
    if makes_list and not (target.many or target.in_list or target.kind == "json"):
        place.refuse(f"function {makes_list} makes a list, but the field takes one value")
    return Value(
        source=source,
        kind=target.kind,
        path=place.path,
        line=place.line,
        many=target.many or (target.in_list and makes_list is not None),
        steps=steps,
        **options,
    )


def _read_source(form: str, node: Table, place: Place) -> Any:
    inner = node.entries[form]
    if form == "path":
        return read_path(inner, place)
    if form == "jmes":
        return read_jmes(inner, place)
    if not isinstance(inner, Items) or not inner.items:
        place.refuse(f"{form} takes a list of expressions", node.line)
        return None
    if form == "first":
        return First(_read_pieces(inner, place))
    pieces = _read_pieces(inner, replace(place, target=Target("text", str)))
    return Join(pieces, _read_separator(node.entries.get("with"), place))


def _read_separator(node: Node | None, place: Place) -> str:
    if isinstance(node, Leaf):
        return node.text
    if node is not None:
        place.refuse("with takes a text", node.line)
    return " "


def _read_pieces(inner: Items, place: Place) -> tuple[Expression, ...]:
    # The raw values are looked up in the outer expression's enum, so here they are free.
    free = Target("json" if place.target.kind == "enum" else place.target.kind, Any)
    found = [
        _read_scalar(item, Place(place.problems, free, place.path, item.line))
        for item in inner.items
    ]
    return tuple(piece for piece in found if piece is not None)


def _with_options(source: Any, node: Table, place: Place) -> Value:
    steps = read_steps(node.entries.get("apply"), place)
    default = node.entries.get("default")
    required = node.entries.get("required")
    value = None if default is None else _constant(default, place, what="default")
    if required is not None and not (
        isinstance(required, Leaf) and required.value in (True, False)
    ):
        place.refuse("required takes true or false", required.line)
    table = _read_table(node.entries.get("enum"), place)
    return _value(
        source,
        place,
        steps=steps,
        table=table,
        default=value,
        fallback=_other(place) if value is None else value,
        required=isinstance(required, Leaf) and required.value is True,
    )


def _other(place: Place) -> str | None:
    return "other" if "other" in place.target.members else None


def _read_table(node: Node | None, place: Place) -> Mapping[str, Any] | None:
    members = {member: member for member in place.target.members}
    if node is None:
        return members or None
    if not isinstance(node, Table) or not node.entries:
        place.refuse("enum takes a table: {raw value: canonical value}", node.line)
        return None
    table: dict[str, Any] = {}
    for raw, canonical in node.entries.items():
        if isinstance(canonical, Leaf) and canonical.value is None:
            table[raw] = None  # known, and means nothing
        else:
            table[raw] = _constant(canonical, place, what=f"enum {raw!r}")
    return table
