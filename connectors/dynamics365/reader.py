"""Opens a connection: Entra's token, the Web API's errors, and the currencies' ISO codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from connectors.dynamics365.config import Dynamics365Config
from connectors.dynamics365.streams import EXPIRED, SERVICE, STREAMS, SYSTEM, with_fields
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.odata import ODataClient, ODataConnector, Pace, Query, explain_with
from hub.sdk.rest import RestClient

CURRENCY: Final = "_transactioncurrencyid_value"


class Currencies:
    """ISO codes by the id of a currency, read once: change tracking can't expand a lookup."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client
        self._codes: dict[str, str] | None = None

    def add_code(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with ``isocurrencycode``, as the table of currencies calls it."""
        wanted = row.get(CURRENCY)
        return {**row, "isocurrencycode": self._read().get(wanted) if wanted else None}

    def _read(self) -> dict[str, str]:
        if self._codes is None:
            options = {"$select": "transactioncurrencyid,isocurrencycode"}
            answer = self._client.query(Query("transactioncurrencies", options))
            rows = (entity.row for entity in answer.entities)
            self._codes = {row["transactioncurrencyid"]: row["isocurrencycode"] for row in rows}
        return self._codes


def open_connector(config: Dynamics365Config) -> ODataConnector:
    """A connection to one environment; touches no network."""
    base_url = config.base_url.rstrip("/")
    auth = ClientCredentials(
        f"{config.login_url.rstrip('/')}/{config.tenant}/oauth2/v2.0/token",
        config.client_id,
        config.client_secret,
        scope=f"{base_url}/.default",
    )
    policy = RestPolicy(explain=explain_with({EXPIRED}), ca_bundle=config.ca_file)
    rest = RestClient(base_url, system=SYSTEM, auth=auth, policy=policy)
    currencies = Currencies(ODataClient(rest, base_url, SERVICE))
    streams = [
        replace(wanted, shape=currencies.add_code) if CURRENCY in wanted.select else wanted
        for wanted in (with_fields(stream, config.extra_fields) for stream in STREAMS)
    ]
    return ODataConnector(rest, base_url, streams=streams, pace=Pace(page_size=config.page_size))
