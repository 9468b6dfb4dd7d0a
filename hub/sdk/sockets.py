"""Opens the sockets of an HTTP client: only where :mod:`hub.sdk.hosts` allows."""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from hub.sdk.hosts import PORTS, AddressRefusedError, AddressRule


class HostRefusedError(NewConnectionError):
    """The same, as urllib3 takes it: no byte was sent."""


class CheckedAdapter(HTTPAdapter):
    """requests' adapter, whose connections go only where the rule allows.

    A proxy of the environment resolves names by itself: then it is what guards the network.
    """

    def __init__(self, rule: AddressRule, **options: Any) -> None:
        self._rule = rule
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pools with connections that ask the rule."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools_for(self._rule)


def _pools_for(rule: AddressRule) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's pool classes by scheme, opening sockets by the rule."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, rule)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, rule)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connect(connection: HTTPConnection, rule: AddressRule) -> socket.socket:
    """Connect to one of the checked addresses; certificates are still checked by the name."""
    port = connection.port or PORTS["http"]
    try:
        found = rule.addresses(connection.host.strip("[]"), port)
        return _first_open(connection, found, port)
    except AddressRefusedError as error:
        raise HostRefusedError(connection, str(error)) from error
    except OSError as error:
        kind = type(error).__name__
        raise NewConnectionError(connection, f"no connection ({kind})") from error


def _first_open(connection: HTTPConnection, found: list[str], port: int) -> socket.socket:
    failure: OSError = socket.gaierror("the name has no address")
    for address in found:
        try:
            return create_connection(
                (address, port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            failure = error
    raise failure
