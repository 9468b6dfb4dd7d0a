"""A private Request Tracker 5 with its own SQLite database, its REST2 interface on loopback.

How REST2 behaves, as measured on 5.0.3:

ETag and If-Match, alike for `ticket` and `user`:

- Only GET and HEAD of a single record carry `ETag`: the quoted id of its newest transaction, such
  as "28". (`Last-Modified` is there too, but as an ISO time, and `If-Unmodified-Since` is a 500.)
  Collections, POST and PUT answer without one, so a writer reads the record again for the next.
- PUT with a stale or unknown If-Match is 412 {"message": "Precondition Failed"} and changes
  nothing; with the current one, quoted or not, it is 200. Without If-Match it always goes through.
- PUT answers 200 with a list of sentences, one for each change: ["User anna: WorkPhone changed
  from '1' to '2'"]. The sentences contain values. A value that is already there, and a field that
  does not exist, give no sentence: [] means that nothing changed.
- A change that RT refuses is a 200 as well: ["User anna: Email address in use"], ["Ticket 1:
  Status 'bogus' isn't a valid status for this ticket."]. Only reading again proves a write.

Users:

- POST /user answers 201; `id` and `_url` hold the *name*, the number is in `Location`. A second
  user of the same name or address is 400 {"message": "Name in use" | "Email address in use"}.
- GET /user/27 and GET /user/NAME find the same record; an unknown one is 404. An address works
  there only where it is the name, and is in the URL.
- To find one by address: POST /users?fields=id,EmailAddress with the body
  [{"field": "EmailAddress", "operator": "=", "value": "…"}]; upper and lower case are the same.
- GET /user/27 gives id, Name, EmailAddress, RealName, Organization, Address1, City, Zip, Country,
  WorkPhone, MobilePhone, Privileged (0 or 1), Disabled ("0" or "1"), Created, LastUpdated (both
  ISO, UTC), Creator, LastUpdatedBy, Memberships, CustomFields, _hyperlinks. Empty fields are
  left out.
- Listing: POST /users with [] as body, `fields`, `page` and `per_page` (100 at most). `id` is the
  name unless `fields` has `id`; `Privileged` and `Disabled` are always "" in lists. Filters on id,
  LastUpdated and Created are ignored in silence. `orderby=LastUpdated&order=DESC` works: a reader
  stops at the first user that is older than its cursor.
- DELETE disables: 204, GET still answers with Disabled "1", lists leave the user out unless
  `find_disabled_rows=1`. PUT {"Disabled": 0} brings it back.

What changed, for users and tickets alike, deletions included:

- GET /transactions?query=(ObjectType='RT::User' OR ObjectType='RT::Ticket') AND id>35&orderby=id
  &order=ASC&fields=ObjectType,ObjectId,Type,Field,NewValue,Created. The `id` rises, so it is a
  cursor. A deleted ticket is Type "Status", NewValue "deleted"; a disabled user Type "Disabled";
  ObjectId is the number for GET /user/27 or /ticket/1. `Created>'…'` works as a filter too.

Tickets:

- GET /tickets?query=LastUpdated>'2026-01-01 00:00:00'&orderby=LastUpdated&order=ASC&fields=…
  `fields[Requestor]=EmailAddress` opens a reference. `id` is a string in lists and a number on
  GET /ticket/1; times that are not set are 1970-01-01T00:00:00Z.
- DELETE is 204; GET still answers, with Status "deleted"; no search finds it any more.
- A broken query is 400 {"message": …}, a bad password 401 {"message": "Unauthorized"}.
"""

from __future__ import annotations

import base64
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import process

PROGRAM = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP_PROGRAM = Path("/usr/sbin/rt-setup-database-5")
SQLITE_SCHEMA = Path("/usr/share/request-tracker5/etc/schema.SQLite")
SEED_SCRIPT = Path(__file__).resolve().parent / "request_tracker_seed.pl"
USER = "root"
WORKERS = 2

CONFIGURATION = """
Set($rtname, 'hub.test');
Set($Organization, 'hub.test');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
Set($MasonDataDir, '{folder}/mason');
$RT::MasonSessionDir = '{folder}/sessions';
1;
"""

Row = Mapping[str, str | int]


@dataclass(frozen=True)
class Seeded:
    """The numbers of what `seed` created, in the order it was given."""

    users: tuple[int, ...]
    tickets: tuple[int, ...]


@dataclass(frozen=True)
class RequestTrackerServer:
    """A running Request Tracker and a privileged user of it."""

    url: str
    user: str
    password: str
    folder: Path

    @property
    def rest_url(self) -> str:
        """Return the address below which REST2 lives."""
        return f"{self.url}/REST/2.0"

    def seed(self, *, users: Sequence[Row] = (), tickets: Sequence[Row] = ()) -> Seeded:
        """Create users and tickets in bulk, past the REST interface, while the server runs.

        user: Name and any RT user field (EmailAddress, RealName, Organization, WorkPhone …).
        ticket: Subject, Requestor (an address), and where wanted Status, Content, Queue and
        Created ("2026-03-01 10:00:00", in UTC).
        """
        launch = process.Launch(
            "RT seed script",
            ["perl", str(SEED_SCRIPT)],
            self.folder / "seed.log",
            _environment(self.folder),
        )
        order = json.dumps({"users": users, "tickets": tickets})
        answer = json.loads(process.run(launch, stdin=order))
        return Seeded(tuple(answer["users"]), tuple(answer["tickets"]))


def available() -> str | None:
    """Return None when Request Tracker can run here, else the reason why it cannot."""
    if not all(path.exists() for path in (PROGRAM, SETUP_PROGRAM, SQLITE_SCHEMA)):
        return "Request Tracker 5 is not installed (tests/servers/install.sh)"
    return None


@contextmanager
def running() -> Iterator[RequestTrackerServer]:
    """Start a new Request Tracker with the queue `General` and no tickets."""
    with process.scratch_folder("rt") as folder:
        port = process.free_port()
        server = RequestTrackerServer(
            f"http://127.0.0.1:{port}", USER, secrets.token_urlsafe(12), folder
        )
        _create_database(server, port)
        command = [str(PROGRAM), "--host", "127.0.0.1", "--port", str(port)]
        command += ["--max-workers", str(WORKERS)]
        log = folder / "server.log"
        launch = process.Launch("Request Tracker", command, log, _environment(folder))
        with process.running(launch, lambda: _answers(server)):
            yield server


def _create_database(server: RequestTrackerServer, port: int) -> None:
    folder = server.folder
    (folder / "sessions").mkdir()
    (folder / "RT_SiteConfig.pm").write_text(CONFIGURATION.format(folder=folder, port=port))
    password_file = folder / "password"
    password_file.write_text(server.password)
    command = [str(SETUP_PROGRAM), "--action", "init", "--skip-create"]
    command += ["--root-password-file", str(password_file)]
    process.run(process.Launch("rt-setup", command, folder / "setup.log", _environment(folder)))
    password_file.unlink()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "RT_SITE_CONFIG": str(folder / "RT_SiteConfig.pm"),
        "RT_SITE_CONFIG_DIR": str(folder / "none"),
    }


def _answers(server: RequestTrackerServer) -> bool:
    secret = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}"}
    request = urllib.request.Request(f"{server.rest_url}/rt", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30):
            return True
    except (urllib.error.URLError, OSError):
        return False
