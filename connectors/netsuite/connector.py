"""Opens a connection: the signed assertion, and what NetSuite's errors say."""

from __future__ import annotations

from typing import Final

from connectors.netsuite.config import NetsuiteConfig
from connectors.netsuite.streams import SYSTEM, streams_with
from hub.errors import HubError, RejectedError, SourceSchemaError
from hub.sdk.auth import JwtBearer
from hub.sdk.limits import RestPolicy
from hub.sdk.records import compile_path
from hub.sdk.resource import RestConnector
from hub.sdk.rest import RestClient, RestResponse

TOKEN_PATH: Final = "services/rest/auth/oauth2/v1/token"  # noqa: S105  # a path, no secret
_CODE: Final = compile_path('"o:errorDetails"[0]."o:errorCode"')


def open_connector(config: NetsuiteConfig) -> RestConnector:
    """A connection to one account; touches no network."""
    token_url = f"{config.base_url.rstrip('/')}/{TOKEN_PATH}"
    auth = JwtBearer(
        token_url,
        config.key,
        claims={"iss": config.client_id, "scope": "rest_webservices", "aud": token_url},
        algorithm=config.algorithm,
        key_id=config.certificate_id,
        as_client=True,
    )
    policy = RestPolicy(explain=explain_code, ca_bundle=config.ca_file)
    client = RestClient(config.base_url, system=SYSTEM, auth=auth, policy=policy)
    streams = streams_with(
        config.extra_fields,
        size=config.page_size,
        overlap=float(config.overlap_seconds),
        zone=config.time_zone,
    )
    return RestConnector(client, streams)


def explain_code(answer: RestResponse) -> HubError | None:
    """A refused query or value by its ``o:errorCode``; the text beside it may quote a record."""
    if answer.status != 400:
        return None
    try:
        code = _CODE(answer.json())
    except SourceSchemaError:
        return None
    if not (isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum()):
        return None
    message = f"status 400: {code[:60]}; check what the role may see, and extra_fields"
    if answer.reading:
        return SourceSchemaError(message, system=answer.system, stream=answer.stream)
    place = f"{answer.system}/{answer.stream}"
    return RejectedError(f"{place}: {code[:60]}; nothing was changed, correct the value")
