"""Subscriptions: the rules of hub.toml joined to the write sides of the mappings, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hub.config import CONFIG_NAME
from hub.errors import ConfigError
from hub.mapping import Mapping as MappingFile
from hub.ownership import ASK, PublishRule
from hub.pipeline.connections import Site
from hub.pipeline.publish import Subscription
from hub.sdk.contract import Capability


def read_subscriptions(site: Site) -> list[Subscription]:
    """Who gets which golden value in which field; ConfigError names every flaw with its key."""
    rules, numbers = site.config.publish.live, _numbers(site)
    mappings = {name: site.mapping(name) for name in site.config.publish.targets}
    flaws = [
        f"publish.rules.{numbers[id(rule)]}: {flaw}"
        for rule in rules
        for flaw in _flaws(site, rule, mappings[rule.connection])
    ]
    policies = site.config.publish.conflicts
    made = (
        []
        if flaws
        else [
            replace(_subscription(rule, mappings), conflict=policies.get(rule.attribute, ASK))
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
    if rule.attribute not in mapping.write.get(rule.stream, {}):
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
