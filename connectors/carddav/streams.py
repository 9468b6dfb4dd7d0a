"""The stream ``card``, and where in the address books a read of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.carddav.config import CardDavConfig
from hub.errors import CursorExpiredError
from hub.sdk import Capability, Cursor, Stream

SYSTEM: Final = "carddav"
_WRITE: Final = frozenset({Capability.WRITE, Capability.OPTIMISTIC_LOCK, Capability.CUSTOM_FIELDS})

CARD: Final = Stream(
    name="card",
    entities=("party", "relationship"),
    key=("href",),
    cursor="sync-token",
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL, Capability.DELETES, *_WRITE}),
)
STREAMS: Final = (CARD,)


def streams_of(config: CardDavConfig) -> tuple[Stream, ...]:
    """Without sync tokens a read is full each time, and what is missing is deleted."""
    if config.sync:
        return STREAMS
    return (replace(CARD, cursor=None, capabilities=frozenset({Capability.FULL, *_WRITE})),)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the read of one address book stands.

    ``token`` covers all that was handed on. In the middle of a list of changes ``next`` is the
    token that will cover the list, and ``after`` the last card handed on: a resumed read asks from
    ``token`` again, passes by what it did, and goes on from ``next``, so that what changes
    meanwhile comes with the following list.
    """

    token: str = ""
    next: str = ""
    after: str = ""


Positions = Mapping[str, Position]


def read_positions(cursor: Cursor | None) -> dict[str, Position]:
    """The positions in a cursor, by the path of the address book."""
    stored: Any = (cursor or {}).get("books", {})
    try:
        return {
            str(path): Position(str(one[0]), str(one[1]), str(one[2]))
            for path, one in stored.items()
        }
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        message = f"{SYSTEM}/{CARD.name}: the cursor is not one of this connector; read in full"
        raise CursorExpiredError(message) from error


def write_cursor(positions: Positions) -> Cursor:
    """The cursor that holds these positions."""
    return {"books": {path: [one.token, one.next, one.after] for path, one in positions.items()}}
