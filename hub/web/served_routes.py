"""The routes of an application one by one, whichever FastAPI serves them.

From 0.137 on an included router stays whole in ``app.routes``, and ``iter_route_contexts`` tells
its routes as they are served; before, they stood there themselves. Airflow needs the older one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, routing


def served_routes(app: FastAPI) -> Iterator[Any]:
    """Each with ``path``, ``path_format``, ``path_regex``, ``methods``, ``dependant`` and the rest.

    Whatever else is served (a mount, a plain function) is told too, and has no ``dependant``.
    """
    told = getattr(routing, "iter_route_contexts", None)
    yield from app.routes if told is None else told(app.routes)
