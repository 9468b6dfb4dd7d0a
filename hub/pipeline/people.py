"""Those who sign in with a password or a token of the hub's own, as a file keeps them.

Neither is kept: of a password its Argon2id hash (RFC 9106), of a token, which is random, its
SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import ConfigError
from hub.roles import Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
"""Characters of a password; which kinds of them is nobody's business (NIST SP 800-63B)."""
LONGEST: Final = 1_000
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB: a burst of guesses must not take the machine."""
_TOKEN: Final = "hub_"  # noqa: S105  # how a token begins, for those who look for leaked ones


class LocalPerson(BaseModel):
    """A person of the file; ``login`` is the name to sign in with and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: str
    name: str
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    password: str | None = None
    token: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    people: tuple[LocalPerson, ...] = ()


def load_people(path: Path) -> dict[str, LocalPerson]:
    """Those in the file by login; nobody where there is no file yet."""
    try:
        found = _File.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"{path}: is no file of people that `hub web-user` wrote; restore it from a backup, "
            "or delete it and add them again"
        ) from error
    return {person.login: person for person in found.people}


def people_text(people: Mapping[str, LocalPerson]) -> bytes:
    """The file's content."""
    file = _File(people=tuple(people[login] for login in sorted(people)))
    return file.model_dump_json(indent=2, exclude_none=True).encode() + b"\n"


def new_person(login: str, name: str, roles: Collection[Role], *, password: str) -> LocalPerson:
    """A person with a password; ConfigError for a login or a password that can't be."""
    _check_login(login)
    hashed = hash_password(password)
    return LocalPerson(login=login, name=name, roles=tuple(sorted(roles)), password=hashed)


def new_client(login: str, name: str, roles: Collection[Role]) -> tuple[LocalPerson, str]:
    """A program that calls the API, and its token, which is shown once and kept nowhere."""
    _check_login(login)
    token = _TOKEN + secrets.token_urlsafe(32)
    roles = tuple(sorted(roles))
    return LocalPerson(login=login, name=name, roles=roles, token=_digest(token)), token


def _check_login(login: str) -> None:
    if not _LOGIN.fullmatch(login):
        raise ConfigError(
            "a login has up to 64 small letters, digits and . _ @ -, and begins with a letter or "
            "digit"
        )


def hash_password(password: str) -> str:
    """Its Argon2id hash; ConfigError for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(f"a password has {SHORTEST} to {LONGEST} characters")
    return _hasher().hash(password)


def check_password(person: LocalPerson | None, password: str) -> bool:
    """Whether it is the person's; for nobody it takes as long and is never right."""
    from argon2.exceptions import InvalidHashError, VerificationError

    held = person.password if person is not None else None
    with _AT_ONCE:
        try:
            _hasher().verify(held or _decoy(), password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return held is not None


def find_client(people: Mapping[str, LocalPerson], token: str) -> LocalPerson | None:
    """The program whose token it is."""
    digest = _digest(token)
    found = None
    for person in people.values():
        if person.token is not None and hmac.compare_digest(person.token, digest):
            found = person
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise ConfigError("passwords need: pip install 'customer-hub[web]'") from error
    return PasswordHasher()


@cache
def _decoy() -> str:
    """A hash of what nobody knows, so that an unknown login costs as much time."""
    return _hasher().hash(secrets.token_urlsafe())
