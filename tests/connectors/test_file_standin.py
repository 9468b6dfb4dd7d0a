"""The folder that stands in for somebody who delivers files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.file import hub_connector, hub_standin
from hub.errors import ConfigError
from hub.sdk import Fault, Record, Sample, StandInState

SPEC, PLAN = hub_connector(), hub_standin()
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("stream", ["customers", "partners", "dealers", "suppliers"])
def test_what_is_put_is_delivered_as_a_file(stream: str) -> None:
    standin = PLAN.start(StandInState({stream: {"1": {"id": "1", "name": 'Zoë\n"x"'}}}), 0)
    assert PLAN.samples is not None
    with standin.state.changing():
        PLAN.samples.put(PLAN.samples, standin.state, Sample(stream, 2, 0, NOW))
    connector = SPEC.open(SPEC.config.model_validate(standin.config))
    found = [record for page in connector.read(stream, None) for record in page.records]
    standin.stop()
    assert [record.key for record in found] == ["1", "2"]
    assert names(found) == ['Zoë\n"x"', "Example 2 Ltd, 0"]


def names(records: list[Record]) -> list[str]:
    return [record.data["name"] for record in records]


def test_a_folder_knows_no_faults() -> None:
    standin = PLAN.start(StandInState({}), 0)
    with pytest.raises(ConfigError, match="no fault reset"):
        standin.fail(Fault(kind="reset"))
    standin.stop()
