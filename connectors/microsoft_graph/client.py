"""Microsoft Graph over REST: rounds of delta queries, single items, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from connectors.microsoft_graph.config import GraphConfig
from connectors.microsoft_graph.streams import SYSTEM
from hub.errors import CursorExpiredError, HubError, RateLimitedError, SourceSchemaError
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy, parse_retry_after
from hub.sdk.rest import RestClient, RestResponse

Row = dict[str, Any]

_EXPIRED: Final = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_ERROR_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """One answer of a round: items, and the link to go on from; the last one ends the round."""

    rows: Sequence[Row] = field(repr=False)
    link: str
    ends: bool


class GraphClient:
    """One tenant; the first request fetches a token."""

    def __init__(self, config: GraphConfig) -> None:
        self._base = config.base_url.rstrip("/") + "/"
        self._prefer = {
            "prefer": f'IdType="ImmutableId", odata.maxpagesize={config.page_size}',
        }
        auth = ClientCredentials(
            f"{config.login_url.rstrip('/')}/{config.tenant}/oauth2/v2.0/token",
            config.client_id,
            config.client_secret,
            scope=config.scope,
        )
        policy = RestPolicy(explain=_explain, ca_bundle=config.ca_file)
        self._rest = RestClient(config.base_url, system=SYSTEM, auth=auth, policy=policy)

    def delta(
        self, path: str, options: Mapping[str, str], *, link: str, stream: str
    ) -> Iterator[DeltaPage]:
        """A round from its start, or from where a link says, to the link for the next round."""
        more = True
        while more:
            answer = (
                self._rest.get(self._base + link, headers=self._prefer, stream=stream)
                if link
                else self._rest.get(
                    f"{path}/delta", params=options, headers=self._prefer, stream=stream
                )
            )
            page = self._read_page(answer, stream)
            if not page.ends and page.link == link:
                message = "the next link leads to the same page again; tell the connector's author"
                raise SourceSchemaError(message, system=SYSTEM, stream=stream)
            more, link = not page.ends, page.link
            yield page

    def item(self, path: str, fields: Sequence[str], *, stream: str) -> Row | None:
        """One item, None where it is gone."""
        answer = self._rest.get(
            path,
            params={"$select": ",".join(fields)},
            headers=self._prefer,
            stream=stream,
            missing_ok=True,
        )
        return None if answer.status == 404 else _object(answer, stream)

    def update(self, path: str, fields: Mapping[str, Any], *, etag: str, stream: str) -> Row:
        """Change fields of the version that has this ETag, and give the item as it is then."""
        headers = {**self._prefer, "if-match": etag}
        answer = self._rest.send("PATCH", path, json=dict(fields), headers=headers, stream=stream)
        return _object(answer, stream)

    def close(self) -> None:
        self._rest.close()

    def _read_page(self, answer: RestResponse, stream: str) -> DeltaPage:
        body = _object(answer, stream)
        rows, more = body.get("value"), body.get("@odata.nextLink")
        link = more or body.get("@odata.deltaLink")
        if not isinstance(rows, list) or not isinstance(link, str):
            raise _unknown("an answer has no list of items with a link", stream)
        if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
            raise _unknown("an item has no id", stream)
        if not link.startswith(self._base):
            raise _unknown("a link leads away from the base URL", stream)
        return DeltaPage(rows, link.removeprefix(self._base), ends=more is None)


def _object(answer: RestResponse, stream: str) -> Row:
    body = answer.json()
    if not isinstance(body, dict):
        raise _unknown("an answer is no object", stream)
    return body


def _unknown(what: str, stream: str) -> SourceSchemaError:
    message = f"{what}; check base URL and API version"
    return SourceSchemaError(message, system=SYSTEM, stream=stream)


def _explain(answer: RestResponse) -> HubError | None:
    """A delta token that is too old: status 410, or one of several codes with status 400."""
    if answer.status == 509:  # the bandwidth of a mailbox is used up: throttled, as with 429
        pause = parse_retry_after(answer.headers.get("retry-after"))
        message = "status 509: asks to wait"
        return RateLimitedError(message, system=SYSTEM, stream=answer.stream, retry_after=pause)
    if answer.method != "GET":
        return None
    if answer.status == 410 or _EXPIRED & set(_codes(answer.content)):
        message = "the delta token is no longer honoured; read in full"
        return CursorExpiredError(f"{SYSTEM}/{answer.stream}: {message}")
    if answer.status == 404:
        message = "status 404: a user or folder of the settings is not there, or has no mailbox"
        return SourceSchemaError(message, system=SYSTEM, stream=answer.stream)
    return None


def _codes(content: bytes) -> Iterator[str]:
    """The codes of an error, the general one and those more precise within."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return
    error = body.get("error") if isinstance(body, dict) else None
    for _ in range(_ERROR_DEPTH):
        if not isinstance(error, dict):
            return
        yield str(error.get("code", "")).lower()
        error = error.get("innerError", error.get("innererror"))
