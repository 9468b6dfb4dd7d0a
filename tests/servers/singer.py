"""A published Singer tap in an environment of its own, `.venv-singer`."""

from __future__ import annotations

from tests.architecture.source import ROOT

TAP = ROOT / ".venv-singer" / "bin" / "tap-jsonl"


def available() -> str | None:
    """Return None when the tap can run here, else the reason why it cannot."""
    return None if TAP.exists() else "tap-jsonl is not in .venv-singer (tests/servers/install.sh)"
