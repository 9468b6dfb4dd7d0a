"""A stand-in JMAP server (RFC 8620, RFC 8621): what it takes to read an account's mail.

Seed rows::

    message    id message (the mail, RFC 5322 text) mailboxes (names) keywords (list) receivedAt
               created changed (numbers; the state in which it came and was changed last)
               broken (if true, the server fails to read it)
    mailbox    id name role parentId; without any there are Inbox and Sent
    destroyed  id created changed; what is gone, and since when
    floor      {"state": {"value": 7}}: changes before that state are forgotten

Tests use :func:`put_mail` and :func:`destroy_mail`, which move the state on. A state is opaque to
clients: ``s12``. ``maxObjectsInGet`` is 100, so that tests meet it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from connectors.jmap.standin_mail import email_properties, find_blob
from hub.sdk import HttpStandIn, Sample, Samples, StandInState
from hub.sdk.standin import Request, Response, Row

USER: Final = "anna@example.com"
PASSWORD: Final = "stand-in-password"  # noqa: S105  # guards invented data only
TOKEN: Final = "stand-in-token"  # noqa: S105  # guards invented data only
ACCOUNT: Final = "u1"
MAX_OBJECTS: Final = 100

_CORE, _MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
_DEFAULT_MAILBOXES: Final = {
    "mb1": {"id": "mb1", "name": "Inbox", "role": "inbox", "parentId": None},
    "mb2": {"id": "mb2", "name": "Sent", "role": "sent", "parentId": None},
}
_PROOFS: Final = frozenset(
    {f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}", f"Bearer {TOKEN}"}
)

Arguments = Mapping[str, Any]


class _MethodError(Exception):
    """A method-level error (RFC 8620 section 3.6.2)."""


class JmapStandIn(HttpStandIn):
    """A mail server on loopback with one account."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        super().__init__(state, self.answer, port)

    @property
    def config(self) -> dict[str, Any]:
        """Settings with which the connector reaches it; whose mail is ours is for others to say."""
        return {"base_url": self.url, "username": USER, "password": PASSWORD}

    def answer(self, request: Request) -> Response:
        """The session, method calls and downloads, for who proves to be Anna."""
        if request.headers.get("authorization") not in _PROOFS:
            return Response(401, {"type": "about:blank", "status": 401})
        if request.path == "/.well-known/jmap":
            return Response(301, b"", {"location": f"{self.url}/jmap/session"})
        with self.state.lock:
            if request.path == "/jmap/session":
                return Response(200, _session())
            if request.path.startswith(f"/jmap/download/{ACCOUNT}/"):
                return _download(self.state, request.path)
            if request.path == "/jmap/api" and request.method == "POST":
                return _run(self.state, request.body)
        return Response(404, {"type": "about:blank", "status": 404})


def start(state: StandInState, port: int) -> JmapStandIn:
    """Start the stand-in."""
    return JmapStandIn(state, port)


def put_mail(state: StandInState, name: str, row: Row) -> None:
    """Store or change a mail, and move the state on; hold the state's lock."""
    known = state.stream("message").get(name)
    now = _last_change(state) + 1
    created = known.get("created", 0) if known else now
    state.stream("message")[name] = {
        "mailboxes": ["Inbox"],
        "keywords": [],
        "receivedAt": "2026-01-01T00:00:00Z",
        **row,
        "id": name,
        "created": created,
        "changed": now,
    }


def destroy_mail(state: StandInState, name: str) -> None:
    """Delete a mail, and move the state on; hold the state's lock."""
    created = state.stream("message")[name].get("created", 0)
    now = _last_change(state) + 1
    del state.stream("message")[name]
    state.stream("destroyed")[name] = {"id": name, "created": created, "changed": now}


def _sample_row(sample: Sample) -> Row:
    """Mails don't change in JMAP: an edit is a new mail with the Message-ID of the one before."""
    moment = sample.at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    lines = (
        f"Message-ID: <{sample.number:06d}@customer.example>",
        f"Date: {moment}",
        f"From: Person Number{sample.number} <p{sample.number}@customer.example>",
        "To: Anna Test <anna@example.com>",
        f"Subject: Order {sample.number}, version {sample.revision}",
    )
    return {
        "message": "\n".join(lines) + "\n\nHello.\n",
        "receivedAt": sample.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _remove_sample(samples: Samples, state: StandInState, sample: Sample) -> None:
    del samples
    mark = f"M{sample.number}-"
    for name in [name for name in state.stream("message") if name.startswith(mark)]:
        destroy_mail(state, name)


def _put_sample(samples: Samples, state: StandInState, sample: Sample) -> None:
    _remove_sample(samples, state, sample)
    # An id is never used twice (RFC 8620 section 1.2).
    name = f"M{sample.number}-{sample.revision}-{_last_change(state)}"
    put_mail(state, name, samples.row(sample))


SAMPLES: Final = Samples(
    key=lambda _stream, number: f"{number:06d}@customer.example",
    row=_sample_row,
    put=_put_sample,
    remove=_remove_sample,
)


def _last_change(state: StandInState) -> int:
    rows = (*state.stream("message").values(), *state.stream("destroyed").values())
    return max((int(row.get("changed", 0)) for row in rows), default=0)


def _mailboxes(state: StandInState) -> dict[str, Row]:
    return state.records.get("mailbox") or _DEFAULT_MAILBOXES


def _session() -> dict[str, Any]:
    core = {"maxCallsInRequest": 16, "maxObjectsInGet": MAX_OBJECTS, "maxObjectsInSet": MAX_OBJECTS}
    return {
        "capabilities": {_CORE: core, _MAIL: {}},
        "accounts": {ACCOUNT: {"name": USER, "accountCapabilities": {_CORE: {}, _MAIL: {}}}},
        "primaryAccounts": {_MAIL: ACCOUNT},
        "username": USER,
        "apiUrl": "/jmap/api",
        "downloadUrl": "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        "state": "0",
    }


def _download(state: StandInState, path: str) -> Response:
    name, _, part = path.split("/")[4].rpartition(".")
    row = state.stream("message").get(name)
    content = find_blob(row, part) if row else None
    if content is None:
        return Response(404, {"type": "about:blank", "status": 404})
    return Response(200, content, {"content-type": "application/octet-stream"})


def _run(state: StandInState, body: bytes) -> Response:
    """Method calls, one after the other, with their back-references put in (section 3.7)."""
    try:
        request = orjson.loads(body)
        calls = [
            (str(name), dict(given), str(mark)) for name, given, mark in request["methodCalls"]
        ]
        unknown = set(request["using"]) - {_CORE, _MAIL}
    except (ValueError, KeyError, TypeError):
        return _problem("notRequest")
    if unknown:
        return _problem("unknownCapability")
    answers: list[list[Any]] = []
    for name, given, mark in calls:
        try:
            answers.append([name, _method(state, name, _resolve(given, answers)), mark])
        except _MethodError as error:
            answers.append(["error", {"type": str(error)}, mark])
    content: dict[str, Any] = {"methodResponses": answers, "sessionState": "0"}
    return Response(200, content)


def _problem(kind: str) -> Response:
    content: dict[str, Any] = {"type": f"urn:ietf:params:jmap:error:{kind}", "status": 400}
    return Response(400, content, {"content-type": "application/problem+json"})


def _resolve(given: Arguments, answers: list[list[Any]]) -> dict[str, Any]:
    resolved = {name: value for name, value in given.items() if not name.startswith("#")}
    for name, value in given.items():
        if name.startswith("#"):
            found = [content for _, content, mark in answers if mark == value["resultOf"]]
            inner = found[0].get(value["path"].lstrip("/")) if found else None
            if inner is None:
                message = "invalidResultReference"
                raise _MethodError(message)
            resolved[name[1:]] = inner
    return resolved


def _method(state: StandInState, name: str, given: Arguments) -> dict[str, Any]:
    method = _METHODS.get(name)
    if method is None:
        message = "unknownMethod"
        raise _MethodError(message)
    if given.get("accountId") != ACCOUNT:
        message = "accountNotFound"
        raise _MethodError(message)
    return {"accountId": ACCOUNT, **method(state, given)}


def _get_mailboxes(state: StandInState, given: Arguments) -> dict[str, Any]:
    del given
    return {"state": "0", "list": list(_mailboxes(state).values()), "notFound": []}


def _get_emails(state: StandInState, given: Arguments) -> dict[str, Any]:
    rows, ids = state.stream("message"), given["ids"]
    if len(ids) > MAX_OBJECTS:
        message = "requestTooLarge"
        raise _MethodError(message)
    if any(rows[one].get("broken") for one in ids if one in rows):
        message = "serverFail"
        raise _MethodError(message)
    names = {row["name"]: name for name, row in _mailboxes(state).items()}
    found = [
        {
            "id": one,
            "mailboxIds": {names[box]: True for box in rows[one].get("mailboxes", ["Inbox"])},
            **email_properties(rows[one], given["properties"]),
        }
        for one in ids
        if one in rows
    ]
    missing = [one for one in ids if one not in rows]
    return {"state": f"s{_last_change(state)}", "list": found[::-1], "notFound": missing}


def _query_emails(state: StandInState, given: Arguments) -> dict[str, Any]:
    boxes = {name: row["name"] for name, row in _mailboxes(state).items()}
    rows = [
        row for row in state.stream("message").values() if _fits(row, given.get("filter"), boxes)
    ]
    if given.get("sort") != [{"property": "receivedAt", "isAscending": True}]:
        message = "unsupportedSort"
        raise _MethodError(message)
    ids = [row["id"] for row in sorted(rows, key=lambda row: (row["receivedAt"], row["id"]))]
    begin = int(given.get("position", 0))
    if anchor := given.get("anchor"):
        if anchor not in ids:
            message = "anchorNotFound"
            raise _MethodError(message)
        begin = max(0, ids.index(anchor) + int(given.get("anchorOffset", 0)))
    page = ids[begin : begin + int(given["limit"])]
    return {"queryState": f"s{_last_change(state)}", "position": begin, "ids": page}


def _fits(row: Row, wanted: Arguments | None, boxes: Mapping[str, str]) -> bool:
    """Whether a mail is one of those a filter means (RFC 8621 section 4.4.1)."""
    if not wanted:
        return True
    if "operator" in wanted:
        results = [_fits(row, one, boxes) for one in wanted["conditions"]]
        return any(results) if wanted["operator"] == "OR" else all(results)
    if "inMailbox" in wanted and wanted["inMailbox"] not in boxes:
        message = "invalidArguments"
        raise _MethodError(message)
    in_mailbox = boxes.get(wanted.get("inMailbox", "")) in (None, *row.get("mailboxes", ["Inbox"]))
    return in_mailbox and str(row["receivedAt"]) >= wanted.get("after", "")


def _changed_emails(state: StandInState, given: Arguments) -> dict[str, Any]:
    since, limit = _number(state, given["sinceState"]), int(given["maxChanges"])
    living, gone = state.stream("message"), state.stream("destroyed")
    rows = sorted((*living.values(), *gone.values()), key=lambda row: int(row.get("changed", 0)))
    changed = [row for row in rows if int(row.get("changed", 0)) > since]
    page = changed[:limit]
    end = int(page[-1].get("changed", 0)) if page else _last_change(state)
    known = [row for row in page if int(row.get("created", 0)) <= since]
    return {
        "oldState": given["sinceState"],
        "newState": f"s{end}",
        "hasMoreChanges": len(changed) > limit,
        "created": _names((row for row in page if row not in known), living),
        "updated": _names(known, living),
        "destroyed": _names(known, gone),
    }


def _names(rows: Iterable[Row], among: Mapping[str, Row]) -> list[str]:
    return [row["id"] for row in rows if row["id"] in among]


def _number(state: StandInState, text: str) -> int:
    floor = state.stream("floor").get("state") or {"value": 0}
    if not text.removeprefix("s").isdecimal() or int(text[1:]) < floor["value"]:
        message = "cannotCalculateChanges"
        raise _MethodError(message)
    return int(text[1:])


_METHODS: Final[Mapping[str, Callable[[StandInState, Arguments], dict[str, Any]]]] = {
    "Mailbox/get": _get_mailboxes,
    "Email/get": _get_emails,
    "Email/query": _query_emails,
    "Email/changes": _changed_emails,
}
