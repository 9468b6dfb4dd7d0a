"""Session logins: an operation gives an id that each call carries, renewed once it is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar, Unpack

from hub.errors import AuthenticationError
from hub.sdk.soap.client import CallOptions, RowPage, SoapClient
from hub.sdk.soap.rows import Row, RowShape
from hub.sdk.soap.values import Value

Carrier = Callable[[str, dict[str, Any], CallOptions], None]
"""Puts a session id into the parts or the options of a call."""
Result = TypeVar("Result")


def in_part(name: str) -> Carrier:
    """The id is a part of the request."""

    def carry(session: str, parts: dict[str, Any], _: CallOptions) -> None:
        parts[name] = session

    return carry


def in_header(namespace: str, block: str, field: str) -> Carrier:
    """The id is a field in a block of the SOAP header, both in one namespace."""

    def carry(session: str, _: dict[str, Any], options: CallOptions) -> None:
        from lxml import etree

        header = etree.Element(f"{{{namespace}}}{block}")
        etree.SubElement(header, f"{{{namespace}}}{field}").text = session
        options["headers"] = [*options.get("headers", ()), header]

    return carry


class SoapSession:
    """A client whose calls carry a session; ``log_in`` runs the login operation and gives the id.

    Where a call ends in AuthenticationError (let the client's rules make one of the fault or the
    answer by which the service says that the session is gone), one login is tried, and the call
    again. Of several threads refused at once, one logs in and the others use what it got.
    """

    def __init__(
        self, client: SoapClient, *, log_in: Callable[[SoapClient], str], carry: Carrier
    ) -> None:
        self.client = client
        self.system = client.system
        self._log_in, self._carry = log_in, carry
        self._current: str | None = None
        self._lock = threading.Lock()

    @property
    def server_time(self) -> datetime:
        """As :attr:`SoapClient.server_time`."""
        return self.client.server_time

    def close(self) -> None:
        """Close the client; the service forgets the session by itself."""
        self.client.close()

    def call(
        self, operation: str, parts: Mapping[str, Any], **options: Unpack[CallOptions]
    ) -> dict[str, Value]:
        """As :meth:`SoapClient.call`; a change that was refused for the session was not made."""

        def run(session: str) -> dict[str, Value]:
            carried, given = self._carried(session, parts, options)
            return self.client.call(operation, carried, **given)

        return self._with_session(run)

    def rows(
        self,
        operation: str,
        parts: Mapping[str, Any],
        *,
        shape: RowShape,
        **options: Unpack[CallOptions],
    ) -> Iterator[Row]:
        """As :meth:`SoapClient.rows`; the session may be renewed before the first record."""

        def run(session: str) -> tuple[Row | None, Iterator[Row]]:
            carried, given = self._carried(session, parts, options)
            rows = self.client.rows(operation, carried, shape=shape, **given)
            return next(rows, None), rows

        first, rest = self._with_session(run)
        if first is not None:
            yield first
            yield from rest

    def page(
        self,
        operation: str,
        parts: Mapping[str, Any],
        *,
        shape: RowShape,
        **options: Unpack[CallOptions],
    ) -> RowPage:
        """As :meth:`SoapClient.page`."""

        def run(session: str) -> RowPage:
            carried, given = self._carried(session, parts, options)
            return self.client.page(operation, carried, shape=shape, **given)

        return self._with_session(run)

    def _carried(
        self, session: str, parts: Mapping[str, Any], options: CallOptions
    ) -> tuple[dict[str, Any], CallOptions]:
        carried, given = dict(parts), options.copy()
        self._carry(session, carried, given)
        return carried, given

    def _with_session(self, run: Callable[[str], Result]) -> Result:
        session, fresh = self._open()
        try:
            return run(session)
        except AuthenticationError:
            if fresh:  # a login of a moment ago: the refusal is not about its age
                raise
        with self._lock:
            if self._current == session:
                self._current = None
        return run(self._open()[0])

    def _open(self) -> tuple[str, bool]:
        """The session's id, and whether it was opened just now."""
        with self._lock:
            if self._current is not None:
                return self._current, False
            self._current = self._log_in(self.client)
            return self._current, True
