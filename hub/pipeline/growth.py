"""Growing the touched components: from pending records to everything their outcome depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hub.match.disjoint import DisjointSets
from hub.match.partition import Decisions, Edge
from hub.match.relations import Relation
from hub.match.verdict import OTHER_KIND, Grade, Verdict
from hub.pipeline.accounts import (
    Accounts,
    Ledgers,
    accounts_of,
    copies_in_a_ledger,
    pairs_worth_weighing,
)
from hub.pipeline.lost import Lost, LostParties
from hub.pipeline.matcher import DigestPair, Matcher
from hub.pipeline.ties import parted_copies, through_gone
from hub.store.crosswalk import ActiveLink, ask_shared_links, load_shared_links
from hub.store.database import Connection
from hub.store.decisions import MUST_LINK, NEVER_LINK, Decision, ask_decisions
from hub.store.former import ask_former_links
from hub.store.match_look_ups import ask_members
from hub.store.parties import PartyState, ask_parties
from hub.store.party_records import PartyRecord, ask_records


@dataclass(slots=True)
class Unit:
    """Records whose clusters and ids depend on one another, with all that decides on them.

    ``nodes`` maps a node (its smallest source reference) to its records; records with the same
    content are one node unless people decided otherwise, or they are accounts of one ledger that
    allows a customer one: ``accounts`` has the nodes of such. ``silent`` nodes say nothing.
    ``since`` says when a record came to its party (in microseconds); ``lost`` are the parties
    without records that one here speaks for.
    """

    records: dict[int, PartyRecord]
    nodes: dict[str, tuple[int, ...]]
    content: dict[str, str]
    edges: list[Edge[str]]
    decisions: Decisions[str]
    links: dict[int, str]
    since: dict[int, int]
    parties: list[PartyState]
    lost: list[Lost]
    accounts: dict[str, Ledgers]
    silent: frozenset[str]


@dataclass(slots=True)
class _Found:
    """What one round of growth has collected."""

    records: dict[int, PartyRecord] = field(default_factory=dict)
    profile_of: dict[int, str] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    decisions: set[Decision] = field(default_factory=set)


class Growth:
    """One batch of components; ``doubtful`` are the pairs of contents that a person may look at.

    ``relations`` are all that the contents in ``compared`` have, among them and with others.
    """

    def __init__(self, db: Connection, matcher: Matcher) -> None:
        self.matcher = matcher
        self.doubtful: dict[DigestPair, Verdict] = {}
        self.relations: dict[DigestPair, Relation] = {}
        self.compared: set[str] = set()
        self._db = db
        self._accounts = Accounts(db)
        self._found = _Found()
        self._seen: set[str] = set()
        self._members: dict[str, list[int]] = {}
        self._certain: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: set[str] = set()
        self._asked_parties: list[Callable[[], Mapping[str, PartyState]]] = []
        self._parties: dict[str, PartyState] = {}
        self._lost = LostParties(db)
        self._spoken_for: defaultdict[int, list[Lost]] = defaultdict(list)

    def grow(
        self, seeds: Iterable[int], linked: Collection[ActiveLink] | None = None
    ) -> list[Unit]:
        """The units that the seeds belong to, each complete.

        ``linked`` are the links that the seeds share, where the caller has them.
        """
        todo = set(seeds)
        if linked is None:
            linked = load_shared_links(self._db, todo)
        todo |= self._pull_linked(linked)  # one round less for most
        while todo:
            todo = self._take(todo) - self._found.records.keys()
        return list(self._units())

    @property
    def records(self) -> Collection[int]:
        """All that the units have taken in."""
        return self._found.records.keys()

    def in_doubt(self) -> set[str]:
        """The contents that a person may look at."""
        return {digest for pair in self.doubtful for digest in pair}

    def never_links(self) -> set[tuple[int, int]]:
        """The never-links that name a record of this batch."""
        found = self._found.decisions
        return {(item.left_id, item.right_id) for item in found if item.kind == NEVER_LINK}

    def _take(self, ids: set[int]) -> set[int]:
        """Load records and return what they pull in; all that hangs on ids alone in one turn."""
        records = ask_records(self._db, ids)
        links = ask_shared_links(self._db, ids - self._found.links.keys())
        decisions = ask_decisions(self._db, ids)
        former = ask_former_links(self._db, ids)
        contents = self.matcher.ask_records(ids)
        loaded = records()
        contents()
        fresh = {id_: item.profile for id_, item in loaded.items() if item.profile is not None}
        self._found.records.update(loaded)
        self._found.profile_of.update(fresh)
        pulled = self._pull_linked(links()) | self._pull_decided(decisions())
        pulled |= self._lost.pull(ids, former())
        pulled |= self._pull_alike(set(fresh.values()))
        return pulled

    def _pull_linked(self, links: Collection[ActiveLink]) -> set[int]:
        """Everybody who shares a party with the records: its id is at stake."""
        self._found.links.update({link.canonical_id: link.party_id for link in links})
        self._found.since.update({link.canonical_id: link.since for link in links})
        fresh = {link.party_id for link in links} - self._owners
        self._owners |= fresh
        self._asked_parties.append(ask_parties(self._db, fresh))
        return {link.canonical_id for link in links}

    def _pull_decided(self, decisions: set[Decision]) -> set[int]:
        self._found.decisions |= decisions
        sides = ((item.left_id, item.right_id) for item in decisions if item.kind == MUST_LINK)
        return {record for pair in sides for record in pair}

    def _pull_alike(self, digests: set[str]) -> set[int]:
        """Records of contents that certainly match, and copies of the same content.

        And of what matches these, to the end of the chain: the databases are asked for nothing else
        meanwhile.
        """
        pulled: set[int] = set()
        while fresh := digests - self._seen:
            self._seen |= fresh
            alike = self._alike(fresh)
            pulled.update(*alike.values())
            digests = set(alike)
        return pulled

    def _alike(self, fresh: set[str]) -> dict[str, list[int]]:
        """What one link of the chain leads to: contents with their records."""
        own = self._ask_members(fresh)
        near = self._match(fresh)
        others = self._ask_members(near - fresh)
        members = {**own(), **others()}
        self.matcher.load(digest for digest, held in members.items() if len(held) > 1)
        return {d: held for d, held in members.items() if d in near or self._are_copies(d, held)}

    def _ask_members(self, digests: set[str]) -> Callable[[], dict[str, list[int]]]:
        """The records of contents, asked for once; called for later."""
        missing = digests - self._members.keys()
        asked = ask_members(self._db, missing)

        def members() -> dict[str, list[int]]:
            self._members.update({digest: [] for digest in missing})
            for digest, record in asked():
                self._members[digest].append(record)
            return {digest: held for digest in digests if (held := self._members[digest])}

        return members

    def _are_copies(self, digest: str, records: Collection[int]) -> bool:
        """Whether several records of one content are one customer."""
        return len(records) > 1 and digest in self.matcher and self.matcher.are_one(digest, digest)

    def _match(self, digests: set[str]) -> set[str]:
        """Compare contents with their candidates; returns the certain neighbours."""
        matcher = self.matcher
        pairs = [
            p for p in sorted(matcher.candidates(digests)) if p[0] in matcher and p[1] in matcher
        ]
        near: set[str] = set()
        for one, other in pairs:
            near |= self._grade(one, other)
        self.relations.update(matcher.relations(pairs))
        self.compared |= {digest for digest in digests if digest in matcher}
        return near

    def _grade(self, one: str, other: str) -> set[str]:
        found = self.matcher.verdict(one, other)
        if found.grade is Grade.CERTAIN:
            self._certain[one].add(other)
            self._certain[other].add(one)
            return {one, other}
        if found.grade is not Grade.NONE:
            self.doubtful[one, other] = found
        return set()

    def _units(self) -> Iterator[Unit]:
        groups = DisjointSets(self._found.records)
        by_party: defaultdict[str, list[int]] = defaultdict(list)
        for record, party in self._found.links.items():
            by_party[party].append(record)
        by_digest = self._by_content(self._found.records)
        groups.join_all(by_party.values())
        groups.join_all(
            held for digest, held in by_digest.items() if self._are_copies(digest, held)
        )
        groups.join_all(
            by_digest[one] + by_digest[other]
            for one in self._certain
            for other in self._certain[one]
            if one in by_digest and other in by_digest
        )
        groups.join_all(
            [item.left_id, item.right_id]
            for item in self._found.decisions
            if item.kind == MUST_LINK
        )
        self._load_parties()
        units = list(groups.sets())
        self.matcher.set_beside(self._beside(units))
        for members in units:
            yield self._unit(members)

    def _beside(self, units: Iterable[Collection[int]]) -> set[str]:
        """The contents that are not the only one of their unit."""
        profile_of = self._found.profile_of
        each = ({profile_of[m] for m in members if m in profile_of} for members in units)
        return {digest for contents in each if len(contents) > 1 for digest in contents}

    def _load_parties(self) -> None:
        """Parties that the records belong to, and lost ones that they speak for."""
        for asked in self._asked_parties:
            self._parties.update(asked())
        for lost in self._lost.spoken_for(self._found.records, self._found.links):
            self._spoken_for[lost.speaker].append(lost)

    def _unit(self, members: list[int]) -> Unit:
        records = {record: self._found.records[record] for record in members}
        inside = [d for d in self._found.decisions if d.left_id in records or d.right_id in records]
        accounts = self._accounts.rivals(records)
        apart = self._told_apart(inside) | copies_in_a_ledger(self._found.profile_of, accounts)
        nodes, content = self._nodes(records, apart)
        ledgers = accounts_of(nodes, accounts)
        node_of = {record: node for node, owned in nodes.items() for record in owned}
        links = {r: self._found.links[r] for r in members if r in self._found.links}
        edges = list(self._edges(content, ledgers))  # which loads contents that stand together
        silent = (node for node, digest in content.items() if self.matcher.is_silent(digest))
        return Unit(
            records=records,
            nodes=nodes,
            content=content,
            edges=edges,
            decisions=_decisions(inside, node_of),
            links=links,
            since={record: self._found.since[record] for record in links},
            parties=[self._parties[party] for party in sorted(set(links.values()))],
            lost=[lost for record in members for lost in self._spoken_for.get(record, ())],
            accounts=ledgers,
            silent=frozenset(silent),
        )

    def _told_apart(self, decisions: Iterable[Decision]) -> set[int]:
        """Records that are a node of their own; else copies of one content stay one node."""
        pairs: dict[str, list[tuple[int, int]]] = {MUST_LINK: [], NEVER_LINK: []}
        for kind, left, right in decisions:
            pairs[kind].append((left, right))
        return parted_copies(pairs[MUST_LINK], pairs[NEVER_LINK], self._found.profile_of)

    def _nodes(
        self, records: Mapping[int, PartyRecord], decided: Collection[int]
    ) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
        groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for digest, owned in self._by_content(records).items():
            one = self._are_copies(digest, owned)
            for record in owned:
                groups[digest, 0 if one and record not in decided else record].append(record)
        nodes, content = {}, {}
        for (digest, _), owned in groups.items():
            ordered = sorted(owned, key=lambda record: records[record].source)
            name = str(records[ordered[0]].source)
            nodes[name], content[name] = tuple(ordered), digest
        return nodes, content

    def _by_content(self, records: Mapping[int, PartyRecord]) -> Mapping[str, list[int]]:
        """Active records by their content."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for record, held in records.items():
            digest = self._found.profile_of.get(record)
            if digest is not None and held.active and digest in self.matcher:
                found[digest].append(record)
        return found

    def _edges(
        self, content: Mapping[str, str], accounts: Mapping[str, Ledgers]
    ) -> Iterator[Edge[str]]:
        by_digest: defaultdict[str, list[str]] = defaultdict(list)
        for node, digest in content.items():
            by_digest[digest].append(node)
        for one, other in self.matcher.seen_pairs(by_digest):
            found = self.matcher.verdict(one, other)
            if found is OTHER_KIND:
                continue
            joins, vetoed = found.grade is Grade.CERTAIN, bool(found.vetoes)
            pairs = pairs_worth_weighing(by_digest[one], by_digest[other], accounts)
            yield from (Edge(a, b, found.tie, joins, vetoed) for a, b in pairs)
        for digest, nodes in by_digest.items():
            if len(nodes) > 1 and self.matcher.are_one(digest, digest):
                bits = self.matcher.verdict(digest, digest).bits
                pairs = pairs_worth_weighing(nodes, nodes, accounts)
                yield from (Edge(a, b, bits) for a, b in pairs)


def _decisions(found: Iterable[Decision], node_of: Mapping[int, str]) -> Decisions[str]:
    """What is decided of nodes: a tie holds through records that are gone, a never-link sleeps."""
    must: list[tuple[str, str]] = []
    never: list[tuple[str, str]] = []
    loose: list[tuple[int, int]] = []
    for kind, left, right in sorted(found):
        if left in node_of and right in node_of:
            (must if kind == MUST_LINK else never).append((node_of[left], node_of[right]))
        elif kind == MUST_LINK:
            loose.append((left, right))
    must += through_gone(loose, node_of, never)
    return Decisions([pair for pair in must if pair[0] != pair[1]], never)
