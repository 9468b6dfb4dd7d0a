"""The peer for matching: Splink 5 as its manual sets it up, no labels, connected components.

    .venv-bench/bin/python -m benchmarks.match_peer FILE.csv [--out CLUSTERS.csv]

Persons and organisations have a model each. The threshold that is best by the truth is reported
(a favour: without labels nobody knows it), and the exact baseline: the same e-mail address or
telephone number, connected. Evident placeholders are emptied first for both. One JSON line.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks.match_measure import Clusters, measures
from benchmarks.match_splink import LOWEST, score

THRESHOLDS: Final = (
    LOWEST,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    0.95,
    0.97,
    0.98,
    0.99,
    0.995,
    0.999,
    0.9999,
)
KNOWN: Final = (
    "record_id", "kind", "given_name", "family_name", "full_name", "organisation", "email",
    "phone", "street", "city", "postcode", "birth_date", "tax_id", "soc_sec_id", "truth",
)  # fmt: skip
TITLES: Final = r"\b(dr|mr|mrs|ms|ing|mag|prof|dipl|herr|frau|jr|sr)\b\.?"
STANDARD: Final = r"""
create table standard as
with told as (
    select record_id, lower(coalesce(kind, 'person')) like 'org%' as is_org, truth,
        nullif(trim(lower(strip_accents(given_name))), '') as given,
        nullif(trim(lower(strip_accents(family_name))), '') as family,
        nullif(trim(regexp_replace(lower(strip_accents(full_name)), '{titles}', '', 'g')), '')
            as whole,
        nullif(trim(lower(strip_accents(organisation))), '') as organisation,
        nullif(trim(lower(email)), '') as email,
        right(regexp_replace(phone, '(?i)\s*x\d+$|[^0-9]', '', 'g'), 9) as phone,
        nullif(trim(lower(strip_accents(street))), '') as street,
        nullif(trim(lower(strip_accents(city))), '') as city,
        nullif(replace(lower(postcode), ' ', ''), '') as postcode,
        nullif(trim(birth_date), '') as birth_date,
        nullif(regexp_replace(lower(coalesce(tax_id, soc_sec_id)), '[^a-z0-9]', '', 'g'), '')
            as tax_id
    from told_file
)
select record_id as unique_id, is_org, truth,
    case when given is not null or family is not null or whole is null then given
        when contains(whole, ',') then split_part(trim(split_part(whole, ',', 2)), ' ', 1)
        else split_part(whole, ' ', 1) end as given_name,
    case when given is not null or family is not null or whole is null then family
        when contains(whole, ',') then trim(split_part(whole, ',', 1))
        when contains(whole, ' ') then split_part(whole, ' ', -1) end as family_name,
    coalesce(organisation, case when is_org then whole end) as organisation,
    case when email in ('noreply@example.com', 'keine@mail.de', 'none@none.com', 'test@test.com')
        then null else email end as email,
    case when length(phone) < 6 or replace(phone, phone[1], '') = ''
        or contains('0123456789', phone) then null else phone end as phone,
    street, city, postcode, tax_id,
    case when birth_date in ('1900-01-01', '1970-01-01') then null
        when regexp_matches(birth_date, '^\d{{8}}$') then birth_date[1:4] || '-' || birth_date[5:6]
            || '-' || birth_date[7:8]
        when try_strptime(birth_date, '%d/%m/%Y') is not null
            then strftime(try_strptime(birth_date, '%d/%m/%Y'), '%Y-%m-%d')
        else birth_date end as birth_date
from told
"""


def read(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The file as a table with every column that the peer knows, then standardised."""
    source = (
        f"read_parquet('{path}')"
        if path.suffix == ".parquet"
        else f"read_csv('{path}', all_varchar=true, header=true, quote='\"')"
    )
    found = {row[0] for row in base.execute(f"describe select * from {source}").fetchall()}
    columns = ", ".join(
        f'cast("{name}" as varchar) as {name}' if name in found else f"null::varchar as {name}"
        for name in KNOWN
    )
    base.execute(f"create table told_file as select {columns} from {source}")
    base.execute(STANDARD.format(titles=TITLES))
    base.execute("alter table standard add column name_both varchar")
    base.execute("update standard set name_both = given_name || ' ' || family_name")


def exact(base: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Links each record to the first with its e-mail address, and with its telephone number."""
    for column in ("email", "phone"):
        yield from base.execute(
            f"select first_value(unique_id) over (partition by {column}), unique_id "
            f"from standard where {column} is not null"
        ).fetchall()


def curve(truth: dict[str, str], pairs: list[tuple[str, str, float]]) -> Iterator[dict[str, Any]]:
    """The measures at every threshold, from the strictest down."""
    clusters, left = Clusters(truth), sorted(pairs, key=lambda pair: pair[2])
    for threshold in reversed(THRESHOLDS):
        while left and left[-1][2] >= threshold:
            one, other, _ = left.pop()
            clusters.join(one, other)
        yield {"threshold": threshold, **measures(clusters)}


def joined(truth: dict[str, str], pairs: Iterable[tuple[str, str]]) -> Clusters:
    clusters = Clusters(truth)
    for one, other in pairs:
        clusters.join(one, other)
    return clusters


def run(path: Path, out: Path | None) -> dict[str, Any]:
    base = duckdb.connect(":memory:")
    begin = time.monotonic()
    read(base, path)
    seconds: Counter[str] = Counter({"load": time.monotonic() - begin})
    truth = dict(base.execute("select unique_id, coalesce(truth, '') from standard").fetchall())
    baseline = measures(joined(truth, exact(base)))
    kinds, pairs = {}, []
    for name, companies in (("persons", False), ("companies", True)):
        scored = score(base, companies=companies)
        pairs += scored.pairs
        seconds.update(scored.seconds)
        where = "is_org" if companies else "not is_org"
        own = f"select unique_id, coalesce(truth, '') from standard where {where}"
        kinds[name] = _best(list(curve(dict(base.execute(own).fetchall()), scored.pairs)))
    points = list(curve(truth, pairs))
    best = _best(points)
    if out is not None and best is not None:
        _write(out, joined(truth, (pair[:2] for pair in pairs if pair[2] >= best["threshold"])))
    return {
        "file": path.name,
        "records": len(truth),
        "exact": baseline,
        "best": best,
        "best by kind": kinds,
        "curve": points,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _best(points: list[dict[str, Any]]) -> dict[str, Any] | None:
    return max(points, key=lambda point: float(point["f1"]), default=None)


def _write(out: Path, clusters: Clusters) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("record_id", "cluster_id"))
        writer.writerows((record, clusters.root(record)) for record in clusters.truth)


def main() -> None:
    parser = argparse.ArgumentParser(description="Splink 5 and the exact baseline on one file")
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    print(json.dumps(run(told.file, told.out)))


if __name__ == "__main__":
    main()
