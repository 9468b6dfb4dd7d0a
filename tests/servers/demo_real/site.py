"""The folder of the real demo: hub.toml, and the secrets it points at in files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from hub.demo.company import Company
from hub.demo.site import CONNECTIONS, lay_out
from tests.servers.demo_real.company import MAIL_USER, Servers

_REAL: Final[Mapping[str, str]] = {
    "helpdesk": """\
connector = "request_tracker"
office = "service"
credentials = "file:secrets/helpdesk.json"
""",
    "mail": """\
connector = "imap"
office = "service"
credentials = "file:secrets/mail.json"
options = { own_domains = ["nordlicht.example"], security = "plain" }
""",
    "erp": """\
connector = "tryton"
office = "back"
credentials = "file:secrets/erp.json"
""",
}


def lay_out_real(company: Company, servers: Servers, folder: Path) -> None:
    """Write the site anew; `hub -c FOLDER …` works with it while the servers run."""
    lay_out(company, folder, {**CONNECTIONS, **_REAL})
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    for name, settings in _settings(servers).items():
        path = secrets / f"{name}.json"
        path.touch(mode=0o600)
        path.write_bytes(orjson.dumps(settings))


def _settings(servers: Servers) -> dict[str, dict[str, str | int]]:
    mail, desk, erp = servers.mail, servers.helpdesk, servers.erp
    return {
        "helpdesk": {"base_url": desk.url, "username": desk.user, "password": desk.password},
        "mail": {
            "host": mail.host,
            "port": mail.port,
            "username": MAIL_USER,
            "password": mail.passwords[MAIL_USER],
        },
        "erp": {"base_url": f"{erp.url}/{erp.database}", "key": erp.key},
    }
