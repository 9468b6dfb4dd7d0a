"""drt as the peer of publishing: rows of a table to Salesforce's collections, in one run.

    python benchmarks/drt_peer.py FOLDER [--batch]

Runs from .venv-bench. FOLDER/peer.json says where the target is, with a token; the rows to write
lie in FOLDER/rows.db. It prints as JSON how many records went and in how many seconds, without the
start of Python and of drt. Its rest_api destination writes to one address, so that a record alone
is a collection of one; it looks at nothing before, and keeps no intent and no receipt.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

PROFILES = "local:\n  type: sqlite\n  database: {folder}/rows.db\n"
PROJECT = 'name: bench\nversion: "0.1"\nprofile: local\n'
ONE = '{"attributes": {"type": "Account"}, "id": "{{ row.id }}", "Phone": "{{ row.phone }}"}'
BODIES = {
    "record": f"""
  body_template: |
    {{"allOrNone": false, "records": [{ONE}]}}""",
    "batch": f"""
  body_mode: batch
  max_records_per_request: 200
  batch_template: |
    {{"allOrNone": false, "records": [{{% for row in rows %}}{ONE}{{{{ "," if not loop.last }}}}{{% endfor %}}]}}""",  # noqa: E501  # a template is one line
}
SYNC = """\
name: phones
model: "SELECT id, phone FROM rows ORDER BY id"
destination:
  type: rest_api
  url: "{url}"
  method: PATCH
  headers: {{Content-Type: application/json}}
  auth: {{type: bearer, token_env: BENCH_TOKEN}}{body}
sync:
  mode: full
  batch_size: 200
  rate_limit: {{requests_per_second: 1000000}}
  on_error: fail
"""


def lay_out(folder: Path, mode: str) -> None:
    told = json.loads((folder / "peer.json").read_text(encoding="utf-8"))
    os.environ |= {"BENCH_TOKEN": told["token"], "HOME": str(folder), "DO_NOT_TRACK": "1"}
    (folder / ".drt").mkdir(exist_ok=True)
    (folder / "syncs").mkdir(exist_ok=True)
    (folder / ".drt" / "profiles.yml").write_text(PROFILES.format(folder=folder))
    (folder / "drt_project.yml").write_text(PROJECT)
    sync = SYNC.format(url=told["url"], body=BODIES[mode])
    (folder / "syncs" / "phones.yml").write_text(sync)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    lay_out(folder, "batch" if "--batch" in sys.argv else "record")
    os.chdir(folder)
    from drt.cli.main import app  # type: ignore[import-not-found]  # only in .venv-bench

    began = time.perf_counter()
    with (folder / "drt.log").open("w", encoding="utf-8") as log, redirect_stdout(log):
        code = _run(app)
    seconds = time.perf_counter() - began
    if code:
        raise SystemExit((folder / "drt.log").read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


def _run(app: Any) -> Any:
    try:
        return app(["run"], standalone_mode=False)
    except SystemExit as end:
        return end.code


if __name__ == "__main__":
    main()
