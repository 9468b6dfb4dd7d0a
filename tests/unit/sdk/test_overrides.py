"""Numbers of a policy set from outside."""

from __future__ import annotations

import pytest

from hub.errors import SourceUnavailableError
from hub.sdk import Fault, HttpStandIn, StandInState
from hub.sdk.limits import RestPolicy
from hub.sdk.overrides import policy_in_effect, policy_overrides
from hub.sdk.rest import RestClient
from hub.sdk.standin import Response


def test_overrides_hold_inside_and_inner_ones_go_first() -> None:
    own = RestPolicy(attempts=7, max_body=10)
    with policy_overrides(attempts=2, backoff=0.0):
        with policy_overrides(attempts=1):
            assert policy_in_effect(own) == RestPolicy(attempts=1, max_body=10, backoff=0.0)
        assert policy_in_effect(own).attempts == 2
    assert policy_in_effect(own) == own
    assert policy_in_effect(None) == RestPolicy()


def test_a_client_keeps_the_numbers_it_was_built_with() -> None:
    server = HttpStandIn(StandInState({}), lambda _: Response(200, []))
    server.fail(Fault(kind="status", status=503, times=100))
    with policy_overrides(attempts=2, backoff=0.0):
        client = RestClient(server.url, system="demo", policy=RestPolicy(attempts=9))
    with pytest.raises(SourceUnavailableError):
        client.get("rows")
    assert server.requests["GET /rows"] == 2
    client.close()
    server.stop()
