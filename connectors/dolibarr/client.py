"""Dolibarr's SOAP services: credentials in the body, errors as HTTP 200 with a result code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from connectors.dolibarr.config import DolibarrConfig
from hub.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.limits import RestPolicy
from hub.sdk.soap import RowShape, SoapClient

SYSTEM: Final = "dolibarr"
NOT_FOUND: Final = "NOT_FOUND"
_FOLDER: Final = Path(__file__).parent
_REFUSED: Final = frozenset(
    {"BAD_VALUE_FOR_SECURITY_KEY", "BAD_CREDENTIALS", "ERROR_USER_DISABLED", "PERMISSION_DENIED"}
)
"""Result codes of Dolibarr's check of key, login and rights (htdocs/core/lib/ws.lib.php)."""
_TECHNICAL: Final = frozenset({"ERROR_FETCH_USER", "DB_ERROR_CONNECT", "DB_ERROR_LOCK"})

Fields = dict[str, Any]
Found = TypeVar("Found")


LISTS: Final = {
    "contact": ("getContactsForThirdParty", "contacts"),
    "order": ("getOrdersForThirdParty", "orders"),
    "invoice": ("getInvoicesForThirdParty", "invoices"),
}
"""Operation and part of the answer, by stream, for what is listed by third party only."""


class DolibarrClient:
    """The services of one Dolibarr, with one reused connection each."""

    def __init__(self, config: DolibarrConfig) -> None:
        policy = RestPolicy(read_timeout=config.timeout, ca_bundle=config.ca_file)
        self._thirdparties = _open("thirdparty", config, policy)
        self._finder = _open("thirdparty", config, policy, wsdl="thirdparty_find")
        self._lists = {stream: _open(stream, config, policy) for stream in LISTS}
        self._config = config

    def thirdparty_ids(self) -> list[int]:
        """The ids of all third parties, in order; the service can neither page nor sort."""
        shape = RowShape(within="thirdparties", check=_checker("thirdparty"))
        rows = self._thirdparties.rows(
            "getListOfThirdParties",
            {"authentication": self._authentication(), "filterthirdparty": {}},
            shape=shape,
            stream="thirdparty",
        )
        try:
            return sorted(int(row["id"]) for row in rows)
        except (KeyError, TypeError, ValueError) as error:
            message = "a third party in the list has no number as its id"
            raise SourceSchemaError(message, system=SYSTEM, stream="thirdparty") from error

    def thirdparty(self, number: str) -> Fields | None:
        """One third party with all fields, or None where there is none."""
        answer = self._thirdparties.call(
            "getThirdParty",
            {"authentication": self._authentication(), "id": number},
            stream="thirdparty",
        )
        if _result_code(answer) == NOT_FOUND:
            return None
        _check(answer.get("result"), "thirdparty")
        return _expect(answer.get("thirdparty"), dict, "thirdparty")

    def find(self, ref_ext: str) -> Fields | None:
        """The third party with this external reference, or None; it is asked for by that alone."""
        parts = {"authentication": self._authentication(), "id": "", "ref": "", "ref_ext": ref_ext}
        answer = self._finder.call("getThirdParty", parts, stream="thirdparty")
        if _result_code(answer) == NOT_FOUND:
            return None
        _check(answer.get("result"), "thirdparty")
        return _expect(answer.get("thirdparty"), dict, "thirdparty")

    def belongings(self, stream: str, thirdparty: int) -> list[Fields]:
        """All contacts, orders or invoices of one third party, with their lines."""
        operation, part = LISTS[stream]
        answer = self._lists[stream].call(
            operation,
            {"authentication": self._authentication(), "idthirdparty": str(thirdparty)},
            stream=stream,
        )
        _check(answer.get("result"), stream)
        return _expect(answer.get(part) or [], list, stream)

    def update(self, fields: Mapping[str, Any]) -> None:
        """Write a whole third party; Dolibarr empties each field that is not sent."""
        self._change("updateThirdParty", {"thirdparty": dict(fields)}, "update")

    def create(self, fields: Mapping[str, Any]) -> str:
        """Make a third party; returns its id."""
        answer = self._change("createThirdParty", {"thirdparty": dict(fields)}, "creation")
        key = answer.get("id")
        if not isinstance(key, str) or not key.isdecimal():
            message = "dolibarr: a third party was made, but the answer does not say under which id"
            raise OutcomeUnknownError(message)
        return key

    def delete(self, number: str) -> None:
        """Delete a third party; one that is gone already is no error."""
        self._change("deleteThirdParty", {"id": number, "ref": "", "ref_ext": ""}, "deletion")

    def _change(self, operation: str, parts: Mapping[str, Any], what: str) -> dict[str, Any]:
        """One change; the service rolls back what it answers with another code than OK."""
        client = self._finder if operation == "deleteThirdParty" else self._thirdparties
        try:
            answer = client.call(
                operation,
                {"authentication": self._authentication(), **parts},
                stream="thirdparty",
                reading=False,
            )
        except SourceSchemaError as error:
            message = f"dolibarr: the answer to the {what} can't be read; look at the third party"
            raise OutcomeUnknownError(message) from error
        code = _result_code(answer)
        if code in _REFUSED:
            _check(answer.get("result"), "thirdparty")
        if code != "OK" and (what, code) != ("deletion", NOT_FOUND):
            raise RejectedError(f"dolibarr refused the {what} ({_safe(code)}); nothing was changed")
        return answer

    def close(self) -> None:
        """Close the connections."""
        for client in (self._thirdparties, self._finder, *self._lists.values()):
            client.close()

    def _authentication(self) -> dict[str, str]:
        return {
            "dolibarrkey": self._config.key.get_secret_value(),
            "sourceapplication": "customer-hub",
            "login": self._config.login,
            "password": self._config.password.get_secret_value(),
            "entity": self._config.entity,
        }


def _open(
    service: str, config: DolibarrConfig, policy: RestPolicy, *, wsdl: str = ""
) -> SoapClient:
    url = f"{config.base_url.rstrip('/')}/webservices/server_{service}.php"
    return SoapClient(_FOLDER / f"{wsdl or service}.wsdl", system=SYSTEM, url=url, policy=policy)


def _checker(stream: str) -> Callable[[Any], None]:
    def check(result: Any) -> None:
        _check(result, stream)

    return check


def _check(result: Any, stream: str) -> None:
    """Raise what a result other than OK stands for; its label may quote data, so it stays out."""
    code = _result_code({"result": result})
    if code == "OK":
        return
    raise _error(code, stream)


def _error(code: str, stream: str) -> SourceError:
    place = {"system": SYSTEM, "stream": stream}
    name = _safe(code)
    if code in _REFUSED:
        return AuthenticationError(
            f"the credentials are refused ({name}); check key, login, password and the user's "
            "rights to read third parties, contacts, orders and invoices",
            **place,
        )
    if code in _TECHNICAL:
        return SourceUnavailableError(f"a technical fault at the server ({name})", **place)
    if code == "DB_ERROR_NOSUCHFIELD":
        return SourceSchemaError(
            f"Dolibarr's own service asks its database for a column that is not there ({name}); "
            "that is a fault of this Dolibarr release: update it, or leave the stream out",
            **place,
        )
    return SourceSchemaError(f"the service answers {name or 'without a result code'}", **place)


def _result_code(answer: Mapping[str, Any]) -> str:
    result = answer.get("result")
    code = result.get("result_code") if isinstance(result, dict) else None
    return code if isinstance(code, str) else ""


def _safe(code: str) -> str:
    return "".join(char for char in code if char.isalnum() or char == "_")[:60]


def _expect(value: Any, kind: type[Found], stream: str) -> Found:
    if isinstance(value, kind):
        return value
    raise SourceSchemaError(
        "an answer with result OK lacks its content", system=SYSTEM, stream=stream
    )
