"""Who owns a golden value, who gets it, and for which customers, as hub.toml says it.

What needs the mappings to be checked is checked in hub.pipeline.subscriptions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Attribute = Annotated[
    str,
    Field(
        pattern="^(phone|email|web|display_name|legal_name|legal_form|given|family|lang|eu_vat"
        "|customer_no)$"
    ),
]

ConflictPolicy = Literal["ask", "owner", "newest"]
ASK: Final = "ask"
NEWEST: Final = "newest"
CREATE: Final = "create"

ErasurePolicy = Literal["blank", "delete", "keep"]

Trust = Mapping[str, Sequence[str]]

_WHOLE: Final = {"given": "name", "family": "name"}
"""Parts that survive together, by the word under which survivorship trusts them."""


class Closed(BaseModel):
    """A section of hub.toml: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Owner(Closed):
    """The system of record of one golden attribute."""

    attribute: Attribute = Field(description="The golden value, as in a rule.")
    connection: Name = Field(
        description="The connection whose value counts before all others, a steward's apart."
    )


class Audience(Closed):
    """Which customers a rule is for; what is said must all hold."""

    kind: str | None = Field(
        default=None,
        pattern="^(person|organisation|household)$",
        description="Only customers of this kind: person, organisation or household.",
    )
    roles: tuple[str, ...] = Field(
        default=(), description="Only customers with one of these roles, such as customer."
    )
    won: bool = Field(default=False, description="Only customers with an opportunity that was won.")

    def admits(self, body: Mapping[str, Any], *, has_won: bool) -> bool:
        """Whether a customer with this golden record is meant."""
        roles = body.get("roles", ())
        return (
            (self.kind is None or body.get("kind") == self.kind)
            and (not self.roles or any(role in self.roles for role in roles))
            and (has_won or not self.won)
        )


EVERYBODY: Final = Audience()


class PublishRule(Closed):
    """One golden attribute that one stream of one connection subscribes to, or new records."""

    attribute: Attribute | None = Field(
        default=None,
        description="The golden value: phone, email, web, display_name, legal_name, legal_form, "
        "given, family, lang, eu_vat or customer_no; none for the mode create.",
    )
    connection: Name = Field(description="The connection that gets it.")
    stream: str = Field(description="The stream whose records get it.")
    mode: str = Field(
        default="update",
        pattern="^(update|fill_empty|never|create)$",
        description="update replaces another value, fill_empty only fills in a missing one, never "
        "says that it must not be written there; create makes a record for a customer that has "
        "none in the stream.",
    )
    only: Audience = Field(
        default=EVERYBODY,
        description="Which customers it is for, as a table of `kind`, `roles`, `won`; all without "
        "it.",
    )

    @model_validator(mode="after")
    def _names_what_it_writes(self) -> PublishRule:
        if (self.attribute is None) != (self.mode == CREATE):
            raise ValueError("a rule names an attribute, except for the mode create")
        return self


class BrakesSection(Closed):
    """``[publish.brakes.NAME]``: what stops or slows the writes to one connection."""

    max_changed_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="The share of a stream's records that may wait to be changed unapproved; "
        "beyond it nothing goes until a person approves; 1 allows all.",
    )
    min_changed: int = Field(
        default=100, ge=0, description="So many changed records need no approval in any case."
    )
    max_creates: int = Field(
        default=100,
        ge=0,
        description="So many new records may wait unapproved; beyond it nothing goes until a "
        "person approves.",
    )
    max_deletes: int = Field(
        default=10,
        ge=0,
        description="The same for records from which an erasure takes what we wrote.",
    )
    per_minute: int | None = Field(
        default=None, ge=1, description="How many writes may go in any minute."
    )
    at_once: int = Field(
        default=2,
        ge=1,
        le=16,
        description="How many requests go to it at once, each about other customers; a "
        "connector's own rate limit counts for all of them together.",
    )
    window: str | None = Field(
        default=None,
        pattern="^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d$",
        description="When writes may begin, such as 22:00-06:00; always without it.",
    )
    zone: str = Field(default="UTC", description="Time zone of the window, such as Europe/Berlin.")

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {value!r}") from None
        return value

    def is_open(self, moment: datetime) -> bool:
        """Whether writes may begin at a moment."""
        if self.window is None:
            return True
        begin, end = self.window.split("-")
        local = f"{moment.astimezone(ZoneInfo(self.zone)):%H:%M}"
        return begin <= local < end if begin < end else local >= begin or local < end


class PublishSection(Closed):
    """``[publish]``: who gets which golden value."""

    owners: tuple[Owner, ...] = Field(
        default=(), description="Whose value counts first; one [[publish.owners]] each."
    )
    rules: tuple[PublishRule, ...] = Field(
        default=(), description="Who gets which golden value; one [[publish.rules]] each."
    )
    conflicts: dict[Attribute, ConflictPolicy] = Field(
        default_factory=dict,
        description="By attribute, what happens where somebody changed it at a subscriber: ask "
        "(a person), owner (its value is written again), newest (the last change counts).",
    )
    brakes: dict[Name, BrakesSection] = Field(
        default_factory=dict,
        description="Limits, pace and window, by connection: one [publish.brakes.NAME] each.",
    )
    erasures: dict[Name, ErasurePolicy] = Field(
        default_factory=dict,
        description="By connection, what becomes of what we wrote about a person who is erased: "
        "blank (the fields are emptied), delete (a record that we made is deleted, else as blank), "
        "keep. blank where nothing is said.",
    )
    settle_seconds: float = Field(
        default=60.0, ge=0, description="How long a write may take to show at the target."
    )
    request_seconds: float = Field(
        default=60.0, ge=0, description="How long one request to a target may take."
    )
    max_writes: int = Field(
        default=500, ge=1, description="How many writes one run makes to one connection."
    )

    max_failures: int = Field(
        default=5, ge=1, description="How often a delivery may fail by itself before it is dead."
    )

    @property
    def live(self) -> list[PublishRule]:
        """The rules by which a value is written."""
        return [rule for rule in self.rules if rule.mode not in ("never", CREATE)]

    @property
    def creating(self) -> list[PublishRule]:
        """The rules by which records are made."""
        return [rule for rule in self.rules if rule.mode == CREATE]

    @property
    def targets(self) -> list[str]:
        """The connections that are written to, by name."""
        return sorted({rule.connection for rule in (*self.live, *self.creating)})


def flaws_of(section: PublishSection, known: Container[str], trust: Trust) -> list[str]:
    """What contradicts itself in the section, each flaw with its key."""
    return [
        *_unknown(section, known),
        *_owner_flaws(section.owners, trust),
        *_policy_flaws(section, trust),
        *_rule_flaws(section),
    ]


def owned_trust(section: PublishSection, trust: Trust) -> dict[str, tuple[str, ...]]:
    """The order of trust by attribute: owners first, none at all where the newest value counts."""
    order = {name: tuple(names) for name, names in trust.items()}
    for attribute, policy in section.conflicts.items():
        if policy == NEWEST:
            order[trusted_as(attribute)] = ("steward",)
    for owner in section.owners:
        name = trusted_as(owner.attribute)
        rest = trust.get(name) or trust.get("*") or ()
        order[name] = (owner.connection, *(one for one in rest if one != owner.connection))
    return order


def trusted_as(attribute: str) -> str:
    """The word under which survivorship trusts an attribute: names survive whole."""
    return _WHOLE.get(attribute, attribute)


def _unknown(section: PublishSection, known: Container[str]) -> Iterator[str]:
    places: dict[str, Sequence[Owner | PublishRule]] = {
        "owners": section.owners,
        "rules": section.rules,
    }
    for key, items in places.items():
        for number, item in enumerate(items):
            if item.connection not in known:
                yield (
                    f"publish.{key}.{number}.connection: there is no connection {item.connection!r}"
                )
    for key, names in (("brakes", section.brakes), ("erasures", section.erasures)):
        for name in names:
            if name not in known:
                yield f"publish.{key}.{name}: there is no connection {name!r}"


def _owner_flaws(owners: Sequence[Owner], trust: Trust) -> Iterator[str]:
    first: dict[str, str] = {}
    for number, owner in enumerate(owners):
        name = trusted_as(owner.attribute)
        other = first.setdefault(name, owner.connection)
        place = f"publish.owners.{number}"
        if other != owner.connection:
            yield f"{place}: {owner.attribute} has two owners, {other} and {owner.connection}"
        if name in trust and tuple(trust[name])[:1] != (owner.connection,):
            yield (
                f"{place}: {owner.attribute} is owned by {owner.connection}, but "
                f"resolve.trust.{name} does not put it first; leave one of them out"
            )


def _policy_flaws(section: PublishSection, trust: Trust) -> Iterator[str]:
    owned = {trusted_as(owner.attribute) for owner in section.owners}
    for attribute, policy in section.conflicts.items():
        name, place = trusted_as(attribute), f"publish.conflicts.{attribute}"
        if policy == "owner" and name not in owned:
            yield f"{place}: {attribute} has no owner; name one under [[publish.owners]]"
        if policy == NEWEST and (name in owned or name in trust):
            yield f"{place}: the newest value can't count before an owner or an order of trust"


def _rule_flaws(section: PublishSection) -> Iterator[str]:
    owned = {(owner.attribute, owner.connection) for owner in section.owners}
    seen = Counter[tuple[str | None, str, str]]()
    for number, rule in enumerate(section.rules):
        place = f"publish.rules.{number}"
        key = (rule.attribute, rule.connection, rule.stream)
        seen[key] += 1
        if seen[key] == 2:
            what = rule.attribute or "new records"
            yield f"{place}: a second rule for {what} in {rule.connection}/{rule.stream}"
        if rule.mode != "never" and (rule.attribute, rule.connection) in owned:
            yield (
                f"{place}: {rule.connection} owns {rule.attribute} and would be sent its own "
                "value: a circle; leave the rule out, or say never"
            )
