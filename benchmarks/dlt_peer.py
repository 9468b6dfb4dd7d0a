"""The peer: dlt reads the same server into SQLite; runs in an environment of its own.

    .venv-bench/bin/python benchmarks/dlt_peer.py URL folder

Its own REST client and paginator, its default settings for normalising and loading.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2])
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    import dlt
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    client = RESTClient(
        url,
        paginator=JSONResponseCursorPaginator(cursor_path="next", cursor_param="after"),
        data_selector="data",
    )

    @dlt.resource(name="customers", primary_key="id", write_disposition="append")  # type: ignore[untyped-decorator]  # dlt has no types here
    def customers() -> Iterator[Any]:
        yield from client.paginate("/customers", params={"after": 0})

    pipeline = dlt.pipeline(
        "peer",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'peer.db'}"),
        dataset_name="main",
        pipelines_dir=str(folder / "dlt"),
    )
    pipeline.run(customers())


if __name__ == "__main__":
    main()
