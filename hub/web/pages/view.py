"""How the pages say things: who may see a page, and times, money and marks as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup, escape

from hub.roles import Role
from hub.web.access import Person, allow, web_of
from hub.web.masking import masked, sees_personal
from hub.web.rendering import address, render

Viewer = Annotated[Person, Depends(allow(Role.VIEWER))]
Steward = Annotated[Person, Depends(allow(Role.STEWARD))]
Worker = Annotated[Person, Depends(allow(Role.STEWARD, Role.CONTROLLER))]
Controller = Annotated[Person, Depends(allow(Role.CONTROLLER))]

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """A page, with the words for times and money at hand in its template."""
    person = request.state.person
    shown: dict[str, Any] = {
        "ago": ago,
        "span": span,
        "money": money,
        "count": count,
        "words": words,
    }
    shown["show"] = shown_to(person)
    return render(
        request,
        template,
        status=status,
        **shown,
        steward=person.holds(Role.STEWARD),
        controller=person.holds(Role.CONTROLLER),
        admin=person.holds(Role.ADMIN),
        fragment=is_fragment(request),
        withheld=not sees_personal(person),
        can_leave=web_of(request).access.sign_in is not None,
        **content,
    )


def shown_to(person: Person) -> Callable[[str, Any], Any]:
    """How a value of a field is shown to a person: masked for who need not see it."""
    if sees_personal(person):
        return lambda _field, value: "" if value is None else value

    def show(field: str, value: Any) -> Any:
        said = {"field": field, "value": str(value)}
        return "" if value in (None, "") else masked(said, person)["value"]

    return show


def is_fragment(request: Request) -> bool:
    """Whether a script asks, which puts the answer into the page that is open."""
    return "hx-request" in request.headers


def go(request: Request, name: str, **parts: Any) -> Response:
    """Lead to a page after a change, so that loading it again repeats nothing."""
    there = address(request, name, **parts)
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": there})
    return RedirectResponse(there, 303)


def ago(at: datetime | str | None) -> Markup:
    """A time as people say it, with the exact one beside it."""
    if not at:
        return Markup('<span class="soft">never</span>')
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment.tzinfo is None:
        return Markup('<time datetime="{0}">{1}</time>').format(at, _day(moment.date()))
    exact = moment.astimezone(UTC)
    told = _told(datetime.now(UTC) - exact) or f"{_day(exact.date())}, {exact:%H:%M}"
    return Markup('<time datetime="{0}" title="{1}">{2}</time>').format(
        exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S} UTC", told
    )


def _told(passed: timedelta) -> str:
    seconds = passed.total_seconds()
    if seconds < 0 or seconds >= 7 * _DAY:
        return ""
    return "just now" if seconds < _MINUTE else f"{_span(seconds)} ago"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def span(passed: timedelta | None) -> str:
    """A length of time in one unit."""
    return "" if passed is None else _span(passed.total_seconds())


def _span(seconds: float) -> str:
    if seconds < _HOUR:
        return f"{max(int(seconds // _MINUTE), 1)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"


def money(amount: Decimal | None, currency: str = "") -> Markup:
    """An amount with its currency, to be aligned at its end."""
    if amount is None:
        return Markup("")
    tone = " neg" if amount < 0 else ""
    return Markup('<span class="money{0}">{1} <small>{2}</small></span>').format(
        tone, f"{amount:,.2f}".replace("-", "−"), currency or ""
    )


def count(number: int | None) -> str:
    """A number with its thousands apart."""
    return "" if number is None else f"{number:,}"


def words(name: object) -> str:
    """A name of ours as words."""
    return str(escape(str(name).replace("_", " ").replace(".", " · ")))
