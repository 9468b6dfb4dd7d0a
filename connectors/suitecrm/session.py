"""How SuiteCRM is logged in to, and what its faults mean (service v4_1)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, Final

from connectors.suitecrm.config import SuiteCrmConfig
from hub.errors import AuthenticationError, HubError, SourceSchemaError
from hub.sdk.limits import RestPolicy
from hub.sdk.soap import SoapClient, SoapSession, in_part

SYSTEM: Final = "suitecrm"
_WSDL: Final = Path(__file__).parent / "suitecrm.wsdl"
_REFUSED: Final = {
    "10": "the login is refused; check user name and password",
    "11": "the session is over, and a new one too; check that all requests reach one server",
    "12": "the user is not set up; log in to SuiteCRM once with it",
    "40": "the user may not do this; check the rights of its role",
    "1008": "the password has expired",
    "1009": "the user is locked out after failed logins",
    "1010": "the login is refused by LDAP; the hub needs a user with a password of SuiteCRM's own",
}
"""Numbers of SuiteCRM's errors (soap/SoapErrorDefinitions.php) that credentials or rights cause."""
_NO_MODULE: Final = "20"
_NAMES: Final = {"Invalid Login": "10", "Invalid Session ID": "11", "Access Denied": "40"}


def open_session(config: SuiteCrmConfig) -> SoapSession:
    """A session with SuiteCRM, opened at the first call and again when it is over."""
    client = SoapClient(
        _WSDL,
        system=SYSTEM,
        url=f"{config.base_url.rstrip('/')}/service/v4_1/soap.php",
        policy=RestPolicy(read_timeout=config.timeout, ca_bundle=config.ca_file),
    )
    client.explain_faults(lambda fault: _explain(fault.code, fault.text))
    client.explain_answers(explain_answer)
    return SoapSession(client, log_in=_login(config), carry=in_part("session"))


def explain_answer(answer: Mapping[str, Any]) -> HubError | None:
    """The error that stands in a good answer's place: older releases give it with status 200."""
    number, name = _said(answer.get("return"))
    if number in ("", "0") and name not in _NAMES:
        return None
    known = _explain(number, name)
    return known or SourceSchemaError(
        f"the service answers with error {number[:8]!r}", system=SYSTEM
    )


def _said(inside: Any) -> tuple[str, str]:
    """Number and name of an error, '' where there is none: in the answer, or as all it is."""
    if isinstance(inside, str):
        return "", inside
    fields = inside if isinstance(inside, dict) else {}
    error = fields.get("error")
    said = error if isinstance(error, dict) else fields
    if "number" not in said:
        return "", ""
    return str(said["number"] or ""), str(said.get("name") or "")


def _login(config: SuiteCrmConfig) -> Any:
    """The login operation; the protocol demands the password's MD5, so only https guards it."""

    def log_in(client: SoapClient) -> str:
        secret = config.password.get_secret_value().encode()
        proof = md5(secret, usedforsecurity=False).hexdigest()
        answer = client.call(
            "login",
            {
                "user_auth": {"user_name": config.username, "password": proof},
                "application_name": "customer-hub",
                "name_value_list": [],
            },
        )
        entry = answer.get("return")
        session = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(session, str) or not session or session == "-1":
            raise SourceSchemaError("the login's answer has no session id", system=SYSTEM)
        return session

    return log_in


def _explain(code: str, name: str) -> HubError | None:
    number = code if code.isdecimal() else _NAMES.get(name, "")
    if number in _REFUSED:
        return AuthenticationError(f"{_REFUSED[number]} (error {number})", system=SYSTEM)
    if number == _NO_MODULE:
        message = "the module is switched off, or hidden from this user (error 20)"
        return SourceSchemaError(message, system=SYSTEM)
    return None
