"""Who asks for a page inside Airflow: the user of Airflow's auth manager, whichever that is.

What a user may do in the hub follows from what Airflow lets the user do, so that nobody keeps two
lists. The roles, by the permission that gives them:

* viewer: sees plugins, which lets in at all;
* steward: may run ``hub_resolve``; controller: may run ``hub_reconcile``;
* admin: may change connections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    DagAccessEntity,
    DagDetails,
)
from airflow.api_fastapi.core_api.security import get_user
from fastapi import APIRouter, HTTPException, Request
from fastapi.security import HTTPBearer

from hub.roles import Role
from hub.web.access import Person

USER: Final = "hub.airflow.user"
"""Where in a request's scope, which no client can write to, the gate leaves Airflow's user."""
_BEARER: Final = HTTPBearer(auto_error=False)
_DAGS: Final = {Role.STEWARD: "hub_resolve", Role.CONTROLLER: "hub_reconcile"}


class AirflowAccess:
    """People from Airflow's auth manager; they sign in and out there."""

    sign_in: str | None = None

    def __init__(self) -> None:
        self.router = APIRouter()

    def person(self, request: Request) -> Person | None:
        """Who sends this request, as the gate before the application found out."""
        user = request.scope.get(USER)
        if user is None:
            return None
        roles = frozenset(_roles(user))
        if Role.VIEWER not in roles:
            return None
        token = request.headers.get("authorization", "").lower().startswith("bearer ")
        return Person(
            id=str(user.get_id()),
            name=str(user.get_name()),
            roles=roles,
            # Airflow renews its cookie now and then: what a page's changes are tied to is the user.
            session=None if token else f"airflow:{user.get_id()}",
        )


async def find_user(request: Request) -> Any:
    """Airflow's user, or None; decided by Airflow's own rule for its API."""
    try:
        return await get_user(request, None, await _BEARER(request))
    except HTTPException:
        return None


def may_enter(user: Any) -> bool:
    """Whether Airflow lets the user see what plugins show."""
    return bool(get_auth_manager().is_authorized_view(access_view=AccessView.PLUGINS, user=user))


def _roles(user: Any) -> Iterator[Role]:
    manager = get_auth_manager()
    if may_enter(user):
        yield Role.VIEWER
    for role, dag_id in _DAGS.items():
        run = {"access_entity": DagAccessEntity.RUN, "details": DagDetails(id=dag_id)}
        if manager.is_authorized_dag(method="POST", user=user, **run):
            yield role
    if manager.is_authorized_connection(method="PUT", user=user):
        yield Role.ADMIN
