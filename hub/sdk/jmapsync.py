"""Reads all objects of one kind over JMAP, then what changed, and loses nothing in between.

The first read takes the state before it lists anything, so that whatever happens meanwhile is among
the changes since that state. It lists by time, oldest first, and goes on after an anchor: the last
object handed on. Objects that come and go elsewhere don't move it (a position would be moved). An
anchor that is gone itself is replaced by its time: the list then goes on with all objects of that
time and later, some of which it repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import JsonValue

from hub.errors import CursorExpiredError, SourceSchemaError, SourceUnavailableError
from hub.sdk.contract import Cursor
from hub.sdk.jmap import Call, JmapClient, reference

_MAX_LOST: Final = 10

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is read: objects of a ``kind``, as ``Email``, with the arguments of its /get method.

    ``time`` is the property that never changes and by which the server sorts; ``after`` is the
    filter for objects of that time and later.
    """

    kind: str
    stream: str
    get: Mapping[str, JsonValue]
    filter: Mapping[str, JsonValue] | None = None
    time: str = "receivedAt"
    after: str = "after"
    batch: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Objects as they are now, and the cursor that is safe once they are kept.

    ``destroyed`` are ids that the server says are gone, ``missing`` counts objects that went while
    they were read, and ``broken`` are ids of objects that the server itself can't read.
    """

    objects: tuple[Object, ...]
    cursor: Cursor
    destroyed: tuple[str, ...] = ()
    missing: int = 0
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """``listing`` until the first read is over; ``anchor`` and ``time`` are of the last object."""

    account: str
    state: str
    listing: bool = False
    anchor: str = ""
    time: str = ""

    def cursor(self) -> Cursor:
        settled: dict[str, JsonValue] = {"account": self.account, "state": self.state}
        if not self.listing:
            return settled
        return {**settled, "listing": {"anchor": self.anchor, "time": self.time}}


def read_batches(client: JmapClient, wanted: Wanted, cursor: Cursor | None) -> Iterator[Batch]:
    """All objects, or all that changed since the cursor; CursorExpiredError as the server says."""
    account = client.session(wanted.stream).account
    batch = min(wanted.batch, client.session(wanted.stream).max_objects)
    wanted = replace(wanted, batch=batch)
    if cursor:
        progress = _resume(cursor, account)
    else:
        progress = _Progress(account=account, state=_state_of(client, wanted), listing=True)
    if progress.listing:
        yield from _list(client, wanted, progress)
    yield from _follow(client, wanted, progress)


def _resume(cursor: Cursor, account: str) -> _Progress:
    stored: Any = dict(cursor)
    listing = stored.get("listing")
    if not isinstance(stored.get("state"), str) or not isinstance(listing, dict | None):
        message = "the cursor is not one of this connector; open a new epoch"
        raise CursorExpiredError(message)
    if stored.get("account") != account:
        message = "the cursor is of another account; it has to be read anew"
        raise CursorExpiredError(message)
    place = listing or {}
    return _Progress(
        account=account,
        state=stored["state"],
        listing=listing is not None,
        anchor=str(place.get("anchor", "")),
        time=str(place.get("time", "")),
    )


def _state_of(client: JmapClient, wanted: Wanted) -> str:
    (answer,) = client.call(Call(f"{wanted.kind}/get", {"ids": []}), stream=wanted.stream)
    return str(answer["state"])


def _list(client: JmapClient, wanted: Wanted, progress: _Progress) -> Iterator[Batch]:
    lost, accept = 0, {(f"{wanted.kind}/query", "anchorNotFound"), _failure(wanted)}
    while True:
        answers = client.call(
            *_listing_calls(wanted, progress), stream=wanted.stream, accept=accept
        )
        if not answers:
            lost += 1
            if lost > _MAX_LOST:
                message = "objects vanish faster than they can be listed; run it again later"
                raise SourceUnavailableError(message, system=client.system, stream=wanted.stream)
            progress = replace(progress, anchor="")
            continue
        ids = _ids(answers[0], "ids")
        if not ids:
            return
        objects, broken = _collect(client, wanted, {tuple(ids): answers[1:]})
        before, progress = progress, _advance(progress, ids, objects, wanted)
        if progress.anchor == before.anchor:
            raise _stuck(client, wanted)
        lost = lost if progress.time == before.time else 0
        yield Batch(
            objects=tuple(objects),
            cursor=progress.cursor(),
            missing=len(ids) - len(objects) - len(broken),
            broken=broken,
        )


def _failure(wanted: Wanted) -> tuple[str, str]:
    """That the server can't give one of the objects, which another time will not change."""
    return f"{wanted.kind}/get", "serverFail"


def _collect(
    client: JmapClient, wanted: Wanted, asked: Mapping[tuple[str, ...], list[Object]]
) -> tuple[list[Object], tuple[str, ...]]:
    """The objects asked for, in that order, and the ids of those that the server fails on.

    Where it failed on some of them together, each is asked for alone: one does not stop the others.
    """
    objects: list[Object] = []
    broken: list[str] = []
    for ids, answers in asked.items():
        if answers:
            objects += _in_order(answers[0], ids)
            continue
        for name in ids:
            get = Call(f"{wanted.kind}/get", {**wanted.get, "ids": [name]})
            alone = client.call(get, stream=wanted.stream, accept={_failure(wanted)})
            objects += _in_order(alone[0], [name]) if alone else []
            broken += [] if alone else [name]
    return objects, tuple(broken)


def _listing_calls(wanted: Wanted, progress: _Progress) -> tuple[Call, Call]:
    method = f"{wanted.kind}/query"
    arguments: dict[str, JsonValue] = {
        "sort": [{"property": wanted.time, "isAscending": True}],
        "limit": wanted.batch,
    }
    conditions: list[JsonValue] = [dict(wanted.filter)] if wanted.filter else []
    if progress.anchor:
        arguments |= {"anchor": progress.anchor, "anchorOffset": 1}
    elif progress.time:
        conditions.append({wanted.after: progress.time})
    if len(conditions) > 1:
        conditions = [{"operator": "AND", "conditions": conditions}]
    if conditions:
        arguments["filter"] = conditions[0]
    found: dict[str, JsonValue] = {**wanted.get, "#ids": reference(0, method, "/ids")}
    return Call(method, arguments), Call(f"{wanted.kind}/get", found)


def _in_order(answer: Object, ids: Sequence[str]) -> list[Object]:
    """The objects asked for, in that order: a /get method has none (RFC 8620 section 5.1)."""
    rows = answer.get("list")
    found = {str(row["id"]): row for row in rows or () if isinstance(row, dict) and "id" in row}
    return [found[name] for name in ids if name in found]


def _advance(
    progress: _Progress, ids: list[str], objects: list[Object], wanted: Wanted
) -> _Progress:
    if not objects:  # all of them went meanwhile; the anchor may still be known to the server
        return replace(progress, anchor=ids[-1])
    last = objects[-1]
    return replace(progress, anchor=str(last["id"]), time=str(last.get(wanted.time) or ""))


def _follow(client: JmapClient, wanted: Wanted, progress: _Progress) -> Iterator[Batch]:
    """What changed; after a list there is a batch in any case, whose cursor says it is over."""
    more, is_news = True, progress.listing
    progress = replace(progress, listing=False, anchor="", time="")
    while more:
        calls = _change_calls(wanted, progress.state)
        answers = client.call(*calls, stream=wanted.stream, accept={_failure(wanted)})
        before = progress.state
        progress = replace(progress, state=str(answers[0].get("newState")))
        more = bool(answers[0].get("hasMoreChanges"))
        if more and progress.state == before:
            raise _stuck(client, wanted)
        batch = _changed(client, wanted, answers=answers, cursor=progress.cursor())
        if is_news or progress.state != before or batch.objects or batch.destroyed:
            is_news = False
            yield batch


def _changed(client: JmapClient, wanted: Wanted, *, answers: list[Object], cursor: Cursor) -> Batch:
    """The batch of one answer to /changes and those to /get: each object once."""
    new = _ids(answers[0], "created")
    old = [name for name in _ids(answers[0], "updated") if name not in new]
    asked = {tuple(new): answers[1:2], tuple(old): answers[2:3]}
    objects, broken = _collect(client, wanted, asked)
    return Batch(
        objects=tuple(objects),
        cursor=cursor,
        destroyed=tuple(_ids(answers[0], "destroyed")),
        missing=len(new) + len(old) - len(objects) - len(broken),
        broken=broken,
    )


def _change_calls(wanted: Wanted, state: str) -> tuple[Call, Call, Call]:
    method, get = f"{wanted.kind}/changes", f"{wanted.kind}/get"
    created: dict[str, JsonValue] = {**wanted.get, "#ids": reference(0, method, "/created")}
    updated: dict[str, JsonValue] = {**wanted.get, "#ids": reference(0, method, "/updated")}
    changes = Call(method, {"sinceState": state, "maxChanges": wanted.batch})
    return changes, Call(get, created), Call(get, updated)


def _stuck(client: JmapClient, wanted: Wanted) -> SourceSchemaError:
    message = "the server gives the same page again and again, and never the next"
    return SourceSchemaError(message, system=client.system, stream=wanted.stream)


def _ids(answer: Object, name: str) -> list[str]:
    found = answer.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []
