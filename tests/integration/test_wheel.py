"""The built wheel works in an empty environment, far from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AIRFLOW_PYTHON = ROOT / ".venv-airflow" / "bin" / "python"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


LOAD_DAGS = """
from hub.bundled import bundled
assert "_bundled" in str(bundled("dags")), bundled("dags")
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(str(bundled("dags")))
print(bag.import_errors, sorted(bag.dags))
"""


def _only_the_hub(environment: Path) -> Path:
    """A folder with the installed packages of the wheel and none of its dependencies."""
    (packages,) = (environment / "venv" / "lib").glob("python*/site-packages")
    linked = environment / "linked"
    linked.mkdir(exist_ok=True)
    for name in ("hub", "connectors"):
        (linked / name).symlink_to(packages / name)
    return linked


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (found,) = folder.glob("customer_hub-*.whl")
    return found


@pytest.fixture(scope="session")
def empty_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "-c",
        ROOT / "constraints.txt",
        wheel,
    ]
    run(*install, cwd=folder)
    return folder


def test_the_wheel_holds_what_it_should(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"hub", "connectors"}
    assert "hub/_bundled/dags/hub_sync.py" in names
    assert "hub/airflow/connection_types.json" in names
    assert "hub/_bundled/mappings/salesforce.yaml" in names
    assert "hub/reports/templates/reconciliation.html" in names
    assert "hub/reports/definitions/R14.yaml" in names


def test_the_demo_runs_from_the_wheel(empty_environment: Path) -> None:
    hub = empty_environment / "venv" / "bin" / "hub"
    listed = json.loads(run(hub, "connector", "list", "--json", cwd=empty_environment))
    assert {row["state"] for row in listed} == {"ok"}
    told = run(hub, "demo", "--customers", "60", "--json", cwd=empty_environment)
    assert json.loads(told)["customers"] > 0
    assert (empty_environment / "hub-demo" / "reports" / "reconciliation.html").is_file()


def test_the_bundled_dags_load_under_airflow(empty_environment: Path) -> None:
    if not AIRFLOW_PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("the Airflow environment is missing: run `make test`")
        pytest.skip("no Airflow environment here; `make test` makes one")
    site = empty_environment / "site"
    site.mkdir(exist_ok=True)
    (site / "hub.toml").write_text('[connections.sfa]\nconnector = "salesforce"\n')
    settings = {
        "PYTHONPATH": str(_only_the_hub(empty_environment)),
        "AIRFLOW_HOME": str(empty_environment / "airflow"),
        "HUB_CONFIG": str(site),
    }
    told = run(AIRFLOW_PYTHON, "-c", LOAD_DAGS, cwd=empty_environment, **settings)
    assert "{}" in told
    assert "hub_sync__sfa" in told
