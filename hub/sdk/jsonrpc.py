"""JSON-RPC 2.0 over HTTP, for the declared streams: calls as bodies, errors with status 200.

https://www.jsonrpc.org/specification. A stream of such a system is a ``RestStream`` whose ``path``
is the endpoint, whose ``body`` is a :func:`call`, and whose ``rows`` begin with ``result``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ParamSpec

from pydantic import JsonValue

from hub.sdk.quirks import AnswerQuirk, SourceFault, error_in_body

Given = ParamSpec("Given")


def call(method: str, params: Callable[Given, JsonValue]) -> Callable[Given, JsonValue]:
    """The body of a call of ``method``; ``params`` makes its parameters.

    For ``RestStream.body`` it is given the values of the request (size, position, since), for
    ``fetch_body`` the key, for ``RestWrite.body`` the key and the fields.
    """

    def body(*given: Given.args, **named: Given.kwargs) -> JsonValue:
        made = params(*given, **named)
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": made}

    return body


def errors(
    codes: Mapping[str, SourceFault] | None = None, *, missing: Collection[str] = ()
) -> AnswerQuirk:
    """For ``RestPolicy(inspect=…)``: what an error object is; codes are numbers as texts.

    ``missing`` are those that say that a record is not there, as a ``fetch_body`` may be answered.
    """
    return error_in_body("error.code", errors=codes, missing=missing)
