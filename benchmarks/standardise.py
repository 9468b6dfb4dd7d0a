"""Standardising alone: profile, features and match keys, in records a CPU second.

    python -m benchmarks.standardise RECORDS [--alone]

Two sets: the benchmark's own customers, and sparse customers of four systems, most of whose values
occur once. The peer is phonenumbers alone: one call for each phone of the sparse customers, beside
what the hub needs for the same phones. All in one process, in turns, the best of three; caches
start empty each time, and cycles are looked for as seldom as in every process of the hub. --alone
is one pass over the benchmark's customers and nothing else, for benchmarks.read_path to measure
from outside.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import phonenumbers

from benchmarks.hub_path import MAPPING, STREAM
from benchmarks.rest_server import customer
from benchmarks.sparse.__main__ import make
from hub.mapping import compile_mapping, load_mapping
from hub.match.blocking import match_keys
from hub.match.features import build_features
from hub.match.profile import build_profile
from hub.match.standardise import standardise_phone
from hub.match.tabular import open_table
from hub.match.tabular_layout import lay_out, load_tabular_mapping
from hub.pipeline.collection import collect_seldom
from hub.pipeline.tabular_bodies import RecordsFile

TARGET: Final = 15_000
SEED: Final = 1
_COUNTRY: Final = "AT"
_Body = Mapping[str, Any]


def own_customers(records: int) -> Iterable[_Body]:
    """The customers of the read path, as canonical bodies."""
    stream = compile_mapping(load_mapping(MAPPING, file="bench.yaml")).stream(STREAM.name)
    for number in range(records):
        (party,) = stream.translate(customer(number))
        yield party.body


def sparse_customers(records: int) -> Iterable[_Body]:
    """The customers of benchmarks.sparse, as canonical bodies."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        path = Path(folder) / "sparse.csv"
        make(path, records, SEED)
        table = open_table(path)
        file = RecordsFile(table, lay_out(table, load_tabular_mapping(None)))
        yield from (record.body for record in file.records())


def standardise(bodies: Iterable[_Body]) -> int:
    """What every record goes through before it is compared; gives the number of match keys."""
    return sum(len(match_keys(build_features(build_profile(body, _COUNTRY)))) for body in bodies)


def parse_phones(phones: Iterable[str]) -> int:
    """The peer: the library's own three calls."""
    return sum(_parse(phone) for phone in phones)


def _parse(phone: str) -> bool:
    try:
        number = phonenumbers.parse(phone, _COUNTRY)
    except phonenumbers.NumberParseException:
        return False
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return phonenumbers.is_possible_number(number) and bool(written)


def standardise_phones(phones: Iterable[str]) -> int:
    return sum(standardise_phone(phone, _COUNTRY) is not None for phone in phones)


def forget() -> None:
    """Empties every cache of the matching, as at the start of a process."""
    for name, module in list(sys.modules.items()):
        if name.startswith("hub.match."):
            for found in vars(module).values():
                if hasattr(found, "cache_clear"):
                    found.cache_clear()


def seconds(work: Callable[[list[Any]], int], items: list[Any]) -> float:
    """CPU seconds of this process; the records that lie ready are not searched for cycles.

    A process of the hub holds a page of them, not all.
    """
    forget()
    gc.collect()
    gc.freeze()
    begun = time.process_time()
    work(items)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=int)
    parser.add_argument("--alone", action="store_true")
    chosen = parser.parse_args()
    collect_seldom()
    if chosen.alone:
        print(f"{standardise(own_customers(chosen.records))} match keys")
    else:
        show(chosen.records)


def show(records: int) -> None:
    """The table, with each row's rate against the target and against the peer."""
    sparse = list(sparse_customers(records))
    points = [point for body in sparse for point in body.get("contact_points", ())]
    phones = [point["value"] for point in points if point["kind"] == "phone"]
    rows: list[tuple[str, Callable[[list[Any]], int], list[Any]]] = [
        ("hub: own customers", standardise, list(own_customers(records))),
        ("hub: sparse customers", standardise, sparse),
        ("hub: phones of the sparse", standardise_phones, phones),
        ("phonenumbers alone, same phones", parse_phones, phones),
    ]
    best = [min(took) for took in zip(*(_turn(rows) for _ in range(3)), strict=True)]
    peer = best[-1] / len(phones)
    print(f"\n{'':34}{'items':>10}{'CPU s':>8}{'a CPU s':>10}{'× target':>10}{'× peer':>8}")
    for (name, _, items), took in zip(rows, best, strict=True):
        rate = len(items) / took
        against = f"{rate / TARGET:.2f}" if items is not phones else "-"
        print(f"{name:34}{len(items):>10,}{took:>8.2f}{rate:>10,.0f}{against:>10}", end="")
        print(f"{peer * rate:>8.2f}")
    slowest = min(len(items) / took for (_, _, items), took in zip(rows[:2], best, strict=False))
    verdict = "met" if slowest >= TARGET else "MISSED"
    print(f"records a CPU second: {slowest:,.0f} (target ≥ {TARGET:,}): {verdict}")


def _turn(rows: list[tuple[str, Callable[[list[Any]], int], list[Any]]]) -> list[float]:
    return [seconds(work, items) for _, work, items in rows]


if __name__ == "__main__":
    main()
