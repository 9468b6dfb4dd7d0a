"""Serving an application over HTTP, the same way for the pages and for the receiver alone."""

from __future__ import annotations

import os
from pathlib import Path

from hub.errors import ConfigError


def require_web(what: str) -> None:
    """ConfigError where the server is not installed; ``what`` needs it."""
    try:
        import uvicorn  # noqa: F401  # to be loaded is all that is asked of it
    except ImportError as error:
        raise ConfigError(f"{what} needs: pip install 'customer-hub[web]'") from error


def listen(
    application: str, config: Path, *, address: tuple[str, int], protocol: str, at_once: int
) -> None:
    """Serve an application for a configuration until it is ended.

    It goes by its name: the command line does not import the web, it tells the server what to run.
    """
    import uvicorn

    os.environ["HUB_CONFIG"] = str(config)
    host, port = address
    uvicorn.run(
        application,
        factory=True,
        host=host,
        port=port,
        http=protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=at_once,
    )
