"""A private Tryton 8.2 with a company, its accounts and a bearer key for the REST interface.

Tryton lives in an environment of its own, `.venv-tryton`. Setting a database up takes most of a
minute, so the finished SQLite file is kept under `.cache/tryton`, named after everything that
made it, and later starts copy it.

What the REST interface does, as measured:

- GET /hub/rest/model/party.party/2?f=name&f=lang.code: only the named fields, and always `id` and
  `__name__`. Without `f` the answer is `id`, `__name__` and `rec_name`. A to-one field read by a
  path is an object or null, a to-many field a list of objects.
- Decimal is {"__class__": "Decimal", "decimal": "201.00"}, with as many places as the field
  happens to have. Dates and times are {"__class__": "date"|"datetime", "year": …}, in UTC.
  Booleans are 1 and 0. `reconciled` of an invoice is the date of its payment, or null.
- `Range: records=0-100` gives the rows 0 to 99: the end is exclusive. The answer is 200 with
  `Content-Range: records 0-100/151`; the total is `*` when it is at least ten times the end.
  A start behind the last row is 416, unless it is 0: then the list is empty, `records 0-0/0`.
- The default order is by name, or newest first: a reader must always give `o`.
- `If-Match` and `_timestamp` are ignored: there is no optimistic lock, a writer reads and
  compares first. `_timestamp` can be read as a field. PUT answers 200 with the fields asked for.
- An inactive record is left out of searches, is still returned by GET with its id, and PUT and
  DELETE answer 404 for it, unless X-Tryton-Context says {"active_test": false}.
- A deleted record is 404 for GET, PUT and DELETE, and leaves no trace. DELETE answers 204, or 400
  when other records refer to it.
- Errors: a bad or missing key is 401, an unknown database or record 404, an unknown model or field
  or a broken domain 500, all in HTML. What Tryton's own rules refuse is 400 with
  {"status": 400, "message": "…", "description": ""}; the message names records.
- Some fields depend on the company (`lang`, payment terms) and are null, and some records can't be
  created (sales), unless X-Tryton-Context says {"company": 1}.
- JSON-RPC is POST /hub/rpc/ with Basic authentication and has the lock that REST has not: the
  context {"_timestamp": {"party.party,2": "…"}} makes a write fail with ConcurrencyException.
  Errors come with status 200, as {"id": 1, "error": ["UserError", […]]}.
- Buttons are POST /hub/rest/model/account.invoice/2/post with {}: those the interface offers.
- Changing an address or a contact mechanism leaves the party's `write_date` as it was.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import process

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
ENVIRONMENT = REPOSITORY / ".venv-tryton"
CACHE = REPOSITORY / ".cache" / "tryton"
REQUIREMENTS = HERE / "tryton-requirements.txt"
SETUP_SCRIPT = HERE / "tryton_setup.py"
SEED_SCRIPT = HERE / "tryton_seed.py"
DATABASE = "hub"
MODULES = (
    "account",
    "account_invoice",
    "account_product",
    "bank",
    "company",
    "party",
    "sale",
    "sale_opportunity",
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SeededParty:
    """The ids of one party and of what belongs to it, in the order they were given."""

    id: int
    code: str
    addresses: tuple[int, ...]
    contact_mechanisms: tuple[int, ...]


@dataclass(frozen=True)
class SeededSale:
    """The ids of one sale and of its invoices."""

    id: int
    number: str | None
    invoices: tuple[int, ...]


@dataclass(frozen=True)
class Seeded:
    """What `seed` created, in the order it was given."""

    parties: tuple[SeededParty, ...]
    sales: tuple[SeededSale, ...]
    opportunities: tuple[int, ...]


@dataclass(frozen=True)
class TrytonServer:
    """A running Tryton: where it is and the key that opens it."""

    url: str
    database: str
    key: str
    folder: Path
    password: str = "admin"

    def model_url(self, model: str) -> str:
        """Return the REST address of a model, such as `party.party`."""
        return f"{self.url}/{self.database}/rest/model/{model}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that authenticates a REST request."""
        return {"Authorization": f"bearer {self.key}"}

    def seed(
        self,
        *,
        parties: Sequence[Row] = (),
        sales: Sequence[Row] = (),
        opportunities: Sequence[Row] = (),
    ) -> Seeded:
        """Create records in bulk, past the REST interface, while the server runs.

        party: name, code?, lang?, active?, identifiers [{type, code}],
        addresses [{street, postal_code, city, country: "IT"}], contact_mechanisms [{type, value}].
        sale: party (position in `parties`) or party_id, date, currency? ("EUR", USD, GBP, CHF),
        reference?, description?,
        lines [{quantity, unit_price: "9.50", description?}], and until: "draft", "quotation",
        "processing" (with a draft invoice), "posted" (the default) or "paid" (in full, in cash).
        opportunity: party or party_id, date, amount, description?, probability?.
        """
        order = {"parties": parties, "sales": sales, "opportunities": opportunities}
        return _seeded(_run_script(SEED_SCRIPT, self.folder, order))


def available() -> str | None:
    """Return None when Tryton can run here, else the reason why it cannot."""
    if not (ENVIRONMENT / "bin" / "trytond").exists():
        return "Tryton is not installed in .venv-tryton (tests/servers/install.sh)"
    return None


@contextmanager
def running() -> Iterator[TrytonServer]:
    """Start a server on a copy of the prepared database."""
    prepared = prepared_database()
    with process.scratch_folder("tryton") as folder:
        port = process.free_port()
        _configure(folder, port)
        shutil.copyfile(prepared, _database_file(folder))
        server = TrytonServer(f"http://127.0.0.1:{port}", DATABASE, _key(prepared), folder)
        command = [*_program("trytond"), "-c", str(folder / "trytond.conf"), "-d", DATABASE]
        launch = process.Launch("Tryton", command, folder / "trytond.log")
        with process.running(launch, lambda: _answers(server)):
            yield server


def prepared_database() -> Path:
    """Return the prepared database file, making it first where this machine has none yet."""
    prepared = CACHE / f"{_fingerprint()}.sqlite"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepared.exists():
            _prepare(prepared)
    return prepared


def _prepare(target: Path) -> None:
    with process.scratch_folder("tryton-setup") as folder:
        _configure(folder, process.free_port())
        _database_file(folder).touch()
        _administer(folder, "--all", "--email", "admin@example.org")
        _administer(folder, "-u", *MODULES, "--activate-dependencies")
        _run_script(SETUP_SCRIPT, folder, {"year": _year()})
        with closing(sqlite3.connect(_database_file(folder))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _publish(_database_file(folder), target)


def _publish(finished: Path, target: Path) -> None:
    """Other processes see the whole file or none."""
    handle, name = tempfile.mkstemp(dir=target.parent)
    os.close(handle)
    shutil.copyfile(finished, name)
    Path(name).replace(target)


def _administer(folder: Path, *arguments: str) -> None:
    where = ["-c", str(folder / "trytond.conf"), "-d", DATABASE]
    command = [*_program("trytond-admin"), *where, *arguments]
    environment = {"TRYTONPASSFILE": str(folder / "password")}
    process.run(process.Launch("trytond-admin", command, folder / "setup.log", environment))


def _run_script(script: Path, folder: Path, order: Row) -> Row:
    where = {"config": str(folder / "trytond.conf"), "database": DATABASE}
    command = [str(ENVIRONMENT / "bin" / "python"), "-P", str(script)]
    launch = process.Launch(script.name, command, folder / "setup.log")
    answer: Row = json.loads(process.run(launch, stdin=json.dumps({**order, **where})))
    return answer


def _configure(folder: Path, port: int) -> None:
    (folder / "databases").mkdir()
    (folder / "password").write_text("admin")
    (folder / "trytond.conf").write_text(
        f"[database]\nuri = sqlite://\npath = {folder / 'databases'}\n"
        f"[web]\nlisten = 127.0.0.1:{port}\n"
    )


def _program(name: str) -> list[str]:
    return [str(ENVIRONMENT / "bin" / "python"), str(ENVIRONMENT / "bin" / name)]


def _database_file(folder: Path) -> Path:
    return folder / "databases" / f"{DATABASE}.sqlite"


def _key(database: Path) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        (key,) = connection.execute("SELECT key FROM res_user_application").fetchone()
        return str(key)


def _fingerprint() -> str:
    made_by = (REQUIREMENTS.read_bytes(), SETUP_SCRIPT.read_bytes(), " ".join(MODULES).encode())
    return f"{hashlib.sha256(b'|'.join(made_by)).hexdigest()[:20]}-{_year()}"


def _year() -> int:
    return dt.datetime.now(tz=dt.UTC).year


def _answers(server: TrytonServer) -> bool:
    address = server.model_url("party.party") + "?s=1"
    request = urllib.request.Request(address, headers=server.headers)
    try:
        with urllib.request.urlopen(request, timeout=10):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _seeded(answer: Row) -> Seeded:
    parties = (
        SeededParty(
            row["id"], row["code"], tuple(row["addresses"]), tuple(row["contact_mechanisms"])
        )
        for row in answer["parties"]
    )
    sales = (
        SeededSale(row["id"], row["number"], tuple(row["invoices"])) for row in answer["sales"]
    )
    return Seeded(tuple(parties), tuple(sales), tuple(answer["opportunities"]))
