"""The stream ``message``: every mail of the account once, as the IMAP connector gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from connectors.jmap.config import JmapConfig
from hub.errors import SourceSchemaError
from hub.sdk import Capability, Cursor, Page, Record, Stream, Unreadable
from hub.sdk.auth.base import BasicAuth, BearerAuth
from hub.sdk.jmap import Call, JmapClient
from hub.sdk.jmapsync import Batch, Object, Wanted, read_batches
from hub.sdk.limits import RestPolicy
from hub.sdk.mail import WANTED_FIELDS, MailHeaders, parse_headers
from hub.sdk.mailrecord import (
    DRAFT,
    INTERNAL,
    MAX_REPORT_BYTES,
    BodyPart,
    Owners,
    build_record,
    find_report,
    join_fields,
    read_bounced,
)

SYSTEM: Final = "jmap"
STREAM: Final = "message"
STREAMS: Final = (
    Stream(
        name=STREAM,
        entities=("interaction", "party"),
        key=("message_id",),
        cursor="state",
        capabilities=frozenset({Capability.FULL, Capability.INCREMENTAL}),
        retains=True,
    ),
)
_FIELDS: Final = {name: f"header:{name}:asRaw:all" for name in WANTED_FIELDS}
"""All values of each field, raw (RFC 8621 section 4.1.2): one alone would be the last, and IMAP's
reader takes the first."""
_BODIES: Final = ("attachments", "textBody", "htmlBody")
_GET: Final[Mapping[str, JsonValue]] = {
    "properties": ["id", "mailboxIds", "keywords", "receivedAt", *_BODIES, *_FIELDS.values()],
    "bodyProperties": ["partId", "blobId", "size", "name", "type", "disposition"],
}
_GONE: Final = "deleted while reading"
_ELSEWHERE: Final = "in another mailbox"
_NUMBERED: Final = re.compile(r"\d{1,9}(\.\d{1,9}){0,99}")


class JmapConnector:
    """An open account.

    The cursor holds the account and its state. Mails that are moved between mailboxes, or are no
    drafts any more, are among the updated ones, so those are read as new ones are; what they have
    in common with what the hub holds already costs nothing after landing. That a mail is destroyed
    says nothing about the touch having happened, so there are no tombstones.
    """

    def __init__(self, config: JmapConfig) -> None:
        self._config = config
        if config.key is not None:
            auth: BasicAuth | BearerAuth = BearerAuth(config.key)
        else:
            assert config.password is not None
            auth = BasicAuth(config.username, config.password)
        policy = RestPolicy(ca_bundle=config.ca_file, allowed_hosts=config.allowed_hosts)
        self._client = JmapClient(
            config.base_url, system=SYSTEM, auth=auth, account=config.account, policy=policy
        )
        self._owners = Owners(
            addresses=(*config.own_addresses, config.username), domains=config.own_domains
        )

    def check(self) -> str:
        """Log in and find each mailbox."""
        count = len(self._mailboxes()) if self._config.mailboxes else "all"
        return f"{urlsplit(self._config.base_url).hostname}: {count} mailboxes can be read"

    def read(self, stream: str, cursor: Cursor | None) -> Iterator[Page]:
        """Mails by the time they came in, then what changed since reading began."""
        if stream != STREAM:
            message = f"there is no such stream; it has {STREAM}"
            raise SourceSchemaError(message, system=SYSTEM, stream=stream)
        mailboxes = self._mailboxes()
        wanted = Wanted(
            kind="Email",
            stream=STREAM,
            get=_GET,
            filter=_filter(sorted(mailboxes)),
            batch=self._config.page_size,
        )
        for batch in read_batches(self._client, wanted, cursor):
            yield self._page(batch, mailboxes)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _mailboxes(self) -> frozenset[str]:
        """The ids of the mailboxes to read, by role or full name; none where all are read."""
        if not self._config.mailboxes:
            return frozenset()
        get = Call("Mailbox/get", {"ids": None, "properties": ["id", "name", "parentId", "role"]})
        (answer,) = self._client.call(get, stream=STREAM)
        rows = {str(row.get("id")): row for row in answer.get("list") or ()}
        by_name = {_path(row, rows).casefold(): name for name, row in rows.items()}
        by_role = {str(row["role"]): name for name, row in rows.items() if row.get("role")}
        found: set[str] = set()
        for wanted in self._config.mailboxes:
            place = by_role.get(wanted.lower()) or by_name.get(wanted.casefold())
            if place is None:
                message = f"there is no mailbox {wanted}; set mailboxes to roles or full names"
                raise SourceSchemaError(message, system=SYSTEM, stream=STREAM)
            found.add(place)
        return frozenset(found)

    def _page(self, batch: Batch, mailboxes: frozenset[str]) -> Page:
        records: list[Record] = []
        unreadable = [_unreadable(name, "the server fails on this mail") for name in batch.broken]
        excluded = {_GONE: batch.missing} if batch.missing else {}
        for mail in batch.objects:
            found = self._read_mail(mail, mailboxes)
            if isinstance(found, Record):
                records.append(found)
            elif isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                excluded[found] = excluded.get(found, 0) + 1
        return Page(records=records, cursor=batch.cursor, unreadable=unreadable, excluded=excluded)

    def _read_mail(self, mail: Object, mailboxes: frozenset[str]) -> Record | Unreadable | str:
        """The record; or why there is none: unreadable, or the rule that excludes it."""
        if mailboxes and mailboxes.isdisjoint(mail.get("mailboxIds") or ()):
            return _ELSEWHERE
        if (mail.get("keywords") or {}).get("$draft"):
            return DRAFT
        raw = join_fields({name: _texts(mail.get(label)) for name, label in _FIELDS.items()})
        if not raw:
            return _unreadable(str(mail.get("id")), "the server gave no headers")
        headers = parse_headers(raw)
        return INTERNAL if self._owners.is_internal(headers) else self._record(headers, mail)

    def _record(self, headers: MailHeaders, mail: Object) -> Record:
        parts = _parts(mail)
        arrived = _moment(mail.get("receivedAt"))
        record = build_record(headers, owners=self._owners, arrived=arrived, parts=parts)
        if headers.auto_kind == "bounce":
            named = [address.address for address in headers.failed_recipients]
            record["bounced"] = named or self._bounced(parts)
        return Record(key=headers.message_id, data=record)

    def _bounced(self, parts: list[BodyPart]) -> list[str]:
        """Whom a delivery report is about; a part too large for one is not asked for."""
        report = find_report(parts)
        if report is None or report.size > 4 * MAX_REPORT_BYTES:
            return []
        content = self._client.download(
            report.reference, name="report", kind=report.content_type, stream=STREAM
        )
        return read_bounced(content)


def _unreadable(name: str, reason: str) -> Unreadable:
    return Unreadable(key=None, reason=reason, raw=f"Email {name}")


def _filter(mailboxes: list[str]) -> Mapping[str, JsonValue] | None:
    conditions: list[JsonValue] = [{"inMailbox": name} for name in mailboxes]
    if len(conditions) > 1:
        return {"operator": "OR", "conditions": conditions}
    return {"inMailbox": mailboxes[0]} if mailboxes else None


def _path(row: Object, rows: Mapping[str, Object]) -> str:
    """The full name of a mailbox, with / between the levels; a circle ends at 20."""
    names: list[str] = []
    while row and len(names) < 20:
        names.append(str(row.get("name", "")))
        row = rows.get(str(row.get("parentId")), {})
    return "/".join(reversed(names))


def _parts(mail: Object) -> list[BodyPart]:
    """The parts that are no multiparts, each once, in the mail's order where part ids tell it.

    The flat lists hold them all (RFC 8621 section 4.1.4), and no nesting can make them deep.
    """
    found: dict[str, Any] = {}
    for name in _BODIES:
        rows = mail.get(name)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("blobId"):
                found.setdefault(str(row.get("partId")), row)
    if all(map(_NUMBERED.fullmatch, found)):
        found = dict(sorted(found.items(), key=lambda item: [*map(int, item[0].split("."))]))
    return [_part(row) for row in found.values()]


def _part(row: Object) -> BodyPart:
    size = row.get("size")
    return BodyPart(
        reference=str(row["blobId"]),
        content_type=str(row.get("type") or "").lower(),
        name=str(row.get("name") or ""),
        disposition=str(row.get("disposition") or "").lower(),
        size=size if isinstance(size, int) else 0,
    )


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return None
