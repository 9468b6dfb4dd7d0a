"""Tryton's REST interface as the streams use it: searches in the order of ids, inactive included.

Source: trytond/protocols/rest.py of Tryton 8.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.tryton.config import TrytonConfig
from connectors.tryton.wire import Domain, decode, encode_parameter
from hub.errors import HubError, SourceSchemaError
from hub.sdk.auth import BearerAuth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import Params, RestClient, RestResponse
from hub.sdk.sweep import server_time

SYSTEM: Final = "tryton"
Row = Mapping[str, Any]

# An unknown model or field is a status 500 that holds nothing but its name (a Python KeyError).
_UNKNOWN_NAME: Final = re.compile(rb"<p>(?:&#39;|')([a-z_][a-z0-9_.-]{0,80})(?:&#39;|')</p>")
_NO_ATTRIBUTE: Final = re.compile(rb"has no attribute (?:&#39;|')([a-z_][a-z0-9_]{0,80})")


class TrytonClient:
    """One database of one Tryton server."""

    def __init__(self, config: TrytonConfig, policy: RestPolicy | None = None) -> None:
        self._http = RestClient(
            config.base_url,
            system=SYSTEM,
            auth=BearerAuth(config.key, scheme="bearer"),
            policy=policy or RestPolicy(explain=explain_answer, ca_bundle=config.ca_file),
        )
        self._context: dict[str, str] = {}
        self.enter_company(config.company)

    def enter_company(self, company: int | None) -> None:
        """Read for a company from now on: a party's language, for one, is kept for each of them."""
        context: dict[str, Any] = {"active_test": False}
        if company is not None:
            context["company"] = company
        self._context = {"x-tryton-context": encode_parameter(context)}

    def search(
        self, model: str, domain: Domain, *, fields: Sequence[str], limit: int
    ) -> list[dict[str, Any]]:
        """The first ``limit`` rows of a domain in the order of their ids."""
        return _rows(self._get(model, domain, fields, limit))

    def count(self, model: str, domain: Domain) -> int:
        """How many rows a domain has.

        Tryton counts no further than ten times the place that is asked for
        (trytond/protocols/rest.py), so the place is moved on until that is enough.
        """
        place = 0
        while True:
            answer = self._get(model, domain, ["id"], place + 1, first=place)
            total = answer.headers.get("content-range", "").rpartition("/")[2]
            if total.isdecimal():
                return int(total)
            if total != "*" or not _rows(answer):
                message = "a search does not say how many rows there are; check the base URL"
                raise SourceSchemaError(message, system=SYSTEM, stream=model)
            place = 10 * (place + 1) - 1

    def clock(self) -> datetime:
        """The server's time; asking also proves that the key is accepted."""
        answer = self._get("party.party", [["id", ">", 0]], ["id"], 1)
        _rows(answer)
        return server_time(answer.headers)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(
        self, model: str, domain: Domain, fields: Sequence[str], end: int, *, first: int = 0
    ) -> RestResponse:
        params: Params = {
            "d": encode_parameter(domain),
            "o": encode_parameter([["id", "ASC"]]),
            "f": list(fields),
        }
        headers = {**self._context, "range": f"records={first}-{end}"}
        return self._http.get(f"rest/model/{model}", params=params, headers=headers, stream=model)


def _rows(answer: RestResponse) -> list[dict[str, Any]]:
    rows = decode(answer.json())
    if not isinstance(rows, list) or not all(map(_is_record, rows)):
        message = "a search did not answer with a list of records with ids; check the base URL"
        raise SourceSchemaError(message, system=SYSTEM, stream=answer.stream)
    return rows


def _is_record(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), int)


def explain_answer(answer: RestResponse) -> HubError | None:
    """An unknown model or field is a status 500 like any trouble, but waiting can't help it."""
    if answer.status != 500:
        return None
    found = _UNKNOWN_NAME.search(answer.content) or _NO_ATTRIBUTE.search(answer.content)
    if found is None:
        return None
    name = found.group(1).decode()
    message = f"the database has no model or field {name!r}; activate the module that brings it"
    return SourceSchemaError(message, system=SYSTEM, stream=answer.stream)
