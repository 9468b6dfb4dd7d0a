"""The hub's read path on the benchmark's server: extract, then canonicalise.

    python -m benchmarks.hub_path URL store-url [--soap] [--profile FILE]

Raw versions kept, keys looked up, canonical records nested and validated, references and counts
stored: what ``hub sync`` does for one stream.
"""

from __future__ import annotations

import argparse
import cProfile
import resource
from collections.abc import Callable
from pathlib import Path

from hub.mapping import compile_mapping, load_mapping
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.extract import StreamTask, extract
from hub.sdk import Connector
from hub.sdk.resource import CursorPaging, RestConnector, RestStream, Since
from hub.sdk.rest import RestClient
from hub.sdk.soap import RowShape, SoapClient, SoapConnector, SoapStream
from hub.store.database import open_store
from hub.store.schema import migrate

WSDL = Path(__file__).parent / "customers.wsdl"
CUSTOMER = RestStream(
    name="customer",
    entities=("party", "relationship"),
    path="customers",
    rows="data",
    paging=CursorPaging(next="next", param="after"),
    changes=Since(param="since"),
    version="updated_at",
)
SOAP_CUSTOMER = SoapStream(
    name="customer",
    entities=("party", "relationship"),
    operation="ListCustomers",
    rows=RowShape(within="customers", item="customer"),
    key=("id",),
    paging=CursorPaging(next="next", param="after"),
    version="updated_at",
)
STREAM = CUSTOMER.declared()
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


def over_rest(url: str) -> Connector:
    """The server's customers, by a declaration."""
    return RestConnector(RestClient(url, system="bench"), [CUSTOMER])


def over_soap(url: str) -> Connector:
    """The same, out of SOAP envelopes."""
    client = SoapClient(WSDL, system="bench", url=f"{url}/soap")
    return SoapConnector(client, [SOAP_CUSTOMER])


def run(url: str, store_url: str, connect: Callable[[str], Connector]) -> None:
    """Read everything into an empty store and translate it."""
    engine = open_store(store_url)
    migrate(engine)
    task = StreamTask(connection="bench", connector="bench", stream=STREAM)
    before = _cpu()
    print("extract", extract(engine, connect(url), task=task).counts, _cpu() - before)
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
    parser.add_argument("--soap", action="store_true", help="out of SOAP envelopes")
    parser.add_argument("--profile")
    arguments = parser.parse_args()
    connect = over_soap if arguments.soap else over_rest
    if arguments.profile:
        with cProfile.Profile() as profile:
            run(arguments.url, arguments.store, connect)
        profile.dump_stats(arguments.profile)
    else:
        run(arguments.url, arguments.store, connect)


if __name__ == "__main__":
    main()
