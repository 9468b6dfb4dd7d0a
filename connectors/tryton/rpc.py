"""Tryton's JSON-RPC, for writes alone: the user's name and password go with each call.

Source: trytond/protocols/jsonrpc.py and dispatcher.py of Tryton 8.2. What goes wrong in a call is
an ``error`` in an answer with status 200, and its transaction is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from connectors.tryton.client import SYSTEM
from connectors.tryton.config import TrytonConfig
from hub.errors import (
    AuthenticationError,
    ConflictError,
    HubError,
    OutcomeUnknownError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth import BasicAuth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient

_REFUSALS: Final = frozenset({"UserError", "UserWarning"})


class RpcClient:
    """Calls of one user; opened by the first one."""

    def __init__(self, config: TrytonConfig) -> None:
        self._config = config
        self._http: RestClient | None = None

    def write(
        self,
        model: str,
        key: int,
        values: Mapping[str, JsonValue],
        *,
        stamps: Mapping[str, str],
    ) -> None:
        """Change a record with the rows below it, unless one that is written has another stamp."""
        context: dict[str, JsonValue] = {"active_test": False, "_timestamp": dict(stamps)}
        self._change(model, "write", [[key], dict(values)], context)

    def create(self, model: str, values: Mapping[str, JsonValue]) -> int:
        """Make a record with the rows below it; returns its id."""
        made = self._change(model, "create", [[dict(values)]], {})
        if not isinstance(made, list) or not made or not isinstance(made[0], int):
            message = f"{SYSTEM}: the record was asked for, but the answer does not name it"
            raise OutcomeUnknownError(message)
        return made[0]

    def _change(
        self, model: str, verb: str, params: list[JsonValue], context: dict[str, JsonValue]
    ) -> Any:
        """One call that changes something: all of it is done, or nothing and an error is raised."""
        if self._config.company is not None:
            context["company"] = self._config.company
        method = f"model.{model}.{verb}"
        call: JsonValue = {"id": 1, "method": method, "params": [*params, context]}
        answer = self._open(model).send("POST", "rpc/", json=call, stream=model)
        try:
            content = answer.json()
        except SourceError as error:
            message = f"{SYSTEM}: the change was sent, but the answer is none of JSON-RPC"
            raise OutcomeUnknownError(message) from error
        failure = content.get("error") if isinstance(content, dict) else None
        if failure:
            raise _explain(failure, model)
        if not isinstance(content, dict) or "result" not in content:
            raise OutcomeUnknownError(f"{SYSTEM}: the change was sent, but the answer is no result")
        return content["result"]

    def log_in(self) -> None:
        """See that name and password are accepted, by asking for the user's own preferences."""
        call: JsonValue = {
            "id": 1,
            "method": "model.res.user.get_preferences",
            "params": [True, {}],
        }
        content = self._open("res.user").send("POST", "rpc/", json=call, reading=True).json()
        if not isinstance(content, dict) or "result" not in content:
            message = "JSON-RPC does not answer a login; check the base URL"
            raise SourceSchemaError(message, system=SYSTEM)

    def close(self) -> None:
        """Close the connections."""
        if self._http:
            self._http.close()

    def _open(self, model: str) -> RestClient:
        user, password = self._config.username, self._config.password
        if user is None or password is None:
            message = "writing needs the settings username and password: REST alone has no lock"
            raise AuthenticationError(message, system=SYSTEM, stream=model)
        if self._http is None:
            self._http = RestClient(
                self._config.base_url,
                system=SYSTEM,
                auth=BasicAuth(user, password),
                policy=RestPolicy(ca_bundle=self._config.ca_file),
            )
        return self._http


def _explain(failure: Any, model: str) -> HubError:
    """By the exception's name alone: the message that follows names records."""
    kind = failure[0] if isinstance(failure, list) else ""
    if kind == "ConcurrencyException":
        return ConflictError(f"{SYSTEM}: the party changed meanwhile; nothing was written")
    if kind in _REFUSALS:
        message = "Tryton's rules refuse the change, or the user may not make it"
        return RejectedError(f"{SYSTEM}/{model}: {message}; nothing was written")
    if kind == "LoginException":
        return AuthenticationError("the login needs more than a password", system=SYSTEM)
    # Any other exception (a locked database, a time-out) rolled everything back as well.
    message = "Tryton failed and rolled the change back; see the server's log"
    return SourceUnavailableError(message, system=SYSTEM, stream=model)
