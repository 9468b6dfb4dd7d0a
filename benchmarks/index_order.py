"""One partition whatever the order of arrival, and ids that a second look leaves alone.

`python -m benchmarks.index_order [--records N] [--orders N]`. The records of ``benchmarks.sparse``
come in several orders, each into a store of its own; the last store is then resolved once more as
if every record had changed. Ends with an error where two partitions differ or an id moves.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.index_path import fill, resolve, store
from benchmarks.sparse.__main__ import make
from hub.store.database import reading, writing
from hub.store.tables import canonical_record, link, source_record


def shuffled(path: Path, seed: int) -> Path:
    """The same records in another order."""
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    other = path.with_name(f"order-{seed}.csv")
    other.write_text(head + "".join(lines), encoding="utf-8")
    return other


def owners(engine: Engine) -> dict[str, str]:
    """Each record's customer, by the record's key at its source."""
    query = (
        sa.select(source_record.c.source_key, link.c.party_id)
        .join(canonical_record, canonical_record.c.record_id == source_record.c.id)
        .join(link, link.c.canonical_id == canonical_record.c.id)
        .where(link.c.recorded_to.is_(None))
    )
    with reading(engine) as db:
        return {row.source_key: str(row.party_id) for row in db.execute(query)}


def partition(owned: dict[str, str]) -> str:
    """A digest of who is who, whatever the customers' ids are."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for record, party in sorted(owned.items()):
        members[party].append(record)
    return blake2b(repr(sorted(members.values())).encode(), digest_size=8).hexdigest()


def look_again(engine: Engine) -> int:
    """Resolve everything anew; returns how many records have another customer since."""
    before = owners(engine)
    with writing(engine) as db:
        db.execute(sa.update(canonical_record).values(pending=True))
    resolve(engine)
    after = owners(engine)
    return sum(after.get(record) != party for record, party in before.items())


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--records", type=int, default=100_000)
    told.add_argument("--orders", type=int, default=3)
    asked = told.parse_args()
    found: set[str] = set()
    moved = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        make(path, asked.records, 1)
        for seed in range(asked.orders):
            with store("sqlite") as engine:
                count = fill(engine, shuffled(path, seed))
                resolve(engine)
                found.add(digest := partition(owners(engine)))
                print(f"order {seed}: {count:,} records, partition {digest}", flush=True)
                if seed == asked.orders - 1:
                    moved = look_again(engine)
                    print(f"resolved anew: {moved} records have another customer")
    if len(found) > 1 or moved:
        sys.exit("the order of arrival matters, or an id has moved")


if __name__ == "__main__":
    main()
