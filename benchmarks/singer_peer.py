"""The peer: a tap of the Singer SDK, piped into a SQLite target of the SDK.

    .venv-bench/bin/python benchmarks/singer_peer.py URL folder

Tap and target are as small as the SDK allows, with its own paginator and its SQL sink.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def run(url: str, folder: Path) -> None:
    """Both processes, as ``tap | target`` would run them."""
    (folder / "tap.json").write_text(json.dumps({"url": url}))
    (folder / "target.json").write_text(json.dumps({"path": str(folder / "peer.db")}))
    start = [sys.executable, __file__]
    with (
        subprocess.Popen([*start, "tap", folder / "tap.json"], stdout=subprocess.PIPE) as tap,
        subprocess.Popen([*start, "target", folder / "target.json"], stdin=tap.stdout) as target,
    ):
        assert tap.stdout is not None
        tap.stdout.close()
        codes = target.wait(), tap.wait()
    if any(codes):
        raise SystemExit(f"tap or target failed: {codes}")


def tap(config: str) -> None:
    """Reads the server's customers."""
    from singer_sdk import RESTStream, Tap
    from singer_sdk import typing as th
    from singer_sdk.pagination import JSONPathPaginator

    text, anything = th.StringType(), th.ObjectType(additional_properties=True)
    kinds = {"name": anything, "company": anything, "address": anything}
    names = ["id", "name", "email", "phone", "company", "address", "status", "language"]
    names += ["newsletter", "revenue", "created_at", "updated_at"]
    kinds["newsletter"] = th.BooleanType()

    class Customers(RESTStream):  # type: ignore[misc]  # the SDK is not installed here
        name = "customers"
        path = "/customers"
        primary_keys = ("id",)
        records_jsonpath = "$.data[*]"
        schema = th.PropertiesList(
            *(th.Property(name, kinds.get(name, text)) for name in names)
        ).to_dict()

        @property
        def url_base(self) -> str:
            return str(self.config["url"])

        def get_new_paginator(self) -> Any:
            return JSONPathPaginator("$.next")

        def get_url_params(self, _context: Any, next_page_token: Any) -> dict[str, Any]:
            return {"after": next_page_token or 0}

    class CustomerTap(Tap):  # type: ignore[misc]  # the SDK is not installed here
        name = "tap-bench"
        config_jsonschema = th.PropertiesList(th.Property("url", th.StringType())).to_dict()

        def discover_streams(self) -> list[Any]:
            return [Customers(self)]

    CustomerTap(config=json.loads(Path(config).read_text())).sync_all()


def target(config: str) -> None:
    """Writes what comes on standard input into SQLite."""
    from singer_sdk import typing as th
    from singer_sdk.sql import SQLConnector, SQLSink, SQLTarget

    class Connector(SQLConnector):  # type: ignore[misc]  # the SDK is not installed here
        allow_temp_tables = False
        allow_column_alter = False
        allow_merge_upsert = False

        def get_sqlalchemy_url(self, config: dict[str, Any]) -> str:
            return f"sqlite:///{config['path']}"

    class Sink(SQLSink):  # type: ignore[misc]  # the SDK is not installed here
        connector_class = Connector

        def preprocess_record(self, record: dict[str, Any], _context: Any) -> dict[str, Any]:
            """SQLite has no type for objects."""
            return {
                name: json.dumps(value) if isinstance(value, dict) else value
                for name, value in record.items()
            }

    class Target(SQLTarget):  # type: ignore[misc]  # the SDK is not installed here
        name = "target-bench"
        default_sink_class = Sink
        config_jsonschema = th.PropertiesList(th.Property("path", th.StringType())).to_dict()

    Target(config=json.loads(Path(config).read_text())).listen(sys.stdin)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tap", given]:
            tap(given)
        case ["target", given]:
            target(given)
        case [address, place]:
            run(address, Path(place))
