"""The pages that people work in, one module a group."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from hub.web.pages import (
    bulk,
    changes,
    customers,
    deliveries,
    health,
    quarantine,
    reports,
    review,
)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
for group in (health, customers, changes, review, bulk, deliveries, quarantine, reports):
    router.include_router(group.router)
