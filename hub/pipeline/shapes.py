"""Shapes: validates a mapping's dict against a canonical model at the least cost.

Pydantic's own validators run, built into plain dicts instead of model instances: for an entity of
several nested models that halves the time, and the JSON is the same to the byte (tested for every
entity).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin

import orjson
from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaError, SchemaValidator, core_schema

from hub.errors import InvalidRecordError
from hub.model import ENTITIES
from hub.model.base import SourceRef

Fields = Mapping[str, Any]
_OPAQUE: Final = frozenset({"metadata", "serialization", "function", "cls"})


class Shape(NamedTuple):
    """What is worked out once for an entity.

    ``validate`` gives a dict without absent values or raises pydantic's ValidationError; ``refs``
    are the paths at which a record holds source references, ``*`` standing for each item of a list.
    """

    validate: Callable[[Fields], dict[str, Any]]
    refs: tuple[tuple[str, ...], ...]


@cache
def shape_of(entity: str) -> Shape:
    """The shape of a canonical entity."""
    model = ENTITIES.get(entity)
    if model is None:
        raise InvalidRecordError(f"{entity} is no canonical entity")
    try:
        validator = SchemaValidator(_to_plain(model.__pydantic_core_schema__))
    except (KeyError, SchemaError):  # a release of pydantic that builds its schemas otherwise
        return Shape(_through_instance(model), tuple(_find_refs(model)))
    return Shape(validator.validate_python, tuple(_find_refs(model)))


def to_json(record: Mapping[str, Any]) -> bytes:
    """A validated record as JSON text: amounts as texts, times in UTC with a Z."""
    return orjson.dumps(record, default=_plain_value, option=orjson.OPT_UTC_Z)


def _plain_value(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__}")


def _to_plain(schema: Any) -> Any:
    """The same validation with dicts for models and texts for enums."""
    if isinstance(schema, (list, tuple)):
        return type(schema)(_to_plain(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "model":
        return _model_to_plain(schema)
    if schema.get("type") == "enum":
        return core_schema.literal_schema([member.value for member in schema["members"]])
    plain = {name: value if name in _OPAQUE else _to_plain(value) for name, value in schema.items()}
    if plain.get("type") == "default" and "default" in plain:
        plain["default"] = getattr(plain["default"], "value", plain["default"])
    return plain


def _model_to_plain(schema: dict[str, Any]) -> Any:
    """A field whose default is None is left out where it is absent."""
    fields = {}
    for name, field in schema["schema"]["fields"].items():
        inner = field["schema"]
        required = inner["type"] != "default"
        if not required and inner.get("default", inner) is None:
            inner = inner["schema"]
        fields[name] = core_schema.typed_dict_field(_to_plain(inner), required=required)
    config = core_schema.CoreConfig(str_strip_whitespace=True)
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid", config=config)


def _through_instance(model: type[BaseModel]) -> Callable[[Fields], dict[str, Any]]:
    adapter = TypeAdapter(model)

    def validate(fields: Fields) -> dict[str, Any]:
        made: dict[str, Any] = adapter.dump_python(
            adapter.validate_python(fields), exclude_none=True
        )
        return made

    return validate


def _find_refs(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        for kind, steps in _models_in(field.annotation, (name,)):
            if kind is SourceRef:
                yield steps
            else:
                yield from ((*steps, *rest) for rest in _find_refs(kind))


def _models_in(
    annotation: Any, steps: tuple[str, ...]
) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, steps
    elif origin in {Union, UnionType}:
        for choice in get_args(annotation):
            yield from _models_in(choice, steps)
    elif origin is tuple:
        yield from _models_in(get_args(annotation)[0], (*steps, "*"))
