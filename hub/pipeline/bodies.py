"""Bodies: from the mapping's dict to a validated canonical record, its references, its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin
from zlib import crc32

from pydantic import BaseModel, TypeAdapter, ValidationError

from hub.errors import InvalidRecordError
from hub.model import ENTITIES
from hub.model.base import SourceRef
from hub.model.commerce import CustomerAccount, Invoice, Order, Payment
from hub.model.service import Opportunity
from hub.pipeline.pages import MAX_KEY_BYTES
from hub.store.canonical import Ref
from hub.store.columns import to_scaled

_SHOWN_ERRORS: Final = 5
_NUL: Final = b"\\u0000"


class Body(NamedTuple):
    """A validated record as it is stored."""

    text: str
    hash: bytes
    refs: list[Ref]
    document: tuple[Any, ...] | None


def build_body(entity: str, fields: Mapping[str, Any]) -> Body:
    """Validate the fields and serialise them; absent values are left out.

    Raises InvalidRecordError, which names the field and never the value.
    """
    shape = _shape(entity)
    try:
        record = shape.validate(fields)
    except ValidationError as error:
        raise InvalidRecordError(_explain(entity, error)) from None
    text: bytes = shape.dump(record, exclude_none=True)
    if _NUL in text and _NUL in text.replace(b"\\\\", b""):
        raise InvalidRecordError(f"{entity}: a text holds a NUL character")
    refs = [ref for path in shape.refs for ref in _walk(record, path, "")] if shape.refs else []
    return Body(
        text.decode(),
        blake2b(text, digest_size=16, person=shape.person).digest(),
        refs,
        _with_checksum(shape.document(record)) if shape.document else None,
    )


def _with_checksum(document: tuple[Any, ...]) -> tuple[Any, ...]:
    """The document with a checksum of its number, the third column: sums of it are hash totals."""
    return (*document, crc32(document[2].encode()))


class _Shape(NamedTuple):
    """What is worked out once for an entity."""

    validate: Callable[[Mapping[str, Any]], Any]
    dump: Callable[..., bytes]
    refs: list[tuple[str, ...]]
    document: Callable[[Any], tuple[Any, ...]] | None
    person: bytes


@cache
def _shape(entity: str) -> _Shape:
    model = ENTITIES.get(entity)
    if model is None:
        raise InvalidRecordError(f"{entity} is no canonical entity")
    adapter = TypeAdapter(model)
    return _Shape(
        validate=adapter.validator.validate_python,
        dump=adapter.serializer.to_json,
        refs=list(_find_refs(model)),
        document=_DOCUMENTS.get(entity),
        person=entity.encode()[:16],
    )


def _find_refs(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """The paths at which a model holds source references; ``*`` stands for each item of a list."""
    for name, field in model.model_fields.items():
        for kind, steps in _kinds(field.annotation, (name,)):
            if kind is SourceRef:
                yield steps
            else:
                yield from ((*steps, *rest) for rest in _find_refs(kind))


def _kinds(
    annotation: Any, steps: tuple[str, ...]
) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, steps
    elif origin in {Union, UnionType}:
        for choice in get_args(annotation):
            yield from _kinds(choice, steps)
    elif origin is tuple:
        yield from _kinds(get_args(annotation)[0], (*steps, "*"))


def _walk(value: Any, path: tuple[str, ...], role: str) -> Iterator[Ref]:
    if value is None:
        return
    if not path:
        if len(value.key) * 4 > MAX_KEY_BYTES and len(value.key.encode()) > MAX_KEY_BYTES:
            raise InvalidRecordError(f"{role}.key: longer than {MAX_KEY_BYTES} bytes")
        yield role, value.type, value.key, value.part
    elif path[0] == "*":
        for place, item in enumerate(value):
            yield from _walk(item, path[1:], f"{role}.{place}")
    else:
        name = f"{role}.{path[0]}" if role else path[0]
        yield from _walk(getattr(value, path[0]), path[1:], name)


def _explain(entity: str, error: ValidationError) -> str:
    """Which fields are wrong and how; pydantic's error types name no values."""
    flaws = [
        f"{'.'.join(str(step) for step in flaw['loc']) or entity}: {flaw['type']}"
        for flaw in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    more = f" and {len(flaws) - _SHOWN_ERRORS} more" if len(flaws) > _SHOWN_ERRORS else ""
    return f"{entity}: {'; '.join(flaws[:_SHOWN_ERRORS])}{more}"


def _scaled(amount: Decimal | None) -> int | None:
    try:
        return None if amount is None else to_scaled(amount)
    except ValueError as error:
        raise InvalidRecordError("an amount does not fit 64 bits with four decimals") from error


def _order(record: Order) -> tuple[Any, ...]:
    return ("order", "order", *_head(record), *_amounts(record), None)


def _invoice(record: Invoice) -> tuple[Any, ...]:
    return (
        "invoice",
        record.kind.value,
        *_head(record),
        *_amounts(record),
        _scaled(record.open_amount),
    )


def _head(record: Order | Invoice) -> tuple[Any, ...]:
    return (record.number, record.date.isoformat(), record.status.value, record.currency)


def _amounts(record: Order | Invoice) -> tuple[Any, ...]:
    return (_scaled(record.net), _scaled(record.tax), _scaled(record.gross))


def _payment(record: Payment) -> tuple[Any, ...]:
    amount = _scaled(record.amount)
    head = (record.number, record.date.isoformat(), "done", record.currency)
    return ("payment", "payment", *head, None, None, amount, None)


def _opportunity(record: Opportunity) -> tuple[Any, ...]:
    date = record.close_date.isoformat() if record.close_date else None
    head = (record.name or "", date, record.stage.value, record.currency)
    return ("opportunity", "opportunity", *head, None, None, _scaled(record.amount), None)


def _account(record: CustomerAccount) -> tuple[Any, ...]:
    status = "active" if record.active else "inactive"
    head = (record.account_no, None, status, record.currency)
    return ("account", "account", *head, None, None, None, _scaled(record.ar_balance))


_DOCUMENTS: Final[Mapping[str, Callable[[Any], tuple[Any, ...]]]] = {
    "account": _account,
    "order": _order,
    "invoice": _invoice,
    "payment": _payment,
    "opportunity": _opportunity,
}
