"""SOAP transport: one reused client; requests from a local WSDL, answers as plain values.

Sending, retries, limits and the allowed hosts are the REST client's. Answers are read by
:mod:`hub.sdk.envelope`, so that absent, nil and empty stay apart and long lists
are read record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hub.errors import (
    AuthenticationError,
    HubError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth import Auth
from hub.sdk.envelope import RowShape, SoapFault, Value, read_answer, read_rows
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient, RestResponse

if TYPE_CHECKING:
    from hub.sdk.wsdl import Wsdl

__all__ = ["FaultRule", "RowShape", "SoapClient", "SoapFault"]

FaultRule = Callable[[SoapFault], HubError | None]
"""What a vendor's fault stands for, or None where the general rule holds."""

_REFUSED_LOGIN: Final = frozenset(
    {"failedauthentication", "invalidsecurity", "invalidsecuritytoken", "invalid_login",
     "invalid_session_id", "failedcheck", "authentication", "unauthorized"}
)  # fmt: skip
"""Fault codes that mean bad credentials: WS-Security 1.1 section 12, and those vendors add."""


class SoapClient:
    """Calls the operations of one SOAP service; ``url`` overrides the address in the WSDL.

    ``auth`` is for HTTP. The WSDL is read at the first call.
    """

    def __init__(
        self,
        wsdl: Path,
        *,
        system: str,
        url: str,
        policy: RestPolicy | None = None,
        auth: Auth | None = None,
    ) -> None:
        self.system = system
        self._path = wsdl
        self._url = url
        self._wsse: Any = None
        self._explain: FaultRule = lambda _: None
        rules = replace(policy or RestPolicy(), explain=self._explain_status)
        self._rest = RestClient(url, system=system, auth=auth, policy=rules)

    def explain_faults(self, rule: FaultRule) -> None:
        """Let the connector say what this vendor's faults mean."""
        self._explain = rule

    def secure(self, wsse: Any) -> None:
        """Sign or name the sender in each request: a zeep WS-Security object, set before a call."""
        self._wsse = wsse

    def call(
        self,
        operation: str,
        parts: Mapping[str, Any],
        *,
        stream: str = "",
        reading: bool = True,
    ) -> dict[str, Value]:
        """The parts of the answer by name; a call that changes something is not ``reading``."""
        answer = self._send(operation, parts, stream, reading=reading)
        result = read_answer(answer.content, system=self.system, stream=stream)
        if isinstance(result, SoapFault):
            raise self._raised(result, stream)
        return result

    def rows(
        self, operation: str, parts: Mapping[str, Any], *, shape: RowShape, stream: str = ""
    ) -> Iterator[dict[str, Value]]:
        """The records of a list answer, for lists too long to hold as objects."""
        answer = self._send(operation, parts, stream, reading=True)
        for row in read_rows(answer.content, shape, system=self.system, stream=stream):
            if isinstance(row, SoapFault):
                raise self._raised(row, stream)
            yield row

    def close(self) -> None:
        """Close the pooled connections."""
        self._rest.close()

    @cached_property
    def _wsdl(self) -> Wsdl:
        from hub.sdk.wsdl import Wsdl

        return Wsdl(self._path, wsse=self._wsse)

    def _send(
        self, operation: str, parts: Mapping[str, Any], stream: str, *, reading: bool
    ) -> RestResponse:
        sealed = self._wsdl.seal(operation, parts)
        headers = {"accept": "text/xml, application/soap+xml", **sealed.headers}
        headers.setdefault("Content-Type", "text/xml; charset=utf-8")
        return self._rest.send(
            "POST",
            self._url,
            content=sealed.body,
            headers=headers,
            stream=stream,
            reading=reading,
        )

    def _explain_status(self, answer: RestResponse) -> HubError | None:
        """A fault comes with HTTP 500 (SOAP 1.1 section 6.2); other bodies follow the status."""
        if "xml" not in answer.headers.get("content-type", ""):
            return None
        try:
            result = read_answer(answer.content, system=self.system, stream=answer.stream)
        except SourceSchemaError:
            return None
        return self._raised(result, answer.stream) if isinstance(result, SoapFault) else None

    def _raised(self, fault: SoapFault, stream: str) -> HubError:
        named = self._explain(fault)
        if named is not None:
            return named
        code = f"{fault.code} {fault.subcode}".strip() or "without a code"
        if {fault.code.lower(), fault.subcode.lower()} & _REFUSED_LOGIN:
            return AuthenticationError(
                f"the service refuses the credentials (fault {code})",
                system=self.system,
                stream=stream,
            )
        message = f"the service answers with a fault ({code})"
        if fault.code in ("Server", "Receiver"):
            return SourceUnavailableError(message, system=self.system, stream=stream)
        return SourceSchemaError(message, system=self.system, stream=stream)
