"""A made-up crowd: households, colleagues, branches, strangers, and copies with slips.

Names are joined from syllables, so that nobody in it is anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from random import Random
from typing import Any, NamedTuple

from hub.match.engines.rows import Row
from hub.match.features import Features, build_features
from hub.match.model import prior_model
from hub.match.profile import build_profile
from hub.match.weigh import weigh

Body = dict[str, Any]

_GIVEN = (
    "Barbara", "Babsi", "Georg", "Maria", "Robert", "Bob", "Zoë", "Ana-Luisa", "محمد", "J", "Ivo",
    "Elena", "Tomasz", "Priya", "Wei", "Fatima", "Lars", "Ingrid", "Pedro", "Chiara", "Luca",
    "Agnes", "Otto", "Ruth", "Samuel", "Noor", "Emeka", "Yuki", "Pavel", "Olga", "Stefan", "Claire",
)  # fmt: skip
_STARTS = tuple(
    f"{a}{b}"
    for a in ("Wi", "Ste", "Lo", "Bru", "Fa", "Mo", "Grü", "Ha")
    for b in ("nk", "lm", "rt", "sch", "dl", "pp")
)
_ENDINGS = ("berg", "mann", "ski", "escu", "øy", "ić", "dottir", "son", "ova", "inger")
_CRAFTS = ("Holz", "Stahl", "Logistik", "Druck", "Optik", "Bau", "Textil", "Pharma", "Energie")
_TOWNS = tuple((f"{1000 + 37 * n}", f"{start}stadt") for n, start in enumerate(_STARTS))
_TOWNS += (("80331", "München"), ("EC1A 1BB", "London"))


def person(given: str, family: str, **more: Any) -> Body:
    """A person's body; ``email``, ``phone``, ``street``, ``town`` and ``born`` where known."""
    stated = {"given": given, "family": family, "birth_date": more.get("born")}
    return {"kind": "person", "person": stated, **_reach(more), **_address(more)}


def company(name: str, **more: Any) -> Body:
    """An organisation's body, with the same that a person may have and a ``vat`` number."""
    numbers = [{"scheme": "eu_vat", "value": more["vat"]}] if more.get("vat") else []
    body = {"kind": "organisation", "organisation": {"legal_name": name}, "identifiers": numbers}
    return {**body, **_reach(more), **_address(more)}


def _reach(more: Mapping[str, Any]) -> Body:
    points = [(kind, more.get(kind)) for kind in ("email", "phone", "web")]
    return {"contact_points": [{"kind": kind, "value": value} for kind, value in points if value]}


def _address(more: Mapping[str, Any]) -> Body:
    postcode, city = more.get("town") or ("", "")
    lines = [more["street"]] if more.get("street") else []
    known = bool(lines or city)
    return {"addresses": [{"lines": lines, "postcode": postcode, "locality": city}] * known}


def outcomes(one: Body, other: Body) -> dict[str, str]:
    """What each field that can be compared says of two bodies, by the shipped model."""
    left, right = features_of((one, other))
    found = weigh(left, right, prior_model(1_000))
    assert found is not None
    return {part.field: part.outcome for part in found.parts}


class Known(NamedTuple):
    """A body and whose it is."""

    entity: int
    body: Body


def labelled_crowd(size: int, seed: int = 9) -> list[Known]:
    """So many bodies of known parties, the same for the same seed."""
    random, found, entities = Random(seed), list[Known](), count()
    while len(found) < size:
        group = (_household, _firm)[random.random() < 0.3](random)
        for body, entity in zip(group, entities, strict=False):
            copies = random.choice((0, 0, 1, 2))
            found += [Known(entity, body)]
            found += [Known(entity, _slip(random, body)) for _ in range(copies)]
    return found[:size]


def crowd(size: int, seed: int = 9) -> list[Body]:
    """The bodies of :func:`labelled_crowd`."""
    return [item.body for item in labelled_crowd(size, seed)]


def some_name(random: Random) -> str:
    """A family name."""
    return random.choice(_STARTS) + random.choice(_ENDINGS)


def place(random: Random) -> dict[str, Any]:
    """A house in a town, as :func:`person` takes it."""
    street = f"{random.choice(_STARTS)}gasse {random.randint(1, 90)}"
    return {"street": street, "town": random.choice(_TOWNS)}


def _household(random: Random) -> Iterator[Body]:
    family = some_name(random)
    home = {**place(random), "phone": f"+43 316 {random.randint(200000, 999999)}"}
    for given in random.sample(_GIVEN, random.randint(1, 3)):
        number = random.randint(1, 9999)
        mail = f"{family.lower()}{number}@example.org" if random.random() < 0.7 else ""
        yield person(given, family, **home, email=mail, born=_date(random))


def _firm(random: Random) -> Iterator[Body]:
    name = f"{some_name(random)} {random.choice(_CRAFTS)}"
    domain = f"{random.choice(_STARTS).lower()}{random.randint(1, 999)}.example"
    vat = f"ATU{random.randint(10**7, 10**8 - 1)}"
    town = random.choice(_TOWNS)
    site = f"https://{domain}"
    yield company(f"{name} GmbH", email=f"office@{domain}", vat=vat, town=town, web=site)
    for given in random.sample(_GIVEN, 2):
        family = some_name(random)
        yield person(given, family, email=f"{family.lower()}@{domain}", town=town)


def _date(random: Random) -> str | None:
    day = f"19{random.randint(40, 99)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return day if random.random() < 0.6 else None


def _slip(random: Random, body: Body) -> Body:
    """The same party as another system has it: a letter swapped, something missing."""
    if body["kind"] != "person":
        return {**body, "identifiers": [], "addresses": []}
    name = dict(body["person"])
    place = random.randrange(len(name["family"]) - 1)
    family = name["family"]
    swapped = family[:place] + family[place + 1] + family[place] + family[place + 2 :]
    name["family"] = random.choice((family, swapped))
    gone = random.choice(("contact_points", "addresses", "identifiers"))
    return {**body, "person": name, gone: []}


def features_of(bodies: Iterable[Body]) -> list[Features]:
    """The features of each body."""
    return [build_features(build_profile(body, "AT")) for body in bodies]


def rows_of(bodies: Iterable[Body]) -> list[Row]:
    """Rows for the bulk engine, numbered from 0."""
    found = features_of(bodies)
    return [Row(number, item) for number, item in enumerate(found)]
