"""The page of an explanation: the drawing adds up, and nothing of it comes from elsewhere."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from hub.reports.waterfall import (
    Explanation,
    Section,
    Step,
    Threshold,
    Waterfall,
    render_explanation,
)

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }} &amp; \u202e"
STEPS = (
    Step("before", "odds of any two", -13.3),
    Step("family name", "same", 9.5, HOSTILE, "winkler"),
    Step("email", "same", 17.6, "a@x.example", "a@x.example"),
    Step("birth date", "different", -5.0, "1975-10-12", "2003-02-01"),
    Step("look-alikes", "household explains it too", -2.2),
)
LINES = (Threshold("possible", -2.0), Threshold("certain", 2.5))
SVG = "{http://www.w3.org/2000/svg}"


def page(*steps: Step, reason: str = "they match", title: str = "A and B") -> str:
    chart = Waterfall(steps, "certain", LINES, ("crm:Contact:1", "erp:party:<2>"))
    keys = Section("Match keys", ["key", "bits", "finds"], [(HOSTILE, 1.25, True)], note="two")
    empty = Section("Decisions", ["who"], [], note="none")
    told = Explanation(title, "One customer", [reason], chart if steps else None, [keys, empty])
    return render_explanation(told)


def drawing(text: str) -> ET.Element:
    found = re.search(r"<svg.*?</svg>", text, re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])  # it is our own page


def test_each_bar_begins_where_the_one_before_ends() -> None:
    bars = [(rect.attrib["class"], *_ends(rect)) for rect in drawing(page(*STEPS)).iter("rect")]
    assert [bar[0] for bar in bars] == ["against", "for", "for", "against", "against", "sum"]
    sums = [0.0]
    for (tone, low, high), _ in zip(bars, STEPS, strict=False):
        start, end = (low, high) if tone == "for" else (high, low)
        if len(sums) > 1:
            assert start == pytest.approx(sums[-1], abs=0.2)
        sums.append(end)
    assert bars[-1][2] == pytest.approx(sums[-1], abs=0.2)


def _ends(rect: ET.Element) -> tuple[float, float]:
    x, width = float(rect.attrib["x"]), float(rect.attrib["width"])
    return x, x + width


def test_the_drawing_is_told_to_those_who_do_not_see_it() -> None:
    chart = drawing(page(*STEPS))
    named = chart.attrib["aria-labelledby"].split()
    told = {item.attrib["id"]: item.text or "" for item in chart if "id" in item.attrib}
    assert list(told) == named
    assert "birth date different -5.0" in told[named[1]]
    assert "The sum is 6.6 bits, certain." in told[named[1]]


def test_the_table_holds_the_same_figures() -> None:
    text = page(*STEPS)
    for step in STEPS:
        assert f'<td class="n">{step.bits:+.1f}</td><td class="n">' in text
    assert '<td class="n">6.6</td></tr></tfoot>' in text
    assert "<td><bdi>1975-10-12</bdi></td><td><bdi>2003-02-01</bdi></td>" in text


def test_hostile_values_are_escaped_and_nothing_is_fetched() -> None:
    text = page(*STEPS, reason=HOSTILE, title=HOSTILE)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", text)[0]
    assert not re.search(r"(src|href|url|@import|action|poster|data)\s*[=(]", text)
    assert not re.search(r"https?:", text)
    assert not re.search(r"<[^>]*\son\w+=", text)
    assert "default-src 'none'" in text


def test_a_pair_that_was_not_weighed_has_no_drawing() -> None:
    text = page()
    assert "<svg" not in text
    assert "One customer" in text
    assert "<h2>Decisions</h2>\n<p>none</p>" in text
    assert '<td class="n"><bdi>1.2</bdi></td>' in text
    assert "<bdi>yes</bdi>" in text


@pytest.mark.parametrize("bits", [0.0, 0.01, -900.0, 450.0])
def test_any_weight_stays_within_the_frame(bits: float) -> None:
    chart = drawing(page(Step("email", "same", bits)))
    width = float(chart.attrib["viewBox"].split()[2])
    for rect in chart.iter("rect"):
        low, high = _ends(rect)
        assert 299 <= low <= high <= width
