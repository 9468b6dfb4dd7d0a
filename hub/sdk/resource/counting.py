"""Asks a system how many records a declared stream has, and trusts only what is a number."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from jmespath.exceptions import JMESPathError

from hub.errors import PermanentSourceError, SourceSchemaError
from hub.sdk.contract import Total
from hub.sdk.records import compile_path
from hub.sdk.resource.reader import as_params
from hub.sdk.resource.stream import RestCount, RestStream
from hub.sdk.rest import RestClient, RestResponse

_PLACES: Final = Decimal("0.0001")
_DIGITS: Final = 60
_HINT: Final = "check base URL, API version and the stream's count"


def count_records(client: RestClient, stream: RestStream) -> Total:
    """The system's own number of records, and its sums to four places.

    SourceSchemaError where the answer has no such number; PermanentSourceError where the number is
    too large to be exact.
    """
    how = stream.count
    if how is None:
        message = "nothing declares how its records are counted; give the stream a count"
        raise SourceSchemaError(message, system=client.system, stream=stream.name)
    answer = _send(client, stream, how)
    records = _number_of(answer, how.records)
    if how.exact_below is not None and records >= how.exact_below:
        raise PermanentSourceError(
            f"the system tells {records}, and from {how.exact_below} records on that is an "
            "estimate or a cap; compare keys instead (hub sync --keys, or a full read)",
            system=client.system,
            stream=stream.name,
        )
    return Total(records, _sums_of(answer, how) if how.sums else {})


def _send(client: RestClient, stream: RestStream, how: RestCount) -> RestResponse:
    headers = {**stream.headers, **how.headers}
    if how.body is None:
        params = as_params(how.params)
        return client.get(how.path, params=params, headers=headers, stream=stream.name)
    body = how.body(how.params)
    return client.send(
        "POST", how.path, json=body, headers=headers, stream=stream.name, reading=True
    )


def _number_of(answer: RestResponse, path: str) -> int:
    found = _look(answer, answer.json(), path)
    if isinstance(found, bool) or not isinstance(found, int):
        raise _refused(answer, path, "holds no whole number")
    if found < 0:
        raise _refused(answer, path, "holds a number below 0")
    return found


def _sums_of(answer: RestResponse, how: RestCount) -> dict[str, Decimal]:
    """The sums, with each digit that was sent: a float would lose cents of a large one."""
    body = json.loads(answer.content, parse_float=Decimal)
    return {
        name: _amount(answer, _look(answer, body, path), path) for name, path in how.sums.items()
    }


def _amount(answer: RestResponse, found: Any, path: str) -> Decimal:
    """A sum as a number or as a text of one; null is the sum of nothing."""
    if found is None:
        return Decimal(0).quantize(_PLACES)
    if isinstance(found, bool) or not isinstance(found, int | str | Decimal):
        raise _refused(answer, path, "holds no sum")
    try:
        with localcontext(prec=_DIGITS):
            told = Decimal(found).quantize(_PLACES)
    except InvalidOperation:  # no number, or one beyond all sums
        raise _refused(answer, path, "holds no sum") from None
    if not told.is_finite():
        raise _refused(answer, path, "holds no sum")
    return told


def _look(answer: RestResponse, body: Any, path: str) -> Any:
    try:
        return compile_path(path)(body)
    except JMESPathError:
        # The library's text quotes the value that a function of the path does not take.
        raise _refused(answer, path, "can't be followed") from None


def _refused(answer: RestResponse, path: str, flaw: str) -> SourceSchemaError:
    where = f"{path!r} in the answer" if path else "the answer as a whole"
    message = f"asked for a count, {where} {flaw}; {_HINT}"
    return SourceSchemaError(message, system=answer.system, stream=answer.stream)
