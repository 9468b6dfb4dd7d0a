"""The page on push is run: its connector is accepted, and its own test passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from hub.sdk.webhooks import HmacHeader, StandardWebhooks, WebhookScheme
from tests.architecture.source import ROOT
from tests.unit.sdk.signers import SECRET, SIGNERS
from tests.web.site import environment, write_plugin

PAGE = (ROOT / "docs" / "connectors" / "push.md").read_text(encoding="utf-8")
DECLARATIONS: list[tuple[str, str]] = re.findall(
    r"^\| \[(\w+)[^\]]*\]\([^)]*\) \| `(.*)` \|$", PAGE, re.MULTILINE
)


def test_every_block_of_python_is_run() -> None:
    assert PAGE.count("```python") == PAGE.count("<!-- file: ") == 2


def test_the_test_of_the_page_passes(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "plugin")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/test_kontakte_live.py"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_scheme_that_the_page_shows_accepts_what_the_system_sends() -> None:
    names = {"HmacHeader": HmacHeader, "StandardWebhooks": StandardWebhooks}
    for system, declaration in DECLARATIONS:
        signer = SIGNERS[system.lower()]
        secrets = (SecretStr(SECRET),)
        shown: WebhookScheme = eval(
            declaration.replace("…", "secrets"), {**names, "secrets": secrets}
        )
        assert shown.verify(signer.request())
    assert {system.lower() for system, _ in DECLARATIONS} == set(SIGNERS)


def test_the_answers_are_those_of_the_receiver() -> None:
    text = (ROOT / "hub" / "web" / "receiver.py").read_text(encoding="utf-8")
    given = set(re.findall(r"(?:: |_answer\(|return )(\d{3})\b", text)) - {"400"}
    told = set(re.findall(r"\d{3}", " ".join(re.findall(r"^\| (\d{3}.*?) \|", PAGE, re.MULTILINE))))
    assert told == given
