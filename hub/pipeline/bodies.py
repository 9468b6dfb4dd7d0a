"""Bodies: from the mapping's dict to a validated canonical record, its references, its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from zlib import crc32

from pydantic import ValidationError

from hub.errors import InvalidRecordError
from hub.pipeline.pages import MAX_KEY_BYTES
from hub.pipeline.shapes import shape_of, to_json
from hub.store.canonical import Ref
from hub.store.columns import to_scaled

_SHOWN_ERRORS: Final = 5
_NUL: Final = b"\\u0000"
_Record = Mapping[str, Any]


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
    shape = shape_of(entity)
    try:
        record = shape.validate(fields)
    except ValidationError as error:
        raise InvalidRecordError(_explain(entity, error)) from None
    text = to_json(record)
    if b"\\" in text and _NUL in text.replace(b"\\\\", b""):
        raise InvalidRecordError(f"{entity}: a text holds a NUL character")
    document = _DOCUMENTS.get(entity)
    return Body(
        text.decode(),
        blake2b(text, digest_size=16, person=entity[:16].encode()).digest(),
        [ref for path in shape.refs for ref in _walk(record, path, "")] if shape.refs else [],
        _whole(document(record), record) if document else None,
    )


def _whole(document: tuple[Any, ...], record: _Record) -> tuple[Any, ...]:
    """The document with a checksum of its number, the third column: sums of it are hash totals;
    when it is due, and when it changed, as the body says them.
    """
    due, changed = record.get("due_date"), record.get("updated_at")
    return (
        *document,
        crc32(document[2].encode()),
        due.isoformat() if due else None,
        _moment(changed) if changed else "",
    )


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _walk(value: Any, path: tuple[str, ...], role: str) -> Iterator[Ref]:
    if value is None:
        return
    if not path:
        if len(value["key"]) * 4 > MAX_KEY_BYTES and len(value["key"].encode()) > MAX_KEY_BYTES:
            raise InvalidRecordError(f"{role}.key: longer than {MAX_KEY_BYTES} bytes")
        yield role, value["type"], value["key"], value["part"]
    elif path[0] == "*":
        for place, item in enumerate(value):
            yield from _walk(item, path[1:], f"{role}.{place}")
    else:
        name = f"{role}.{path[0]}" if role else path[0]
        yield from _walk(value.get(path[0]), path[1:], name)


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


def _order(record: _Record) -> tuple[Any, ...]:
    return ("order", "order", *_head(record), *_amounts(record), None)


def _invoice(record: _Record) -> tuple[Any, ...]:
    open_amount = _scaled(record.get("open_amount"))
    return ("invoice", record["kind"], *_head(record), *_amounts(record), open_amount)


def _head(record: _Record) -> tuple[Any, ...]:
    return (record["number"], record["date"].isoformat(), record["status"], record["currency"])


def _amounts(record: _Record) -> tuple[Any, ...]:
    return (_scaled(record["net"]), _scaled(record["tax"]), _scaled(record["gross"]))


def _payment(record: _Record) -> tuple[Any, ...]:
    head = (record["number"], record["date"].isoformat(), "done", record["currency"])
    return ("payment", "payment", *head, None, None, _scaled(record["amount"]), None)


def _opportunity(record: _Record) -> tuple[Any, ...]:
    closes = record.get("close_date")
    date = closes.isoformat() if closes else None
    head = (record.get("name") or "", date, record["stage"], record.get("currency"))
    amount = _scaled(record.get("amount"))
    return ("opportunity", "opportunity", *head, None, None, amount, None)


def _account(record: _Record) -> tuple[Any, ...]:
    status = "active" if record["active"] else "inactive"
    head = (record["account_no"], None, status, record.get("currency"))
    return ("account", "account", *head, None, None, None, _scaled(record.get("ar_balance")))


_DOCUMENTS: Final[Mapping[str, Callable[[_Record], tuple[Any, ...]]]] = {
    "account": _account,
    "order": _order,
    "invoice": _invoice,
    "payment": _payment,
    "opportunity": _opportunity,
}
