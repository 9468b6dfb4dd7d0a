"""Subscriptions: the rules of hub.toml joined to the write sides of the mappings, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hub.config import CONFIG_NAME
from hub.errors import ConfigError
from hub.mapping import Mapping as MappingFile
from hub.mapping.plan import Expression
from hub.mapping.problems import suggest
from hub.mapping.recipes import Recipe, attributes_read
from hub.mapping.values import Unit
from hub.ownership import ASK, PublishRule
from hub.pipeline.connections import Site
from hub.pipeline.newcomers import GOLDEN_NAMES, Newcomers
from hub.pipeline.publish import Subscription
from hub.sdk.contract import Capability, Stream


def read_subscriptions(site: Site) -> list[Subscription]:
    """Who gets which golden value in which field; ConfigError names every flaw with its key."""
    rules, numbers = site.config.publish.live, _numbers(site)
    mappings = {name: site.mapping(name) for name in site.config.publish.targets}
    flaws = [
        f"publish.rules.{numbers[id(rule)]}: {flaw}"
        for rule in rules
        for flaw in _flaws(site, rule, mappings[rule.connection])
    ]
    flaws += _creation_flaws(site, numbers)
    policies = site.config.publish.conflicts
    made = (
        []
        if flaws
        else [
            replace(_subscription(rule, mappings), conflict=policies.get(str(rule.attribute), ASK))
            for rule in rules
        ]
    )
    flaws += _crowded(made, rules, numbers)
    flaws += _circles(site, made, mappings)
    if flaws:
        raise ConfigError(f"{site.config.root / CONFIG_NAME}: {'; '.join(flaws)}")
    return made


def _numbers(site: Site) -> dict[int, int]:
    """By rule, its place in the file."""
    return {id(rule): number for number, rule in enumerate(site.config.publish.rules)}


def _subscription(rule: PublishRule, mappings: Mapping[str, MappingFile]) -> Subscription:
    assert rule.attribute is not None
    return Subscription(
        attribute=rule.attribute,
        connection=rule.connection,
        stream=rule.stream,
        field=mappings[rule.connection].write[rule.stream][rule.attribute],
        mode=rule.mode,
        only=rule.only,
    )


def _flaws(site: Site, rule: PublishRule, mapping: MappingFile) -> Iterator[str]:
    place = f"{rule.connection}/{rule.stream}"
    if str(rule.attribute) not in mapping.write.get(rule.stream, {}):
        yield (
            f"the mapping {mapping.file} has no write side for {rule.attribute} of {place}; "
            f"add it under write:"
        )
    spec = site.spec(rule.connection)
    known = {stream.name: stream for stream in spec.streams}
    if spec.discover is not None:
        return
    if rule.stream not in known:
        yield f"the connector {spec.name} has no stream {rule.stream!r}"
    elif Capability.WRITE not in known[rule.stream].capabilities:
        yield f"the connector {spec.name} can't write to {rule.stream}"


def read_creations(site: Site) -> list[Newcomers]:
    """Where records are made for which customers; what is wrong read_subscriptions tells."""
    return [
        Newcomers(
            connection=rule.connection,
            stream=rule.stream,
            only=rule.only,
            recipe=_recipe(site, rule),
            attributes={field: name for name, field in _written(site, rule).items()},
        )
        for rule in site.config.publish.creating
    ]


def _recipe(site: Site, rule: PublishRule) -> Recipe:
    mapping, stream = site.mapping(rule.connection), _stream(site, rule)
    return Recipe(
        mapping.create.get(rule.stream, {}),
        _written(site, rule),
        stream.demands if stream else (),
        unit=Unit(mapping.file, rule.stream),
    )


def _written(site: Site, rule: PublishRule) -> dict[str, str]:
    """Which golden attribute goes to which field of the stream by other rules."""
    write = site.mapping(rule.connection).write.get(rule.stream, {})
    return {
        name: write[name]
        for other in site.config.publish.live
        if (other.connection, other.stream) == (rule.connection, rule.stream)
        and (name := str(other.attribute)) in write
    }


def _stream(site: Site, rule: PublishRule) -> Stream | None:
    streams = site.spec(rule.connection).streams
    return next((stream for stream in streams if stream.name == rule.stream), None)


def _creation_flaws(site: Site, numbers: Mapping[int, int]) -> Iterator[str]:
    for rule in site.config.publish.creating:
        for flaw in _flaws_of_creation(site, rule):
            yield f"publish.rules.{numbers[id(rule)]}: {flaw}"


def _flaws_of_creation(site: Site, rule: PublishRule) -> Iterator[str]:
    """A stream that can't, a field that the target demands and nothing fills, one that may not."""
    mapping, spec = site.mapping(rule.connection), site.spec(rule.connection)
    create, place = mapping.create.get(rule.stream), f"{rule.connection}/{rule.stream}"
    stream = _stream(site, rule)
    if create is None:
        yield f"the mapping {mapping.file} has no create side for {place}; add it under create:"
    elif stream is not None:
        yield from _flaws_of_recipe(site, rule, create, stream)
    elif spec.discover is None:
        yield f"the connector {spec.name} has no stream {rule.stream!r}"


def _flaws_of_recipe(
    site: Site, rule: PublishRule, create: Mapping[str, Expression], stream: Stream
) -> Iterator[str]:
    place = f"{rule.connection}/{rule.stream}"
    yield from _misspelt(place, create)
    if Capability.CREATE not in stream.capabilities:
        yield f"the connector can't make records of {place}"
    for name in stream.demands:
        if name not in create and name not in _written(site, rule).values():
            yield f"{place} demands {name}, which nothing fills; add it under create:"
    write = site.mapping(rule.connection).write.get(rule.stream, {})
    for name in _barred(site, rule):
        if write.get(name) in create:
            yield f"{write[name]} is filled in new records, though {name} is never written"


def _misspelt(place: str, create: Mapping[str, Expression]) -> Iterator[str]:
    """Fields made of what a golden record never has."""
    for field, expression in create.items():
        for name in attributes_read(expression):
            if name not in GOLDEN_NAMES:
                yield f"{field} of {place} is made of {suggest(name, GOLDEN_NAMES)}"


def _barred(site: Site, rule: PublishRule) -> list[str]:
    """What must not be written to the stream."""
    return [
        str(other.attribute)
        for other in site.config.publish.rules
        if other.mode == "never"
        and (other.connection, other.stream) == (rule.connection, rule.stream)
    ]


def _crowded(
    made: Sequence[Subscription], rules: Sequence[PublishRule], numbers: Mapping[int, int]
) -> Iterator[str]:
    """Two values for one field of one stream: each would undo the other."""
    first: dict[tuple[str, str, str], str] = {}
    for item, rule in zip(made, rules, strict=False):
        other = first.setdefault((item.connection, item.stream, item.field), item.attribute)
        if other != item.attribute:
            yield (
                f"publish.rules.{numbers[id(rule)]}: {other} and {item.attribute} would both be "
                f"written to {item.field} of {item.connection}/{item.stream}"
            )


def _circles(
    site: Site, made: Sequence[Subscription], mappings: Mapping[str, MappingFile]
) -> Iterator[str]:
    """A value may not come back to what it was made from, over fields that carry two attributes.

    An attribute that is written to a field feeds whatever its connection owns in that field.
    """
    owned = {(owner.connection, owner.attribute) for owner in site.config.publish.owners}
    feeds: dict[str, set[str]] = {}
    for item in made:
        carried = mappings[item.connection].write[item.stream].items()
        feeds.setdefault(item.attribute, set()).update(
            name
            for name, field in carried
            if field == item.field and (item.connection, name) in owned
        )
    for attribute in sorted(feeds):
        if attribute in _reached(attribute, feeds):
            yield f"publish.rules: {attribute} goes in a circle, over fields that others own"


def _reached(start: str, feeds: Mapping[str, set[str]]) -> set[str]:
    """What an attribute feeds, over any number of steps."""
    found, todo = set[str](), {start}
    while todo:
        todo = {name for one in todo for name in feeds.get(one, ())} - found
        found |= todo
    return found
