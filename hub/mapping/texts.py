"""Functions of the mapping language on texts."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any


def as_text(value: Any) -> str:
    """The text of a JSON scalar; an object or a list has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise ValueError("it is an object or a list, a single value is wanted")


def words_of(text: str) -> frozenset[str]:
    """The words of a word list in the source."""
    return frozenset(text.split())


def on_text(change: Callable[[str], str]) -> Callable[[Any], str | None]:
    """Make a function of a text one of any scalar; an empty result counts as absent."""

    def transform(value: Any) -> str | None:
        return change(value if type(value) is str else as_text(value)).strip() or None

    return transform


def split_lines(value: Any) -> list[str] | None:
    """The lines of a text, trimmed, without empty ones; a list is taken line by line."""
    if isinstance(value, list):
        return [line for item in value for line in split_lines(item) or ()] or None
    return [line for part in as_text(value).splitlines() if (line := part.strip())] or None


def split_by(separator: str) -> Callable[[Any], list[str] | None]:
    """Split at a separator, trimmed, without empty pieces."""

    def split(value: Any) -> list[str] | None:
        pieces = as_text(value).split(separator)
        return [piece for part in pieces if (piece := part.strip())] or None

    return split


def strip_prefix(prefix: str) -> Callable[[Any], str | None]:
    """Cut a prefix where the text begins with it."""
    return on_text(lambda text: text.removeprefix(prefix))


def unescape_html(text: str) -> str:
    """Turn HTML entities back into characters."""
    return html.unescape(text)


def format_language(text: str) -> str:
    """A BCP 47 tag from de, de_DE or de-DE.UTF-8."""
    tag = text.partition(".")[0].partition("@")[0].replace("_", "-")
    first, _, rest = tag.partition("-")
    if not (2 <= len(first) <= 3 and tag.replace("-", "").isalnum() and tag.isascii()):
        raise ValueError("it is no language tag such as de or de-DE")
    return "-".join([first.lower(), *(_subtag(part) for part in rest.split("-") if part)])


def _subtag(part: str) -> str:
    # BCP 47, section 2.1.1: regions in upper case, scripts in title case.
    return {2: part.upper(), 4: part.title()}.get(len(part), part.lower())
