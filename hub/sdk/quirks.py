"""Habits of systems that differ from the rest, each undone by one line of a declaration.

Row quirks change how a value was put on the wire (an entity, a number for a time, false for
"nothing"), never what it says; what they make is the source record. Answer quirks turn a body into
the error it stands for; they go into :class:`~hub.sdk.limits.RestPolicy`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.errors import (
    ConflictError,
    DuplicateRecordError,
    HubError,
    RejectedError,
    SourceError,
    SourceSchemaError,
)
from hub.sdk.records import compile_path

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse

Row = dict[str, Any]
RowQuirk = Callable[[Row], Row]
AnswerQuirk = Callable[["RestResponse"], HubError | None]
SourceFault = type[SourceError]


def false_is_null(*, keep: tuple[str, ...] = ()) -> RowQuirk:
    """False means "nothing" (Odoo), save in the fields that are truth values."""
    kept = frozenset(keep)

    def undo(row: Row) -> Row:
        return {
            name: None if value is False and name not in kept else value
            for name, value in row.items()
        }

    return undo


def html_entities(*fields: str) -> RowQuirk:
    """Texts come with HTML entities (SuiteCRM); of these fields, or of all."""
    only = frozenset(fields)

    def undo(row: Row) -> Row:
        return {
            name: html.unescape(value)
            if isinstance(value, str) and "&" in value and (not only or name in only)
            else value
            for name, value in row.items()
        }

    return undo


def epoch_seconds(*fields: str, per_second: int = 1) -> RowQuirk:
    """Times come as seconds since 1970 (``per_second=1000``: milliseconds) and become ISO 8601."""

    def undo(row: Row) -> Row:
        return {
            name: _iso(value, per_second) if name in fields else value
            for name, value in row.items()
        }

    return undo


def empty_text_is_null(*fields: str) -> RowQuirk:
    """'' means "nothing"; in these fields, or in all."""
    only = frozenset(fields)

    def undo(row: Row) -> Row:
        return {
            name: None if value == "" and (not only or name in only) else value
            for name, value in row.items()
        }

    return undo


def error_in_body(
    code: str = "error.code",
    *,
    errors: Mapping[str, SourceFault] | None = None,
    missing: Collection[str] = (),
) -> AnswerQuirk:
    """An error comes with status 200; ``code`` is the path where the body then holds its code.

    ``errors`` says what codes mean: AuthenticationError for a session that is over (it is renewed),
    RateLimitedError, SourceUnavailableError; any other is a SourceSchemaError, in answer to a write
    a RejectedError. ``missing`` are the codes of a record that is not there: fetched, it is None;
    written, a ConflictError. The error's text is not shown, since it may quote what was sent.
    """
    find = compile_path(code)
    known = errors or {}

    def judge(answer: RestResponse) -> HubError | None:
        found = find(_json(answer)) if b"{" in answer.content[:64] else None
        return None if found in (None, "", 0, False) else name(answer, str(found))

    def name(answer: RestResponse, found: str) -> HubError | None:
        shown = "".join(sign for sign in found if sign.isalnum() or sign in "._-")[:60]
        message = f"the system answers with error {shown}"
        if found in missing:
            return None if answer.reading else _gone(answer, message)
        if found not in known and not answer.reading:
            return RejectedError(f"{answer.system}/{answer.stream}: {message}; nothing was changed")
        kind = known.get(found, SourceSchemaError)
        return kind(message, system=answer.system, stream=answer.stream)

    return judge


def _gone(answer: RestResponse, message: str) -> ConflictError:
    place = f"{answer.system}/{answer.stream}"
    return ConflictError(f"{place}: {message}: the record is gone; nothing was written")


def duplicate_in_body(key: str, *, status: int = 409) -> AnswerQuirk:
    """A record that is there already is answered with it; ``key`` is the path to its key."""
    find = compile_path(key)

    def judge(answer: RestResponse) -> HubError | None:
        found = find(_json(answer)) if answer.status == status else None
        if found is None:
            return None
        return DuplicateRecordError(
            f"{answer.system}: the record is there already; nothing was created", key=str(found)
        )

    return judge


def any_of(*quirks: AnswerQuirk) -> AnswerQuirk:
    """The first of several that finds an error."""
    return lambda answer: next(filter(None, (quirk(answer) for quirk in quirks)), None)


def _iso(value: Any, per_second: int) -> Any:
    """The time as text; what is no number stays as it is."""
    try:
        moment = datetime.fromtimestamp(float(value) / per_second, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return value
    return moment.isoformat().replace("+00:00", "Z")


def _json(answer: RestResponse) -> Any:
    try:
        return answer.json()
    except HubError:
        return None
