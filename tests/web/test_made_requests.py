"""A share of the requests that `python -m benchmarks.api_requests` makes in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.made_requests import Round, make_requests, target


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_no_request_breaks_the_api_or_its_description(
    made_company: Path, tmp_path: Path, known: bool
) -> None:
    with target(made_company, tmp_path / "company") as there:
        report = make_requests(there, Round(4, known, seed=7, phases="fuzzing"), tmp_path / "made")
        answers = there.answers
    assert report["failures"] == [], report["text"]
    assert report["errors"] == []
    assert sum(answers.values()) > 100
    assert not [status for status in answers if status >= 500]
    assert answers[200] > 20
