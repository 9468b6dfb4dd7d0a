"""Debian's Chromium, driven by Playwright, and axe-core, which finds what is not accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import process

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def _program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
