"""Somebody at a browser: what they see, what the console says, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from hub.pipeline.queue import Waiting, read_queue
from tests.servers.browser import flaws, shoot
from tests.web.company import PASSWORD, Company

MOST_BYTES = 300_000


class Visitor:
    """One person at one page; ``complaints`` are errors and warnings of the console."""

    def __init__(self, page: Page, company: Company, root: str) -> None:
        self.page = page
        self.company = company
        self.complaints: list[str] = []
        self.bytes = 0
        self._root = root
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._weigh)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _weigh(self, response: Response) -> None:
        if response.request.redirected_to is None and response.status == 200:
            self.bytes += len(response.body())

    def sign_in(self, role: str) -> None:
        self.page.goto(f"{self._root}/sign-in")
        self.page.fill("#login", role)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{self._root}/")

    def open(self, path: str) -> None:
        self.bytes = 0
        self.page.goto(f"{self._root}{path}")
        self.page.wait_for_load_state("networkidle")

    def shoot(self, name: str) -> None:
        shoot(self.page, name)

    def flaws(self) -> list[str]:
        return flaws(self.page)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def queue(self, limit: int = 40) -> list[Waiting]:
        return read_queue(self.company.work.engine, limit=limit)


@contextmanager
def visiting(
    browser: Browser, company: Company, *, role: str = "steward", root: str = "", **options: Any
) -> Iterator[Visitor]:
    """A person who has signed in, in a profile of their own."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
    context.set_default_timeout(10_000)
    visitor = Visitor(context.new_page(), company, root or company.address)
    visitor.sign_in(role)
    try:
        yield visitor
    finally:
        context.close()
