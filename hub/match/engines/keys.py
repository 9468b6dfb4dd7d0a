"""Match keys as SQL for DuckDB: the same as :func:`hub.match.blocking.match_keys` (tested).

A million rows have some nine million keys. They are made where the rows lie, column by column, and
only a number of each is kept.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from hub.match.blocking import COUNTED

_PEOPLE: Final = "kind in ('person', 'open')"
_COMPANIES: Final = "kind <> 'person'"
_NAMED: Final = f"{_PEOPLE} and given is not null and family is not null"
_AREAS: Final = "list_distinct([postcode, left(city, 8)])"
_HEARD: Final = "list_distinct([given_sound, family_sound])"


class _Keys(NamedTuple):
    """The list of a row's keys of one prefix, without it; ``rows`` says which rows have any."""

    listed: str
    rows: str = "true"


def _each(first: str, second: str) -> str:
    """Every value of one list with every value of another."""
    inner = f"list_transform({second}, lambda y: x || ':' || y)"
    return f"flatten(list_transform({first}, lambda x: {inner}))"


def _in_order(one: str, other: str) -> str:
    return f"[least({one}, {other}) || ' ' || greatest({one}, {other})]"


_MARKS: Final = (
    f"list_distinct(list_concat(case when {_PEOPLE} "
    f"then list_transform({_HEARD}, lambda x: left(x, 1)) else [] end, case when {_COMPANIES} "
    "then list_transform(coalesce(organisation_sounds, []), lambda x: left(x, 2)) else [] end))"
)
_DESKS: Final = f"case when {_COMPANIES} then coalesce(desks, []) else [] end"
_KEYS: Final = MappingProxyType(
    {
        "id:": _Keys("identifiers"),
        "em:": _Keys(f"list_distinct(list_concat(coalesce(mailboxes, []), {_DESKS}))"),
        "ph:": _Keys("phones"),
        "ho:": _Keys("houses"),
        "dm:": _Keys("domains", _COMPANIES),
        COUNTED: _Keys("domains", "kind = 'person'"),
        "mn:": _Keys("list_filter(mail_names, lambda x: length(x) > 6)", _PEOPLE),
        "fa:": _Keys("[family]", f"{_PEOPLE} and length(family) > 1"),
        "nm:": _Keys(_in_order("given", "family"), _NAMED),
        "np:": _Keys(_in_order("left(given, 3)", "left(family, 4)"), _NAMED),
        "na:": _Keys(_each(_HEARD, _AREAS), _PEOPLE),
        "nd:": _Keys(_each(_HEARD, "domains"), f"{_PEOPLE} and domains is not null"),
        "ne:": _Keys(
            _each(_HEARD, "[left(replace(employer, ' ', ''), 8)]"),
            f"{_PEOPLE} and employer is not null",
        ),
        "bd:": _Keys("[birth_date]", f"{_PEOPLE} and birth_date is not null"),
        "ba:": _Keys(_each("[birth_date]", _AREAS), f"{_PEOPLE} and birth_date is not null"),
        "nb:": _Keys(_each(_HEARD, "[birth_date]"), f"{_PEOPLE} and birth_date is not null"),
        "hs:": _Keys(
            _each("[house_number || ':' || left(street, 5)]", _MARKS),
            "street is not null and house_number is not null",
        ),
        "on:": _Keys("[organisation]", f"{_COMPANIES} and organisation is not null"),
        "os:": _Keys(
            "[left(replace(organisation, ' ', ''), 10)]",
            f"{_COMPANIES} and organisation is not null",
        ),
        "ow:": _Keys("organisation_sounds", _COMPANIES),
        "oa:": _Keys(_each("organisation_sounds", _AREAS), _COMPANIES),
    }
)
PREFIXES: Final = tuple(_KEYS)


def keys_of(prefix: str) -> str:
    """A query of the keys (id, key) that rows of the table ``feature`` have by one rule."""
    listed, rows = _KEYS[prefix]
    return (
        f"select id, '{prefix}' || key as key from "
        f"(select id, unnest({listed}) as key from feature where {rows})"
    )
