"""A page of ours as PDF, by WeasyPrint: the same templates, so that all forms look alike.

It sets what the page says for print and asks nobody for anything: a page of ours is whole.
"""

from __future__ import annotations

import logging
from typing import Final

from hub.errors import ConfigError

_NEEDED: Final = (
    "PDF files need WeasyPrint and the library Pango: pip install 'customer-hub[reports]' "
    "(on Debian also apt install libpango-1.0-0 libpangoft2-1.0-0), or leave out the form pdf"
)


def can_render_pdf() -> bool:
    """Whether what makes PDF files is installed."""
    try:
        import weasyprint  # noqa: F401  # to be loaded is all that is asked of it
    except (ImportError, OSError):
        return False
    return True


def render_pdf(page: str) -> bytes:
    """The page as a PDF file; ConfigError where what makes it is not installed."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: Pango is not there
        raise ConfigError(_NEEDED) from error

    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # it warns of screen-only properties
    made: bytes = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return made
