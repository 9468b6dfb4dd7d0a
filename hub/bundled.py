"""Finds the DAGs and mappings that ship with the hub: in the checkout, or inside the wheel."""

from __future__ import annotations

from pathlib import Path


def bundled(folder: str) -> Path:
    """Folder ``dags`` or ``mappings`` of this installation."""
    package = Path(__file__).resolve().parent
    packed = package / "_bundled" / folder
    return packed if packed.is_dir() else package.parent / folder
