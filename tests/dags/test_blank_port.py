"""What Airflow reads when somebody presses Test on a connection of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import requests
from fastapi import FastAPI, Request

from hub.airflow.blank_port import BlankPort
from tests.web.served import served

pytest.importorskip("airflow", reason="runs in .venv-airflow")
pytestmark = pytest.mark.airflow

OURS = {"conn_type": "hub_tryton", "connection_id": "erp", "password": "***", "port": 0}
LONG = {**OURS, "extra": "x" * 150_000}


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """An application that answers with the body it was sent."""
    app = FastAPI()
    app.add_middleware(BlankPort)

    @app.post("/{path:path}")
    async def _(request: Request, path: str) -> Any:
        return orjson.loads(await request.body())

    with served(app) as address:
        yield address


def read(echo: str, content: Any, path: str = "/api/v2/connections/test") -> Any:
    return requests.post(echo + path, json=content, timeout=10).json()


def test_an_empty_port_is_no_port(echo: str) -> None:
    assert read(echo, OURS) == {**OURS, "port": None}


@pytest.mark.parametrize(
    "content",
    [{**OURS, "port": 8069}, {**OURS, "conn_type": "postgres"}, [OURS], LONG],
    ids=["a port", "not ours", "no object", "too long"],
)
def test_all_else_is_read_as_it_came(echo: str, content: Any) -> None:
    assert read(echo, content) == content


def test_no_other_request_is_touched(echo: str) -> None:
    assert read(echo, OURS, "/api/v2/connections") == OURS
