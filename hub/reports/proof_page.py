"""A proof bundle as a page: one file that opens offline, asks for nothing and runs no script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import orjson
from jinja2 import TemplateError
from markupsafe import Markup

from hub.reports.pages import page_template
from hub.reports.proof import Bundle, digest_of, embedded
from hub.reports.proof_checks import Check, Outcome, run_check

Content = Mapping[str, Any]
_TEMPLATE: Final = "proof.html"
_FATES: Final = {
    "merged": "merged away",
    "gone": "lost its last record",
    "active": "revived",
    "erased": "erased",
}
_PLACES: Final = {
    name: n for n, name in enumerate(("lines", "postcode", "locality", "region", "country"))
}
"""An address in the order in which it is written; all else follows."""


class Happening(NamedTuple):
    """A line of the customer's ledger."""

    at: str
    what: str
    about: str
    actor: str
    reason: str


@lru_cache(maxsize=1)
def page_version() -> str:
    """Names this page's making: the same content gives the same page under the same version."""
    here = files("hub.reports")
    parts = (here / "proof_page.py", here / "pages.py", here / "templates" / _TEMPLATE)
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def render_proof(content: Content) -> str:
    """The page as text; every value is escaped by the template engine."""
    body = orjson.loads(content["golden"]["body"]) if content["golden"] else {}
    return page_template(_TEMPLATE).render(
        proof=content,
        name=body.get("display_name") or content["party"]["id"],
        sha256=digest_of(content),
        embedded=Markup(embedded(content)),  # noqa: S704  # holds no "<" but that of its own tag
        places={record["name"]: n for n, record in enumerate(content["records"], 1)},
        maps={item["digest"]: n for n, item in enumerate(content["mappings"], 1)},
        ledger=sorted(_ledger(content), key=lambda item: item.at),
        shown=_shown,
        opened=_opened,
        moment=_moment,
    )


def check_page(bundle: Bundle) -> Check:
    """Whether what people read on the page is what stands in its JSON."""
    name = "the page shows the content"
    if bundle.content.get("page") != page_version():
        return Check(name, Outcome.OPEN, "made by another version of the page")

    def find() -> Iterator[str]:
        try:
            same = render_proof(bundle.content) == bundle.page
        except TemplateError as error:  # a part is missing
            raise ValueError("the content can't be shown") from error
        if not same:
            yield "the page says something else than its JSON"

    return run_check(name, find)


def _shown(value: Any) -> str:
    """An address on one line, an identifier with its scheme, all else as it is."""
    if isinstance(value, list):
        return "; ".join(map(_shown, value))
    if not isinstance(value, Mapping):
        return "" if value is None else str(value)
    if "scheme" in value and "value" in value:
        return f"{value['scheme']} {value['value']}"
    names = sorted(value, key=lambda name: (_PLACES.get(name, len(_PLACES)), name))
    return ", ".join(filter(None, (_shown(value[name]) for name in names)))


def _opened(text: str) -> str:
    """JSON text, indented for reading."""
    return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()


def _moment(text: str | None) -> str:
    """A time to the second."""
    return "" if text is None else f"{text[:10]} {text[11:19]}"


def _ledger(content: Content) -> Iterator[Happening]:
    """All that happened, with the person of the audit entry of the same moment."""
    by: dict[str, Content] = {}
    for entry in content["audit"]["entries"]:
        by.setdefault(entry["at"], entry)
    for at, what, about, reason in _happenings(content):
        entry = by.get(at, {})
        words = reason or entry.get("reason") or ""
        yield Happening(at, what, about, entry.get("actor", "hub"), words)
    yield from _decided(content["decisions"])


def _happenings(content: Content) -> Iterator[tuple[str, str, str, str]]:
    party = content["party"]
    yield party["created_at"], "created", f"by record {party['founding_row']}", ""
    for link in content["links"]:
        about = f"{link['record']} ({link['kind']})"
        yield link["recorded_from"], "record linked", about, link["reason"]
        if link["recorded_to"] is not None:
            yield link["recorded_to"], "record left", link["record"], ""
    for item in content["versions"]:
        since = f"version {item['version']}, holds since {_moment(item['valid_from'])}"
        yield item["recorded_from"], "values changed", since, ""
    for fate in content["fates"]:
        what = _FATES.get(fate["status"], fate["status"])
        into = f" into {fate['replaced_by']}" if fate["replaced_by"] else ""
        yield fate["recorded_at"], what, f"{fate['party_id']}{into}", ""


def _decided(decisions: Sequence[Content]) -> Iterator[Happening]:
    for item in decisions:
        what, about = item["kind"].replace("_", "-"), _pair(item)
        yield Happening(item["decided_at"], what, about, item["actor"], item["reason"])
        if item["revoked_at"] is not None:
            yield Happening(item["revoked_at"], f"{what} revoked", about, "", "")


def _pair(item: Content) -> str:
    ids = (item["left_id"], item["right_id"])
    names = [
        name or f"record {id_} of another customer"
        for name, id_ in zip(item["records"], ids, strict=True)
    ]
    return " / ".join(names)
