from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hub.reports.threshold_chart import render_chart

POINTS = [(20.0, 1.0, 0.2, 0.3333), (12.0, 0.9, 0.6, 0.72), (6.5, 0.5, 0.9, 0.6429)]


def drawing(page: str) -> ET.Element:
    found = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])  # it is our own page


def test_the_page_holds_three_curves_and_the_best_threshold() -> None:
    page = render_chart("Thresholds", POINTS, (0.97, 0.61, 0.75))
    paths = [path.attrib["d"] for path in drawing(page).iter("path")]
    assert len(paths) == 3
    assert paths[0].startswith("M690.0 15.0H")
    assert paths[0].endswith("H50.0V175.0")
    assert "F1 is highest, 0.7200, at 12.0 bits" in page
    assert "recall\n0.6100" in page
    assert page.count("<td>") == 12


def test_the_page_asks_no_network_and_escapes_the_title() -> None:
    page = render_chart("<script>", POINTS, (1, 1, 1))
    assert "<script" not in page
    assert not re.search(r"(src|href|url)\s*[=(]", page)


def test_one_threshold_and_many_are_drawn() -> None:
    assert "M370.0" in render_chart("One", POINTS[:1], (1, 1, 1))
    many = [(50 - n / 10, 1.0, 0.5, 0.6) for n in range(200)]
    page = render_chart("Many", many, (1, 1, 1))
    assert page.count("<tr><td>") == 12
    assert "<td>50.0</td>" in page
    assert "<td>30.1</td>" in page
