"""Whether a text is one SELECT, before it is put in brackets and sent."""

from __future__ import annotations

import re
from typing import Final

_QUIET: Final = re.compile(
    r"""'(?:[^']|'')*'            # a text
      | "(?:[^"]|"")*"            # a name
      | `(?:[^`]|``)*`            # a name of MySQL
      | \$(\w*)\$.*?\$\1\$        # a text of PostgreSQL
      | --[^\n]*                  # a comment
      | /\*.*?\*/""",
    re.DOTALL | re.VERBOSE,
)
_ALLOWED: Final = "write one SELECT (or WITH … SELECT) without a semicolon and without binds"


def check_select(text: str) -> str:
    """The text; ValueError where it is not one SELECT.

    It becomes a sub-query of the hub's own statement, in a transaction that only reads; that it is
    one statement and closes no bracket of ours is what is checked here.
    """
    bare = _QUIET.sub(" ", text)
    if not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE):
        raise ValueError(f"it does not begin with SELECT or WITH; {_ALLOWED}")
    if ";" in bare:
        raise ValueError(f"it holds a semicolon; {_ALLOWED}")
    if re.search(r"['\"`]|/\*|\*/|\$\w*\$", bare):
        raise ValueError(f"a quote or comment is not closed; {_ALLOWED}")
    if not _balanced(bare):
        raise ValueError(f"its brackets do not match; {_ALLOWED}")
    return text


def _balanced(bare: str) -> bool:
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0
