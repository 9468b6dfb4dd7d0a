"""The page on the API lists every route with the roles it is for, as the code has it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI

from hub.roles import Role
from hub.web import api
from hub.web.access import Rule, rules_of
from hub.web.masking import sees_personal
from hub.web.served_routes import served_routes
from tests.architecture.source import ROOT
from tests.web.people import person

PAGE = ROOT / "docs" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows() -> Iterator[str]:
    yield "| Method | Path | For | What it does |"
    yield "|---|---|---|---|"
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(api.router)
    for route in served_routes(app):
        (rule,) = rules_of(route)
        assert isinstance(rule, Rule)
        what = route.description.splitlines()[0].rstrip(".;").replace("``", "`")
        for method in sorted(route.methods):
            yield f"| {method} | `{route.path_format}` | {', '.join(sorted(rule.roles))} | {what} |"


def test_every_route_is_listed() -> None:
    """Print it anew with: python -m tests.docs.test_api_docs"""
    listed = TEXT.split("<!-- routes -->\n")[1].split("\n<!-- /routes -->")[0]
    assert listed == "\n".join(rows())


def test_every_role_is_described_with_what_it_sees() -> None:
    for role in Role:
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| {role} |")]
        assert row.endswith("| yes |") == sees_personal(person(role))


if __name__ == "__main__":
    before, rest = TEXT.split("<!-- routes -->\n")
    table = "\n".join(rows())
    PAGE.write_text(
        f"{before}<!-- routes -->\n{table}\n<!-- /routes -->{rest.split('<!-- /routes -->')[1]}",
        encoding="utf-8",
    )
