"""All reports of a run as one self-contained HTML page: no request leaves it.

One script runs, the page's own filter, and the browser is told its hash so that no other can
(https://www.w3.org/TR/CSP3/#script-src); without it everything is shown. Where the hub serves the
page, the commands that lead down to the source records become links to its own pages.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from markupsafe import Markup

from hub.reports.cells import age_band, cause_text, clean, is_number, shown
from hub.reports.pages import page_template
from hub.reports.result import Line, ReportPack, ReportResult, headings

SHOWN_LINES: Final = 1_000
"""A page shows so many lines of a check, the largest; the other forms have them all."""
_KEYS: Final = frozenset({"source_key", "party_id", "type", "connection", "part"})
_BANDS: Final = ("0–1 days", "2–7 days", "8–30 days", "31–60 days", "> 60 days")
_OWNERS: Final = 8
_WIDE: Final = 60
_HIGH: Final = 14
_FILTER: Final = """
const box = document.getElementById("find"), only = document.getElementById("breaks");
function sift() {
  const word = box.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("tbody.lines tr")) {
    const fits = !word || row.textContent.toLowerCase().includes(word);
    row.hidden = !fits || (only.checked && row.classList.contains("timing"));
  }
}
box.addEventListener("input", sift); only.addEventListener("change", sift);
document.getElementById("filter").hidden = false;
if (location.pathname.includes("/reports/files/"))
  for (const code of document.querySelectorAll("code[data-at]")) {
    const link = document.createElement("a");
    link.href = "../" + code.dataset.at;
    link.textContent = "source records";
    code.replaceWith(link);
  }
"""
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"
    f"{b64encode(hashlib.sha256(_FILTER.encode()).digest()).decode()}'"
)
"""What the page itself tells the browser, for a server that says it too."""


class Bar(NamedTuple):
    """One bar of a chart; ``share`` is its length in per cent of the longest."""

    label: str
    value: int
    share: float
    target: str


class Spark(NamedTuple):
    """A small line, and what it says in words."""

    points: str
    said: str


def render_html(pack: ReportPack, *, lines: int = SHOWN_LINES) -> str:
    """The page as text; every value is escaped by the template engine.

    It shows so many ``lines`` of a check and says how many more there are.
    """
    return page_template("reconciliation.html").render(
        pack=pack,
        script=Markup(_FILTER),  # noqa: S704  # a constant of this module
        policy=POLICY,
        by_report=_bars({r.definition.id: r.break_count for r in pack.results}, linked=True),
        by_age=_bars(_ages(pack)),
        by_owner=_bars(_owners(pack)),
        at_stake=_at_stake(pack.results),
        headings=headings,
        cell=_cell,
        money=shown,
        is_number=is_number,
        age=_age,
        cause=cause_text,
        keys=_KEYS,
        limit=lines,
        sparks={report: spark for report, days in pack.history.items() if (spark := _spark(days))},
    )


def _spark(days: Sequence[tuple[date, int]]) -> Spark | None:
    """The line of a report's breaks over its days; two of them are needed for one."""
    if len(days) < 2:
        return None
    (first, before), (last, now) = days[0], days[-1]
    wide, high = (last - first).days, max(count for _, count in days) or 1
    points = " ".join(
        f"{_WIDE * (day - first).days / wide:.1f},{_HIGH * (1 - count / high):.1f}"
        for day, count in days
    )
    return Spark(points, f"{before} on {first}, {now} on {last}")


def _cell(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    if isinstance(value, str) and len(value) == 20 and value.endswith("Z") and value[10] == "T":
        return value[:16].replace("T", " ")
    return shown(value) if is_number(value) else clean(value)


def _age(line: Line, now: datetime) -> str:
    return "in flight" if line.timing else age_band(line.first_seen, now)


def _lines(pack: ReportPack) -> list[Line]:
    return [line for r in pack.results for item in r.checks for line in item.breaks]


def _ages(pack: ReportPack) -> dict[str, int]:
    counts = Counter(age_band(line.first_seen, pack.made_at) for line in _lines(pack))
    return {band: counts[band] for band in _BANDS}


def _owners(pack: ReportPack) -> dict[str, int]:
    """Those who owe most, and all others together."""
    owed = Counter(line.owner or "nobody" for line in _lines(pack)).most_common()
    rest = sum(count for _, count in owed[_OWNERS:])
    return dict(owed[:_OWNERS]) | ({f"{len(owed) - _OWNERS} others": rest} if rest else {})


def _bars(counts: Mapping[str, int], *, linked: bool = False) -> list[Bar]:
    longest = max(counts.values(), default=0) or 1
    return [
        Bar(label, value, 100 * value / longest, f"#{label}" if linked else "")
        for label, value in counts.items()
    ]


def _at_stake(results: Sequence[ReportResult]) -> list[tuple[str, str, Mapping[str, Decimal]]]:
    """Every report with something at stake; nothing is added over reports: they overlap."""
    return [(r.definition.id, r.definition.title, r.at_stake) for r in results if r.at_stake]
