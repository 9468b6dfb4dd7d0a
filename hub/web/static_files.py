"""The browser's files, under an address that changes with their content, to be kept for a year."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse

from hub.web.access import public, web_of

_FOLDER: Final = Path(__file__).with_name("static")
_FOR_EVER: Final = "public, max-age=31536000, immutable"

router = APIRouter()


@cache
def _files() -> dict[str, Path]:
    found = sorted(path for path in _FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(_FOLDER).as_posix(): path for path in found}


def static_version() -> str:
    """A digest of all files, which stands in their address."""
    digest = blake2b(digest_size=6)
    for name, path in _files().items():
        digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@router.get(
    "/static/{version}/{file:path}",
    name="static",
    include_in_schema=False,
    dependencies=[Depends(public("scripts and styles of ours"))],
)
def static(version: str, file: str, request: Request) -> FileResponse:
    """A file of the folder; one of another version is answered, but not to be kept."""
    path = _files().get(file)
    if path is None:
        raise HTTPException(404, "there is no such file")
    kept = _FOR_EVER if version == web_of(request).version else "no-cache"
    return FileResponse(path, headers={"cache-control": kept})
