"""What is written about a connector: its facts, and its page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hub.sdk.contract import Stream
from hub.testing.rule import Tier, expect, rule
from hub.testing.subject import Subject

REQUIRED: Final = frozenset(
    {"name", "title", "contract", "tier", "api", "auth", "permissions", "limits", "streams"}
    | {"documentation", "tested_against"}
)
OPTIONAL: Final = frozenset({"exempt"})
_UNQUOTED: Final = " (YAML takes no, yes, on and off for truth values: put it in quotes)"


@rule(Tier.BRONZE)
def facts(subject: Subject, _case: str) -> None:
    """connector.yaml is complete, and says what the code says."""
    found, spec = subject.facts, subject.spec
    expect(found, "there is no connector.yaml beside the plugin")
    expect(set(found) >= REQUIRED, f"not stated: {', '.join(sorted(REQUIRED - set(found)))}")
    unknown = sorted(set(found) - REQUIRED - OPTIONAL)
    expect(not unknown, f"unknown: {', '.join(unknown)}")
    head = (found["name"], found["title"], found["contract"])
    expect(head == (spec.name, spec.title, spec.contract), "name, title or contract differ")
    if found["streams"] != "from the settings":
        stated, real = sorted(found["streams"]), sorted(subject.streams)
        expect(stated == real, f"streams: it names {stated}, but the code has {real}")
        for name, stream in subject.streams.items():
            differs = _differing(found["streams"][name], declared(stream))
            expect(not differs, f"streams.{name}: {'; '.join(differs)}")


@rule(Tier.BRONZE)
def tier(subject: Subject, _case: str) -> None:
    """connector.yaml claims a tier, and each exemption names a rule that exists and a reason."""
    from hub.testing.rules import ALL

    claimed = str(subject.facts.get("tier", ""))
    expect(claimed.upper() in Tier.__members__, f"tier {claimed!r}: say bronze, silver or gold")
    known = {rule.id for rule in ALL} | {rule.group for rule in ALL}
    for name, reason in subject.exemptions.items():
        expect(name.partition("[")[0] in known, f"exempt: there is no rule {name}")
        expect(len(reason.split()) >= 3, f"exempt: {name} has no reason that explains it")


@rule(Tier.GOLD)
def page(subject: Subject, _case: str) -> None:
    """A page for people describes the connector, and the vendor's documentation is named."""
    urls = subject.facts.get("documentation") or {}
    expect(urls, "documentation: names no page of the vendor's")
    expect(all(str(url).startswith("https://") for url in urls.values()), "not all are https")
    places = _places(subject)
    wanted = f"write a README.md beside connector.yaml (or docs/connectors/{subject.name}.md)"
    expect(any(place.is_file() for place in places), f"there is no page: {wanted}")


def _places(subject: Subject) -> list[Path]:
    """Beside the plugin a README.md, or the page in the docs of the checkout it lies in."""
    folder = subject.folder
    if folder is None:
        return []
    page = Path("docs", "connectors", f"{subject.name}.md")
    return [folder / "README.md", *(parent / page for parent in folder.parents)]


def _differing(entry: Any, stream: Mapping[str, Any]) -> list[str]:
    """What connector.yaml says of a stream and the code doesn't, or the other way round."""
    if not isinstance(entry, dict):
        return ["is no object"]
    return [
        f"{name} is {_shown(entry.get(name))}, but the code says {_shown(stream.get(name))}"
        f"{_UNQUOTED if isinstance(entry.get(name), bool) else ''}"
        for name in sorted({*entry, *stream})
        if _plain(entry.get(name)) != _plain(stream.get(name))
    ]


def _shown(value: Any) -> str:
    return "not said" if value is None else str(_plain(value))


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list | set) else value


def declared(stream: Stream) -> dict[str, Any]:
    """A stream's declaration as connector.yaml has it."""
    known: dict[str, Any] = {
        "entities": list(stream.entities),
        "key": ", ".join(stream.key),
        "cursor": stream.cursor,
        "capabilities": {str(item) for item in stream.capabilities},
    }
    return {name: value for name, value in known.items() if value is not None}
