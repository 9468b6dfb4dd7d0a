"""People at the pages: signed in, with the token of their session."""

from __future__ import annotations

from hub.roles import Role
from tests.web.company import Company
from tests.web.served import Caller


def person(company: Company, role: str) -> Caller:
    """Somebody of a role who may change what the role may."""
    caller = company.browser(Role(role))
    caller.session.headers["X-CSRF-Token"] = caller.token()
    return caller
