"""Airflow's API server with the FAB auth manager, whose people were made by its own commands."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.bundled import bundled
from tests.architecture.source import ROOT
from tests.servers import process

PASSWORD: Final = secrets.token_urlsafe(12)
MANAGER: Final = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "outsider": ("Viewer",),
    "reader": ("Viewer", "hub-viewer"),
    "desk": ("Viewer", "hub-steward"),
    "books": ("Viewer", "hub-controller"),
    "editor": ("User", "hub-viewer"),
    "operator": ("Op",),
    "boss": ("Admin",),
}
"""Who works here, with their roles in FAB."""

_COMMANDS: Final = """
import shlex, sys
from airflow.__main__ import main
for line in sys.stdin.read().splitlines():
    sys.argv = shlex.split(line)
    main()
"""


def documented() -> list[str]:
    """The commands by which docs/airflow.md makes the hub's roles."""
    text = (ROOT / "docs" / "airflow.md").read_text(encoding="utf-8")
    found = re.search(r"With \*\*FAB\*\*.*?```bash\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1].splitlines()


@contextmanager
def fab_at(config: Path) -> Iterator[str]:
    """The address of an API server with the pages of a hub.toml, and `PEOPLE` who may sign in."""
    home, port = config.parent / "airflow", process.free_port()
    home.mkdir()
    environment = _environment(home, config, port)
    script = [
        "airflow db migrate",
        "airflow dags reserialize",
        *documented(),
        *(line for name, roles in PEOPLE.items() for line in _made(name, roles)),
    ]
    # In one process, since each would load all of Airflow.
    commands = [sys.executable, "-c", _COMMANDS]
    prepared = process.Launch("FAB's people", commands, home / "people.log", environment)
    process.run(prepared, stdin="\n".join(script))
    server = [sys.executable, "-m", "airflow", "api-server", "--apps", "core", "--port", str(port)]
    launch = process.Launch("Airflow's API server", server, home / "api.log", environment)
    with process.running(launch, lambda: process.accepts(port)):
        yield f"http://127.0.0.1:{port}"


def _environment(home: Path, config: Path, port: int) -> dict[str, str]:
    settings = {
        "CORE__AUTH_MANAGER": MANAGER,
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_FOLDER": str(bundled("dags")),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
        "API__HOST": "127.0.0.1",
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.token_hex(32),
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    flat = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    ours = {"AIRFLOW_HOME": str(home), "HUB_CONFIG": str(config)}
    return flat | ours


def _made(name: str, roles: tuple[str, ...]) -> Iterator[str]:
    first, *others = roles
    yield (
        f"airflow users create -u {name} -f {name} -l Person -e {name}@nordlicht.example "
        f"-r {first} -p {PASSWORD}"
    )
    yield from (f"airflow users add-role -u {name} -r {role}" for role in others)
