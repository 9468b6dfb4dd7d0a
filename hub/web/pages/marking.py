"""What differs between two values, marked where it differs."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

from markupsafe import Markup, escape

_PIECES: Final = re.compile(r"\w+|\W")
_LONGEST: Final = 400


def marked(left: str, right: str) -> tuple[Markup, Markup]:
    """Both values with what the other lacks in marks: by letters in words that resemble."""
    if left == right or max(len(left), len(right)) > _LONGEST:
        return escape(left), escape(right)
    if SequenceMatcher(None, left, right, autojunk=False).ratio() > 0.7:
        return _marked(list(left), list(right))
    return _marked(_PIECES.findall(left), _PIECES.findall(right))


def _marked(left: list[str], right: list[str]) -> tuple[Markup, Markup]:
    one, other = Markup(""), Markup("")
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        ours, theirs = "".join(left[a:b]), "".join(right[c:d])
        one += escape(ours) if tag == "equal" else _mark(ours)
        other += escape(theirs) if tag == "equal" else _mark(theirs)
    return one, other


def _mark(text: str) -> Markup:
    return Markup("<mark>{0}</mark>").format(text) if text else Markup("")
