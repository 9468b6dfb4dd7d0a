"""Ids that have lost their records, and the record with which each comes back.

An id stands for the records that it had last, wherever its founder has gone since: it leads to
where they are, and comes back where a merge is taken back for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from hub.store.database import Connection
from hub.store.former import FormerLink, former_party_links
from hub.store.parties import PartyState, load_parties
from hub.store.party_records import PartyRecord

_LOST: Final = ("merged", "gone")


class Lost(NamedTuple):
    """A lost party, since when (in microseconds), and the record that speaks for it."""

    party: PartyState
    at: int
    speaker: int


class LostParties:
    """The lost parties that a batch of records has belonged to."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._seen: set[str] = set()
        self._parties: dict[str, PartyState] = {}
        self._holders: dict[str, list[FormerLink]] = {}
        self._latest: dict[int, FormerLink] = {}

    def pull(self, records: Collection[int], former: Collection[FormerLink]) -> set[int]:
        """Take up what the records have belonged to; returns who may speak for it beside them.

        ``former`` are the links of the records that have ended.

        Who can't speak for a party himself asks for nobody: so records pull one another or not at
        all, and units stay whole, whichever of them is met first.
        """
        self._latest.update({item.canonical_id: item for item in sorted(former, key=_left)})
        left = {item.party_id for item in former}
        self._load(left - self._seen)
        holders = (self._holders_of(id_) for id_ in left & self._parties.keys())
        return {one for group in holders if not group.isdisjoint(records) for one in group}

    def _load(self, fresh: set[str]) -> None:
        self._seen |= fresh
        found = load_parties(self._db, fresh)
        lost = {party.id: party for party in found.values() if party.status in _LOST}
        by_party: defaultdict[str, list[FormerLink]] = defaultdict(list)
        for item in former_party_links(self._db, lost):
            by_party[item.party_id].append(item)
        self._parties.update(lost)
        self._holders.update({id_: _ranked(lost[id_], by_party[id_]) for id_ in lost})

    def _holders_of(self, party: str) -> set[int]:
        return {item.canonical_id for item in self._holders[party]}

    def spoken_for(
        self, records: Mapping[int, PartyRecord], links: Mapping[int, str]
    ) -> Iterable[Lost]:
        """Those that one of the records speaks for; ``links`` are the active ones."""
        for id_, party in sorted(self._parties.items()):
            for item in self._holders[id_]:
                record = records.get(item.canonical_id)
                if record is not None and record.active and self._may_speak(item, party, links):
                    yield Lost(party, self._holders[id_][0].left_at, record.id)
                    break

    def _may_speak(self, item: FormerLink, party: PartyState, links: Mapping[int, str]) -> bool:
        """A record that comes back to a party that is gone must not have been elsewhere since."""
        if party.status == "merged":
            return True
        latest = self._latest.get(item.canonical_id)
        return item.canonical_id not in links and latest is not None and latest.id == item.id


def _ranked(party: PartyState, former: Iterable[FormerLink]) -> list[FormerLink]:
    """Who speaks for a lost party: of those that left it last the senior, at a tie the founder.

    Whom a party that is gone had before counts after them: its records leave one by one.
    """

    def rank(item: FormerLink) -> tuple[int, int, bool, int]:
        return (-item.left_at, item.since, item.canonical_id != party.founding_id, item.id)

    ranked = sorted(former, key=rank)
    if party.status == "gone":
        return ranked
    return [item for item in ranked if item.left_at == ranked[0].left_at]


def _left(item: FormerLink) -> tuple[int, int]:
    return (item.left_at, item.id)
