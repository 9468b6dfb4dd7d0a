"""The demo company over real sockets: every stand-in read, every record mapped and validated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.demo.company import Company, generate
from hub.demo.register import INTERNAL_DOMAIN, Bucket, Ref, Totals
from hub.errors import UnmappableRecordError
from hub.mapping import CompiledMapping, compile_mapping, load_mapping
from hub.model import ENTITIES
from hub.model.commerce import Document
from hub.plugins import Registry, discover
from hub.sdk import Connector, StandInState

CONNECTORS = {
    "sfa": "salesforce",
    "helpdesk": "request_tracker",
    "mail": "imap",
    "erp": "tryton",
    "shop": "dolibarr",
    "partners": "file",
}
PARTNERS = {"name": "customers", "path": "customers.csv", "format": "csv", "key": ["id"]}
EXTRA = {"mail": {"own_domains": [INTERNAL_DOMAIN]}}
MAPPINGS = Path(__file__).parents[2] / "mappings"


@dataclass
class Outcome:
    """What one full read of a connection came to."""

    parties: set[Ref] = field(default_factory=set)
    quarantine: Counter[tuple[str, str]] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    tombstones: Counter[tuple[str, str]] = field(default_factory=Counter)
    totals: dict[Bucket, Totals] = field(default_factory=dict)

    def take(self, ref: Ref, entity: str, body: Mapping[str, Any]) -> None:
        record = ENTITIES[entity].model_validate(body)
        if entity == "party":
            self.parties.add(ref)
        if isinstance(record, Document):
            bucket = Bucket(ref.connection, entity, f"{record.date:%Y-%m}", record.currency)
            old = self.totals.get(bucket, Totals())
            self.totals[bucket] = Totals(
                old.documents + 1,
                old.net + record.net,
                old.tax + record.tax,
                old.gross + record.gross,
            )


@cache
def registry() -> Registry:
    return discover()


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(customers=200)


@pytest.fixture(scope="module")
def outcomes(company: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("partners")
    (folder / "customers.csv").write_text(company.partners_csv, encoding="utf-8")
    return {connection: read_connection(connection, company, folder) for connection in CONNECTORS}


def read_connection(connection: str, company: Company, folder: Path) -> Outcome:
    spec = registry().connector(CONNECTORS[connection])
    text = spec.mapping or (MAPPINGS / f"{spec.name}.yaml").read_text(encoding="utf-8")
    mapping = compile_mapping(load_mapping(text, file=f"{spec.name}.yaml"))
    outcome = Outcome()
    with settings_of(connection, company, folder) as settings:
        config = spec.config.model_validate(settings)
        connector = spec.open(config)
        try:
            for stream in spec.streams_of(config):
                read_stream(connector, connection, stream.name, (mapping, outcome))
        finally:
            connector.close()
    return outcome


@contextmanager
def settings_of(connection: str, company: Company, folder: Path) -> Iterator[dict[str, Any]]:
    if connection == "partners":
        yield {"root": str(folder), "files": [PARTNERS]}
        return
    standin = registry().standins[CONNECTORS[connection]]
    running = standin.start(StandInState(company.seeds[connection]), 0)
    try:
        yield {**running.config, **EXTRA.get(connection, {})}
    finally:
        running.stop()


def read_stream(
    connector: Connector, connection: str, stream: str, into: tuple[CompiledMapping, Outcome]
) -> None:
    mapping, outcome = into
    translator = mapping.stream(stream)
    for page in connector.read(stream, None):
        outcome.excluded.update(page.excluded)
        assert not page.unreadable
        outcome.tombstones[connection, stream] += len(page.tombstones)
        for record in page.records:
            if rule := translator.excluded_by(record.data):
                outcome.excluded[rule] += 1
                continue
            try:
                for mapped in translator.translate(record.data):
                    ref = Ref(connection, stream, record.key, mapped.part)
                    outcome.take(ref, mapped.entity, mapped.body)
            except (UnmappableRecordError, ValidationError):
                outcome.quarantine[connection, stream] += 1


@pytest.mark.parametrize("connection", CONNECTORS)
def test_party_records_are_those_of_the_truth(
    connection: str, company: Company, outcomes: dict[str, Outcome]
) -> None:
    true = {ref for ref in company.truth.customer_of if ref.connection == connection}
    assert outcomes[connection].parties == true


@pytest.mark.parametrize("connection", CONNECTORS)
def test_only_the_planted_records_are_unmappable(
    connection: str, company: Company, outcomes: dict[str, Outcome]
) -> None:
    planted = company.planted["quarantine"].items()
    assert outcomes[connection].quarantine == {
        place: count for place, count in planted if place[0] == connection
    }


@pytest.mark.parametrize("connection", ["erp", "shop"])
def test_control_totals_are_those_planted(
    connection: str, company: Company, outcomes: dict[str, Outcome]
) -> None:
    planted = company.planted["R10"].items()
    expected = {bucket: total for bucket, total in planted if bucket.connection == connection}
    assert outcomes[connection].totals == expected


def test_tombstones_are_those_planted(company: Company, outcomes: dict[str, Outcome]) -> None:
    found = sum((outcome.tombstones for outcome in outcomes.values()), Counter[tuple[str, str]]())
    assert dict(found) == company.planted["tombstones"]


def test_excluded_records_are_those_planted(company: Company, outcomes: dict[str, Outcome]) -> None:
    found = sum((outcome.excluded for outcome in outcomes.values()), Counter[str]())
    assert dict(found) == company.planted["excluded"]
