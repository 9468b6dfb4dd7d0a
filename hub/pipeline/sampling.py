"""Pairs for a steward to label, drawn by weight; and what the labels say about the engine.

The population is every scored pair and every pair that stands in one cluster. It is parted into
bands: joined or apart, by fifths of the weights, and joined pairs without a weight of their own.
Each band gives as many pairs as the others, so that its precision can be told; the whole is
estimated with each band weighing as many pairs as it holds (stratified sampling).
"""

from __future__ import annotations

import csv
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

from hub.errors import ConfigError
from hub.match.tabular_layout import FIELDS
from hub.pipeline.evaluation import Outcome
from hub.reports.render_csv import harmless

_BANDS: Final = 5
THROUGH_OTHERS: Final = "joined through others"

_Pair = tuple[str, str]


class Candidate(NamedTuple):
    """A drawn pair; ``band_pairs`` is how many pairs its band holds."""

    left: str
    right: str
    weight: float | None
    joined: bool
    band: str
    band_pairs: int


def draw_pairs(outcome: Outcome, size: int, seed: int = 1) -> list[Candidate]:
    """About equally many pairs of each band; one seed draws the same whatever the order."""
    scored = {(min(e.left, e.right), max(e.left, e.right)): e.weight for e in outcome.edges}
    bands = _bands(scored, outcome)
    sizes = {name: len(pairs) for name, pairs in bands.items()}
    through = _count_joined(outcome) - sum(_is_joined(pair, outcome) for pair in scored)
    if through:
        sizes[THROUGH_OTHERS] = through
    shares = allocate(sizes, size)
    drawn: list[Candidate] = []
    for name, share in shares.items():
        pairs = bands.get(name) or _joined_unscored(outcome, scored)
        chosen = heapq.nsmallest(share, pairs, key=lambda pair: _rank(pair, seed))
        drawn += [
            Candidate(*pair, scored.get(pair), _is_joined(pair, outcome), name, sizes[name])
            for pair in chosen
        ]
    return sorted(drawn, key=lambda item: _rank((item.left, item.right), seed))


def allocate(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Equal shares, as far as a band has pairs; what one lacks goes to the others."""
    shares = dict.fromkeys(sizes, 0)
    left = min(total, sum(sizes.values()))
    while left:
        wanting = [name for name in sizes if shares[name] < sizes[name]]
        equal = max(1, left // len(wanting))
        for name in wanting[:left]:
            step = min(equal, sizes[name] - shares[name])
            shares[name] += step
            left -= step
    return shares


def _rank(pair: _Pair, seed: int) -> bytes:
    return blake2b(repr((seed, *pair)).encode(), digest_size=8).digest()


def _is_joined(pair: _Pair, outcome: Outcome) -> bool:
    return outcome.clusters[pair[0]] == outcome.clusters[pair[1]]


def _bands(scored: Mapping[_Pair, float], outcome: Outcome) -> dict[str, list[_Pair]]:
    cuts = _cuts(sorted(scored.values()))
    found: defaultdict[tuple[bool, int], list[_Pair]] = defaultdict(list)
    for pair, weight in scored.items():
        place = sum(weight >= cut for cut in cuts[1:-1])
        found[_is_joined(pair, outcome), place].append(pair)
    return {
        f"{'joined' if joined else 'apart'}, {cuts[n]:.1f} to {cuts[n + 1]:.1f} bits": pairs
        for (joined, n), pairs in sorted(found.items(), reverse=True)
    }


def _cuts(weights: Sequence[float]) -> list[float]:
    """The borders of fifths, each once."""
    if not weights:
        return []
    inner = {round(weights[len(weights) * n // _BANDS], 1) for n in range(1, _BANDS)}
    return [weights[0], *sorted(cut for cut in inner if weights[0] < cut), weights[-1]]


def _count_joined(outcome: Outcome) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(outcome.clusters.values()).values())


def _joined_unscored(outcome: Outcome, scored: Mapping[_Pair, float]) -> Iterator[_Pair]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for record, cluster in outcome.clusters.items():
        members[cluster].append(record)
    for held in members.values():
        for pair in combinations(sorted(held), 2):
            if pair not in scored:
                yield pair


def write_pairs(
    path: Path, drawn: Iterable[Candidate], fields: Mapping[str, Mapping[str, str]]
) -> None:
    """One pair a line: ``same`` is for the steward, then both records, each field side by side.

    UTF-8 with its mark, since spreadsheets take it for another encoding otherwise.
    """
    found = list(drawn)
    ids = {record for item in found for record in (item.left, item.right)}
    used = {name for record in ids for name in fields[record]} - {"record_id"}
    shown = [name for name in FIELDS if name in used]
    sides = [f"{name}_{side}" for name in shown for side in (1, 2)]
    header = ["same", *sides, "record_id_1", "record_id_2", "joined", "weight", "band"]
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([*header, "band_pairs"])
            writer.writerows(_line(item, fields, shown) for item in found)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def _line(
    item: Candidate, fields: Mapping[str, Mapping[str, str]], shown: Sequence[str]
) -> list[str]:
    records = (fields[item.left], fields[item.right])
    values = [record.get(name, "") for name in shown for record in records]
    weight = "" if item.weight is None else f"{item.weight:.1f}"
    joined = "yes" if item.joined else "no"
    tail = (joined, weight, item.band, str(item.band_pairs))
    return ["", *map(harmless, (*values, item.left, item.right)), *tail]
