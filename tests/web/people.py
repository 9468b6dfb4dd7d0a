"""People of the tests."""

from __future__ import annotations

from hub.roles import Role
from hub.web.access import Person


def person(*roles: Role) -> Person:
    """Somebody with these roles."""
    return Person(id="somebody", name="Somebody", roles=frozenset(roles), session="s")
