"""The hub's read path on the benchmark's server: extract, then canonicalise.

    python -m benchmarks.hub_path URL store-url [--profile FILE]

Raw versions kept, keys looked up, canonical records nested and validated, references and counts
stored: what ``hub sync`` does for one stream.
"""

from __future__ import annotations

import argparse
import cProfile
import resource
from collections.abc import Iterator
from typing import Any

from hub.mapping import compile_mapping, load_mapping
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.extract import StreamTask, extract
from hub.sdk import Capability, Cursor, Page, Record, Stream
from hub.sdk.rest import RestClient
from hub.store.database import open_store
from hub.store.schema import migrate

STREAM = Stream(
    name="customer",
    entities=("party", "relationship"),
    key=("id",),
    cursor="updated_at",
    capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL}),
)
MAPPING = """\
system: bench
version: 1
catalogue:
  bench.revenue: {type: string, pii: none, owner: sales, description: yearly revenue}
streams:
  customer:
    - entity: party
      fields:
        kind: {const: person}
        display_name: {join: [name.given, name.family], with: " "}
        lang: language
        person: {given: name.given, family: name.family}
        roles:
          - role:
              path: status
              enum: {active: customer, lead: lead, former: other}
              default: other
            role_raw: status
        contact_points:
          - {kind: {const: email}, value: email, rank: {const: 1}}
          - {kind: {const: phone}, value: phone, rank: {const: 1}}
        addresses:
          - lines: [address.street]
            postcode: address.postcode
            locality: address.city
            country: {path: address.country, apply: [country_code]}
        updated_at: {path: updated_at, apply: [datetime]}
        ext: {bench.revenue: revenue}
"""


class BenchConnector:
    """The server's customers, page by page."""

    def __init__(self, url: str) -> None:
        self._client = RestClient(url, system="bench")

    def check(self) -> str:
        """Read the first page."""
        return f"{len(self._page(0)['data'])} customers on the first page"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:  # noqa: ARG002  # one stream
        """Follow the server's own position."""
        after: Any = 0 if cursor is None else cursor["after"]
        while after is not None:
            page = self._page(after)
            after = page["next"]
            yield Page(
                records=[Record(row["id"], row, row["updated_at"]) for row in page["data"]],
                cursor={"after": after},
            )

    def close(self) -> None:
        """Close the session."""
        self._client.close()

    def _page(self, after: int) -> Any:
        return self._client.get("customers", params={"after": after}).json()


def run(url: str, store_url: str) -> None:
    """Read everything into an empty store and translate it."""
    engine = open_store(store_url)
    migrate(engine)
    task = StreamTask(connection="bench", connector="bench", stream=STREAM)
    before = _cpu()
    print("extract", extract(engine, BenchConnector(url), task=task).counts, _cpu() - before)
    before = _cpu()
    mapping = compile_mapping(load_mapping(MAPPING, file="bench.yaml"))
    work = CanonicaliseTask(connection="bench", stream=STREAM.name, text=MAPPING)
    print("canonicalise", canonicalise(engine, mapping, task=work).counts, _cpu() - before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("store")
    parser.add_argument("--profile")
    arguments = parser.parse_args()
    if arguments.profile:
        with cProfile.Profile() as profile:
            run(arguments.url, arguments.store)
        profile.dump_stats(arguments.profile)
    else:
        run(arguments.url, arguments.store)


if __name__ == "__main__":
    main()
