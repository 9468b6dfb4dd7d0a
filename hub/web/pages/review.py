"""Review: one case after the other, by keyboard; what was decided can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from hub.errors import StoreError
from hub.pipeline.cases import CaseView, case_view
from hub.pipeline.desk import decide, keep_customers_apart, read_figures, steward_for
from hub.pipeline.queue import Waiting, read_cases, read_queue
from hub.store.review import CaseFilter
from hub.web.access import Person, web_of
from hub.web.pages.drawing import weights
from hub.web.pages.marking import marked
from hub.web.pages.view import Steward, go, is_fragment, page

router = APIRouter()
SHOWN = 40
_ASIDE = frozenset({"updated_at", "status", "kind"})
"""Says nothing about who it is."""


class Wanted(BaseModel):
    """Which cases: of a grade, and whose (``mine``, ``nobody`` or anybody's)."""

    grade: Annotated[str, Field(pattern="^(|probable|possible)$")] = ""
    whose: Annotated[str, Field(pattern="^(|mine|nobody)$")] = ""

    def cases(self, person: Person) -> CaseFilter:
        """As the store takes it."""
        assignee = {"mine": person.actor, "nobody": ""}.get(self.whose)
        return CaseFilter(grade=self.grade or None, assignee=assignee)


def wanted_query(
    grade: Annotated[str, Query()] = "", whose: Annotated[str, Query()] = ""
) -> Wanted:
    """The filter as it stands in an address."""
    known = {"grade": ("probable", "possible"), "whose": ("mine", "nobody")}
    return Wanted(
        grade=grade if grade in known["grade"] else "",
        whose=whose if whose in known["whose"] else "",
    )


Asked = Annotated[Wanted, Depends(wanted_query)]
Reason = Annotated[str, Form(max_length=500)]


@router.get("/review", name="page_review")
def review(
    request: Request, person: Steward, asked: Asked, case: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The queue, and the case that is at hand."""
    return _desk(request, person, asked, at=case)


@router.get("/review/figures", name="page_figures")
def figures(request: Request, _person: Steward) -> HTMLResponse:
    """How many cases wait, and who has decided how many."""
    return page(request, "review/figures.html", figures=read_figures(web_of(request).work))


@router.post("/review/{case_id}/{verb}", name="page_decide")
def decide_case(
    request: Request, person: Steward, case_id: str, verb: str, reason: Reason = ""
) -> Response:
    """Decide, and go on with the next case, which the page has named."""
    work, given = web_of(request).work, request.query_params
    asked = wanted_query(given.get("grade", ""), given.get("whose", ""))
    if verb == "assign":
        steward_for(work, person.actor).assign(case_id, person.actor)
    elif verb == "never":
        keep_customers_apart(work, person.actor, case_id, reason=reason or "never one customer")
    else:
        decide(work, person.actor, verb, case_id, reason=reason)
    if not is_fragment(request):
        return go(request, "page_review")
    at = case_id if verb in {"undo", "assign"} else given.get("next", "")
    return _desk(request, person, asked, at=at, done=(verb, case_id))


def _desk(
    request: Request,
    person: Person,
    asked: Wanted,
    *,
    at: str = "",
    done: tuple[str, str] | None = None,
) -> HTMLResponse:
    engine = web_of(request).work.engine
    queue = read_queue(engine, asked.cases(person), limit=SHOWN)
    shown, view = _at_hand(engine, queue, at)
    return page(
        request,
        "review/desk.html" if is_fragment(request) else "review/review.html",
        queue=queue,
        asked=asked,
        here=shown,
        view=view,
        place=next((n for n, item in enumerate(queue) if shown and item.case == shown.case), -1),
        rows=_rows(view) if view else (),
        weights=_weights(view) if view else (),
        done=done,
        full=len(queue) == SHOWN,
    )


def _at_hand(
    engine: Any, queue: Sequence[Waiting], at: str
) -> tuple[Waiting | None, CaseView | None]:
    """The case asked for if it is still open, else the first of the queue."""
    shown = next((item for item in queue if item.case == at), None)
    if shown is None and at:
        shown = next(iter(read_cases(engine, [at])), None)
    for item in [shown] if shown else queue:
        try:
            return item, case_view(engine, item.case)
        except StoreError:
            continue
    return None, None


class Row(BaseModel):
    """A field of both records, marked where they differ; ``how`` is same, differs or one."""

    model_config = {"arbitrary_types_allowed": True}
    name: str
    left: Any
    right: Any
    how: str


def _rows(view: CaseView) -> list[Row]:
    rows = []
    for field in view.fields:
        if field.name in _ASIDE:
            rows.append(Row(name=field.name, left=field.left, right=field.right, how="same"))
        elif field.left is None or field.right is None:
            rows.append(Row(name=field.name, left=field.left, right=field.right, how="one"))
        else:
            left, right = marked(field.left, field.right)
            how = "same" if field.same else "differs"
            rows.append(Row(name=field.name, left=left, right=right, how=how))
    order = {"differs": 0, "same": 1, "one": 2}
    return sorted(rows, key=lambda row: (row.name in _ASIDE, order[row.how]))


def _weights(view: CaseView) -> Any:
    told = [(str(i["field"]), str(i["outcome"]), i["weight"] / 10) for i in view.evidence]
    return weights(told)
