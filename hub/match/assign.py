"""Which master id each cluster gets (law 6): the oldest stays, a lost one comes back.

A party is claimed by the cluster that holds its founding record, or else its senior record. A
cluster with several claims keeps the oldest party; one without revives the party that one of its
records has founded, or gets a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Held(NamedTuple):
    """A master party as it stands; ``alive`` unless merged or gone. The lowest ``seq`` is first."""

    id: str
    seq: int
    founding_id: int
    alive: bool
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What becomes of clusters and parties; clusters are named by their place in the input.

    ``owners`` has a party id for each cluster, or None where a new one is to be made. ``merged``
    maps losing parties to clusters; ``led`` does so for parties lost earlier that lead elsewhere
    now. ``splits`` maps clusters that left a living party to that party.
    """

    owners: list[str | None]
    merged: dict[str, int] = field(default_factory=dict)
    led: dict[str, int] = field(default_factory=dict)
    revived: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    splits: dict[int, str] = field(default_factory=dict)


def assign(
    clusters: Sequence[Sequence[int]],
    links: Mapping[int, str],
    parties: Sequence[Held],
    *,
    seniority: Mapping[int, int] | None = None,
) -> Assignment:
    """Give each cluster of records its party; ``links`` are the active ones, complete by party.

    ``seniority`` tells, of a party without its founder, which record has belonged to it longest;
    without it, the record that arrived first.
    """
    place = {record: n for n, members in enumerate(clusters) for record in members}
    result = Assignment(owners=[None] * len(clusters))
    ordered = sorted(parties, key=lambda party: party.seq)
    members = _by_party(links, seniority or {})
    _claim([party for party in ordered if party.alive], members, place, result)
    _return([party for party in ordered if not party.alive], place, result)
    _note_splits(clusters, links, result)
    return result


def _by_party(links: Mapping[int, str], seniority: Mapping[int, int]) -> dict[str, list[int]]:
    """The records of each party, the senior one first."""
    members: dict[str, list[int]] = {}
    for record in sorted(links, key=lambda record: (seniority.get(record, record), record)):
        party = links[record]
        members.setdefault(party, []).append(record)
    return members


def _claim(
    parties: Sequence[Held],
    members: Mapping[str, Sequence[int]],
    place: Mapping[int, int],
    result: Assignment,
) -> None:
    """Oldest party first, so that the first claim on a cluster is the one that survives."""
    for party in parties:
        held = [record for record in members.get(party.id, ()) if record in place]
        if not held:
            result.gone.append(party.id)
            continue
        spot = place[party.founding_id if party.founding_id in held else held[0]]
        if result.owners[spot] is None:
            result.owners[spot] = party.id
        else:
            result.merged[party.id] = spot


def _return(parties: Sequence[Held], place: Mapping[int, int], result: Assignment) -> None:
    """Parties lost before: revived by an unclaimed cluster, or led to where their founder is."""
    for party in parties:
        spot = place.get(party.founding_id)
        if spot is None:
            continue
        if result.owners[spot] is None:
            result.owners[spot] = party.id
            result.revived.append(party.id)
        elif result.owners[spot] != party.replaced_by:
            result.led[party.id] = spot


def _note_splits(
    clusters: Sequence[Sequence[int]], links: Mapping[int, str], result: Assignment
) -> None:
    for spot, members in enumerate(clusters):
        if result.owners[spot] is None or result.owners[spot] in result.revived:
            before = sorted((record, links[record]) for record in members if record in links)
            if before:
                result.splits[spot] = before[0][1]
