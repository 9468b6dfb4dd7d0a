"""The description of the API by OpenAPI: errors are problems, and each answer has its tag."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hub.web.access import rules_of
from hub.web.problems import API, Problem
from hub.web.served_routes import served_routes

_REF: Final = "#/components/schemas/{model}"
_ALWAYS: Final = {
    401: "Nobody is signed in, or the token is none of ours.",
    403: "The role is missing, or the token of the session.",
    413: "The body is too long.",
    422: "The request is not as it must be.",
    503: "The store or a system can't be reached; try again.",
}
_CHANGES: Final = {
    400: "The body can't be read.",
    409: "What was asked for can't be done as things stand.",
    412: "It has changed since it was looked at.",
}
_UNKNOWN: Final = "Nothing has that id."
_TAG: Final = {
    "ETag": {"description": "Tag of this answer.", "schema": {"type": "string"}},
}
_SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "`hub web-user add --token`"},
    "session": {"type": "apiKey", "in": "cookie", "name": "hub_session"},
}


def describe(app: FastAPI, root: str) -> dict[str, Any]:
    """The document for an application that is served under a root."""
    routes = [route for route in served_routes(app) if rules_of(route)]
    found = get_openapi(
        title=app.title,
        version=app.version,
        routes=[route for route in routes if route.path.startswith(API)],
        servers=[{"url": root}] if root else None,
    )
    components = found["components"]
    schemas = components["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=_REF)
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    components["securitySchemes"] = _SCHEMES
    for methods in found["paths"].values():
        for method, operation in methods.items():
            _finish(method, operation)
    return found


def _finish(method: str, operation: dict[str, Any]) -> None:
    """Add what every operation of its kind can answer."""
    operation["security"] = [{name: []} for name in _SCHEMES]
    statuses = dict(_ALWAYS) | (_CHANGES if method != "get" else {}) | {404: _UNKNOWN}
    answers = operation["responses"]
    answers |= {str(status): _problem(text) for status, text in statuses.items()}
    parameters = operation.setdefault("parameters", [])
    if method == "get":
        answers["304"] = {"description": "It is as it was."}
        answers["200"].setdefault("headers", {}).update(_TAG)
        parameters.append(_header("If-None-Match"))
    else:
        parameters.append(_header("If-Match"))


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
