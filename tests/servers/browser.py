"""Debian's Chromium, driven by Playwright, and axe-core, which finds what is not accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers import process

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

_REPOSITORY = Path(__file__).resolve().parents[2]
AXE = _REPOSITORY / ".cache" / "axe-core" / "package" / "axe.min.js"
SCREENSHOTS = _REPOSITORY / ".cache" / "screenshots"
"""What the tests saw; ignored by git, and CI may keep it."""


def available() -> str | None:
    """Return None when a browser can run here, else the reason why it cannot."""
    if _program() is None:
        return "Chromium is not installed (tests/servers/install.sh)"
    if not AXE.exists():
        return "axe-core is not there (tests/servers/install.sh)"
    return None


@contextmanager
def running() -> Iterator[Browser]:
    """One browser without a window; as root it can not have a sandbox."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if process.is_root() else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_program(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def flaws(place: Page | Frame) -> list[str]:
    """What axe holds for serious or critical. It runs as an extension would, beside the CSP."""
    place.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = place.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{item['id']}: {node['target']} {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in {"serious", "critical"}
        for node in item["nodes"][:3]
    ]


def shoot(page: Page, name: str) -> None:
    """Keep what the page looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def _program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
