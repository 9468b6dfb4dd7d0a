"""What a person's own mailbox tells of the name: anna.berg@ is Anna Berg, whoever left it out.

Only missing parts are filled in. A part that is stated holds, so a mailbox that somebody else in
the house has (the record says Tom, the mailbox anna.berg@) tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.match.contacts import Mailbox
from hub.match.names import PersonName

_SHORTEST: Final = 3
"""Fewer letters behind a known name in one word are an initial or chance."""


def name_with_mailboxes(names: Sequence[PersonName], boxes: Sequence[Mailbox]) -> list[PersonName]:
    """The names as their owner's mailboxes complete and spell them; without names, theirs."""
    spelled = [box.names for box in boxes if box.names]
    if len(spelled) > 1:
        spelled.sort()
    if not names:
        return [name for words in spelled if (name := _named_by(words))]
    found = [_completed(name, spelled) for name in names]
    return found + [
        full for name in found for words in spelled if (full := _full_form(name, words))
    ]


def _named_by(words: tuple[str, ...]) -> PersonName | None:
    """The name of somebody who states none."""
    if len(words) < 2 or min(map(len, words)) < 2:
        return None
    return PersonName(words[:-1], words[-1:])


def _completed(name: PersonName, spelled: Sequence[tuple[str, ...]]) -> PersonName:
    """The name with the part that is missing, if a mailbox holds the other one."""
    if name.given and name.family:
        return name
    stated = name.given or name.family
    found = next(filter(None, (_beside(stated, words) for words in spelled)), None)
    if found is None:
        return name
    known, other = found
    given, family = (known, other) if name.given else (other, known)
    return PersonName(given, family, name.generation)


def _beside(
    known: tuple[str, ...], words: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """A known part of the name, and the part that stands beside it in the mailbox.

    Two words in one field are given and family name where the mailbox has both.
    """
    if len(known) == 2 and sorted(known) == sorted(words):
        return known[:1], known[1:]
    other = _without("".join(known), words)
    return (known, other) if len(other) == 1 else None


def _without(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words beside a name, or what follows it in a single word and is long enough for one."""
    if len(words) > 1:
        return tuple(word for word in words if word != name)
    rest = words[0].removeprefix(name)
    long = len(name) >= _SHORTEST and len(rest) >= _SHORTEST
    return (rest,) if long and rest != words[0] else ()


def _full_form(name: PersonName, words: Sequence[str]) -> PersonName | None:
    """The name as the mailbox spells it: babsi, barbara.winkler@; never another given name."""
    if len(name.given) != 1 or len(name.family) != 1 or name.family[0] not in words:
        return None
    start = name.given[0][:2]
    others = [word for word in words if word != name.family[0]]
    found = [word for word in others if word.startswith(start) and len(word) > 3]
    return PersonName((found[0],), name.family, name.generation) if found else None
