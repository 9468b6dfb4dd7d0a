"""How Zendesk is asked, and what its errors mean."""

from __future__ import annotations

from typing import Any, Final

import orjson

from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.streams import SYSTEM
from hub.errors import CursorExpiredError, HubError, RateLimitedError
from hub.sdk.auth import BasicAuth
from hub.sdk.limits import RateBudget, RestPolicy
from hub.sdk.rest import RestClient, RestResponse

_TOO_RECENT: Final = "too recent"
_MINUTE: Final = 60.0


def open_client(config: ZendeskConfig, *, calls_per_minute: int | None = None) -> RestClient:
    """A client; exports have a budget of their own, so that writes need not wait for it.

    An API token goes with the address and ``/token`` as the user's name:
    https://developer.zendesk.com/api-reference/introduction/security-and-auth/
    """
    budget = RateBudget(calls_per_minute, _MINUTE) if calls_per_minute else None
    return RestClient(
        config.base_url,
        system=SYSTEM,
        auth=BasicAuth(f"{config.username}/token", config.key),
        policy=RestPolicy(ca_bundle=config.ca_file, budget=budget, explain=explain),
    )


def explain(answer: RestResponse) -> HubError | None:
    """A cursor that is not honoured, and a start within the last minute; else the general rules."""
    if answer.status not in (400, 422) or not answer.reading:
        return None
    told = _told(answer).lower()
    if _TOO_RECENT in told:
        message = "an export must start over a minute ago"
        return RateLimitedError(
            message, system=answer.system, stream=answer.stream, retry_after=_MINUTE
        )
    if "cursor" in told or "pagination" in told:
        return CursorExpiredError(
            f"{answer.system}/{answer.stream}: the cursor is not honoured; open a new epoch"
        )
    return None


def _told(answer: RestResponse) -> str:
    """Code and description of an error; a code may be an object with a title."""
    try:
        body: Any = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return ""
    found = [body.get("error"), body.get("description")] if isinstance(body, dict) else []
    return " ".join(str(part) for part in found if part)
