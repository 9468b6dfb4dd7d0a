"""What a connector is drafted from: its streams, the fields of their records, how one logs in."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Final

from hub.errors import ConfigError
from hub.sdk.resource import RestStream

_NAME: Final = re.compile(r"^[a-z][a-z0-9_]{1,40}$")


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """One field of a record: ``path`` is dotted, ``kind`` a JSON type, or date, time, email."""

    path: str
    kind: str = "string"
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class StreamDraft:
    """A declared stream, and the fields that its records were seen to have."""

    stream: RestStream
    fields: tuple[FieldDraft, ...]

    @property
    def constant(self) -> str:
        """The name of the stream in code."""
        return identifier(self.stream.name).upper()

    @property
    def function(self) -> str:
        """The name of the function that makes a sample of it."""
        return f"make_{identifier(self.stream.name)}"


@dataclass(frozen=True, slots=True)
class Login:
    """How requests prove who they are: ``bearer``, ``basic``, or ``key`` in a header."""

    kind: str = "bearer"
    header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A connector to be written; ``notes`` say what its author must look at."""

    name: str
    title: str
    streams: tuple[StreamDraft, ...]
    login: Login = Login()
    source: str = ""
    notes: tuple[str, ...] = ()


def check_name(name: str) -> str:
    """The name, if it can be that of a connector; ConfigError says what it must be like."""
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise ConfigError(
            f"{name!r} can't be a connector's name: write small letters, digits and _, "
            "a letter first, as in acme_crm"
        )
    return name


def identifier(text: str) -> str:
    """A text as a name in code: ``sales-orders`` becomes sales_orders."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    plain = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower() or "stream"
    plain = f"n{plain}" if plain[0].isdigit() else plain
    return f"{plain}_" if keyword.iskeyword(plain) else plain
