"""The templates of all pages: every value is escaped, and one that is missing is an error."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("hub.reports", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_template(name: str) -> Template:
    """The template of a page, by its file name."""
    return _ENVIRONMENT.get_template(name)
