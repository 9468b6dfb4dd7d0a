"""Where a connection may lead: hosts by name, and the addresses that those names may stand for.

A name says little about the machine behind it: whoever runs a name server can point a name at our
own network, and change that between two requests (DNS rebinding). So each connection resolves the
name itself, checks every address it got, and then connects to one of those and to no other.

- Loopback, link-local (with the clouds' metadata services), unspecified, multicast and reserved
  addresses are reached only where the connection's settings name such an address, or ``localhost``
  (RFC 6761 section 6.3).
- Private addresses (RFC 1918, RFC 4193) are what an ERP in the company's own network has, so a name
  may stand for one. But a name that stood for a public address may not move to a private one while
  a client lives.
- Numbers that only some resolvers take for addresses (``0x7f.1``, ``2130706433``, ``127.1``) and
  addresses with a zone are refused as hosts.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from hub.errors import ConfigError

Address = IPv4Address | IPv6Address
Origin = tuple[str, str, int]
Resolve = Callable[[str, int], Iterable[str]]
"""Gives the addresses of a name, as texts; raises ``socket.gaierror`` where there is none."""

PORTS: Final = {"http": 80, "https": 443}
_LOCAL_NAMES: Final = ("localhost", ".localhost")
_NUMBER: Final = re.compile(r"^(0x[0-9a-f]*|\d+)$", re.IGNORECASE)
_NAME: Final = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$", re.IGNORECASE)
_NAT64: Final = ip_network("64:ff9b::/96")
_METADATA: Final = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254")))
"""Metadata services of clouds that are not at a link-local address (Alibaba, AWS over IPv6)."""


class AddressRefusedError(OSError):
    """A host stands for an address that the connection may not reach."""


def origin(url: str) -> Origin | None:
    """Scheme, host and port; None for what is no plain web address, user names included."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or "@" in parts.netloc or parts.scheme not in PORTS:
        return None
    host = parts.hostname.rstrip(".")
    return (parts.scheme, host, port) if is_plain_host(host) else None


def is_plain_host(host: str) -> bool:
    """A dotted name or an address in its usual form, and nothing that resolvers read differently.

    The WHATWG URL standard and ``inet_aton`` take ``0x7f.1`` and ``2130706433`` for 127.0.0.1.
    """
    if parse_address(host) is not None:
        return True
    if ":" in host or "%" in host:
        return False
    labels = _to_ascii(host).split(".")
    return all(_NAME.match(label) for label in labels) and not _NUMBER.match(labels[-1])


def parse_address(host: str) -> Address | None:
    """An IP address in its usual form; None for names, and for addresses with a zone."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def allowed_origins(urls: list[str], hosts: tuple[str, ...], system: str) -> frozenset[Origin]:
    """The origins that may be asked; hosts share the first URL's scheme, so TLS is never lost.

    Raises ConfigError for what is no plain ``http(s)://host[:port][/path]``.
    """
    scheme = urls[0].partition("://")[0]
    allowed = set()
    for url in (*urls, *(f"{scheme}://{host}" for host in hosts)):
        found = origin(url)
        if found is None:
            message = (
                "a base URL, token URL or allowed host must be http(s)://host[:port][/path], "
                "without a user name, and with the host as a name or a plain address"
            )
            raise ConfigError(f"{system}: {message}")
        allowed.add(found)
    return frozenset(allowed)


class AddressRule:
    """Decides, for one client, which addresses the allowed hosts may stand for."""

    def __init__(self, origins: Iterable[Origin], resolve: Resolve | None = None) -> None:
        self._named = {host for _, host, _ in origins}
        self._resolve = resolve or _system_addresses
        self._public: set[str] = set()

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to; AddressRefusedError if one may not be reached."""
        literal = parse_address(host)
        if literal is not None:
            if host not in self._named and is_special(literal):
                raise AddressRefusedError("an address of this machine or its network")
            return [host]
        found = list(dict.fromkeys(self._resolve(host, port)))
        for text in found:
            self._check(host, parse_address(text.partition("%")[0]))
        return found

    def _check(self, host: str, address: Address | None) -> None:
        if address is None:
            raise AddressRefusedError("a name that stands for no address")
        if is_special(address) and not (host.endswith(_LOCAL_NAMES) and address.is_loopback):
            raise AddressRefusedError("a name that stands for an address of this machine")
        if not is_private(address):
            self._public.add(host)
        elif host in self._public:
            raise AddressRefusedError(
                "a name that moved from a public address into our own network"
            )


def is_special(address: Address) -> bool:
    """Whether it is an address that no remote system has: loopback, link-local, multicast, …"""
    inner = _inner(address)
    if inner is not None:
        return is_special(inner) or is_private(inner)
    kinds = (address.is_loopback, address.is_link_local, address.is_unspecified)
    never = address.is_multicast or (address.is_reserved and not is_private(address))
    return any(kinds) or never or address in _METADATA


def is_private(address: Address) -> bool:
    """Whether it belongs to somebody's own network (also 100.64.0.0/10, shared by carriers)."""
    return not address.is_global


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _system_addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _to_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "-"
