"""The bench: a stand-in filled with samples, the fault proxy before it, connectors behind that."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, cast
from urllib.parse import urlsplit

import orjson

from hub.sdk.contract import Connector, Cursor, Page, Writer
from hub.testing.proxy import LOOPBACK, FaultProxy
from hub.testing.rule import BrokenRuleError
from hub.testing.stock import COUNT, Stock
from hub.testing.subject import Subject

PAGE: Final = 3
_ROUNDS: Final = 60
"""More pages than any read on a bench has: beyond it the connector reads for ever."""


class Address(NamedTuple):
    """Where settings lead: ``http`` where the proxy can read what passes."""

    host: str
    port: int
    http: bool


def address_of(settings: Mapping[str, Any]) -> Address | None:
    """The system's address among the settings, by their usual names; None where there is none."""
    for name, value in settings.items():
        if _is_url(name) and str(value).startswith("http"):
            parts = urlsplit(str(value))
            port = parts.port or (443 if parts.scheme == "https" else 80)
            return Address(parts.hostname or "", port, parts.scheme == "http")
    if "port" in settings:
        return Address(str(settings.get("host", LOOPBACK)), int(settings["port"]), False)
    return None


def aimed(settings: Mapping[str, Any], address: Address | None, port: int) -> dict[str, Any]:
    """The same settings for another port of this machine."""
    if address is None:
        return dict(settings)
    moved = dict(settings)
    if "port" in settings:
        moved |= {"port": port} | ({"host": LOOPBACK} if "host" in settings else {})
    for name, value in settings.items():
        parts = urlsplit(str(value)) if _is_url(name) else None
        if parts and (parts.hostname, parts.port) == (address.host, address.port):
            moved[name] = parts._replace(netloc=f"{LOOPBACK}:{port}").geturl()
    return moved


def _is_url(name: str) -> bool:
    return name.endswith("url")


class Bench(Stock):
    """One stand-in with the records of one stream, for the time of one rule."""

    def __init__(self, subject: Subject, stream: str = "", *, count: int = COUNT) -> None:
        super().__init__(subject, stream, count=count)
        self.address = address_of(self.standin.config)
        self._proxy: FaultProxy | None = None
        if self.address is not None:
            host, port, http = self.address
            self._proxy = FaultProxy(host, port, http=http)
        self._open: list[Connector] = []

    def __enter__(self) -> Self:
        self.fill(range(1, self.count + 1))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connector in self._open:
            connector.close()
        if self._proxy:
            self._proxy.close()
        # Stopping takes a server some time, and nobody needs to wait for it.
        threading.Thread(target=self.standin.stop, daemon=True).start()

    @property
    def proxy(self) -> FaultProxy:
        """The fault proxy; a stand-in without an address has none."""
        if self._proxy is None:
            raise BrokenRuleError(
                "the stand-in's settings name no address (base_url, or host and port); "
                "where the system has none, exempt the group network with the reason"
            )
        return self._proxy

    @property
    def near(self) -> Address:
        """The proxy's address, where the connector takes the system to be."""
        return Address(LOOPBACK, self.proxy.port, self.proxy.http)

    @property
    def settings(self) -> dict[str, Any]:
        """What the connector is opened with: small pages, and through the proxy."""
        small = dict.fromkeys(self.subject.page_settings, PAGE)
        moved = dict(self.standin.config)
        if self._proxy is not None:
            moved = aimed(moved, self.address, self._proxy.port)
        return {**moved, **small, **self.subject.settings}

    def connect(self, **settings: Any) -> Connector:
        """A connector, closed with the bench."""
        spec = self.subject.spec
        config = spec.config.model_validate({**self.settings, **settings})
        self._open.append(spec.open(config))
        return self._open[-1]

    def writer(self, **settings: Any) -> Writer:
        """A connector that writes."""
        return cast("Writer", self.connect(**settings))

    def read(self, cursor: Cursor | None = None, connector: Connector | None = None) -> list[Page]:
        """All pages after a cursor."""
        return list(self.pages(connector or self.connect(), cursor))

    def pages(self, connector: Connector, cursor: Cursor | None) -> Iterator[Page]:
        """The pages one by one, with an end to a read that has none."""
        for count, page in enumerate(connector.read(self.stream, cursor)):
            if count > max(_ROUNDS, self.count):
                raise BrokenRuleError(f"the read gave {count} pages and goes on: it has no end")
            yield page

    @contextmanager
    def step(self, cursor: Cursor | None) -> Iterator[Page | None]:
        """The next page, read by a connector of its own, as after a kill."""
        stored = None if cursor is None else orjson.loads(orjson.dumps(dict(cursor)))
        spec = self.subject.spec
        with closing(spec.open(spec.config.model_validate(self.settings))) as connector:
            pages = iter(connector.read(self.stream, stored))
            yield next(pages, None)

    def walk(self, cursor: Cursor | None, enough: set[str] | None = None) -> list[Page]:
        """A read that is killed after each page: until nothing comes, or the keys are all there."""
        pages: list[Page] = []
        empty = 0
        while len(pages) <= _ROUNDS:
            with self.step(cursor) as page:
                if page is None:
                    return pages
            pages.append(page)
            cursor = page.cursor
            empty = 0 if page.records or page.tombstones else empty + 1
            if empty > 1 or (enough is not None and set(keys_of(pages)) >= enough):
                return pages
        raise BrokenRuleError("reading on from cursor to cursor comes to no end")


def keys_of(pages: Iterable[Page]) -> list[str]:
    """The keys of all records of some pages."""
    return [record.key for page in pages for record in page.records]


def stones_of(pages: Iterable[Page]) -> list[str]:
    """The keys of all tombstones of some pages."""
    return [stone.key for page in pages for stone in page.tombstones]


def last_cursor(pages: list[Page], before: Cursor | None) -> Cursor | None:
    """Where a read ended."""
    return pages[-1].cursor if pages else before
