"""Somebody at a browser in Airflow's own UI: its login, its navigation, the hub's pages in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, ConsoleMessage, Frame, Locator, Page

from tests.dags.server import Server
from tests.servers.browser import flaws, shoot

_AIRFLOWS = ("can escape its sandboxing", "401 (Unauthorized)")
"""What Airflow's UI itself has in the console: of its frame, and before anybody has signed in."""
_QUESTION: Final = "/hitlDetails/tries/"
"""Airflow's UI asks for a task's question before the task has asked it, and is told 404."""


class Room:
    """One person in the control room; ``complaints`` are errors and warnings of the console."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        url = str(message.location.get("url"))
        is_early = _QUESTION in url and "404 (Not Found)" in message.text
        known = is_early or any(text in message.text for text in _AIRFLOWS)
        if message.type in {"error", "warning"} and not known:
            self.complaints.append(f"{message.text} ({url})")

    def sign_in(self, user: str) -> None:
        """Through Airflow's form, which is what a stranger sees whatever was asked for."""
        self.page.goto(self.server.address)
        self.page.fill("input[name=username]", user)
        self.page.fill("input[name=password]", self.server.passwords[user])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("link", name="Hub", exact=True).wait_for()

    def airflow(self, path: str) -> None:
        """A page of Airflow's own."""
        self.page.goto(f"{self.server.address}/{path}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True).first

    def hub(self, path: str = "/") -> Frame:
        """A page of ours in Airflow's frame, by an address that one could send to a colleague."""
        self.page.goto(f"{self.server.address}/plugin/hub/hub{path}")
        return self.frame()

    def frame(self) -> Frame:
        """The page of ours that is open, once it is there."""
        self.page.locator("iframe").wait_for()
        found = self.page.frame(url=lambda url: "/plugin/" not in url and "/hub/" in url)
        if found is None:
            self.page.wait_for_timeout(200)
            return self.frame()
        found.wait_for_load_state("networkidle")
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def shoot(self, name: str) -> None:
        shoot(self.page, f"airflow-{name}")

    def flaws(self) -> list[str]:
        """What axe finds in the page of ours; Airflow's own are its own."""
        return flaws(self.frame())


@contextmanager
def in_room(browser: Browser, server: Server, user: str) -> Iterator[Room]:
    """A person who has signed in to Airflow; their console must have stayed silent."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(30_000)
    room = Room(context.new_page(), server)
    room.sign_in(user)
    try:
        yield room
    finally:
        context.close()
    assert not room.complaints, room.complaints
