"""What a mapping may fill: the fields of the canonical model, read from its pydantic types."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from hub.model.base import SourceRef

_KINDS: Mapping[type, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    Decimal: "amount",
    date: "date",
    datetime: "datetime",
    AwareDatetime: "datetime",
    dict: "ext",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One canonical field: what kind of value it takes, and whether it is a list of them.

    Kinds: text, integer, number, boolean, amount, date, datetime, enum, ref, object, ext, json.
    """

    kind: str
    type: Any
    many: bool = False
    required: bool = False
    in_list: bool = False

    def single(self) -> Target:
        """The same for one item of the list."""
        return Target(self.kind, self.type, in_list=True)

    def refusal(self, value: Any) -> str | None:
        """Why the model would refuse a constant, or None."""
        try:
            _adapter(self.type).validate_python(value)
        except ValidationError as error:
            return str(error.errors()[0]["msg"])
        return None

    @property
    def members(self) -> tuple[str, ...]:
        """The values of an enum; empty for other kinds."""
        kind = _bare(self.type)
        is_enum = isinstance(kind, type) and issubclass(kind, StrEnum)
        return tuple(member.value for member in kind) if is_enum else ()

    @property
    def fields(self) -> Mapping[str, Target]:
        """The fields of an object."""
        return fields_of(_bare(self.type)) if self.kind == "object" else {}


JSON = Target("json", Any)
"""A field under ext that may hold any JSON value."""


@cache
def fields_of(model: type[BaseModel]) -> Mapping[str, Target]:
    """Every field of a canonical type, by name."""
    return {name: _target(field) for name, field in model.model_fields.items()}


def _target(field: FieldInfo) -> Target:
    annotation: Any = field.annotation
    bare = _bare(annotation)
    required = field.is_required()
    if typing.get_origin(bare) is tuple:
        item = typing.get_args(bare)[0]
        return Target(_kind(_bare(item)), item, many=True, required=required)
    limited = Annotated[annotation, *field.metadata] if field.metadata else annotation
    return Target(_kind(bare), limited, required=required)


def _kind(bare: Any) -> str:
    bare = typing.get_origin(bare) or bare
    if bare is SourceRef:
        return "ref"
    if issubclass(bare, BaseModel):
        return "object"
    return "enum" if issubclass(bare, StrEnum) else _KINDS[bare]


def _bare(annotation: Any) -> Any:
    """The type without Annotated and without "or None"."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _bare(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return _bare(next(arg for arg in typing.get_args(annotation) if arg is not type(None)))
    return annotation


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
